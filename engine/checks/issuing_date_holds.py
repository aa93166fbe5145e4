"""`issuing_date_holds`: the day does not change in the customer's time zone while Lago finalizes. Floor 3.

Passes when the day does not change in the customer's time zone for longer than half an hour, or the draft's date is
kept whatever the day (`keep_anchor`).
Warns when midnight is within half an hour, or it cannot be known whether the date is kept.
Denies when midnight is nearer than the finalize timeout and 60 seconds, or this machine does not know the time zone.
Why: Lago dates an invoice by the day on which it finalizes it. A call across midnight would issue it on another day
than was confirmed, and due on another too.

```yaml
- id: date_holds
  check: issuing_date_holds
  with: {invoice: "${refreshed}", customer: "${customer}", entity: "${entity}"}
```

```text
DENY  it will be issued on 2026-11-23, today in Asia/Tokyo; but midnight
      in Asia/Tokyo is 2m away, and a finalize call may take 1m30s
      without keep_anchor: 2026-11-23, the day it is finalized; with it:
      2026-12-01, the draft's date
      payment due: 2026-12-23
      Run this again after midnight there, in 2m: it is then issued on the
      next day.
```
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from engine.checks.base import Check, Here, Verdict, denied, passed, warned
from engine.checks.base import Params as CheckParams
from engine.lago_models import BillingEntity, Customer, Invoice
from engine.lago_rules import (
    IssuingDate,
    issuing_date,
    local_day,
    next_midnight,
    payment_due_date,
    zone_is_known,
    zone_name,
)
from engine.values import show_duration

_SPARE = timedelta(seconds=60)
_SOON = timedelta(minutes=30)


class Params(CheckParams):
    """Which invoice, and whose settings decide its date."""

    invoice: Invoice = Field(description="the invoice, after the refresh")
    customer: Customer | None = Field(default=None, description="its customer: time zone, issuing date, payment term")
    entity: BillingEntity | None = Field(default=None, description="the billing entity, which a customer inherits from")


def judge(params: Params, here: Here) -> Verdict:
    """Deny when the customer's midnight is nearer than the finalize timeout and 60 s; warn within 30 minutes.

    An invoice that keeps the draft's date (`keep_anchor`) does not depend on the day it is finalized.
    """
    invoice, who = params.invoice, params.customer or params.invoice.customer
    issue = issuing_date(invoice, params.customer, params.entity, here.now)
    lines = _lines(params, issue, here)
    seen = {"issuing_date": issue.day, "is_kept": issue.is_kept, "zone": zone_name(who)}
    if not zone_is_known(who):
        return denied(
            f"the customer's time zone `{zone_name(who)}` is not known here, so the date of issue cannot be told",
            "Update this machine's time zone data (the Python package `tzdata`), then run this again.",
            **seen,
        )
    if issue.is_kept:
        return passed(f"it will be issued on {issue.day}: {issue.why}", *lines, **seen)
    left = next_midnight(who, here.now) - here.now
    needed = timedelta(seconds=here.finalize_timeout) + _SPARE
    sentence = f"it will be issued on {issue.day}, {issue.why}"
    near = f"midnight in {zone_name(who)} is {show_duration(left)} away"
    if left < needed:
        return denied(
            f"{sentence}; but {near}, and a finalize call may take {show_duration(needed - _SPARE)}",
            f"Run this again after midnight there, in {show_duration(left)}: it is then issued on the next day.",
            *lines,
            **seen,
        )
    if left <= _SOON:
        return warned(
            f"{sentence}; {near}", "Confirm soon: after midnight the date of issue is another.", *lines, **seen
        )
    if issue.certainty == "unknown":
        fix = "Whether Lago keeps the draft's date is set on the customer or its billing entity."
        return warned(sentence, fix, *lines, **seen)
    return passed(sentence, *lines, **seen)


def _lines(params: Params, issue: IssuingDate, here: Here) -> tuple[str, ...]:
    invoice, who = params.invoice, params.customer or params.invoice.customer
    today = local_day(here.now, who)
    draft = invoice.issuing_date or "not given"
    lines = [f"without keep_anchor: {today}, the day it is finalized; with it: {draft}, the draft's date"]
    due = payment_due_date(issue.day, params.customer or invoice.customer, params.entity)
    if due is not None:
        lines.append(f"payment due: {due}")
    return tuple(lines)


CHECK = Check(name="issuing_date_holds", title="The date of issue holds", Params=Params, judge=judge)
