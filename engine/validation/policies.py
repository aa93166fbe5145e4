"""The steps at which policies decide: that each set is there, is for the action, and is handed what it reads. Floor 4."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.errors import UsageFault
from engine.model import Runbook, StepDef
from engine.plain import dataclass
from engine.policy.kinds import KINDS
from engine.policy_files.library import Outline, Policies
from engine.references import find, is_path
from engine.source import Node
from engine.steps.base import OneWayStep, Step
from engine.validation.consent import renewed_by
from engine.validation.notes import Notes, nearest, one_of, place_of
from engine.validation.types import Type


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """One such step. `called` gives the steps above that read a fact of a class."""

    defn: StepDef
    policies: Policies
    notes: Notes
    called: Callable[[type], list[str]]

    def all(self, given: Mapping[str, Type], with_: Node | None) -> None:
        """Every set against what it is handed: `given` are the types by the names of `with:`."""
        assert self.defn.node is not None
        files = self.policies.files()
        for row in self.defn.node.value["policy"].value:
            if row.value not in files:
                help = nearest(row.value, files) or "RUNBOOK_POLICIES names folders of them"
                label = "no policy file has this name"
                self.notes.error("RB035", f"there is no policy set `{row.value}`", row.span, label=label, help=help)
                continue
            outline = _outline(self.policies, row.value)
            if outline is None:
                help = "`runbook validate` tells what is wrong with it"
                self.notes.error("RB035", f"the policy set `{row.value}` cannot be read", row.span, help=help)
                continue
            for name, kind in outline.facts.items():
                self._fact(row, name, kind, given.get(name), with_)

    def _fact(self, row: Node, name: str, kind: str, given: Type | None, with_: Node | None) -> None:
        wanted = KINDS.get(kind)
        if wanted is None:  # told of the policy file
            return
        fitting = [f"${{{id}}}" for id in self.called(wanted.step_gives)]
        can = f"it can be {one_of(fitting)}" if fitting else "add a step above that reads it"
        if given is None:
            message = f"the policy set `{row.value}` reads `{name}`, which it is not handed"
            help = (
                f'add `{name}: "{fitting[0]}"` under `with:`'
                if len(fitting) == 1
                else f"add `{name}:` under `with:`; {can}"
            )
            self.notes.error("RB036", message, row.span, help=help)
        elif given.classes and not issubclass(given.classes[0], wanted.step_gives):
            assert with_ is not None
            message = f"`{name}` must be a {kind} for the policy set `{row.value}`, and is {given.said}"
            self.notes.error("RB036", message, with_.value[name].span, help=can)


def _outline(policies: Policies, name: str) -> Outline | None:
    try:
        return policies.outline(name)
    except UsageFault:
        return None


def policy_steps(runbook: Runbook, steps: Mapping[str, Step[Any]], policies: Policies, notes: Notes) -> None:
    """One such step at the most, before the consent; one of its sets is for what is done, and judges what is confirmed."""
    found = [defn for defn in runbook.steps if defn.kind == "policy"]
    at = next((at for at, defn in enumerate(runbook.steps) if defn.kind == "confirm"), None)
    call = next(
        (one for one in runbook.steps if one.kind == "step" and isinstance(steps.get(one.name), OneWayStep)), None
    )
    for defn in found[1:]:
        help = f"name all sets at `{found[0].id}`: all of them are judged at once"
        _at_id(defn, "RB037", "policies decide a second time here", help, notes)
    for defn in found[:1]:
        if at is not None and runbook.steps.index(defn) > at:
            help = f"move it above `{runbook.steps[at].id}`: policies decide on what will be confirmed"
            _at_id(defn, "RB037", f"`{defn.id}` would decide after the consent", help, notes)
        _each_once(defn, notes)
        if call is not None:
            _for_the_call(defn, call.name, policies, notes)
            _no_slip_in_actions(defn, call.name, steps, policies, notes)
            if at is not None and runbook.steps.index(defn) < at:
                _on_what_is_confirmed(defn, runbook.steps[:at], runbook.steps[at], call, steps, notes)
    if call is not None and at is not None and not found and not notes.broken_steps:
        message = f"no policies decide before `{call.id}`, which cannot be undone"
        help = f"add a step with `policy: [...]` above `{runbook.steps[at].id}`"
        _at_id(call, "RB038", message, help, notes)


def _at_id(defn: StepDef, code: str, message: str, help: str, notes: Notes) -> None:
    assert defn.node is not None
    notes.error(code, message, defn.node.value["id"].span, help=help)


def _each_once(defn: StepDef, notes: Notes) -> None:
    assert defn.node is not None
    rows = defn.node.value["policy"].value
    for at, row in enumerate(rows):
        if any(row.value == other.value for other in rows[:at]):
            notes.error("RB037", f"the policy set `{row.value}` stands twice", row.span, help="name it once")


def _on_what_is_confirmed(
    defn: StepDef,
    before: Sequence[StepDef],
    consent: StepDef,
    call: StepDef,
    steps: Mapping[str, Step[Any]],
    notes: Notes,
) -> None:
    """A fact as it was before it was renewed, or another one than is confirmed, would be judged for the wrong thing."""
    with_ = defn.node.at("with") if defn.node is not None else None
    step = steps[call.name]
    kind = step.acts_on if isinstance(step, OneWayStep) else None
    facts = {one.id: steps[one.name].Fact for one in before if one.kind == "step" and one.name in steps}
    renewed = renewed_by(before, steps)
    shown = [ref.path[0] for raw in consent.with_.values() for ref in find(raw) if ref.path]
    confirmed = [id for id in shown if id in facts and id not in renewed and kind and issubclass(facts[id], kind)]
    for node in with_.value.values() if with_ is not None else ():
        reference = next(iter(find(node.value)), None) if is_path(node.value) else None
        if reference is None or reference.path[0] not in facts:
            continue
        id = reference.path[0]
        if id in renewed:
            message = f"`{id}` was read before `{renewed[id]}`, and is not what will be"
            help = f"hand over `${{{renewed[id]}}}`, at a step below `{renewed[id]}`"
        elif kind is not None and issubclass(facts[id], kind) and confirmed and id not in confirmed:
            message = f"`{id}` is another `{kind.__name__}` than the one that is confirmed"
            help = f"hand over `${{{confirmed[0]}}}`"
        else:
            continue
        notes.error("RB036", message, place_of(node, reference, notes.source), help=help)


def _for_the_call(defn: StepDef, action: str, policies: Policies, notes: Notes) -> None:
    """What no set is for is denied; where that is so whatever happens, the file is wrong."""
    assert defn.node is not None
    files = policies.files()
    outlines = [_outline(policies, name) for name in defn.sets if name in files]
    known = [one for one in outlines if one is not None]
    if len(known) == len(defn.sets) and not any(action in one.actions or not one.actions for one in known):
        message = f"no policy set here is for `{action}`, so it would always be denied"
        help = f"name a set whose `applies_to` has `actions: [{action}]`"
        notes.error("RB038", message, defn.node.value["policy"].span, help=help)


def _no_slip_in_actions(
    defn: StepDef, action: str, steps: Mapping[str, Step[Any]], policies: Policies, notes: Notes
) -> None:
    """A set whose action is misspelt would be for nothing, and beside another one nobody would see that it does not decide.

    All names are gone through for a slip only: what extensions offer is looked for then.
    """
    assert defn.node is not None
    files = policies.files()
    for row in defn.node.value["policy"].value:
        outline = _outline(policies, row.value) if row.value in files else None
        if outline is None or action in outline.actions:
            continue
        for one in outline.actions:
            if not isinstance(steps.get(one), OneWayStep):
                actions = [name for name, step in steps.items() if isinstance(step, OneWayStep)]
                message = f"the policy set `{row.value}` is for `{one}`, which is no one-way step"
                notes.error("RB038", message, row.span, help=f"its `applies_to`: {nearest(one, actions)}")
