"""What a consent rests on, and what may stand around it: the order that a run keeps, told before it is run. Floor 4.

The runner reads, writes what it may, asks, calls and verifies (`docs/order.md`). A step that stands where it would not be
carried out, or a consent to figures that are not those of the call, is an error of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from engine.diagnostics import Span
from engine.model import Runbook, StepDef
from engine.plain import dataclass
from engine.references import Reference, find, is_path
from engine.source import Node, walk
from engine.steps.base import Effect, OneWayStep, Step, WriteStep
from engine.validation.notes import Notes, one_of, place_of
from engine.validation.types import name_of


@dataclass(frozen=True, slots=True)
class Consents:
    """One runbook's steps by where they stand: `at` the consent, `call` the one-way step after it."""

    runbook: Runbook
    steps: Mapping[str, Step[Any]]
    notes: Notes
    at: int | None
    call: int | None

    @classmethod
    def of(cls, runbook: Runbook, steps: Mapping[str, Step[Any]], notes: Notes) -> Consents:
        """Where the first consent and the first one-way step after it stand."""
        at = next((at for at, defn in enumerate(runbook.steps) if defn.kind == "confirm"), None)
        calls = [at for at, defn in enumerate(runbook.steps) if _effect(defn, steps) is Effect.ONE_WAY]
        return cls(runbook, steps, notes, at, next((one for one in calls if at is not None and one > at), None))

    def all(self) -> None:
        """Every rule."""
        self._order()
        self._too_early()
        if self.at is not None:
            self._typed(self.runbook.steps[self.at])
            self._shown(self.runbook.steps[self.at])

    # Order

    def _order(self) -> None:
        defns = self.runbook.steps
        for defn in [defn for defn in defns if defn.kind == "confirm"][1:]:
            self._at_id(
                defn, "RB029", "this is a second `confirm`, and a runbook can have one", "split the runbook in two"
            )
        if self.at is not None and self.call is None and self._is_all_known():
            message = f"nothing that `{defns[self.at].id}` confirms comes after it"
            self._at_id(defns[self.at], "RB031", message, "put the one-way step below it, or remove it")
        if self.at is not None and self.call is not None:
            for defn in (defn for defn in defns[self.at + 1 : self.call] if defn.kind != "confirm"):
                message = f"`{defn.id}` stands between the consent and the one-way step"
                help = f"move it above `{defns[self.at].id}`, or below `{defns[self.call].id}`"
                self._at_id(defn, "RB031", message, help)
        for at, defn in enumerate(defns):
            if _effect(defn, self.steps) is not Effect.WRITE:
                continue
            if self.at is None and self._is_all_known():
                help = "what writes is for a one-way step: add a `confirm` below it, and that step"
                self._at_id(defn, "RB031", f"`{defn.id}` writes, and nobody confirms", help)
            elif self.at is not None and at > self.at and (self.call is None or at > self.call):
                help = f"move it above `{defns[self.at].id}`"
                self._at_id(defn, "RB031", f"`{defn.id}` would write after the consent", help)

    def _is_all_known(self) -> bool:
        """Whether no step is broken or unknown, which could be the one that is missed."""
        known = all(defn.name in self.steps for defn in self.runbook.steps if defn.kind == "step")
        return known and not self.notes.broken_steps and not any(self._calls())

    def _calls(self) -> Iterator[StepDef]:
        return (defn for defn in self.runbook.steps if _effect(defn, self.steps) is Effect.ONE_WAY)

    def _too_early(self) -> None:
        """What a reference above the call cannot have yet, and what a check never gives."""
        checks = {defn.id: defn.kind for defn in self.runbook.steps if defn.kind in ("check", "policy")}
        ahead = self.runbook.steps if self.call is None else self.runbook.steps[: self.call + 1]
        for defn in self.runbook.steps:
            for node, reference in _references(defn.node):
                place = place_of(node, reference, self.notes.source)
                for check in sorted(reference.names & checks.keys() - {defn.id}):
                    message = f"`{check}` is a {checks[check]}, and its verdict cannot be handed on"
                    self.notes.error("RB017", message, place, help="refer to what it judges")
                if defn in ahead and reference.path[:1] == ("run",) and reference.path[1:] != ("id",):
                    message = f"`{reference.text}` is known only after the one-way step"
                    self.notes.error("RB018", message, place, help="before it there is `${run.id}`")

    # What is shown and bound

    def _typed(self, defn: StepDef) -> None:
        assert defn.node is not None
        node = defn.node.value["confirm"]
        if not is_path(node.value):
            help = "as `${customer.external_id}`: a fixed word is soon typed without looking"
            self.notes.error("RB011", "`confirm` must be a reference to what is to be typed", node.span, help=help)

    def _shown(self, defn: StepDef) -> None:
        with_ = defn.node.at("with") if defn.node is not None else None
        if with_ is None:
            return
        before = {one.id: one for one in self.runbook.steps[: self.at]}
        renewed = renewed_by(self.runbook.steps[: self.at], self.steps)
        shown: list[tuple[Span, StepDef]] = []
        for node in with_.value.values():
            reference = next(iter(find(node.value)), None)
            if not is_path(node.value) or reference is None:
                continue
            place = place_of(node, reference, self.notes.source)
            read = before.get(reference.path[0])
            if read is None or read.kind != "step" or read.name not in self.steps:
                continue
            if read.id in renewed:
                message = f"`{read.id}` was read before `{renewed[read.id]}`, and is not what will be"
                self.notes.error("RB032", message, place, help=f"show `${{{renewed[read.id]}}}`")
            elif len(reference.path) > 1 and not self.notes.has_one_at(place):
                message = f"`{reference.text}` is a part of what was read, and a consent binds the whole"
                self.notes.error("RB032", message, place, help=f"show `${{{read.id}}}`")
                continue
            shown.append((place, read))
        self._acts_on(defn, with_, shown, before, renewed)

    def _acts_on(
        self,
        defn: StepDef,
        with_: Node,
        shown: list[tuple[Span, StepDef]],
        before: Mapping[str, StepDef],
        renewed: Mapping[str, str],
    ) -> None:
        """What the call acts on must be shown, and only one of it: the consent is what says which."""
        call = None if self.call is None else self.steps[self.runbook.steps[self.call].name]
        if not isinstance(call, OneWayStep) or call.acts_on is None:
            return
        kind = call.acts_on
        them = [(place, read) for place, read in shown if issubclass(self.steps[read.name].Fact, kind)]
        for place, _ in them[1:]:
            message = f"this is a second `{kind.__name__}`, and only one can be confirmed"
            self.notes.error("RB032", message, place, help=f"show the one that `{call.name}` is to act on")
        if not them and len(shown) == len(with_.value):
            assert defn.node is not None
            fitting = [
                f"${{{one.id}}}"
                for one in before.values()
                if one.id not in renewed and _is_a(kind, self.steps.get(one.name) if one.kind == "step" else None)
            ]
            help = f"it can be {one_of(fitting)}" if fitting else "read it in a step above, and show it here"
            message = f"`{defn.id}` does not show {name_of(kind)}, which `{call.name}` acts on"
            self.notes.error("RB032", message, defn.node.keys["with"], help=help)

    def _at_id(self, defn: StepDef, code: str, message: str, help: str) -> None:
        assert defn.node is not None
        self.notes.error(code, message, defn.node.value["id"].span, help=help)


def renewed_by(defns: Iterable[StepDef], steps: Mapping[str, Step[Any]]) -> dict[str, str]:
    """The steps whose fact lives on under a write step's id, with that id."""
    renewed = {}
    for defn in defns:
        step = steps.get(defn.name) if defn.kind == "step" else None
        if isinstance(step, WriteStep):
            references = find(defn.with_.get(step.renews))
            renewed.update({one.path[0]: defn.id for one in references if one.path})
    return renewed


def _effect(defn: StepDef, steps: Mapping[str, Step[Any]]) -> Effect | None:
    return steps[defn.name].effect if defn.kind == "step" and defn.name in steps else None


def _is_a(kind: type, step: Step[Any] | None) -> bool:
    return step is not None and issubclass(step.Fact, kind)


def _references(node: Node | None) -> Iterator[tuple[Node, Reference]]:
    """Every reference below a step's node that is well formed, with its text."""
    for one in walk(node) if node is not None else ():
        for reference in find(one.value) if isinstance(one.value, str) else ():
            if reference.names:
                yield one, reference
