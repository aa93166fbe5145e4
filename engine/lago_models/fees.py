"""One line of an invoice: what it is for, its amounts, and what stays of it when Lago makes it anew. Floor 1."""

from typing import Annotated, Any, ClassVar

from engine.facts import Always, Fact, Shaped
from engine.lago_models.fields import Cents, Exact, Json, Moment, Text
from engine.lago_models.words import FeeType
from engine.values import canonical


class FeeItem(Fact):
    """What a fee is for. `type` is charge, subscription, add_on, fixed_charge, commitment, credit or a newer word.

    `grouped_by` and `filters` tell apart the fees of one charge.
    """

    CLEAR: ClassVar[tuple[str, ...]] = (
        "type",
        "code",
        "name",
        "invoice_display_name",
        "filters",
        "filter_invoice_display_name",
        "lago_item_id",
        "grouped_by",
    )

    type: FeeType
    code: Text | None = None
    name: Text | None = None
    invoice_display_name: Text | None = None
    filters: Annotated[Json, Shaped(dict[str, tuple[str, ...]] | None)] = None
    filter_invoice_display_name: Text | None = None
    lago_item_id: str | None = None
    grouped_by: Annotated[Json, Shaped(dict[str, str | None] | None)] = None


class Fee(Fact):
    """One line of an invoice. Its `lago_id` changes with every refresh, so what it is stands in `identity`.

    `precise_amount` and its like are in major units, `precise_coupons_amount_cents` in cents. The `sub_total_` fields
    and `lago_fixed_charge_id` are missing in v1.32. `taxes_rate` is the sum of the fee's tax rates, in percent.
    """

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_charge_id",
        "lago_charge_filter_id",
        "lago_fixed_charge_id",
        "lago_true_up_parent_fee_id",
        "lago_subscription_id",
        "external_subscription_id",
        "item",
        "pay_in_advance",
        "units",
        "precise_unit_amount",
        "amount_cents",
        "amount_currency",
        "precise_amount",
        "precise_total_amount",
        "taxes_amount_cents",
        "taxes_precise_amount",
        "taxes_rate",
        "total_amount_cents",
        "precise_coupons_amount_cents",
        "sub_total_excluding_taxes_amount_cents",
        "sub_total_excluding_taxes_precise_amount_cents",
        "from_date",
        "to_date",
    )

    lago_id: str | None = None
    lago_charge_id: str | None = None
    lago_charge_filter_id: str | None = None
    lago_fixed_charge_id: str | None = None
    lago_true_up_parent_fee_id: str | None = None
    lago_subscription_id: str | None = None
    external_subscription_id: Text | None = None
    item: FeeItem
    pay_in_advance: Annotated[bool | None, Always] = None
    units: Annotated[Exact | None, Always] = None
    precise_unit_amount: Exact | None = None
    amount_cents: Cents
    amount_currency: Annotated[str | None, Always] = None
    precise_amount: Exact | None = None
    precise_total_amount: Exact | None = None
    taxes_amount_cents: Annotated[Cents | None, Always] = None
    taxes_precise_amount: Exact | None = None
    taxes_rate: Annotated[Exact | None, Always] = None
    total_amount_cents: Annotated[Cents | None, Always] = None
    precise_coupons_amount_cents: Exact | None = None
    sub_total_excluding_taxes_amount_cents: Cents | None = None
    sub_total_excluding_taxes_precise_amount_cents: Exact | None = None
    from_date: Moment | None = None
    to_date: Moment | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        """What stays when Lago deletes a fee and makes it anew, as every refresh and finalization does.

        Type, subscription, charge, filter, fixed charge, groups, and whether it is a true-up (`lago.md` 3); the item
        itself only where none of these is set, as on a one-off's add-ons.
        """
        subscription = self.lago_subscription_id or self.external_subscription_id or ""
        charge = self.lago_charge_id or self.lago_fixed_charge_id
        return (
            self.item.type,
            subscription,
            self.lago_charge_id or "",
            self.lago_charge_filter_id or "",
            self.lago_fixed_charge_id or "",
            canonical(self.item.grouped_by).decode() if self.item.grouped_by else "",
            "true-up" if self.lago_true_up_parent_fee_id else "",
            "" if subscription or charge else self.item.lago_item_id or self.item.code or "",
        )

    def figures(self) -> Any:
        """Identity, units and every amount; no id and no moment."""
        return {
            "identity": self.identity,
            "units": self.units,
            "precise_unit_amount": self.precise_unit_amount,
            "amount_cents": self.amount_cents,
            "amount_currency": self.amount_currency,
            "precise_amount": self.precise_amount,
            "precise_total_amount": self.precise_total_amount,
            "taxes_amount_cents": self.taxes_amount_cents,
            "taxes_precise_amount": self.taxes_precise_amount,
            "taxes_rate": self.taxes_rate,
            "total_amount_cents": self.total_amount_cents,
            "precise_coupons_amount_cents": self.precise_coupons_amount_cents,
            "sub_total_excluding_taxes_amount_cents": self.sub_total_excluding_taxes_amount_cents,
            "sub_total_excluding_taxes_precise_amount_cents": self.sub_total_excluding_taxes_precise_amount_cents,
        }
