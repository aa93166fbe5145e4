"""`absent_from_drafts`: a finalized invoice stands in no list of drafts any more. Floor 3."""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed
from engine.lago_models import InvoiceLists


class AbsentFromDrafts(Params):
    """The lists."""

    lists: InvoiceLists = Field(description="the customer's draft and finalized lists, read after the call")


def judge(params: AbsentFromDrafts, here: Here) -> Verdict:
    """Deny when a row of the draft list is this invoice and says that it is a draft."""
    lists = params.lists
    rows = [row for row in lists.drafts if row.lago_id.lower() == lists.lago_id.lower()]
    if any(row.status == "draft" for row in rows):
        return denied(
            f"the list of drafts still holds {lists.lago_id}",
            "Read it again with `runbook resume`; if it stays there, ask whoever runs this Lago.",
        )
    others = sum(row.status == "draft" for row in lists.drafts)
    return passed(f"it stands in no list of drafts ({others} other{'' if others == 1 else 's'} of this customer)")


CHECK = Check(name="absent_from_drafts", title="It has left the drafts", Params=AbsentFromDrafts, judge=judge)
