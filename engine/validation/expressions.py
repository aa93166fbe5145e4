"""Expressions of a runbook before it is run: each is compiled over the types of what stands above it. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from engine import cel
from engine.cel.free import names_in
from engine.cel.types import BOOL, DURATION, INT, STRING, TIMESTAMP, ListOf, MapOf, Nullable, Record, Words
from engine.cel.types import Type as Kind
from engine.diagnostics import Span
from engine.facts import Fact
from engine.model import Runbook
from engine.plain import dataclass
from engine.policy.kinds import type_of
from engine.references import Reference, find, is_whole
from engine.run.expressions import Compiled, Condition, type_of_inputs
from engine.source import Node
from engine.validation.notes import Notes
from engine.validation.types import Type
from engine.yaml.scalars import span_in

# The class of what an expression of a type comes to.
_CLASSES: dict[Kind, type] = {BOOL: bool, INT: int, STRING: str, TIMESTAMP: datetime, DURATION: timedelta}


@dataclass
class Expressions:
    """The expressions of one runbook, as far as it was read: `used` are the inputs that they name.

    `conditions` is what stands under `when:`, by step id.
    """

    runbook: Runbook
    notes: Notes
    used: set[str] = field(default_factory=set)
    conditions: dict[str, Condition] = field(default_factory=dict)
    _programs: dict[tuple[Span, int], cel.Program] = field(default_factory=dict)

    def type_of(self, node: Node, reference: Reference, known: Mapping[str, Type]) -> Type | None:
        """The type of an expression between `${` and `}`; None after an error was noted, or where nothing can be said."""
        program = self._compile(node, reference.expression, reference.within, known)
        if program is None:
            return None
        self._programs[node.span, reference.start] = program
        return _class_of(program.type)

    def made(self, node: Node) -> Any:
        """The value of a node without places, with every text that holds an expression as what it was compiled to."""
        if isinstance(node.value, dict):
            return {name: self.made(child) for name, child in node.value.items()}
        if isinstance(node.value, list):
            return [self.made(child) for child in node.value]
        found = [one.start for one in find(node.value) if one.expression]
        programs = {at: self._programs[node.span, at] for at in found if (node.span, at) in self._programs}
        return Compiled(node.value, programs, is_whole(node.value)) if programs else node.value

    def condition(self, id: str, node: Node, known: Mapping[str, Type]) -> None:
        """`when:` of a step: an expression by itself, which is true or false."""
        text = str(node.value)
        program = self._compile(node, text, 0, known, BOOL)
        if program is not None:
            self.conditions[id] = Condition(text, program)

    def _compile(
        self, node: Node, text: str, within: int, known: Mapping[str, Type], wants: Kind | None = None
    ) -> cel.Program | None:
        named = names_in(text)
        self.used |= {name for name in self.runbook.inputs if f"inputs.{name}" in text}
        if any(name in known and not known[name].classes for name in named):
            return None  # something about it was told already
        try:
            program = cel.compile(text, self._names(known), wants)
        except cel.Uncompiled as error:
            for problem in error.problems:
                place = span_in(node, within + problem.start, within + problem.end, self.notes.source)
                help = problem.help or "`docs/expressions.md` tells what can be written"
                self.notes.error("RB033", problem.message, place, help=help)
            return None
        return program

    def _names(self, known: Mapping[str, Type]) -> dict[str, Kind]:
        facts = {name: kind.classes[0] for name, kind in known.items() if kind.classes}
        seen: dict[str, Kind] = {"inputs": type_of_inputs(self.runbook.inputs)}
        for name, kind in facts.items():
            if issubclass(kind, Fact):
                with suppress(TypeError):  # a fact of somebody's own, with fields that an expression has no type for
                    seen[name] = type_of(kind)
        return seen


def _class_of(kind: Kind) -> Type:
    if isinstance(kind, Nullable):
        return Type(_class_of(kind.of).classes, True)
    if isinstance(kind, Words):
        return Type((str,))
    if isinstance(kind, ListOf):
        return Type((list,))
    if isinstance(kind, Record | MapOf):
        return Type((dict,))
    found: Any = _CLASSES.get(kind)
    return Type((found,)) if found is not None else Type((), True)
