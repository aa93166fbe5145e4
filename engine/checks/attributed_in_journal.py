"""`attributed_in_journal`: the journal names who did this, holds the intent and what came of it, unbroken. Floor 3.

Passes when the journal names this operator for this run, holds the intent and what came of the call, and its chain is
unbroken. Of a run that sent nothing it says so, and looks for no intent.
Warns when another operator began the run and this one took it up.
Denies when any of that is missing, or the chain is broken.
Why: Proof that cannot be read back is none. The billing console's own audit log does not show this run.

```yaml
- {id: recorded, check: attributed_in_journal, with: {run: "${run}"}}
```

```text
DENY  the journal does not bear out run 01KB2V5Q8Z
      the journal's chain is broken within this run
      Keep a copy of the journal as it is, then see `runbook audit
      verify`.
```
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed, warned
from engine.facts import RunRecord

KNOWN = frozenset({"effect.done", "effect.observed"})


class AttributedInJournal(Params):
    """The run."""

    run: RunRecord = Field(description="what the journal holds of this run, read back from it")


def judge(params: AttributedInJournal, here: Here) -> Verdict:
    """Deny when the operator, the intent or the outcome is missing, or the chain is broken.

    A run without an effect key sent nothing: then there is no intent to look for, and the verdict says so. A run that
    somebody else began, and this operator took up, only warns.
    """
    run = params.run
    sent = bool(run.effect_key)
    seen = {"effect_key": run.effect_key, "effect": run.effect, "intent_seq": run.intent_seq}
    found = list(_missing(run, sent=sent))
    if found:
        return denied(
            f"the journal does not bear out run {run.id[:80]}",
            "Keep a copy of the journal as it is, then see `runbook audit verify`.",
            *found,
            **seen,
        )
    names = f"the journal names `{(run.recorded_operator or '')[:80]}` for this run"
    held = (
        f"its intent is record {run.intent_seq}, and what came of it stands there too"
        if sent
        else "this run sent nothing that cannot be undone, and the journal holds no intent of it"
    )
    if run.recorded_operator != run.operator:
        return warned(
            f"{names}, and you are `{run.operator[:80]}`; {held}",
            "If you took up somebody else's run, that is as it should be: a `run.resume` record names you.",
            **seen,
        )
    return passed(f"{names}; {held}", **seen)


def _missing(run: RunRecord, *, sent: bool) -> Iterator[str]:
    if not run.recorded_operator:
        yield "the journal names nobody for this run"
    if sent and run.intent_seq is None:
        yield f"the journal holds no intent of this run, which sent {str(run.effect_key)[:200]}"
    if sent and run.effect not in KNOWN:
        newest = f"its newest record of the call is `{run.effect[:40]}`" if run.effect else "it holds none of the call"
        yield f"the journal does not hold what came of the call: {newest}"
    if not sent and (run.intent_seq is not None or run.effect is not None):
        yield "the journal holds an intent of this run, yet this run knows of no call"
    if not run.is_unbroken:
        yield "the journal's chain is broken within this run"


CHECK = Check(name="attributed_in_journal", title="The journal names you", Params=AttributedInJournal, judge=judge)
