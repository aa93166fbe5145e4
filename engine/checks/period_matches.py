"""`period_matches`: every billing period is of the month that one means to bill, in the customer's zone. Floor 3."""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed, warned
from engine.lago_models import BillingPeriod, Customer, Invoice
from engine.lago_rules import local_day, periods
from engine.values import Month


class PeriodMatches(Params):
    """Invoice, customer, and the month one means to bill."""

    invoice: Invoice = Field(description="the invoice, with its billing periods")
    customer: Customer = Field(description="the customer, whose time zone decides what day it was")
    expected: Month | None = Field(default=None, description="the month one means to bill")


def judge(params: PeriodMatches, here: Here) -> Verdict:
    """Compare the month in which each period's subscription or charges part begins; one of the two suffices."""
    spans = tuple(dict.fromkeys(str(span) for span in periods(params.invoice)))
    billed = params.invoice.billing_periods or ()
    if not billed or not spans:
        message = "Lago names no billing period for this invoice"
        if params.expected is None:
            return warned(message, "Look at the line items to see what is being billed.")
        return denied(message, f"Without one, `{params.expected}` cannot be compared. Leave `--period` out.")
    told = f"billing period {', '.join(spans[:4])}" + (f" and {len(spans) - 4} more" if len(spans) > 4 else "")
    if params.expected is None:
        return passed(told, periods=list(spans))
    wrong = [period for period in billed if params.expected not in _months(period, params.customer)]
    if wrong:
        lines = [
            f"{(period.external_subscription_id or 'a subscription')[:80]}: begins in "
            + (
                " and ".join(sorted({str(month) for month in _months(period, params.customer)}))
                or "no month Lago names"
            )
            for period in wrong
        ]
        return denied(
            f"{told}: not {params.expected}",
            "Choose the right draft with `runbook drafts`, or say the period that you mean.",
            *lines[:10],
            periods=list(spans),
        )
    return passed(f"{told}: {params.expected}, as expected", periods=list(spans))


def _months(period: BillingPeriod, customer: Customer) -> set[Month]:
    starts = (period.subscription_from_datetime, period.charges_from_datetime)
    return {Month.of(local_day(start, customer)) for start in starts if start is not None}


CHECK = Check(name="period_matches", title="The right billing period", Params=PeriodMatches, judge=judge)
