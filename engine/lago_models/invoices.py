"""One invoice as Lago shows it: fees, taxes, credits and sums (`V1::InvoiceSerializer`). Floor 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import ValidationError

from engine.facts import Fact
from engine.lago_models.customers import Customer, Subscription
from engine.lago_models.fields import Cents, Day, Exact, Json, Moment, NullIsEmpty, Text, in_order
from engine.values import Money, canonical, jsonable


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

    type: str
    code: Text | None = None
    name: Text | None = None
    invoice_display_name: Text | None = None
    filters: Json = None
    filter_invoice_display_name: Text | None = None
    lago_item_id: str | None = None
    grouped_by: Json = None


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
    pay_in_advance: bool | None = None
    units: Exact | None = None
    precise_unit_amount: Exact | None = None
    amount_cents: Cents
    amount_currency: str | None = None
    precise_amount: Exact | None = None
    precise_total_amount: Exact | None = None
    taxes_amount_cents: Cents | None = None
    taxes_precise_amount: Exact | None = None
    taxes_rate: Exact | None = None
    total_amount_cents: Cents | None = None
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


class AppliedTax(Fact):
    """A tax on an invoice. `lago_tax_id` is null where a tax provider set it; `tax_rate` is in percent."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_tax_id",
        "tax_name",
        "tax_code",
        "tax_rate",
        "amount_cents",
        "amount_currency",
        "fees_amount_cents",
    )

    lago_tax_id: str | None = None
    tax_name: Text | None = None
    tax_code: Text | None = None
    tax_rate: Exact | None = None
    amount_cents: Cents
    amount_currency: str | None = None
    fees_amount_cents: Cents | None = None

    def figures(self) -> Any:
        """Code, rate and amounts."""
        return [self.tax_code, self.tax_rate, self.amount_cents, self.fees_amount_cents]


class CreditItem(Fact):
    """What a credit came from: `coupon`, `credit_note` (its code is the note's number), or an invoice billed before."""

    CLEAR: ClassVar[tuple[str, ...]] = ("lago_item_id", "type", "code", "name")

    lago_item_id: str | None = None
    type: str
    code: Text | None = None
    name: Text | None = None


class Credit(Fact):
    """Something that finalization took off. `before_taxes`: a coupon or progressive billing; else a credit note."""

    CLEAR: ClassVar[tuple[str, ...]] = ("amount_cents", "amount_currency", "before_taxes", "item")

    amount_cents: Cents
    amount_currency: str | None = None
    before_taxes: bool
    item: CreditItem


class ErrorDetail(Fact):
    """Something that went wrong on Lago's side; `tax_error` is a tax provider's refusal."""

    CLEAR: ClassVar[tuple[str, ...]] = ("error_code",)

    error_code: str
    details: Json = None

    def clear(self) -> dict[str, Any]:
        """The codes alone: a provider's message may quote an address."""
        clear = super().clear()
        if isinstance(self.details, Mapping) and isinstance(code := self.details.get("tax_error"), str):
            clear["details"] = {"tax_error": code}
        return clear


