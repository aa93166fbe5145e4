"""One invoice as Lago shows it, with its sums (`V1::InvoiceSerializer`), and as it stands in an answer. Floor 1."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import ValidationError

from engine.facts import Always, Fact
from engine.lago_models.customers import Customer, Subscription
from engine.lago_models.fees import Fee
from engine.lago_models.fields import Cents, Day, Moment, NullIsEmpty, in_order
from engine.lago_models.parts import AppliedTax, BillingPeriod, Credit, ErrorDetail
from engine.lago_models.status import ui_status
from engine.lago_models.words import InvoiceStatus, InvoiceType, PaymentStatus
from engine.values import Money, jsonable


class Invoice(Fact):
    """An invoice (`GET /invoices/:id`, and the answer to refresh and finalize). Amounts are minor units of `currency`.

    `total_due_amount_cents` came with v1.22, paid, offset and granted credits with v1.41; absent means not said.
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

    NOUN: ClassVar[str] = "invoice"

    lago_id: str
    billing_entity_code: Annotated[str, Always] = ""
    sequential_id: int | None = None
    number: str
    issuing_date: Day | None = None
    payment_due_date: Day | None = None
    net_payment_term: Annotated[int | None, Always] = None
    invoice_type: InvoiceType
    status: InvoiceStatus
    payment_status: Annotated[PaymentStatus | None, Always] = None
    payment_dispute_lost_at: Moment | None = None
    payment_overdue: Annotated[bool | None, Always] = None
    currency: str
    fees_amount_cents: Cents
    taxes_amount_cents: Cents
    progressive_billing_credit_amount_cents: Annotated[Cents | None, Always] = None
    coupons_amount_cents: Cents
    credit_notes_amount_cents: Cents
    sub_total_excluding_taxes_amount_cents: Cents
    sub_total_including_taxes_amount_cents: Cents
    total_amount_cents: Cents
    prepaid_credit_amount_cents: Cents
    prepaid_granted_credit_amount_cents: Cents | None = None
    prepaid_purchased_credit_amount_cents: Cents | None = None
    total_due_amount_cents: Annotated[Cents | None, Always] = None
    total_paid_amount_cents: Cents | None = None
    total_offsetted_credit_note_amount_cents: Cents | None = None
    version_number: Annotated[int | None, Always] = None
    created_at: Annotated[Moment | None, Always] = None
    updated_at: Annotated[Moment | None, Always] = None
    voided_at: Moment | None = None
    customer: Customer
    subscriptions: Annotated[tuple[Subscription, ...] | None, Always] = None
    billing_periods: Annotated[tuple[BillingPeriod, ...] | None, Always] = None
    fees: Annotated[tuple[Fee, ...], NullIsEmpty]
    credits: Annotated[tuple[Credit, ...] | None, Always] = None
    applied_taxes: Annotated[tuple[AppliedTax, ...] | None, Always] = None
    error_details: Annotated[tuple[ErrorDetail, ...] | None, Always] = None

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

    def named(self) -> str:
        """Number and total; of a draft, whose number tells nothing, the customer and the total."""
        if self.status == "draft":
            return f"the draft of {self.customer.external_id} for {self.total}"
        return f"{self.number} for {self.total}"

    def reads(self) -> str:
        """Its UI status."""
        return ui_status(self)

    def report(self) -> dict[str, Any]:
        """The invoice as it was last read."""
        names = ("lago_id", "number", "status", "ui_status", "currency", "total_amount_cents")
        return {"invoice": {name: ui_status(self) if name == "ui_status" else getattr(self, name) for name in names}}


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
