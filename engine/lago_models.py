"""What Lago answers, as facts: invoices, customers, subscriptions, credits, billing entities. Floor 1.

Field names are Lago's own (`app/serializers/v1/*_serializer.rb`). Amounts are whole minor units beside their currency,
rates and other decimals are Decimal, enums are text so that a new value never raises. A field that some version
between v1.32 and the main branch after v1.51 lacks is optional, and None then means "not said".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, StrictInt, ValidationError

from engine.facts import Fact
from engine.values import Money


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a decimal is needed, not true or false")
    return value


def _empty_list(value: Any) -> Any:
    return () if value is None else value


Cents = StrictInt
Number = Annotated[Decimal, BeforeValidator(_no_bool)]
T_Rows = BeforeValidator(_empty_list)


class Tax(Fact):
    """A tax of a customer or billing entity (`tax_serializer.rb`). `rate` is in percent."""

    CLEAR: ClassVar[tuple[str, ...]] = ("code", "name", "rate")

    code: str
    name: str | None = None
    rate: Number | None = None

    def figures(self) -> Any:
        return [self.code, self.rate]


class AppliedTax(Fact):
    """A tax on an invoice (`applied_tax_serializer.rb`); `lago_tax_id` is None where a provider computed it."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_tax_id", "tax_name", "tax_code", "tax_rate", "amount_cents", "amount_currency", "fees_amount_cents",
    )  # fmt: skip

    lago_tax_id: str | None = None
    tax_name: str | None = None
    tax_code: str | None = None
    tax_rate: Number | None = None
    amount_cents: Cents
    amount_currency: str | None = None
    fees_amount_cents: Cents | None = None


class FeeItem(Fact):
    """What a fee is for (`fee_serializer.rb`, `item`)."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "type", "code", "name", "invoice_display_name", "filter_invoice_display_name", "filters", "grouped_by",
    )  # fmt: skip

    type: str = ""
    code: str | None = None
    name: str | None = None
    invoice_display_name: str | None = None
    filter_invoice_display_name: str | None = None
    filters: Any = None
    grouped_by: Any = None


class Fee(Fact):
    """One line item (`fee_serializer.rb`). Its `lago_id` changes with every refresh: never a key."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "item", "lago_charge_id", "lago_charge_filter_id", "lago_fixed_charge_id", "lago_true_up_parent_fee_id",
        "lago_subscription_id", "external_subscription_id", "units", "amount_cents", "amount_currency",
        "taxes_amount_cents", "taxes_rate", "total_amount_cents", "precise_coupons_amount_cents",
        "sub_total_excluding_taxes_amount_cents", "events_count", "from_date", "to_date", "pay_in_advance",
    )  # fmt: skip

    lago_id: str | None = None
    item: FeeItem = Field(default_factory=FeeItem)
    lago_charge_id: str | None = None
    lago_charge_filter_id: str | None = None
    lago_fixed_charge_id: str | None = None
    lago_true_up_parent_fee_id: str | None = None
    lago_subscription_id: str | None = None
    external_subscription_id: str | None = None
    units: Number | None = None
    amount_cents: Cents
    amount_currency: str | None = None
    taxes_amount_cents: Cents | None = None
    taxes_rate: Number | None = None
    total_amount_cents: Cents | None = None
    precise_coupons_amount_cents: Number | None = None
    sub_total_excluding_taxes_amount_cents: Cents | None = None
    events_count: int | None = None
    from_date: datetime | None = None
    to_date: datetime | None = None
    pay_in_advance: bool | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        """What stays the same through refresh and finalization: no two fees of a recorded invoice share it."""
        groups = self.item.grouped_by or {}
        pairs = sorted(f"{key}={value}" for key, value in groups.items()) if isinstance(groups, Mapping) else []
        subscription = self.external_subscription_id or self.lago_subscription_id or ""
        ids = (self.lago_charge_id, self.lago_charge_filter_id, self.lago_fixed_charge_id)
        is_true_up = "true-up" if self.lago_true_up_parent_fee_id else ""
        own = self.item.code or "" if not any(ids) else ""
        return (self.item.type, subscription, *(part or "" for part in ids), own, "&".join(pairs), is_true_up)

    def figures(self) -> Any:
        return [*self.identity, self.units, self.amount_cents, self.taxes_amount_cents, self.taxes_rate]


class Credit(Fact):
    """A coupon, credit note or progressive billing credit on an invoice (`credit_serializer.rb`)."""

    CLEAR: ClassVar[tuple[str, ...]] = ("amount_cents", "amount_currency", "before_taxes", "item")

    amount_cents: Cents
    amount_currency: str | None = None
    before_taxes: bool = False
    item: CreditItem = Field(default_factory=lambda: CreditItem())


