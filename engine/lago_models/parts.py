"""What stands on an invoice beside its fees: applied taxes, credits, errors, billing periods. Floor 1."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from engine.facts import Always, Fact
from engine.lago_models.fields import Cents, Exact, Json, Moment, Text
from engine.lago_models.words import CreditType, ErrorCode, InvoicingReason


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
    tax_name: Annotated[Text | None, Always] = None
    tax_code: Annotated[Text | None, Always] = None
    tax_rate: Annotated[Exact | None, Always] = None
    amount_cents: Cents
    amount_currency: Annotated[str | None, Always] = None
    fees_amount_cents: Annotated[Cents | None, Always] = None

    def figures(self) -> Any:
        """Code, rate and amounts."""
        return {
            "identity": self.tax_code,
            "rate": self.tax_rate,
            "amount_cents": self.amount_cents,
            "fees_amount_cents": self.fees_amount_cents,
        }


class CreditItem(Fact):
    """What a credit came from: `coupon`, `credit_note` (its code is the note's number), or an invoice billed before."""

    CLEAR: ClassVar[tuple[str, ...]] = ("lago_item_id", "type", "code", "name")

    lago_item_id: str | None = None
    type: CreditType = ""
    code: Text | None = None
    name: Text | None = None


class Credit(Fact):
    """Something that finalization took off. `before_taxes`: a coupon or progressive billing; else a credit note."""

    CLEAR: ClassVar[tuple[str, ...]] = ("amount_cents", "amount_currency", "before_taxes", "item")

    amount_cents: Cents
    amount_currency: Annotated[str | None, Always] = None
    before_taxes: bool
    item: CreditItem


class ErrorDetail(Fact):
    """Something that went wrong on Lago's side; `tax_error` is a tax provider's refusal."""

    CLEAR: ClassVar[tuple[str, ...]] = ("error_code",)

    error_code: ErrorCode
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

    lago_subscription_id: Annotated[str | None, Always] = None
    external_subscription_id: Annotated[Text | None, Always] = None
    subscription_from_datetime: Annotated[Moment | None, Always] = None
    subscription_to_datetime: Annotated[Moment | None, Always] = None
    charges_from_datetime: Annotated[Moment | None, Always] = None
    charges_to_datetime: Annotated[Moment | None, Always] = None
    fixed_charges_from_datetime: Moment | None = None
    fixed_charges_to_datetime: Moment | None = None
    invoicing_reason: Annotated[InvoicingReason | None, Always] = None

    def figures(self) -> Any:
        """All of it: the period is part of what a person confirms."""
        return {name: getattr(self, name) for name in self.CLEAR}
