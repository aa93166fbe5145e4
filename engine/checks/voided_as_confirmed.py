"""`voided_as_confirmed`: the invoice is voided, and nothing else about it has changed. Floor 3.

Passes when it reads `voided`, nothing is due any more, and every other figure is what was confirmed.
Warns never.
Denies on any other difference, one line each.
Why: An answer is a word; the invoice read back is what everybody else will see.

```yaml
- {id: as_confirmed, check: voided_as_confirmed, with: {confirmed: "${consent}", voided: "${voided}"}}
```

```text
DENY  ACM-026-001 is not voided as it was confirmed
      total: confirmed 767.10 EUR, now 767.11 EUR
      Open it in Lago to see what became of it.
```
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed
from engine.facts import Confirmed
from engine.lago_models import SUMS, Invoice
from engine.lago_rules import fee_changes, local_day

# What a void changes by its nature; every other figure stays (recording `voided`).
CHANGED = frozenset({"total_due_amount_cents"})


class VoidedAsConfirmed(Params):
    """What was confirmed, and what Lago shows now."""

    confirmed: Confirmed = Field(description="the consent step's result")
    voided: Invoice = Field(description="the invoice, read back")


def judge(params: VoidedAsConfirmed, here: Here) -> Verdict:
    """Deny with one line for each difference: the status, the amount due, or any figure that should have stayed."""
    voided, before = params.voided, params.confirmed.of(Invoice)
    if before is None:
        return denied("no invoice was confirmed, so nothing can be compared", "Name the invoice in the consent step.")
    wrong = list(_differences(before, voided))
    seen = {"number": voided.number, "status": voided.status, "total": voided.total}
    if wrong:
        return denied(
            f"{voided.number[:80]} is not voided as it was confirmed",
            "Open it in Lago to see what became of it.",
            *wrong,
            **seen,
        )
    day = f" on {local_day(voided.voided_at, voided)}" if voided.voided_at else ""
    return passed(f"{voided.number[:80]} is voided{day}, and nothing else about it has changed", **seen)


def _differences(before: Invoice, voided: Invoice) -> Iterator[str]:
    if voided.status != "voided":
        yield f"status: confirmed that it is voided, and it reads `{voided.status[:40]}`"
    if voided.total_due_amount_cents:
        yield f"total due: {voided.money(voided.total_due_amount_cents)}, where a voided invoice has none"
    pairs = (
        ("invoice", before.lago_id.lower(), voided.lago_id.lower()),
        ("number", before.number, voided.number),
        ("customer", before.customer.external_id, voided.customer.external_id),
        ("currency", before.currency, voided.currency),
    )
    for what, was, now in pairs:
        if was != now:
            yield f"{what}: confirmed {was[:80]}, now {now[:80]}"
    for name in SUMS:
        was, now = getattr(before, name), getattr(voided, name)
        if name not in CHANGED and None not in (was, now) and was != now:
            label = name.removesuffix("_amount_cents").replace("_", " ")
            yield f"{label}: confirmed {before.money(was)}, now {voided.money(now)}"
    for change in fee_changes(before, voided):
        yield f"line item {change.label}: not as confirmed"


CHECK = Check(
    name="voided_as_confirmed", title="Voided, and nothing else changed", Params=VoidedAsConfirmed, judge=judge
)
