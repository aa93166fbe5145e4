"""`+ - * / %`: which types they take, and what comes of them. Whole numbers and doubles are never mixed. Floor 1."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from engine.cel import moments, numbers
from engine.cel.seen import Seen, joined, plain
from engine.cel.shapes import Origins
from engine.cel.syntax import Chain, Unary
from engine.cel.told import Told
from engine.cel.tree import Applied, Folded, Part, Turn
from engine.cel.types import DOUBLE, DURATION, INT, NEVER, STRING, TIMESTAMP, ListOf, Never, Type

Operation = Callable[[Any, Any], Any]

_RESULTS: dict[tuple[str, Type, Type], tuple[Type, Operation]] = {
    ("+", INT, INT): (INT, numbers.plus),
    ("-", INT, INT): (INT, numbers.minus),
    ("*", INT, INT): (INT, numbers.times),
    ("/", INT, INT): (INT, numbers.divided),
    ("%", INT, INT): (INT, numbers.remainder),
    ("+", DOUBLE, DOUBLE): (DOUBLE, operator.add),
    ("-", DOUBLE, DOUBLE): (DOUBLE, operator.sub),
    ("*", DOUBLE, DOUBLE): (DOUBLE, operator.mul),
    ("/", DOUBLE, DOUBLE): (DOUBLE, numbers.double_divided),
    ("+", STRING, STRING): (STRING, operator.add),
    ("+", TIMESTAMP, DURATION): (TIMESTAMP, moments.later),
    ("+", DURATION, TIMESTAMP): (TIMESTAMP, moments.later_by),
    ("-", TIMESTAMP, DURATION): (TIMESTAMP, moments.earlier),
    ("-", TIMESTAMP, TIMESTAMP): (DURATION, moments.between),
    ("+", DURATION, DURATION): (DURATION, moments.longer),
    ("-", DURATION, DURATION): (DURATION, moments.shorter),
}
_NEGATED: dict[Type, Callable[[Any], Any]] = {
    INT: numbers.negated,
    DOUBLE: operator.neg,
}


def chained(told: Told, node: Chain, operands: list[Seen]) -> Seen:
    """`a + b - c`, from left to right; `operands` are all of them, each one not null."""
    first, *others = operands
    type_, origins = plain(first.type), first.origins
    turns: list[Turn] = []
    for (sign, at, _, end), operand in zip(node.rest, others, strict=True):
        found = _result(sign, type_, plain(operand.type))
        if found is None:
            message = f"no '{sign}' for {type_} and {plain(operand.type)}"
            told.wrong(node, message, _instead(sign, type_, plain(operand.type)), at, at + len(sign))
            type_, operation = NEVER, operator.add
        else:
            type_, operation = found
        origins = _both(origins, operand.origins) if isinstance(type_, ListOf) else ()
        grows = type_ == STRING or isinstance(type_, ListOf)
        turns.append(Turn(operation, operand.part, end, grows))
    return Seen(node, _part(node, first.part, turns), type_, origins)


def negated(told: Told, node: Unary, operand: Seen) -> Seen:
    """`-a`."""
    operation = _NEGATED.get(operand.type)
    if operand.is_lost:
        return Seen(node, operand.part, NEVER)
    if operation is None:
        hint = 'write duration("0s") - ...' if operand.type == DURATION else ""
        return told.wrong(node, f"no '-' for {operand.type}", hint)
    if node.times % 2 == 0:
        return Seen(node, operand.part, operand.type)
    return Seen(node, Applied(node.start, node.end, "compute", operation, (operand.part,)), operand.type)


def _result(sign: str, left: Type, right: Type) -> tuple[Type, Operation] | None:
    if isinstance(left, Never) or isinstance(right, Never):
        return NEVER, operator.add
    if isinstance(left, ListOf) and isinstance(right, ListOf) and sign == "+":
        together = joined(left, right)
        return (together, operator.add) if together else None
    return _RESULTS.get((sign, left, right))


def _both(a: Origins, b: Origins) -> Origins:
    return (*a, *(shape for shape in b if shape not in a))


def _part(node: Chain, first: Part, turns: list[Turn]) -> Part:
    if len(turns) > 1:
        return Folded(node.start, node.end, first, tuple(turns))
    (turn,) = turns
    return Applied(node.start, node.end, "compute", turn.operation, (first, turn.operand), None, turn.grows)


def _instead(sign: str, left: Type, right: Type) -> str:
    types = {str(left), str(right)}
    if types == {"int", "double"}:
        return "an amount is a whole number of minor units; for a share of it write x * 11 / 10"
    if types == {"int", "duration"} or types == {"int", "timestamp"}:
        return 'a duration is written duration("24h")'
    if "string" in types and sign == "+":
        other = next(iter(types - {"string"}), "")
        if other in ("int", "bool", "timestamp", "duration"):
            return "string(...) makes text of it"
    return ""
