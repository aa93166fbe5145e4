"""`attributed_in_journal`: the journal names who did this, holds the intent and what came of it, unbroken. Floor 3."""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed
from engine.facts import RunRecord

KNOWN = frozenset({"effect.done", "effect.observed"})


class AttributedInJournal(Params):
    """The run."""

    run: RunRecord = Field(description="what the journal holds of this run, read back from it")


def judge(params: AttributedInJournal, here: Here) -> Verdict:
    """Deny when the operator, the intent or the outcome is missing, or the chain is broken."""
    run = params.run
    found = []
    if run.recorded_operator is None:
        found.append("the journal names nobody for this run")
    if run.intent_seq is None:
        found.append("the journal holds no intent of this run")
    if run.effect not in KNOWN:
        found.append(f"the journal holds no outcome of this run, but `{run.effect or 'nothing'}`")
    if not run.is_unbroken:
        found.append("the journal's chain is broken within this run")
    if found:
        return denied(
            f"the journal does not bear out run {run.id}",
            "Keep a copy of the journal as it is, then see `runbook audit verify`.",
            *found,
        )
    return passed(
        f"the journal names `{run.recorded_operator}`, with the intent as record {run.intent_seq}",
        effect_key=run.effect_key,
        intent_seq=run.intent_seq,
    )


CHECK = Check(name="attributed_in_journal", title="The journal names you", Params=AttributedInJournal, judge=judge)
