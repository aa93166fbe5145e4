"""`when:` of a step: where it may stand, and who may rely on what is only sometimes read. Floor 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.cel.free import names_in
from engine.diagnostics import Span
from engine.model import Runbook, StepDef
from engine.references import find
from engine.source import Node, walk
from engine.steps.base import ReadStep, Step
from engine.validation.notes import Notes, place_of


def conditions(runbook: Runbook, steps: Mapping[str, Step[Any]], notes: Notes) -> None:
    """Only what reads or judges may be left out; and what relies on a step is left out when that step is."""
    only: dict[str, str] = {}
    for defn in runbook.steps:
        node = defn.node
        assert node is not None
        when = node.at("when")
        own = _text(when)
        if when is not None and not _may_be_left_out(defn, steps):
            what = f"a `{defn.kind}`" if defn.kind in ("confirm", "policy") else f"`{defn.name}`, which writes,"
            message = f"{what} cannot depend on a condition"
            help = "a runbook that does what it says at one time only is two runbooks: write another, or a check that denies"
            notes.error("RB034", message, node.keys["when"], help=help)
        for name, place in _reads(node, notes):
            if name in only and only[name] != own:
                message = f"`{name}` is read only when `{only[name]}`"
                notes.error("RB034", message, place, help=f"give `{defn.id}` the same `when:`")
        if own and _may_be_left_out(defn, steps):
            only[defn.id] = own


def _may_be_left_out(defn: StepDef, steps: Mapping[str, Step[Any]]) -> bool:
    if defn.kind == "check" or (defn.kind == "step" and defn.name not in steps):
        return True
    return defn.kind == "step" and isinstance(steps[defn.name], ReadStep)


def _text(when: Node | None) -> str:
    return " ".join(str(when.value).split()) if when is not None else ""


def _reads(step: Node, notes: Notes) -> Iterator[tuple[str, Span]]:
    """Everything that a step refers to, with the place where it does."""
    for node in walk(step):
        for reference in find(node.value) if isinstance(node.value, str) else ():
            for name in sorted(reference.names):
                yield name, place_of(node, reference, notes.source)
    when = step.at("when")
    if when is not None and isinstance(when.value, str):
        for name in sorted(names_in(when.value)):
            yield name, when.span
