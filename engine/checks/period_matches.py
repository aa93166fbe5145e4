"""`period_matches`: every billing period is of the month that one means to bill, in the customer's zone. Floor 3.

Passes when each billing period has a part, its subscription's or its charges', that begins in the expected month in the
customer's time zone; or, without an expectation, when there are periods to tell.
Warns when there are no billing periods and no expectation, or when this machine does not know the time zone.
Denies when a period begins in another month, or there is nothing to compare the expectation with.
Why: A plan billed in advance bills the coming month together with the past month's usage, so either is right. A Tokyo
October begins on 30 September in UTC.

```yaml
- id: right_period
  check: period_matches
  with: {invoice: "${refreshed}", customer: "${customer}", expected: "${inputs.period}"}
```

```text
DENY  billing period 2026-10-01..2026-10-31: not 2026-09
      `sub_hooli`: begins in 2026-10
      Choose the right draft with `runbook drafts`, or say the period that
      you mean.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed, warned
from engine.lago_models import BillingPeriod, Customer, Invoice
from engine.lago_rules import local_day, zone_is_known, zone_name
from engine.values import Month

MOST = 4


class PeriodMatches(Params):
    """Invoice, customer, and the month one means to bill."""

    invoice: Invoice = Field(description="the invoice, with its billing periods")
    customer: Customer = Field(description="the customer, whose time zone decides what day it was")
    expected: Month | None = Field(default=None, description="the month one means to bill")


def judge(params: PeriodMatches, here: Here) -> Verdict:
    """Compare the month in which each period's subscription or charges part begins; one of the two suffices.

    A plan in advance bills the coming month together with the past month's usage (recording `in_advance`), so both
    months are right for it. A Tokyo October begins on 30 September in UTC (recording `timezone_tokyo`).
    """
    expected, customer = params.expected, params.customer
    billed = params.invoice.billing_periods or ()
    spans = tuple(dict.fromkeys(span for period in billed for span in _spans(period, customer)))
    seen = {"periods": list(spans), "expected": expected, "zone": zone_name(customer)[:80]}
    if not spans:
        message = "Lago names no billing period for this invoice"
        if expected is None:
            return warned(message, "Look at the line items to see what is being billed.", **seen)
        fix = f"Without one, {expected} cannot be compared. See in Lago what it bills, then leave `--period` out."
        return denied(message, fix, **seen)
    told = _told(spans)
    wrong = [period for period in billed if expected is not None and expected not in _months(period, customer)]
    if wrong:
        lines = [_line(period, customer) for period in wrong[:10]]
        return denied(
            f"{told}: not {expected}",
            "Choose the right draft with `runbook drafts`, or say the period that you mean.",
            *lines,
            *([f"and {len(wrong) - 10} more"] if len(wrong) > 10 else []),
            **seen,
        )
    if expected is not None:
        told = f"{told}: {expected}, as expected"
    if not zone_is_known(customer):
        return warned(
            f"{told}; these are days in UTC, for the time zone `{zone_name(customer)[:80]}` is not known here",
            "Update this machine's time zone data (the Python package `tzdata`).",
            **seen,
        )
    return passed(told, **seen)


def _spans(period: BillingPeriod, customer: Customer) -> list[str]:
    """The subscription and the charges part as dates, first and last; an older server may lack an end, or a part."""
    parts = (
        (period.subscription_from_datetime, period.subscription_to_datetime),
        (period.charges_from_datetime, period.charges_to_datetime),
    )
    return [
        f"from {local_day(start, customer)}"
        if end is None
        else f"{local_day(start, customer)}..{local_day(end, customer)}"
        for start, end in parts
        if start is not None
    ]


def _months(period: BillingPeriod, customer: Customer) -> list[Month]:
    starts = (period.subscription_from_datetime, period.charges_from_datetime)
    return sorted({Month.of(local_day(start, customer)) for start in starts if start is not None})


def _told(spans: tuple[str, ...]) -> str:
    more = f" and {len(spans) - MOST} more" if len(spans) > MOST else ""
    return f"billing period{'s' if len(spans) > 1 else ''} {', '.join(spans[:MOST])}{more}"


def _line(period: BillingPeriod, customer: Customer) -> str:
    name = f"`{period.external_subscription_id[:80]}`" if period.external_subscription_id else "a subscription"
    months = " and ".join(map(str, _months(period, customer)))
    return f"{name}: begins in {months}" if months else f"{name}: Lago does not say when it begins"


CHECK = Check(name="period_matches", title="The right billing period", Params=PeriodMatches, judge=judge)
