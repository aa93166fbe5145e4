"""`present_in_finalized`: a finalized invoice stands in the finalized list; a closed one stands in none. Floor 3.

Passes when a row of the finalized list is this invoice and says `finalized`; of an invoice that was closed or voided,
when neither list holds it.
Warns never.
Denies when it is not there, or is there although it was closed or voided.
Why: What the list shows is what everybody else in billing sees.

```yaml
- {id: joined_finalized, check: present_in_finalized, with: {lists: "${lists}"}}
```

```text
DENY  the finalized list does not hold
      c8117fcb-c82a-4075-928f-9c8ff5f46b2f
      Look at it in Lago. Do not finalize it again: it was read as issued.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed
from engine.lago_models import InvoiceLists, ListedInvoice


class PresentInFinalized(Params):
    """The lists."""

    lists: InvoiceLists = Field(description="the customer's draft and finalized lists, read after the call")


def judge(params: PresentInFinalized, here: Here) -> Verdict:
    """Look for a row that is this invoice and says `finalized`; which answer is right depends on what it became."""
    lists = params.lists
    finalized = [row for row in lists.finalized if row.status == "finalized"]
    strays = len(lists.finalized) - len(finalized)
    said = (
        [f"not counted: {strays} row{'' if strays == 1 else 's'} of that list, by their own word not finalized"]
        if strays
        else []
    )
    said += [
        f"its own row there says `{row.status[:40]}`" for row in _own(lists, lists.finalized) if row not in finalized
    ]
    seen = {"finalized": len(finalized), "not_counted": strays, "expect": lists.expect[:40]}
    rows = _own(lists, finalized)
    if lists.expect == "finalized":
        if rows:
            return passed(f"it stands in the finalized list as {rows[0].number[:80]}", *said, **seen)
        return denied(
            f"the finalized list does not hold {lists.lago_id[:80]}",
            "Look at it in Lago. Do not finalize it again: it was read as issued.",
            *said,
            **seen,
        )
    word = lists.expect[:40]
    # Nothing but a draft may stand among the drafts, which `absent_from_drafts` looks at; here both lists count.
    drafts = _own(lists, [row for row in lists.drafts if row.status == "draft"])
    if rows or drafts:
        where = " and ".join([*(["the finalized list"] if rows else []), *(["the list of drafts"] if drafts else [])])
        return denied(
            f"it was read as `{word}`, yet {where} hold{'' if rows and drafts else 's'} {lists.lago_id[:80]}",
            "Open it in Lago: what was answered and what is listed do not agree.",
            *said,
            **seen,
        )
    if word == "closed":
        return passed("closed invoices stand in no list, and neither does this one", *said, **seen)
    return passed(f"it is `{word}` and stands in no list, as such an invoice does", *said, **seen)


def _own(lists: InvoiceLists, rows: tuple[ListedInvoice, ...] | list[ListedInvoice]) -> list[ListedInvoice]:
    # Upper-case ids are the same invoice (`lago.md` 1).
    return [row for row in rows if row.lago_id.lower() == lists.lago_id.lower()]


CHECK = Check(name="present_in_finalized", title="It has joined the finalized", Params=PresentInFinalized, judge=judge)