class BillingPeriod(Fact):
    """The span that one subscription is billed for, in three parts, as moments in UTC. Fixed charges: not in v1.32."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_subscription_id",
        "external_subscription_id",
        "subscription_from_datetime",
        "subscription_to_datetime",
        "charges_from_datetime",
        "charges_to_datetime",
        "fixed_charges_from_datetime",
        "fixed_charges_to_datetime",
        "invoicing_reason",
    )

    lago_subscription_id: str | None = None
    external_subscription_id: Text | None = None
    subscription_from_datetime: Moment | None = None
    subscription_to_datetime: Moment | None = None
    charges_from_datetime: Moment | None = None
    charges_to_datetime: Moment | None = None
    fixed_charges_from_datetime: Moment | None = None
    fixed_charges_to_datetime: Moment | None = None
    invoicing_reason: str | None = None

    def figures(self) -> Any:
        """All of it: the period is part of what a person confirms."""
        return self.clear() | {"lago_subscription_id": self.lago_subscription_id}


class Invoice(Fact):
    """An invoice (`GET /invoices/:id`, and the answer to refresh and finalize). Amounts are minor units of `currency`.

    `total_due_amount_cents` came with v1.22, paid, offset and granted credits with v1.41; None means not said.
    """

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id",
        "billing_entity_code",
        "sequential_id",
        "number",
        "issuing_date",
        "payment_due_date",
        "net_payment_term",
        "invoice_type",
        "status",
        "payment_status",
        "payment_dispute_lost_at",
        "payment_overdue",
        "currency",
        "fees_amount_cents",
        "taxes_amount_cents",
        "progressive_billing_credit_amount_cents",
        "coupons_amount_cents",
        "credit_notes_amount_cents",
        "sub_total_excluding_taxes_amount_cents",
        "sub_total_including_taxes_amount_cents",
        "total_amount_cents",
        "prepaid_credit_amount_cents",
        "prepaid_granted_credit_amount_cents",
        "prepaid_purchased_credit_amount_cents",
        "total_due_amount_cents",
        "total_paid_amount_cents",
        "total_offsetted_credit_note_amount_cents",
        "version_number",
        "created_at",
        "updated_at",
        "voided_at",
        "customer",
        "subscriptions",
        "billing_periods",
        "fees",
        "credits",
        "applied_taxes",
        "error_details",
    )

    lago_id: str
    billing_entity_code: str = ""
    sequential_id: int | None = None
    number: str
    issuing_date: Day | None = None
    payment_due_date: Day | None = None
    net_payment_term: int | None = None
    invoice_type: str
    status: str
    payment_status: str | None = None
    payment_dispute_lost_at: Moment | None = None
    payment_overdue: bool | None = None
    currency: str
    fees_amount_cents: Cents
    taxes_amount_cents: Cents
    progressive_billing_credit_amount_cents: Cents | None = None
    coupons_amount_cents: Cents
    credit_notes_amount_cents: Cents
    sub_total_excluding_taxes_amount_cents: Cents
    sub_total_including_taxes_amount_cents: Cents
    total_amount_cents: Cents
    prepaid_credit_amount_cents: Cents
    prepaid_granted_credit_amount_cents: Cents | None = None
    prepaid_purchased_credit_amount_cents: Cents | None = None
    total_due_amount_cents: Cents | None = None
    total_paid_amount_cents: Cents | None = None
    total_offsetted_credit_note_amount_cents: Cents | None = None
    version_number: int | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    voided_at: Moment | None = None
    customer: Customer
    subscriptions: tuple[Subscription, ...] | None = None
    billing_periods: tuple[BillingPeriod, ...] | None = None
    fees: Annotated[tuple[Fee, ...], NullIsEmpty]
    credits: tuple[Credit, ...] | None = None
    applied_taxes: tuple[AppliedTax, ...] | None = None
    error_details: tuple[ErrorDetail, ...] | None = None

    @property
    def total(self) -> Money:
        """The total, in the invoice's currency."""
        return self.money(self.total_amount_cents)

    def money(self, cents: int) -> Money:
        """An amount of this invoice, in its currency."""
        return Money(cents, self.currency)

    def figures(self) -> Any:
        """What a person confirms: customer, currency, periods, status, every fee and every sum, applied taxes.

        Not the ids and the order of fees, moments or addresses: those differ from read to read (`lago.md` 3).
        """
        return {
            "lago_id": self.lago_id,
            "invoice_type": self.invoice_type,
            "status": self.status,
            "customer": self.customer.external_id,
            "currency": self.currency,
            "periods": in_order(period.figures() for period in self.billing_periods or ()),
            "fees": in_order(fee.figures() for fee in self.fees),
            "taxes": in_order(tax.figures() for tax in self.applied_taxes or ()),
            "sums": {name: jsonable(getattr(self, name)) for name in SUMS},
        }

    def summary(self) -> str:
        """Number, status and total."""
        return f"{self.number}, {self.status}, {self.total}"


# Every amount of an invoice itself; those that a version lacks are None.
SUMS = tuple(name for name in Invoice.model_fields if name.endswith("_amount_cents"))


def parse_invoice(body: Mapping[str, Any] | None) -> Invoice | None:
    """The invoice in the body of an answer, or None when the body is not one. An unknown word in it never matters."""
    if not isinstance(body, Mapping) or not isinstance(body.get("invoice"), Mapping):
        return None
    try:
        return Invoice.model_validate(body["invoice"])
    except ValidationError:
        return None