class CreditItem(Fact):
    """What a credit comes from; a credit note's `code` is its number."""

    CLEAR: ClassVar[tuple[str, ...]] = ("lago_item_id", "type", "code", "name")

    lago_item_id: str | None = None
    type: str = ""
    code: str | None = None
    name: str | None = None


class ErrorDetail(Fact):
    """What went wrong in the background: `tax_error` and its like."""

    CLEAR: ClassVar[tuple[str, ...]] = ("error_code", "details")

    error_code: str = ""
    details: Any = None


class BillingPeriod(Fact):
    """What an invoice bills of one subscription, in UTC (`billing_periods`)."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "external_subscription_id", "subscription_from_datetime", "subscription_to_datetime", "charges_from_datetime",
        "charges_to_datetime", "fixed_charges_from_datetime", "fixed_charges_to_datetime", "invoicing_reason",
    )  # fmt: skip

    lago_subscription_id: str | None = None
    external_subscription_id: str | None = None
    subscription_from_datetime: datetime | None = None
    subscription_to_datetime: datetime | None = None
    charges_from_datetime: datetime | None = None
    charges_to_datetime: datetime | None = None
    fixed_charges_from_datetime: datetime | None = None
    fixed_charges_to_datetime: datetime | None = None
    invoicing_reason: str | None = None


class BillingConfiguration(Fact):
    """A customer's own billing settings; null inherits from the billing entity."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "invoice_grace_period", "payment_provider", "subscription_invoice_issuing_date_anchor",
        "subscription_invoice_issuing_date_adjustment",
    )  # fmt: skip

    invoice_grace_period: int | None = None
    payment_provider: str | None = None
    subscription_invoice_issuing_date_anchor: str | None = None
    subscription_invoice_issuing_date_adjustment: str | None = None


class IntegrationCustomer(Fact):
    """A connection to another system. `type` is null for Avalara (`lago-api`, `customer_serializer.rb`)."""

    CLEAR: ClassVar[tuple[str, ...]] = ("type",)

    type: str | None = None


class Customer(Fact):
    """A customer, embedded in an invoice or read by itself; only then with `taxes` (`customer_serializer.rb`)."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id", "external_id", "name", "account_type", "currency", "timezone", "applicable_timezone",
        "net_payment_term", "finalize_zero_amount_invoice", "billing_entity_code", "billing_configuration",
        "integration_customers", "taxes", "updated_at",
    )  # fmt: skip

    lago_id: str
    external_id: str
    name: str | None = None
    account_type: str | None = None
    currency: str | None = None
    timezone: str | None = None
    applicable_timezone: str | None = None
    net_payment_term: int | None = None
    finalize_zero_amount_invoice: str | None = None
    billing_entity_code: str | None = None
    billing_configuration: BillingConfiguration | None = None
    integration_customers: Annotated[tuple[IntegrationCustomer, ...], T_Rows] = ()
    taxes: Annotated[tuple[Tax, ...], T_Rows] = ()
    updated_at: datetime | None = None

    def figures(self) -> Any:
        own = self.billing_configuration
        return {
            "external_id": self.external_id,
            "currency": self.currency,
            "taxes": sorted((tax.figures() for tax in self.taxes), key=lambda row: str(row)),
            "finalize_zero_amount_invoice": self.finalize_zero_amount_invoice,
            "net_payment_term": self.net_payment_term,
            "applicable_timezone": self.applicable_timezone,
            "anchor": own.subscription_invoice_issuing_date_anchor if own else None,
            "adjustment": own.subscription_invoice_issuing_date_adjustment if own else None,
        }

    def summary(self) -> str:
        taxes = ", ".join(tax.code for tax in self.taxes) or "no taxes of its own"
        return f"{self.name or ''} ({self.external_id}), {taxes}".strip()


class Subscription(Fact):
    """A subscription (`subscription_serializer.rb`)."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id", "external_id", "external_customer_id", "plan_code", "status", "billing_time", "subscription_at",
        "started_at", "ending_at", "terminated_at", "canceled_at",
    )  # fmt: skip

    lago_id: str | None = None
    external_id: str
    external_customer_id: str | None = None
    plan_code: str | None = None
    status: str = ""
    billing_time: str | None = None
    subscription_at: datetime | None = None
    started_at: datetime | None = None
    ending_at: datetime | None = None
    terminated_at: datetime | None = None
    canceled_at: datetime | None = None

    def figures(self) -> Any:
        dates = (self.started_at, self.ending_at, self.terminated_at, self.canceled_at)
        return [self.external_id, self.plan_code, self.status, *dates]


class Subscriptions(Fact):
    """The subscriptions that an invoice bills, and the customer's others."""

    CLEAR: ClassVar[tuple[str, ...]] = ("items",)

    items: tuple[Subscription, ...] = ()

    def figures(self) -> Any:
        return sorted((item.figures() for item in self.items), key=lambda row: (row[0], row[2], str(row[3])))

    def summary(self) -> str:
        return ", ".join(f"{item.external_id} ({item.plan_code}, {item.status})" for item in self.items) or "none"


