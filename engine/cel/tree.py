"""The checked tree: what is evaluated and what is explained, every part with its place in the text. Floor 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from engine.cel.trace import Kind
from engine.plain import dataclass

Macro = Literal["all", "exists", "exists_one", "filter", "map"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the expression, from `start` to `end` of its text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Constant(Part):
    """A value that was written."""

    value: Any


@dataclass(frozen=True, slots=True)
class Variable(Part):
    """What a name or a loop's variable holds: the frame's entry at `slot`."""

    slot: int
    name: str


@dataclass(frozen=True, slots=True)
class Field(Part):
    """A declared field. It is there: what was handed in was looked at before."""

    of: Part
    name: str


@dataclass(frozen=True, slots=True)
class Element(Part):
    """`list[index]` or, when `by_key`, `map[key]` and `map.key`."""

    of: Part
    index: Part
    by_key: bool


@dataclass(frozen=True, slots=True)
class NotNull(Part):
    """`of`, which the checker found to be guarded. A guard that itself failed leaves it null; then this fails too."""

    of: Part


@dataclass(frozen=True, slots=True)
class Applied(Part):
    """A pure operation on the values of all its operands.

    `weight` tells, of the operands, how many steps more than one it takes; `grows` that its result's length counts.
    """

    kind: Kind
    operation: Callable[..., Any]
    operands: tuple[Part, ...]
    weight: Callable[..., int] | None = None
    grows: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One operation of a chain: what is so far, with `operand`, which ends at `end` of the text."""

    operation: Callable[[Any, Any], Any]
    operand: Part
    end: int
    grows: bool


@dataclass(frozen=True, slots=True)
class Folded(Part):
    """`a + b - c`, from left to right, however many there are."""

    first: Part
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Listed(Part):
    """`[a, b]`."""

    items: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Mapped(Part):
    """`{"a": 1}`."""

    entries: tuple[tuple[Part, Part], ...]


@dataclass(frozen=True, slots=True)
class All(Part):
    """`a && b && c`: false if one is, whatever the others are; else the first error, else true."""

    operands: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Some(Part):
    """`a || b || c`: true if one is, whatever the others are; else the first error, else false."""

    operands: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Choose(Part):
    """`condition ? then : otherwise`."""

    condition: Part
    then: Part
    otherwise: Part


@dataclass(frozen=True, slots=True)
class Loop(Part):
    """A macro over a list or a map's keys. `condition` is None only for a `map` of two arguments, `result` but for a `map`."""

    macro: Macro
    source: Part
    variable: str
    slot: int
    condition: Part | None
    result: Part | None


def inner(part: Part) -> tuple[Part, ...]:
    """The parts directly within `part`, in the order of evaluation."""
    match part:
        case Field(of=of) | NotNull(of=of):
            return (of,)
        case Element(of=of, index=index):
            return (of, index)
        case Applied(operands=operands) | All(operands=operands) | Some(operands=operands):
            return operands
        case Folded(first=first, turns=turns):
            return (first, *(turn.operand for turn in turns))
        case Listed(items=items):
            return items
        case Mapped(entries=entries):
            return tuple(part for entry in entries for part in entry)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Loop(source=source, condition=condition, result=result):
            return tuple(part for part in (source, condition, result) if part is not None)
    return ()


def is_path(part: Part) -> bool:
    """Whether `part` only reads: a name, its fields, elements at any place."""
    while isinstance(part, Field | Element | NotNull):
        part = part.of
    return isinstance(part, Variable)


def price(part: Part) -> int:
    """How many steps one evaluation of `part` takes, without the turns of loops and what grows.

    A path is one, and so is each operation; a constant is none.
    """
    match part:
        case Constant():
            return 0
        case Variable():
            return 1
        case Field(of=of) | NotNull(of=of):
            return price(of)
        case Folded(turns=turns):
            return len(turns) + sum(price(one) for one in inner(part))
        case Loop(source=source):
            return 1 + price(source)
        case Listed() | Mapped():
            return 1 + len(inner(part)) + sum(price(one) for one in inner(part))
    return 1 + sum(price(one) for one in inner(part))


def turn_price(loop: Loop) -> int:
    """How many steps one turn of `loop` takes, without what grows and the turns of loops in it."""
    return 1 + sum(price(one) for one in (loop.condition, loop.result) if one is not None)


def is_even(part: Part | None) -> bool:
    """Whether each evaluation of `part` takes just its price: there is no loop in it, and nothing that counts by its length."""
    match part:
        case None:
            return True
        case Loop():
            return False
        case Applied(weight=weight, grows=grows) if grows or weight is not None:
            return False
        case Folded(turns=turns) if any(turn.grows for turn in turns):
            return False
    return all(map(is_even, inner(part)))
