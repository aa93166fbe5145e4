"""The runs that a journal holds, in one line each, and finding one by the beginning of its id. Floor 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import apsw

from engine.errors import UsageFault
from engine.journal import chain
from engine.journal.ids import typed
from engine.journal.sqlite import rows
from engine.plain import dataclass


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run. `started` and `ended` are RFC 3339 in UTC; `ended`, `outcome` and `exit` are None while it is open.

    `subject` is the newest that its records name, `lago_id` the invoice in it. All come from `run.start` and the
    newest `run.end`; a run whose start does not say `run` was one that could not write anything one-way: a `preview`, a
    `plan`, or somebody's word on one (`approve`, `reject`). `attribution` is `ours`, `unproven` or `not_ours`, as in `run.end`;
    `released_by` is the operator who gave the run's call up (`resolve --reissue`), from `effect.released`.
    """

    run: str
    started: str
    runbook: str
    version: int | None
    subject: str | None
    operator: str
    environment: str | None
    mode: Literal["run", "preview", "plan", "approve", "reject"]
    lago_id: str | None
    outcome: str | None
    exit: int | None
    ended: str | None
    attribution: str | None = None
    released_by: str | None = None


def summarize(
    start: chain.Record, end: chain.Record | None, subject: str | None, release: chain.Record | None = None
) -> RunSummary:
    """Fold a run's first record, its newest `run.end`, its newest subject and its `effect.released` into one line."""
    runbook, operator = _map(start.data.get("runbook")), _map(start.data.get("operator"))
    told = end.data if end else {}
    invoice = _map(told.get("invoice")).get("lago_id")
    return RunSummary(
        run=start.run,
        started=start.ts,
        runbook=str(runbook.get("name", "")),
        version=_number(runbook.get("version")),
        subject=subject,
        operator=str(operator.get("id") or start.actor.get("id") or ""),
        environment=_text(start.data.get("environment")),
        mode=_MODES.get(start.data.get("mode", ""), "preview"),
        lago_id=_text(invoice) or (subject.rpartition(":")[2] if subject else None),
        outcome=_text(told.get("outcome")),
        exit=_number(told.get("exit")),
        ended=end.ts if end else None,
        attribution=_text(told.get("attribution")),
        released_by=_text(release.data.get("by")) or "nobody named" if release else None,
    )


_MODES: dict[object, Literal["run", "preview", "plan", "approve", "reject"]] = {
    "run": "run", "plan": "plan", "approve": "approve", "reject": "reject",
}  # fmt: skip


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None


_STARTS = "SELECT seq, run FROM event WHERE type='run.start'"
_ABOUT = " AND run IN (SELECT run FROM event WHERE subject=?1 OR substr(subject, -length(?1) - 1) = ':' || ?1)"
_NEWEST = "SELECT max(seq) FROM event WHERE run=?1 AND type=?2"
# A record about a plan names the plan; what a run is about is what its facts name.
_SUBJECT = (
    "SELECT subject FROM event WHERE run=?1 AND subject IS NOT NULL"
    " ORDER BY substr(subject, 1, 5) = 'plan:', seq DESC LIMIT 1"
)

_BEGINS = "SELECT run FROM event WHERE type='run.start' AND run >= ?1 AND substr(run, 1, length(?1)) = ?1 LIMIT 6"


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run's line comes from: `seq` of its start, of its newest end and of the release of its call; its subject."""

    start: int
    end: int | None
    release: int | None
    subject: str | None


def places(db: apsw.Connection, subject: str | None, limit: int) -> Sequence[Places]:
    """The newest runs, about `subject` or about anything; newest run first."""
    order = " ORDER BY seq DESC LIMIT ?2"
    found = []
    for seq, run in list(rows(db, _STARTS + (_ABOUT if subject else " AND ?1 IS NULL") + order, (subject, limit))):
        ((end,),) = rows(db, _NEWEST, (run, "run.end"))
        ((release,),) = rows(db, _NEWEST, (run, "effect.released"))
        about = next(rows(db, _SUBJECT, (run,)), (None,))[0]
        found.append(Places(seq, end, release, about))
    return found


def find(db: apsw.Connection, prefix: str) -> str:
    """The one run whose id begins with `prefix`, in any case. Raises UsageFault, naming those it could be."""
    for wanted in dict.fromkeys((prefix.strip(), prefix.strip().upper(), typed(prefix))):
        if not wanted:
            break
        found = [str(run) for (run,) in rows(db, _BEGINS, (wanted,))]
        if wanted in found or len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")
            raise UsageFault(f"`{prefix}` is the beginning of several runs: {some}", hint="type more of the id")
    raise UsageFault(f"no run begins with `{prefix}`", hint="runbook audit list shows the runs")
