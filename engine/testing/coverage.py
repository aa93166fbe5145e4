"""Which outcomes of a runbook's steps were seen in what was played, and which not. Floor 5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from engine.events import Recorded
from engine.registry import Registry
from engine.reports.scenario_results import Coverage
from engine.testing.model import CaseFile
from engine.testing.outcomes import ONE_WAY, items
from engine.testing.playing import Played

# The records that show an outcome of a one-way step.
SHOWN_BY = {
    "effect.done": "done",
    "effect.rejected": "refused",
    "effect.pending": "pending",
    "effect.unknown": "unknown",
    "effect.not_sent": "not_sent",
}


def coverage(file: CaseFile, registry: Registry, every: Iterable[Played], threshold: int | None) -> Coverage:
    """What was seen over all commands. `threshold` goes before the file's own."""
    outcomes = items(file.runbook, registry)
    seen = frozenset(item for played in every for item in _seen(played.records, outcomes))
    own = file.threshold
    return Coverage(
        runbook=file.runbook.runbook,
        path=file.shown,
        outcomes=outcomes,
        seen=seen,
        excused={one.item: one.why for one in file.unreached},
        wrongly_excused=tuple((one.item, one.span) for one in file.unreached if one.item in seen),
        threshold=threshold if threshold is not None else own.value if own is not None else None,
        threshold_span=own.span if own is not None else None,
    )


def _seen(records: Sequence[Recorded], outcomes: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The outcomes that one command's records show."""
    end = next((record.data for record in records if record.type == "run.end"), {})
    for record in records:
        if record.type == "check.verdict":
            yield f"{record.step}.{record.data['verdict']}"
        elif record.type in SHOWN_BY:
            yield f"{record.step}.{SHOWN_BY[record.type]}"
        elif record.type == "fact" and record.data.get("phase") == "write":
            yield f"{record.step}.{_written(record, records, str(end.get('outcome')))}"
    if end.get("outcome") == "already_done":
        yield from (f"{step}.already_done" for step, words in outcomes.items() if words == ONE_WAY)


def _written(answer: Recorded, records: Sequence[Recorded], outcome: str) -> str:
    """What came of a write before the consent: done where it was read again afterwards, else as the run ended."""
    if not answer.data.get("sent"):
        return "not_sent"
    later = [one for one in records if one.seq > answer.seq]
    if outcome == "refused" and not any(one.type.startswith("effect.") for one in later):
        return "refused"
    return "done" if any(one.type == "fact" and one.step == answer.step for one in later) else "unknown"
