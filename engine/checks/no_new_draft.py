"""`no_new_draft`: no draft came of it: a void does not bill its period again. Floor 3.

Passes when the customer's drafts are those of before.
Warns when a draft stands there that was not there before.
Denies never.
Why: Many expect a void to bring the draft back. It does not, and a draft that appears at that moment is of something else.

```yaml
- {id: no_draft, check: no_new_draft, with: {before: "${lists_before}", after: "${lists_after}"}}
```

```text
warn  a draft of this customer is there that was not there before; it does
      not come of the void
      fe8b2af5-4b08-4bb8-8459-216f7d5fc55b for 767.10 EUR
      Look at it: it may bill another period, or somebody may have made it
      by hand.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, passed, warned
from engine.lago_models import InvoiceLists


class NoNewDraft(Params):
    """The lists before and after."""

    before: InvoiceLists = Field(description="the customer's draft and finalized lists, read before the call")
    after: InvoiceLists = Field(description="the same lists, read after the call")


def judge(params: NoNewDraft, here: Here) -> Verdict:
    """Warn when a draft stands in the list that was not there before: it is not of this void (`lago.md` 5)."""
    known = {row.lago_id.lower() for row in params.before.drafts}
    new = [row for row in params.after.drafts if row.status == "draft" and row.lago_id.lower() not in known]
    seen = {"drafts_before": len(known), "drafts_after": len(params.after.drafts)}
    if new:
        return warned(
            "a draft of this customer is there that was not there before; it does not come of the void",
            "Look at it: it may bill another period, or somebody may have made it by hand.",
            *(f"{row.lago_id} for {row.total}" for row in new[:10]),
            *([f"and {len(new) - 10} more"] if len(new) > 10 else []),
            **seen,
        )
    return passed("no new draft came of it: the period is not billed again", **seen)


CHECK = Check(name="no_new_draft", title="No new draft came of it", Params=NoNewDraft, judge=judge)
