"""The steps at which policies decide: that each set is there, is for the action, and is handed what it reads. Floor 4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import UsageFault
from engine.model import Runbook, StepDef
from engine.plain import dataclass
from engine.policy.kinds import KINDS
from engine.policy_files.library import Outline, Policies
from engine.source import Node
from engine.steps.base import OneWayStep, Step
from engine.validation.notes import Notes, nearest, one_of
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
                f"add `{name}: {fitting[0]}` under `with:`"
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
    """One such step at the most, before the consent; and one of its sets is for what is done."""
    found = [defn for defn in runbook.steps if defn.kind == "policy"]
    at = next((at for at, defn in enumerate(runbook.steps) if defn.kind == "confirm"), None)
    for defn in found[1:]:
        assert defn.node is not None
        help = f"name all sets at `{found[0].id}`: all of them are judged at once"
        notes.error("RB037", "policies decide a second time here", defn.node.value["id"].span, help=help)
    for defn in found[:1]:
        assert defn.node is not None
        if at is not None and runbook.steps.index(defn) > at:
            message = f"`{defn.id}` would decide after the consent"
            help = f"move it above `{runbook.steps[at].id}`: policies decide on what will be confirmed"
            notes.error("RB037", message, defn.node.value["id"].span, help=help)
        call = next(
            (one for one in runbook.steps if one.kind == "step" and isinstance(steps.get(one.name), OneWayStep)), None
        )
        if call is not None:
            _for_the_call(defn, call.name, policies, notes)


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
