"""What must stand around a one-way step, what nothing uses, and notes about what cannot happen. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, get_args

from engine.checks.base import Outcome
from engine.model import Runbook, StepDef
from engine.references import names_in
from engine.source import Node
from engine.steps.base import Effect, Step
from engine.validation.notes import Notes, nearest, one_of

# What can be said of a one-way step in `when_it_fails`.
OUTCOMES = ("done", "refused", "pending", "unknown", "not_sent")


def one_way_steps(runbook: Runbook, steps: Mapping[str, Step[Any]], notes: Notes) -> None:
    """A one-way step needs a way to settle it, a consent before it, and a check after it that reads what it did."""
    found = [
        (at, defn)
        for at, defn in enumerate(runbook.steps)
        if defn.kind == "step" and defn.name in steps and steps[defn.name].effect is Effect.ONE_WAY
    ]
    for at, defn in found[:1]:
        assert defn.node is not None
        place = defn.node.value["id"].span
        if steps[defn.name].settle is None:
            message = f"an unknown outcome of `{defn.name}` could not be settled"
            notes.error("RB020", message, place, help="choose a step that can read back what it did; this one cannot")
        if not any(other.kind == "confirm" for other in runbook.steps[:at]):
            message = f"nobody confirms before the one-way step `{defn.id}`"
            notes.error("RB022", message, place, help="add a `confirm` step with the figures that it binds")
        if not _is_checked(runbook.steps[at + 1 :], defn.id):
            message = f"nothing checks what the one-way step `{defn.id}` did"
            help = "add a check on what it issued; see `runbook explain RB021`"
            notes.error("RB021", message, place, label="no check after it reads its result", help=help)
    for _, defn in found[1:]:
        assert defn.node is not None
        place = defn.node.value["id"].span
        message = "this is a second one-way step, and a runbook can have one"
        notes.error("RB029", message, place, help="split the runbook in two")


def _is_checked(after: tuple[StepDef, ...], id: str) -> bool:
    """Whether a check reads the step's result, by itself or through steps that read it on."""
    carries = {id}
    for defn in after:
        if not names_in(defn.with_) & carries:
            continue
        if defn.kind == "check":
            return True
        carries.add(defn.id)
    return False


def unused_inputs(runbook: Runbook, root: Node, used: Set[str], notes: Notes) -> None:
    """An input that nothing reads would be asked for in vain."""
    inputs = root.at("inputs")
    for name in runbook.inputs:
        if name not in used and inputs is not None:
            help = "refer to it as `${inputs." + name + "}`, or remove it"
            notes.error("RB023", f"nothing uses the input `{name}`", inputs.keys[name], help=help)


def failure_notes(runbook: Runbook, root: Node, steps: Mapping[str, Step[Any]], notes: Notes) -> None:
    """A note must speak of a step or check that there is, and of something that it can come to."""
    rows = root.at("when_it_fails")
    spoken: dict[str, int] = {}
    for row in rows.value if rows is not None and isinstance(rows.value, list) else ():
        node = row.at("on")
        if node is None or not isinstance(node.value, str):
            continue
        id, _, what = node.value.partition(".")
        if node.value in spoken:
            help = f"the first is on line {spoken[node.value]}: say it all there"
            notes.error("RB026", f"a second note speaks of `{node.value}`", node.span, help=help)
            continue
        spoken[node.value] = node.span.line
        defn = runbook.step(id)
        if defn is None and id in notes.broken_ids:
            continue
        if defn is None:
            help = nearest(id, (step.id for step in runbook.steps)) or "name a step by its `id`"
            notes.error("RB026", f"`{id}` is no step of this runbook", node.span, help=help)
            continue
        can = _can_be(defn, steps)
        if what not in can:
            help = nearest(what, can) if can else "only checks and one-way steps can be spoken of here"
            if can and not what:
                help = f"write {one_of(f'{id}.{word}' for word in can)}"
                notes.error("RB026", f"`{id}` alone does not say when", node.span, help=help)
                continue
            notes.error("RB026", f"`{id}` cannot come to `{what}`", node.span, help=help)


def _can_be(defn: StepDef, steps: Mapping[str, Step[Any]]) -> tuple[str, ...]:
    if defn.kind == "check":
        return tuple(word for word in get_args(Outcome) if word != "pass")
    if defn.kind == "step" and defn.name in steps and steps[defn.name].effect is Effect.ONE_WAY:
        return OUTCOMES
    return () if defn.name in steps or defn.kind in ("confirm", "policy") else OUTCOMES