class AppliedCoupon(Fact):
    """A coupon of a customer (`applied_coupon_serializer.rb`); a percentage coupon has no amount."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id", "coupon_code", "coupon_name", "status", "amount_cents", "amount_cents_remaining", "amount_currency",
        "percentage_rate", "frequency", "frequency_duration", "frequency_duration_remaining", "created_at",
    )  # fmt: skip

    lago_id: str | None = None
    coupon_code: str | None = None
    coupon_name: str | None = None
    status: str | None = None
    amount_cents: Cents | None = None
    amount_cents_remaining: Cents | None = None
    amount_currency: str | None = None
    percentage_rate: Number | None = None
    frequency: str | None = None
    frequency_duration: int | None = None
    frequency_duration_remaining: int | None = None
    created_at: datetime | None = None

    def figures(self) -> Any:
        amounts = (self.amount_cents, self.amount_cents_remaining, self.amount_currency, self.percentage_rate)
        return [self.coupon_code, self.status, *amounts, self.frequency, self.frequency_duration_remaining]


class CreditNote(Fact):
    """A credit note with what is left of it (`credit_note_serializer.rb`)."""

    CLEAR: ClassVar[tuple[str, ...]] = ("lago_id", "number", "credit_status", "balance_amount_cents", "currency")

    lago_id: str | None = None
    number: str | None = None
    credit_status: str | None = None
    balance_amount_cents: Cents | None = None
    currency: str | None = None

    def figures(self) -> Any:
        return [self.number, self.credit_status, self.balance_amount_cents, self.currency]


class Wallet(Fact):
    """A wallet of prepaid credits (`wallet_serializer.rb`); `ongoing_balance_cents` already counts drafts: not used."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id", "name", "status", "currency", "balance_cents", "priority", "applies_to",
    )  # fmt: skip

    lago_id: str | None = None
    name: str | None = None
    status: str | None = None
    currency: str | None = None
    balance_cents: Cents | None = None
    priority: int | None = None
    applies_to: Any = None

    def figures(self) -> Any:
        return [self.lago_id, self.status, self.balance_cents, self.currency, self.priority, self.applies_to]


class Credits(Fact):
    """What Lago may deduct when it finalizes."""

    CLEAR: ClassVar[tuple[str, ...]] = ("applied_coupons", "credit_notes", "wallets")

    applied_coupons: tuple[AppliedCoupon, ...] = ()
    credit_notes: tuple[CreditNote, ...] = ()
    wallets: tuple[Wallet, ...] = ()

    def figures(self) -> Any:
        rows = {"coupons": self.applied_coupons, "credit_notes": self.credit_notes, "wallets": self.wallets}
        return {name: sorted((item.figures() for item in items), key=str) for name, items in rows.items()}

    def summary(self) -> str:
        counts = (
            (len(self.applied_coupons), "coupon"), (len(self.credit_notes), "credit note"), (len(self.wallets), "wallet"),
        )  # fmt: skip
        said = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count]
        return ", ".join(said) or "none"


class BillingEntity(Fact):
    """What customers inherit where their own setting is null (`billing_entity_serializer.rb`)."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "code", "name", "timezone", "net_payment_term", "document_numbering", "finalize_zero_amount_invoice",
        "invoice_grace_period", "subscription_invoice_issuing_date_anchor",
        "subscription_invoice_issuing_date_adjustment", "eu_tax_management",
    )  # fmt: skip

    code: str
    name: str | None = None
    timezone: str | None = None
    net_payment_term: int | None = None
    document_numbering: str | None = None
    finalize_zero_amount_invoice: bool | None = None
    invoice_grace_period: int | None = None
    subscription_invoice_issuing_date_anchor: str | None = None
    subscription_invoice_issuing_date_adjustment: str | None = None
    eu_tax_management: bool | None = None

    def figures(self) -> Any:
        return {
            "code": self.code,
            "timezone": self.timezone,
            "net_payment_term": self.net_payment_term,
            "finalize_zero_amount_invoice": self.finalize_zero_amount_invoice,
            "anchor": self.subscription_invoice_issuing_date_anchor,
            "adjustment": self.subscription_invoice_issuing_date_adjustment,
        }

    def summary(self) -> str:
        return f"{self.name or self.code}"


class ListedInvoice(Fact):
    """An invoice as a list shows it: no fees, subscriptions or credits (`lago-api`, `invoices_controller.rb#index`)."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id", "number", "status", "payment_status", "invoice_type", "currency", "issuing_date", "payment_due_date",
        "total_amount_cents", "fees_amount_cents", "taxes_amount_cents", "billing_entity_code", "created_at", "updated_at",
    )  # fmt: skip

    lago_id: str
    number: str | None = None
    status: str
    payment_status: str | None = None
    payment_overdue: bool | None = None
    invoice_type: str = "subscription"
    currency: str
    issuing_date: date | None = None
    payment_due_date: date | None = None
    net_payment_term: int | None = None
    billing_entity_code: str = ""
    sequential_id: int | None = None
    fees_amount_cents: Cents
    taxes_amount_cents: Cents
    total_amount_cents: Cents
    created_at: datetime | None = None
    updated_at: datetime | None = None
    customer: Customer

    @property
    def total(self) -> Money:
        """The total with its currency."""
        return Money(self.total_amount_cents, self.currency)


