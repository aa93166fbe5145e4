"""Past decisions, with the occasions that they were taken on, made again from the journal alone. Floor 4.

A record `policy.decision` says for each name which record holds the fact, so that a decision can be told again, or taken
again under other policies, without Lago, OPA or anybody's word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from engine.events import Recorded, moment
from engine.opa.answers import Answered
from engine.plain import dataclass
from engine.policy.decision import Override
from engine.policy.documents import as_json
from engine.policy.kinds import KINDS, Kind, document
from engine.policy.model import PLANNED, SURROUNDINGS, planned_type
from engine.policy.occasion import Handed, Occasion

TYPE = "policy.decision"
# Which kind of fact a model is recorded for.
KIND_OF = {kind.step_gives.__name__: kind for kind in KINDS.values()}

About = Callable[[str], Sequence[Recorded]]
"""The records about a subject, as `Reader.about` answers them; and those of a run, as `Reader.run` does."""


@dataclass(frozen=True, slots=True)
class Past:
    """One decision as it stands in the journal, and what it was taken on. `lacking` is what of that cannot be found."""

    record: Recorded
    occasion: Occasion
    lacking: tuple[str, ...] = ()

    @property
    def data(self) -> Mapping[str, Any]:
        """What was decided."""
        return self.record.data


def past(records: Sequence[Recorded], about: About, run: About) -> Iterator[Past]:
    """Every decision of a run, in order. `records` are all of the run's."""
    before: dict[str, Handed] | None = None
    planned = _plan_of(records, about, run)
    for record in records:
        if record.type != TYPE:
            continue
        facts, lacking = _facts(record, records)
        commits = record.data.get("phase") == "commit"
        yield Past(record, _occasion(record, records, facts, planned or (before if commits else None)), tuple(lacking))
        if not commits:
            before = facts


def _plan_of(records: Sequence[Recorded], about: About, run: About) -> dict[str, Handed] | None:
    """The facts of the plan that a run applied, where it did: those of the last decision of the run that made the plan."""
    start = next((one for one in records if one.type == "run.start"), None)
    plan = start.data.get("plan") if start is not None else None
    digest = plan.get("digest") if isinstance(plan, Mapping) else None
    if not digest:
        return None
    made = next((one for one in about(f"plan:{digest}") if one.type == "plan.made"), None)
    there = run(made.run) if made is not None else ()
    last = next((one for one in reversed(there) if one.type == TYPE), None)
    return _facts(last, there)[0] if last is not None else None


def _facts(record: Recorded, records: Sequence[Recorded]) -> tuple[dict[str, Handed], list[str]]:
    """The facts that a decision names, as their records hold them, and the names of those that no record holds."""
    by_seq = {one.seq: one for one in records}
    found: dict[str, Handed] = {}
    lacking = []
    for name, origin in (record.data.get("facts") or {}).items():
        held = by_seq.get(origin.get("seq"))
        if held is None or held.data.get("digest") != origin.get("digest") or "values" not in held.data:
            lacking.append(name)
        else:
            found[name] = Handed(str(origin.get("kind")), held.data["values"], origin)
    return found, lacking


def _occasion(
    record: Recorded, records: Sequence[Recorded], facts: dict[str, Handed], planned: dict[str, Handed] | None
) -> Occasion:
    data = record.data
    given: Mapping[str, Any] = data.get("given") or {}
    overrides = [one.data for one in records if one.type == "override.given" and one.seq < record.seq]
    return Occasion(
        phase="commit" if data.get("phase") == "commit" else "plan",
        now=moment(str(data["now"])),
        action=str(data.get("action", "")),
        environment=str(data.get("environment", "")),
        run=record.run,
        runbook=str(given.get("runbook", "")),
        mode=str(given.get("mode", "")),
        operator=str(given.get("operator", "")),
        roles=tuple(given.get("roles") or ()),
        figures_digest=str(given.get("figures_digest", "")),
        facts=facts,
        planned=planned,
        planned_digest=str(given.get("planned_digest", "")),
        overrides=tuple(
            Override(str(one["policy"]), str(one["operator"]), tuple(one["roles"]), str(one["reason"]))
            for one in overrides
        ),
        answers={name: Answered.of(one) for name, one in (given.get("rego") or {}).items()},
    )


def documents(one: Past) -> dict[str, Any]:
    """What the policies were judged on, as JSON, by the names that expressions and Rego read."""
    occasion = one.occasion
    found: dict[str, Any] = {}
    for name, handed in occasion.facts.items():
        if (kind := KIND_OF.get(handed.model)) is not None:
            found[name] = document(kind, handed.values, name)[0]
    if (mirrored := _mirrored(one)) is not None:
        name, kind = mirrored
        planned = (occasion.planned or occasion.facts).get(name)
        shown = document(kind, planned.values, name)[0] if planned is not None else None
        if shown is not None:
            found[PLANNED] = shown | {"figures_digest": occasion.planned_digest}
    return as_json(found | _around(occasion))


def names_of(one: Past) -> dict[str, Any]:
    """The same names with their types."""
    kinds = {name: KIND_OF[handed.model] for name, handed in one.occasion.facts.items() if handed.model in KIND_OF}
    names: dict[str, Any] = {name: kind.type for name, kind in kinds.items()}
    if (mirrored := _mirrored(one)) is not None:
        names[PLANNED] = planned_type(mirrored[1])
    return names | SURROUNDINGS


def _mirrored(one: Past) -> tuple[str, Kind] | None:
    """The fact that `planned` shows as it was planned: the only invoice that the policies were handed."""
    invoice = KINDS["lago.Invoice"]
    names = [name for name, handed in one.occasion.facts.items() if handed.model == invoice.step_gives.__name__]
    return (names[0], invoice) if len(names) == 1 else None


def _around(occasion: Occasion) -> dict[str, Any]:
    return {
        "now": occasion.now,
        "operator": {"id": occasion.operator, "roles": list(occasion.roles)},
        "run": {
            "id": occasion.run,
            "runbook": occasion.runbook,
            "environment": occasion.environment,
            "action": occasion.action,
            "phase": occasion.phase,
            "mode": occasion.mode,
        },
        "plan": {"figures_digest": occasion.figures_digest},
    }
