"""Dates: the customer's zone, billing periods in it, the date of issue and when payment is due. Floor 1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.events import Certainty
from engine.lago_models import BillingEntity, Customer, Fee, Invoice


@dataclass(frozen=True, slots=True)
class Span:
    """One part of a billing period as dates in the customer's zone, both inclusive."""

    start: date
    end: date
    external_subscription_id: str
    part: str

    def __str__(self) -> str:
        return f"{self.start}..{self.end}"


@dataclass(frozen=True, slots=True)
class IssuingDate:
    """The date of issue that finalize will set, how sure that is, and why."""

    day: date
    certainty: Certainty
    why: str
    is_kept: bool = False


def zone(customer: Customer) -> tzinfo:
    """The customer's time zone, inherited ones included; UTC where Lago names none that is known here."""
    name = customer.applicable_timezone or customer.timezone
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def periods(invoice: Invoice) -> tuple[Span, ...]:
    """Every part of every billing period, in the customer's zone (recording `timezone_tokyo`).

    Subscription and charges may differ: a plan in advance bills the coming month and the past month's usage.
    """
    own = zone(invoice.customer)
    spans = []
    for period in invoice.billing_periods:
        name = period.external_subscription_id or ""
        parts = (
            ("subscription", period.subscription_from_datetime, period.subscription_to_datetime),
            ("charges", period.charges_from_datetime, period.charges_to_datetime),
        )
        for part, start, end in parts:
            if start is not None:
                last = end or start
                spans.append(Span(start.astimezone(own).date(), last.astimezone(own).date(), name, part))
    return tuple(spans)


def fee_period(fee: Fee, invoice: Invoice) -> str:
    """The period of one fee in the customer's zone, or empty."""
    if fee.from_date is None or fee.to_date is None:
        return ""
    own = zone(invoice.customer)
    return f"{fee.from_date.astimezone(own).date()}..{fee.to_date.astimezone(own).date()}"


def issuing_date(
    invoice: Invoice, customer: Customer | None, entity: BillingEntity | None, now: datetime
) -> IssuingDate:
    """Today in the customer's zone; the draft's own date where `keep_anchor` holds (since v1.38; before: always today).

    `keep_anchor` counts for recurring invoices only, and is set on the customer, else on the billing entity.
    """
    who = customer or invoice.customer
    today = now.astimezone(zone(who)).date()
    name = who.applicable_timezone or who.timezone or "UTC"
    own = who.billing_configuration.subscription_invoice_issuing_date_adjustment if who.billing_configuration else None
    adjustment = own or (entity.subscription_invoice_issuing_date_adjustment if entity else None)
    if adjustment == "keep_anchor" and invoice.issuing_date is not None and is_recurring(invoice):
        return IssuingDate(invoice.issuing_date, "computed", "the draft's date is kept (keep_anchor)", is_kept=True)
    certainty: Certainty = "computed"
    return IssuingDate(today, certainty, f"today in {name}")


def is_recurring(invoice: Invoice) -> bool:
    """Whether Lago's own billing clock made the invoice, not a start or an end of a subscription."""
    reasons = {period.invoicing_reason for period in invoice.billing_periods}
    return "subscription_periodic" in reasons


def payment_due_date(issuing: date, customer: Customer | None, entity: BillingEntity | None) -> date | None:
    """The date of issue and the customer's present payment term in days; None when no term is known."""
    term = customer.net_payment_term if customer else None
    if term is None and entity is not None:
        term = entity.net_payment_term
    return None if term is None else issuing + timedelta(days=term)
