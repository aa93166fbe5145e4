"""`present_in_finalized`: a finalized invoice stands in the finalized list; a closed one stands in none. Floor 3."""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed
from engine.lago_models import InvoiceLists


class PresentInFinalized(Params):
    """The lists."""

    lists: InvoiceLists = Field(description="the customer's draft and finalized lists, read after the call")


def judge(params: PresentInFinalized, here: Here) -> Verdict:
    """Look for a row that is this invoice and says `finalized`; which answer is right depends on what it became."""
    lists = params.lists
    rows = [row for row in lists.finalized if row.lago_id.lower() == lists.lago_id.lower()]
    is_listed = any(row.status == "finalized" for row in rows)
    if lists.expect == "finalized":
        if is_listed:
            return passed(f"it stands in the finalized list as {next(row.number for row in rows)}")
        return denied(
            f"the finalized list does not hold {lists.lago_id}",
            "Read it again with `runbook resume`; if it stays away, ask whoever runs this Lago.",
        )
    if is_listed:
        return denied(
            f"the finalized list holds {lists.lago_id}, although it is `{lists.expect}`",
            "Open it in Lago: what was answered and what is shown do not agree.",
        )
    return passed(f"it is `{lists.expect}` and stands in no list, as such an invoice does")


CHECK = Check(name="present_in_finalized", title="It has joined the finalized", Params=PresentInFinalized, judge=judge)
