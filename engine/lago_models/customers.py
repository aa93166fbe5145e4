"""Customers, subscriptions and billing entities as Lago shows them: whom an invoice bills, and how. Floor 1."""

from typing import Annotated, Any, ClassVar

from engine.facts import Always, Fact, Shaped
from engine.lago_models.fields import Cents, Exact, Json, Moment, NullIsEmpty, Text, in_order
from engine.lago_models.words import (
    AccountType,
    BillingTime,
    DateAdjustment,
    DateAnchor,
    Numbering,
    SubscriptionStatus,
    ZeroAmounts,
)


class Tax(Fact):
    """A tax that a customer or billing entity has (`V1::TaxSerializer`). `rate` is in percent."""

    CLEAR: ClassVar[tuple[str, ...]] = ("code", "name", "rate")

    code: Text
    name: Annotated[Text | None, Always] = None
    rate: Annotated[Exact | None, Always] = None

    def figures(self) -> Any:
        """Code and rate: a name may change freely."""
        return {"identity": self.code, "rate": self.rate}


class IntegrationCustomer(Fact):
    """A customer's account at an integration. `type` is null for Avalara (`lago.md` 4: no case in the serializer)."""

    CLEAR: ClassVar[tuple[str, ...]] = ("type",)

    type: str | None = None


class BillingConfiguration(Fact):
    """A customer's own billing settings; null inherits from the billing entity. The two of the issuing date: v1.38+."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "invoice_grace_period",
        "payment_provider",
        "subscription_invoice_issuing_date_anchor",
        "subscription_invoice_issuing_date_adjustment",
    )

    invoice_grace_period: int | None = None
    payment_provider: str | None = None
    subscription_invoice_issuing_date_anchor: DateAnchor | None = None
    subscription_invoice_issuing_date_adjustment: DateAdjustment | None = None


class Customer(Fact):
    """A customer (`GET /customers/:external_id`, and embedded in an invoice, there without `taxes`).

    `net_payment_term` is in days; null settings inherit from the billing entity. `applicable_timezone` is what Lago
    goes by, `timezone` the customer's own.
    """

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id",
        "external_id",
        "name",
        "currency",
        "account_type",
        "timezone",
        "applicable_timezone",
        "net_payment_term",
        "finalize_zero_amount_invoice",
        "billing_entity_code",
        "billing_configuration",
        "taxes",
        "integration_customers",
        "updated_at",
    )

    lago_id: str
    external_id: Text
    name: Text | None = None
    currency: str | None = None
    account_type: Annotated[AccountType | None, Always] = None
    timezone: str | None = None
    applicable_timezone: Annotated[str | None, Always] = None
    net_payment_term: int | None = None
    finalize_zero_amount_invoice: Annotated[ZeroAmounts | None, Always] = None
    billing_entity_code: str | None = None
    billing_configuration: Annotated[BillingConfiguration | None, Always] = None
    taxes: tuple[Tax, ...] | None = None
    integration_customers: tuple[IntegrationCustomer, ...] | None = None
    created_at: Moment | None = None
    updated_at: Annotated[Moment | None, Always] = None

    def figures(self) -> Any:
        """Who is billed, and every setting of the customer that decides what a finalization makes."""
        settings = self.billing_configuration or BillingConfiguration()
        return {
            "external_id": self.external_id,
            "currency": self.currency,
            "taxes": in_order(tax.figures() for tax in self.taxes or ()),
            "integrations": sorted(item.type or "" for item in self.integration_customers or ()),
            "billing_entity_code": self.billing_entity_code,
            "finalize_zero_amount_invoice": self.finalize_zero_amount_invoice,
            "net_payment_term": self.net_payment_term,
            "timezone": self.timezone,
            "applicable_timezone": self.applicable_timezone,
            "issuing_date_anchor": settings.subscription_invoice_issuing_date_anchor,
            "issuing_date_adjustment": settings.subscription_invoice_issuing_date_adjustment,
        }

    def summary(self) -> str:
        """Name and external id."""
        return f"{self.name} ({self.external_id})" if self.name else self.external_id


class Subscription(Fact):
    """A subscription (`V1::SubscriptionSerializer`). Its current billing period is today's, not the invoice's."""

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id",
        "external_id",
        "external_customer_id",
        "name",
        "plan_code",
        "plan_amount_cents",
        "plan_amount_currency",
        "status",
        "billing_time",
        "subscription_at",
        "started_at",
        "ending_at",
        "terminated_at",
        "canceled_at",
        "created_at",
        "updated_at",
    )

    lago_id: str
    external_id: Text
    external_customer_id: Annotated[Text | None, Always] = None
    name: Text | None = None
    plan_code: Annotated[Text | None, Always] = None
    plan_amount_cents: Annotated[Cents | None, Always] = None
    plan_amount_currency: Annotated[str | None, Always] = None
    status: SubscriptionStatus
    billing_time: Annotated[BillingTime | None, Always] = None
    subscription_at: Moment | None = None
    started_at: Moment | None = None
    ending_at: Moment | None = None
    terminated_at: Moment | None = None
    canceled_at: Moment | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None

    def figures(self) -> Any:
        """Plan, status and the dates that decide what is billed."""
        return {
            "lago_id": self.lago_id,
            "external_id": self.external_id,
            "plan_code": self.plan_code,
            "plan_amount_cents": self.plan_amount_cents,
            "status": self.status,
            "started_at": self.started_at,
            "ending_at": self.ending_at,
            "terminated_at": self.terminated_at,
            "canceled_at": self.canceled_at,
        }


InvoiceSubscription = Subscription


class Subscriptions(Fact):
    """The subscriptions that an invoice bills, of every status."""

    CLEAR: ClassVar[tuple[str, ...]] = ("items",)

    items: Annotated[tuple[Subscription, ...], NullIsEmpty]

    def figures(self) -> Any:
        """Each subscription's figures, in an order that does not depend on the answer."""
        return in_order(item.figures() for item in self.items)

    def summary(self) -> str:
        """Each subscription with its plan and status."""
        return ", ".join(f"{item.external_id} ({item.plan_code}, {item.status})" for item in self.items) or "none"