class InvoiceLists(Fact):
    """Where an invoice stands: the customer's draft and finalized lists; `expect` is the status it should have."""

    CLEAR: ClassVar[tuple[str, ...]] = ("lago_id", "expect")

    lago_id: str
    drafts: tuple[ListedInvoice, ...] = ()
    finalized: tuple[ListedInvoice, ...] = ()
    expect: str = "finalized"

    def clear(self) -> dict[str, Any]:
        rows = {"drafts": self.drafts, "finalized": self.finalized}
        return {**super().clear(), **{name: [item.lago_id for item in items] for name, items in rows.items()}}

    def summary(self) -> str:
        return f"{len(self.drafts)} drafts, {len(self.finalized)} finalized"


class Invoice(ListedInvoice):
    """One invoice, whole (`invoice_serializer.rb`)."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        *ListedInvoice.CLEAR, "sequential_id", "net_payment_term", "payment_overdue", "progressive_billing_credit_amount_cents",
        "coupons_amount_cents", "credit_notes_amount_cents", "sub_total_excluding_taxes_amount_cents",
        "sub_total_including_taxes_amount_cents", "total_due_amount_cents", "total_paid_amount_cents",
        "total_offsetted_credit_note_amount_cents", "prepaid_credit_amount_cents", "version_number", "self_billed",
        "voided_at", "customer", "subscriptions", "billing_periods", "fees", "credits", "applied_taxes", "error_details",
    )  # fmt: skip

    progressive_billing_credit_amount_cents: Cents = 0
    coupons_amount_cents: Cents = 0
    credit_notes_amount_cents: Cents = 0
    sub_total_excluding_taxes_amount_cents: Cents
    sub_total_including_taxes_amount_cents: Cents
    total_due_amount_cents: Cents | None = None
    total_paid_amount_cents: Cents | None = None
    total_offsetted_credit_note_amount_cents: Cents | None = None
    prepaid_credit_amount_cents: Cents = 0
    version_number: int | None = None
    self_billed: bool | None = None
    voided_at: datetime | None = None
    subscriptions: Annotated[tuple[Subscription, ...], T_Rows] = ()
    billing_periods: Annotated[tuple[BillingPeriod, ...], T_Rows] = ()
    fees: Annotated[tuple[Fee, ...], T_Rows] = ()
    credits: Annotated[tuple[Credit, ...], T_Rows] = ()
    applied_taxes: Annotated[tuple[AppliedTax, ...], T_Rows] = ()
    error_details: Annotated[tuple[ErrorDetail, ...], T_Rows] = ()

    def figures(self) -> Any:
        sums = [name for name in type(self).model_fields if name.endswith("_amount_cents")]
        return {
            "customer": self.customer.external_id,
            "currency": self.currency,
            "status": self.status,
            "periods": sorted((list(period.clear().values()) for period in self.billing_periods), key=str),
            "fees": sorted((fee.figures() for fee in self.fees), key=str),
            "sums": {name: getattr(self, name) for name in sums},
            "taxes": sorted(([tax.tax_code, tax.tax_rate, tax.amount_cents] for tax in self.applied_taxes), key=str),
        }

    def summary(self) -> str:
        who = f"{self.customer.name or ''} ({self.customer.external_id})".strip()
        count = f"{len(self.fees)} fee{'' if len(self.fees) == 1 else 's'}"
        return f"{self.status} for {who}, {count}, {self.total}"


class Finalization(Fact):
    """What a finalize call came to; `answer` is the invoice as Lago answered or showed it."""

    CLEAR: ClassVar[tuple[str, ...]] = ("lago_id", "outcome", "status", "number", "attribution", "answer")

    lago_id: str
    outcome: str
    status: str
    number: str | None = None
    attribution: str = "unproven"
    answer: Invoice | None = None


def parse_invoice(body: Mapping[str, Any] | None) -> Invoice | None:
    """The invoice in an answer's body, or None when it holds none. Never raises: after a one-way call nothing may."""
    row = (body or {}).get("invoice")
    if not isinstance(row, Mapping):
        return None
    try:
        return Invoice.model_validate(row)
    except ValidationError:
        return None
