"""`absent_from_drafts`: a finalized invoice stands in no list of drafts any more. Floor 3.

Passes when no row of the draft list is this invoice. A row that by its own word is no draft is not counted, and that is
said.
Warns never.
Denies when a row is this invoice and says `draft`.
Why: Older servers drop a filter that they do not know, so a list is believed row by row, not as a whole.

```yaml
- {id: left_drafts, check: absent_from_drafts, with: {lists: "${lists}"}}
```

```text
DENY  the list of drafts still holds c8117fcb-c82a-4075-928f-9c8ff5f46b2f
      Look at it in Lago. Do not finalize it again: it was read as issued.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed
from engine.lago_models import InvoiceLists


class AbsentFromDrafts(Params):
    """The lists."""

    lists: InvoiceLists = Field(description="the customer's draft and finalized lists, read after the call")


def judge(params: AbsentFromDrafts, here: Here) -> Verdict:
    """Deny when a row of the draft list is this invoice and says that it is a draft.

    A row of another status is not counted: older servers drop a filter that they do not know (`lago.md` 1).
    """
    lists = params.lists
    drafts = [row for row in lists.drafts if row.status == "draft"]
    strays = len(lists.drafts) - len(drafts)
    said = (
        (f"not counted: {strays} row{'' if strays == 1 else 's'} of that list, by their own word no drafts",)
        if strays
        else ()
    )
    seen = {"drafts": len(drafts), "not_counted": strays}
    if any(row.lago_id.lower() == lists.lago_id.lower() for row in drafts):
        return denied(
            f"the list of drafts still holds {lists.lago_id[:80]}",
            "Look at it in Lago. Do not finalize it again: it was read as issued.",
            *said,
            **seen,
        )
    others = f"{len(drafts)} other draft{'' if len(drafts) == 1 else 's'}"
    return passed(f"it stands in no list of drafts; {others} of this customer", *said, **seen)


CHECK = Check(name="absent_from_drafts", title="It has left the drafts", Params=AbsentFromDrafts, judge=judge)
