"""A plan made of a dry run: what it read and judged, what it would send, and the figures that all of it is about. Floor 4."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.consent.asking import Asking
from engine.events import Preview
from engine.facts import Fact
from engine.journal.pipeline import without_secrets
from engine.plain import dataclass
from engine.run.gathering import Gathering, Judged, figures_digest
from engine.run.itinerary import Itinerary
from engine.values import digest, iso

if TYPE_CHECKING:
    from engine.plan import Plan


@dataclass(frozen=True, slots=True)
class Planning:
    """How a dry run becomes a plan. `about` is what the run's first record says of it: who, where, which runbook and inputs.

    `keep` writes the plan where it was asked for, and answers how a command line names that place.
    """

    valid_for: timedelta
    keep: Callable[[Plan], str]
    about: Mapping[str, Any] = field(default_factory=dict)

    def make(self, asking: Asking, judged: Iterable[Judged], preview: Preview) -> Plan:
        """The plan of what is known now."""
        from engine.plan import Plan

        gathering, way, clearance = asking.gathering, asking.way, asking.clearance
        now = gathering.world.clock.now()
        figures = asking.figures()
        return Plan.of(
            **without_secrets(
                {
                    "made_at": iso(now),
                    "expires_at": iso(now + self.valid_for),
                    "subject": gathering.subject or "",
                    "expected": asking.expected,
                    "facts": _facts(gathering),
                    "requests": [*_writes(gathering, way), _call(way, preview)],
                    "preview": preview.as_json(),
                    "verdicts": [_verdict(one) for one in judged],
                    "decisions": [clearance.decision.as_data()] if clearance.decision is not None else [],
                    "overrides": [{"policy": one.policy, "reason": one.reason} for one in clearance.overrides],
                    **self.about,
                }
            ),
            figures=figures,
            figures_digest=figures_digest(figures),
        )


def _facts(gathering: Gathering) -> dict[str, Any]:
    """Every fact by its step's id; before the refresh a refreshed draft is the draft itself, and says so."""
    found: dict[str, Any] = {}
    by_fact: dict[int, str] = {}
    for step, fact in gathering.known.items():
        if not isinstance(fact, Fact):
            continue
        values = without_secrets(fact.clear())
        seen: dict[str, Any] = {"kind": type(fact).__name__, "digest": digest(values)}
        if fetched := gathering.fetched.get(step):
            seen |= {"requests": [str(request) for request in fetched.requests], "at": fetched.at}
        same = by_fact.setdefault(id(fact), step)
        found[step] = {**seen, **({"values": values} if same == step else {"same_as": same})}
    return found


def _writes(gathering: Gathering, way: Itinerary) -> Sequence[dict[str, Any]]:
    return [
        {
            "step": defn.id,
            "effect": "write",
            "request": str(step.request(gathering.params(defn, step.Params), gathering.world)),
        }
        for defn, step in way.writes
    ]


def _call(way: Itinerary, preview: Preview) -> dict[str, Any]:
    assert way.call is not None
    return {"step": way.call.id, "effect": "one-way", "request": preview.request}


def _verdict(one: Judged) -> dict[str, Any]:
    verdict = one.verdict
    return {
        "step": one.defn.id,
        "check": one.defn.name,
        "verdict": verdict.verdict,
        "message": verdict.message,
        "fix": verdict.fix or "",
        "more": list(verdict.more),
    }