class BillingEntity(Fact):
    """The billing entity whose settings a customer inherits (`GET /billing_entities/:code`).

    `finalize_zero_amount_invoice` is a truth value here (true: finalize), unlike on a customer. `net_payment_term` is
    in days. The issuing date settings exist since v1.38, `eu_tax_management` since v1.26.
    """

    CLEAR: ClassVar[tuple[str, ...]] = (
        "lago_id",
        "code",
        "name",
        "timezone",
        "net_payment_term",
        "finalize_zero_amount_invoice",
        "invoice_grace_period",
        "document_numbering",
        "document_number_prefix",
        "subscription_invoice_issuing_date_anchor",
        "subscription_invoice_issuing_date_adjustment",
        "eu_tax_management",
        "taxes",
    )

    lago_id: str | None = None
    code: str
    name: Text | None = None
    timezone: str | None = None
    net_payment_term: int | None = None
    finalize_zero_amount_invoice: Annotated[Json, Shaped(bool | None)] = None
    invoice_grace_period: int | None = None
    document_numbering: Numbering | None = None
    document_number_prefix: Text | None = None
    subscription_invoice_issuing_date_anchor: DateAnchor | None = None
    subscription_invoice_issuing_date_adjustment: DateAdjustment | None = None
    eu_tax_management: bool | None = None
    taxes: tuple[Tax, ...] | None = None

    def figures(self) -> Any:
        """Every setting that a customer may inherit and that decides what a finalization makes."""
        return {
            "code": self.code,
            "finalize_zero_amount_invoice": self.finalize_zero_amount_invoice,
            "net_payment_term": self.net_payment_term,
            "timezone": self.timezone,
            "issuing_date_anchor": self.subscription_invoice_issuing_date_anchor,
            "issuing_date_adjustment": self.subscription_invoice_issuing_date_adjustment,
            "taxes": in_order(tax.figures() for tax in self.taxes or ()),
        }

    def summary(self) -> str:
        """Its code and name."""
        return f"{self.code} ({self.name})" if self.name else self.code
