"""A run made again from its records: its inputs, what it learned, what was confirmed, and what came of its call. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import Invalid, UsageFault
from engine.events import Recorded, moment
from engine.facts import Confirmed, Fact
from engine.model import Runbook, parse_input
from engine.plain import dataclass
from engine.steps.base import OneWayStep, Ruling, Step
from engine.values import canonical

if TYPE_CHECKING:
    from engine.plan import Bond


@dataclass(frozen=True, slots=True)
class Recalled:
    """One run as the journal holds it."""

    run: str
    records: tuple[Recorded, ...]

    @property
    def start(self) -> Recorded:
        """Its first record."""
        return next(record for record in self.records if record.type == "run.start")

    @property
    def bond(self) -> Bond | None:
        """The plan that the run applied, if it applied one."""
        data = self.start.data.get("plan")
        if not data:
            return None
        from engine.plan import Bond

        return Bond.model_validate_json(canonical(data))

    @property
    def intent(self) -> Recorded | None:
        """Its newest intent; a resumed run may have had several attempts."""
        return next((record for record in reversed(self.records) if record.type == "effect.intent"), None)

    @property
    def effect(self) -> str | None:
        """The effect's key without the attempt."""
        return str(self.intent.data["effect_key"]).rpartition("#")[0] if self.intent else None

    @property
    def newest(self) -> Recorded | None:
        """The newest record of what came of its newest intent, the intent itself if nothing else."""
        return next((record for record in reversed(self.records) if record.type.startswith("effect.")), None)

    def facts(self, kinds: Mapping[str, type[Fact]]) -> dict[str, Fact]:
        """What was last learned under each step id; `kinds` says which fact a step gives."""
        by_seq = {record.seq: record for record in self.records}
        facts: dict[str, Fact] = {}
        for record in self.records:
            if record.type != "fact" or record.step not in kinds or record.data.get("kind") == "Answer":
                continue
            full = by_seq[record.data["same_as"]] if "same_as" in record.data else record
            facts[str(record.step)] = kinds[str(record.step)].model_validate(full.data["values"])
        return facts

    def confirmed(self, facts: Mapping[str, Fact]) -> Confirmed | None:
        """What was confirmed, if anything was: the facts that the consent named, as last read before the intent."""
        given = next((record for record in reversed(self.records) if record.type == "consent.given"), None)
        if given is None:
            return None
        named = {name: facts[entry["step"]] for name, entry in given.data["facts"].items() if entry["step"] in facts}
        return Confirmed(facts=named, figures_digest=given.data["figures_digest"], at=moment(given.ts))

    def ruling(self, step: OneWayStep[Any]) -> Ruling:
        """What came of the call, from the newest record alone: a bare intent is an unknown outcome."""
        newest = self.newest
        assert newest is not None
        data = newest.data
        fact = step.Fact.model_validate(data["values"]) if data.get("values") else None
        said = data.get("answer") or {}
        if newest.type == "effect.intent":
            return Ruling("unknown", "the process ended before an answer was recorded")
        state = newest.type.removeprefix("effect.")
        return Ruling(
            state=state,  # type: ignore[arg-type]
            why=str(data.get("why", "")),
            fact=fact,
            stays_settles=bool(data.get("stays_settles")),
            attribution=data.get("attribution", "unproven"),
            said=said,
        )


def recall(run: str, records: Sequence[Recorded]) -> Recalled:
    """The run with these records. Raises UsageFault when it never started or was a preview."""
    recalled = Recalled(run, tuple(records))
    if not any(record.type == "run.start" for record in records):
        raise UsageFault(f"run {run} has no beginning in this journal")
    if recalled.start.data.get("mode") != "run":
        raise UsageFault(f"run {run} was a preview: it has nothing to resume", hint="Start a run: `runbook run ...`.")
    return recalled


def read_inputs(runbook: Runbook, run: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """The inputs of a run as they were given. Raises Invalid when the runbook no longer takes one of them."""
    values: dict[str, Any] = {}
    for name, text in texts.items():
        if name not in runbook.inputs:
            raise Invalid(
                f"run {run} was given `{name}`, which `{runbook.runbook}` no longer takes",
                hint="Put the runbook's version of that day back in place, then resume.",
            )
        values[name] = parse_input(runbook.inputs[name].type, str(text))
    return values


def kinds(runbook: Runbook, steps: Mapping[str, Step[Any]]) -> dict[str, type[Fact]]:
    """Which fact each step of the runbook gives."""
    return {defn.id: steps[defn.name].Fact for defn in runbook.steps if defn.kind == "step" and defn.name in steps}
