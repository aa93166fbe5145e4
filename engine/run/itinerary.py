"""A runbook's steps by their place in the order of a run: before the consent, the consent, the call, after it. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.model import Runbook, StepDef
from engine.plain import dataclass
from engine.references import find, names_in
from engine.steps.base import OneWayStep, ReadStep, Step, WriteStep


@dataclass(frozen=True, slots=True)
class Itinerary:
    """Where each step of one runbook stands. A runbook without a consent is all `before`.

    `about` is the id of the step that read what the run is about: the first that the runbook's `subject` refers to.
    """

    steps: Mapping[str, Step[Any]]
    before: tuple[StepDef, ...]
    consent: StepDef | None
    call: StepDef | None
    after: tuple[StepDef, ...]
    about: str

    @classmethod
    def of(cls, runbook: Runbook, steps: Mapping[str, Step[Any]]) -> Itinerary:
        """The itinerary of a runbook that is valid: one consent at the most, and one one-way step after it."""
        calls = [defn for defn in runbook.steps if isinstance(_step(defn, steps), OneWayStep)]
        consents = [at for at, defn in enumerate(runbook.steps) if defn.kind == "confirm"]
        cut = consents[0] if consents else len(runbook.steps)
        after = tuple(defn for defn in runbook.steps[cut + 1 :] if defn not in calls)
        consent = runbook.steps[cut] if consents else None
        about = next((name for ref in find(runbook.subject) for name in sorted(ref.names)), "")
        return cls(steps, tuple(runbook.steps[:cut]), consent, calls[0] if calls else None, after, about)

    @property
    def one_way(self) -> OneWayStep[Any] | None:
        """The step of this runbook that cannot be undone, or None."""
        step = _step(self.call, self.steps) if self.call else None
        return step if isinstance(step, OneWayStep) else None

    @property
    def checks(self) -> list[StepDef]:
        """The checks before the consent."""
        return [defn for defn in self.before if defn.kind == "check"]

    @property
    def who(self) -> list[StepDef]:
        """The checks that come before the first step and need nothing read: who may run this at all."""
        first = next((at for at, defn in enumerate(self.before) if defn.kind == "step"), len(self.before))
        return [defn for defn in self.before[:first] if defn.kind == "check" and not _needs_facts(defn)]

    @property
    def writes(self) -> list[tuple[StepDef, WriteStep[Any]]]:
        """The write steps before the consent, in order."""
        found = ((defn, _step(defn, self.steps)) for defn in self.before)
        return [(defn, step) for defn, step in found if isinstance(step, WriteStep)]

    @property
    def did(self) -> str:
        """What the write steps before the consent did, as a clause; empty when there are none."""
        return " and ".join(step.did for _, step in self.writes)

    @property
    def reads(self) -> list[tuple[StepDef, ReadStep[Any]]]:
        """The read steps before the consent, in order."""
        found = ((defn, _step(defn, self.steps)) for defn in self.before)
        return [(defn, step) for defn, step in found if isinstance(step, ReadStep)]

    @property
    def renewed(self) -> set[str]:
        """The ids of reads whose fact lives on under a write step's id."""
        return {name for defn, step in self.writes for name in names_in(defn.with_[step.renews])}

    @property
    def live(self) -> list[str]:
        """The ids of the facts that a consent rests on: each read, or the write that renewed it."""
        return [defn.id for defn in self.before if defn.kind == "step" and defn.id not in self.renewed]


def _step(defn: StepDef, steps: Mapping[str, Step[Any]]) -> Step[Any] | None:
    return steps.get(defn.name) if defn.kind == "step" else None


def _needs_facts(defn: StepDef) -> bool:
    return bool(names_in(defn.with_) - {"inputs"})
