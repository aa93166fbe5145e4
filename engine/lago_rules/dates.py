"""Dates: the customer's zone, billing periods in it, the date of issue and when payment is due. Floor 1."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.events import Certainty
from engine.lago_models import BillingEntity, Customer, Fee, Invoice
from engine.plain import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """One part of a billing period as dates in the customer's zone, both inclusive. `part`: subscription or charges."""

    start: date
    end: date
    external_subscription_id: str
    part: str

    def __str__(self) -> str:
        return f"{self.start}..{self.end}"


@dataclass(frozen=True, slots=True)
class IssuingDate:
    """The date of issue that finalize will set, how sure that is, and why. `is_kept`: it does not depend on today."""

    day: date
    certainty: Certainty
    why: str
    is_kept: bool = False


def zone_name(who: Customer | Invoice) -> str:
    """The name of the time zone that Lago goes by: the customer's own or the inherited one; UTC where none is said."""
    customer = who.customer if isinstance(who, Invoice) else who
    return customer.applicable_timezone or customer.timezone or "UTC"


def zone_is_known(who: Customer | Invoice) -> bool:
    """Whether this machine knows that zone; if not, every date is in UTC and may be a day off."""
    return _zone(zone_name(who)) is not None


def zone(who: Customer | Invoice) -> ZoneInfo:
    """The customer's time zone, UTC where this machine does not know it (`zone_is_known`)."""
    return _zone(zone_name(who)) or ZoneInfo("UTC")


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def periods(invoice: Invoice) -> tuple[Span, ...]:
    """Every part of every billing period, in the customer's zone (recording `timezone_tokyo`).

    Subscription and charges may differ: a plan in advance bills the coming month and the past month's usage.
    """
    spans = []
    for period in invoice.billing_periods or ():
        name = period.external_subscription_id or ""
        parts = (
            ("subscription", period.subscription_from_datetime, period.subscription_to_datetime),
            ("charges", period.charges_from_datetime, period.charges_to_datetime),
        )
        spans += [
            Span(local_day(start, invoice), local_day(end or start, invoice), name, part)
            for part, start, end in parts
            if start is not None
        ]
    return tuple(spans)


def local_day(moment: datetime, who: Customer | Invoice) -> date:
    """The day that a moment lies in, in the customer's zone."""
    return moment.astimezone(zone(who)).date()


def fee_period(fee: Fee, invoice: Invoice) -> str:
    """The period of one fee in the customer's zone, or empty where Lago gives none."""
    if fee.from_date is None or fee.to_date is None:
        return ""
    return f"{local_day(fee.from_date, invoice)}..{local_day(fee.to_date, invoice)}"


def next_midnight(who: Customer | Invoice, now: datetime) -> datetime:
    """When the customer's next day begins: from then on Lago writes another date of issue."""
    own = zone(who)
    tomorrow = now.astimezone(own).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), own)


def issuing_date(
    invoice: Invoice, customer: Customer | None, entity: BillingEntity | None, now: datetime
) -> IssuingDate:
    """Today in the customer's zone; the draft's own date where `keep_anchor` holds (since v1.38; before: always today).

    `keep_anchor` counts for recurring invoices only, and is set on the customer, else on the billing entity
    (`lago.md` 2.4). `certainty` is unknown where Lago does not show all that decides.
    """
    who = customer or invoice.customer
    today = local_day(now, who)
    if not zone_is_known(who):
        return IssuingDate(
            today, "unknown", f"the time zone `{zone_name(who)}` is not known here; this is the day in UTC"
        )
    in_zone = f"today in {zone_name(who)}"
    keeps, recurring = keeps_anchor(who, entity), is_recurring(invoice)
    if keeps is False or recurring is False:
        return IssuingDate(today, "computed", in_zone)
    if keeps and recurring and invoice.issuing_date is not None:
        return IssuingDate(invoice.issuing_date, "computed", "the draft's date is kept (keep_anchor)", is_kept=True)
    return IssuingDate(today, "unknown", f"{in_zone}, unless the draft's date {invoice.issuing_date} is kept")


def keeps_anchor(customer: Customer, entity: BillingEntity | None) -> bool | None:
    """Whether `keep_anchor` is set for recurring invoices; None when the billing entity that decides was not read.

    A customer without the very field comes from a Lago before v1.38, which always issues on the day.
    """
    name = "subscription_invoice_issuing_date_adjustment"
    own = customer.billing_configuration
    if own is not None and getattr(own, name) is not None:
        return bool(getattr(own, name) == "keep_anchor")
    if entity is not None:
        return bool(getattr(entity, name) == "keep_anchor")
    return False if own is not None and name not in own.model_fields_set else None


def is_recurring(invoice: Invoice) -> bool | None:
    """Whether Lago's billing clock made the invoice, not a start or an end of a subscription; None when it is mixed."""
    if invoice.billing_periods is None:
        return None
    regular = {period.invoicing_reason == "subscription_periodic" for period in invoice.billing_periods}
    return regular.pop() if len(regular) == 1 else None if regular else False


def payment_due_date(issuing: date, customer: Customer | None, entity: BillingEntity | None) -> date | None:
    """The date of issue and the customer's present payment term in days; None when no term is known."""
    term = customer.net_payment_term if customer else None
    if term is None and entity is not None:
        term = entity.net_payment_term
    return None if term is None else issuing + timedelta(days=term)
