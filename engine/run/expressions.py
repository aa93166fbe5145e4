"""Expressions of a runbook as they are carried out: `${...}` that computes something, and `when:`. Floor 4.

Validation compiles each of them once, and puts it where its text stood; what it comes to is computed from the facts as
the run knows them at that moment, in the form in which the journal keeps them (`engine.policy.kinds`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.cel import Failed, OverBudget, Program
from engine.cel.free import names_in
from engine.cel.types import BOOL, DURATION, INT, STRING, Nullable, Record, Type
from engine.errors import Denied
from engine.facts import Fact
from engine.model import Input
from engine.plain import dataclass
from engine.policy.kinds import Unfit, record
from engine.references import Reference, filled, find, look_up
from engine.values import Money, Month


@dataclass(frozen=True, slots=True)
class Compiled:
    """A text with expressions in it, each with its program by the place where it begins. `is_whole`: it is one of them."""

    text: str
    programs: Mapping[int, Program]
    is_whole: bool

    def value(self, roots: Mapping[str, Any]) -> Any:
        """What it stands for. Raises Denied when an expression has no value, and what `look_up` raises for a path."""
        references = find(self.text)
        values = [self._of(reference, roots) for reference in references]
        return values[0] if self.is_whole else filled(self.text, references, values)

    def _of(self, reference: Reference, roots: Mapping[str, Any]) -> Any:
        program = self.programs.get(reference.start)
        return look_up(reference.path, roots) if program is None else computed(program, roots)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Condition:
    """`when:` of a step: a program that says whether the step is taken."""

    text: str
    program: Program

    def holds(self, roots: Mapping[str, Any]) -> bool:
        """Whether it is true now. Raises Denied when it has no value: nothing is left out for want of knowing."""
        return computed(self.program, roots) is True

    def __str__(self) -> str:
        return self.text


def computed(program: Program, roots: Mapping[str, Any]) -> Any:
    """The value of an expression over what a run knows. Raises Denied, with what it was about and why."""
    seen: dict[str, Any] = {}
    for name in names_in(program.text) & set(roots):
        seen[name], unfit = _seen(roots[name], name)
        for one in unfit:
            if any(one.spoils(read) for read in program.reads):
                raise Denied(f"`{program.text}` has no value: `{one.path}` {one.why}")
    try:
        return program.evaluate(seen)
    except Failed as failed:
        part = program.text[failed.start : failed.end]
        about = f"`{program.text}`" if part == program.text else f"`{part}` of `{program.text}`"
        raise Denied(f"{about} has no value: {failed.message}") from failed
    except OverBudget as over:
        raise Denied(f"`{program.text}` cannot be computed: {over.message}") from over


# What an input is to an expression, by the type that the runbook gives it.
_INPUTS: dict[str, Type] = {
    "invoice_id": STRING,
    "text": STRING,
    "month": STRING,
    "money": Record("Money", {"amount_cents": INT, "currency": STRING}),
    "duration": DURATION,
    "flag": BOOL,
    "integer": INT,
}


def type_of_inputs(inputs: Mapping[str, Input]) -> Record:
    """What `inputs` is to an expression: a field for each, which may be null where an input may be left out."""
    return Record("inputs", {name: _may_lack(item, _INPUTS[item.type]) for name, item in inputs.items()})


def _may_lack(item: Input, type: Type) -> Type:
    return Nullable(type) if item.value is None and not item.is_required else type


def _seen(value: Any, name: str) -> tuple[Any, list[Unfit]]:
    """A fact as the journal keeps it, an input as its type says; and what of it is not as it was declared."""
    if isinstance(value, Fact):
        return record(type(value), value.clear(), name)
    if isinstance(value, Mapping):
        parts = {key: _seen(item, f"{name}.{key}") for key, item in value.items()}
        return {key: item for key, (item, _) in parts.items()}, [one for _, unfit in parts.values() for one in unfit]
    if isinstance(value, Money):
        return {"amount_cents": value.cents, "currency": value.currency}, []
    return str(value) if isinstance(value, Month) else value, []
