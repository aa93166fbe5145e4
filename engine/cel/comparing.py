"""What may be compared with what: the same types, words that there are, null only with what can be null. Floor 1."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from engine.cel.seen import NOTHING_KNOWN, Known, Seen, joined, plain, truth, without_null
from engine.cel.syntax import Choice, Compare, Items, Literal, Node
from engine.cel.told import Told, meant, some_of
from engine.cel.tree import Applied, Constant, NotNull, Part
from engine.cel.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    Never,
    Nullable,
    Record,
    Type,
    Words,
)

_ORDERED = (INT, DOUBLE, STRING, TIMESTAMP, DURATION, BOOL)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def equal(told: Told, node: Compare, left: Seen, right: Seen) -> Seen:
    """`left == right` or `left != right`."""
    if NULL in (left.type, right.type):
        return _with_null(told, node, left, right)
    for one, other in ((left, right), (right, left)):
        if isinstance(one.type, Nullable) and not isinstance(other.type, Nullable) and not other.is_lost:
            told.wrong(one.node, f"{told.written(one.node)} may be null", guard(told, one.node))
            return truth(node, left.part)
    a, b = without_null(left.type), without_null(right.type)
    if not comparable(a, b):
        told.wrong(node, f"cannot compare {left.type} with {right.type}", _instead(a, b), *_sign(node))
    _words(told, a, right.node)
    _words(told, b, left.node)
    if isinstance(a, Words) and isinstance(b, Words) and not a.values & b.values:
        told.wrong(node, f"no {a} is ever a {b}", "", *_sign(node))
    compare, weight = sameness(left.type, right.type)
    operation = compare if node.operator == "==" else lambda x, y: not compare(x, y)
    if compare is operator.eq and node.operator == "!=":
        operation = operator.ne
    return truth(node, Applied(node.start, node.end, "compare", operation, (left.part, right.part), weight))


def ordered(told: Told, node: Compare, left: Seen, right: Seen) -> Seen:
    """`left < right` and its like."""
    a, b = left.type, right.type
    if not (left.is_lost or right.is_lost):
        if plain(a) != plain(b) or plain(a) not in _ORDERED:
            told.wrong(node, f"cannot order {a} against {b}", _instead(a, b), *_sign(node))
        elif isinstance(a, Words) or isinstance(b, Words):
            told.wrong(
                node, f"cannot order {a if isinstance(a, Words) else b}: it is one of a set of words", "", *_sign(node)
            )
    part = Applied(node.start, node.end, "compare", _ORDER[node.operator], (left.part, right.part))
    return truth(node, part)


def contained(told: Told, node: Compare, left: Seen, right: Seen) -> Seen:
    """`left in right`."""
    of = right.type
    weight: Callable[..., int] | None = None
    operation: Callable[[Any, Any], bool] = lambda value, inside: value in inside  # noqa: E731
    if isinstance(of, MapOf):
        if not left.is_lost and plain(left.type) != STRING:
            told.wrong(node, f"the keys of a map are strings, not {left.type}", "", *_sign(node))
    elif isinstance(of, ListOf):
        if isinstance(left.type, Nullable) and not isinstance(of.element, Nullable | Never):
            told.wrong(left.node, f"{told.written(left.node)} may be null", guard(told, left.node))
        elif not comparable(left.type, of.element):
            told.wrong(node, f"cannot look for {left.type} in a {of}", _instead(left.type, of.element), *_sign(node))
        _words(told, left.type, right.node)
        _words(told, of.element, left.node)
        compare, each = sameness(left.type, of.element)
        if each is None and compare is operator.eq:
            weight = lambda value, inside: len(inside)  # noqa: E731
        else:
            weight = lambda value, inside: size(inside)  # noqa: E731
            operation = lambda value, inside: any(compare(value, one) for one in inside)  # noqa: E731
    elif not right.is_lost:
        hint = "write .contains(...) to look into a string" if plain(of) == STRING else ""
        told.wrong(node, f"'in' needs a list or a map, not {of}", hint, *_sign(node))
    return truth(node, Applied(node.start, node.end, "compare", operation, (left.part, right.part), weight))


def comparable(a: Type, b: Type) -> bool:
    """Whether values of both types can be equal."""
    if isinstance(a, ListOf) and isinstance(b, ListOf):
        return comparable(a.element, b.element)
    if isinstance(a, MapOf) and isinstance(b, MapOf):
        return comparable(a.value, b.value)
    return joined(a, b) is not None


def sameness(a: Type, b: Type) -> tuple[Callable[[Any, Any], bool], Callable[..., int] | None]:
    """How values of the two types are compared, and what that weighs."""
    if not (_has_parts(a) or _has_parts(b)):
        return operator.eq, None
    compare = alike if _holds_double(a) or _holds_double(b) else operator.eq
    return compare, lambda x, y: min(size(x), size(y))


def alike(a: Any, b: Any) -> bool:
    """Whether two values that may hold doubles are equal. Python takes a NaN in a list for equal to itself; CEL does not."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(value, b[key]) for key, value in a.items())
    return bool(a == b)


def size(value: Any) -> int:
    """How many values are in `value`, all through."""
    if isinstance(value, list):
        return len(value) + (sum(map(size, value)) if value and isinstance(value[0], list | dict | None) else 0)
    if isinstance(value, dict):
        return len(value) + sum(size(one) for one in value.values() if isinstance(one, list | dict))
    return 0


def sizes_known(node: Compare, left: Seen, right: Seen) -> tuple[Known, Known]:
    """The lists that have elements once `size(list) > 0` or its like is true, and once it is false."""
    sign = node.operator
    if isinstance(left.part, Constant):
        left, right = right, left
        sign = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(sign, sign)
    if left.key is None or left.key[0] != "size" or not isinstance(right.part, Constant):
        return NOTHING_KNOWN, NOTHING_KNOWN
    number, known = right.part.value, frozenset((left.key[1],))
    if not isinstance(number, int):
        return NOTHING_KNOWN, NOTHING_KNOWN
    if (sign == "!=" and number == 0) or {">": number >= 0, ">=": number >= 1, "==": number >= 1}.get(sign):
        return known, NOTHING_KNOWN
    if {"==": number == 0, "<": number == 1, "<=": number == 0}.get(sign):
        return NOTHING_KNOWN, known
    return NOTHING_KNOWN, NOTHING_KNOWN


def guard(told: Told, node: Node) -> str:
    """How to make sure that `node` is not null."""
    return f"guard it: {told.written(node)} != null && ..."


def _with_null(told: Told, node: Compare, left: Seen, right: Seen) -> Seen:
    """A comparison with null: it is how a guard is written."""
    seen = right if left.type == NULL else left
    nulls = left if seen is right else right
    part: Part = seen.part.of if isinstance(seen.part, NotNull) else seen.part
    if not isinstance(seen.type, Nullable) and seen.type != NULL and part is seen.part and not seen.is_lost:
        always = "false" if node.operator == "==" else "true"
        told.odd(node, f"{told.written(seen.node)} is never null, so this is always {always}")
    known: Known = frozenset((seen.key,)) if seen.key is not None else NOTHING_KNOWN
    operation = operator.eq if node.operator == "==" else operator.ne
    null = Constant(nulls.node.start, nulls.node.end, None) if isinstance(nulls.part, Constant) else nulls.part
    operands = (part, null) if seen is left else (null, part)
    compared = Applied(node.start, node.end, "compare", operation, operands)
    return truth(node, compared, *((NOTHING_KNOWN, known) if node.operator == "==" else (known, NOTHING_KNOWN)))


def _words(told: Told, type_: Type, node: Node) -> None:
    """Each literal that is compared with one of a set of words must be one of them."""
    type_ = without_null(type_)
    if isinstance(type_, ListOf):
        type_ = without_null(type_.element)
    if not isinstance(type_, Words):
        return
    match node:
        case Literal(value=str(word)) if word not in type_.values:
            message = f'{type_} is never "{word[:40]}"{meant(word, type_.values)}'
            told.wrong(node, message, f"it is one of {some_of(type_.values)}")
        case Items(items=items):
            for item in items:
                _words(told, type_, item)
        case Choice(then=then, otherwise=otherwise):
            _words(told, type_, then)
            _words(told, type_, otherwise)


def _has_parts(type_: Type) -> bool:
    return isinstance(without_null(type_), ListOf | MapOf | Record)


def _holds_double(type_: Type) -> bool:
    match without_null(type_):
        case ListOf(element=inside) | MapOf(value=inside):
            return _holds_double(inside)
        case Record(fields=fields):
            return any(_holds_double(one) for one in fields.values())
    return type_ == DOUBLE or type_ == Nullable(DOUBLE)


def _instead(a: Type, b: Type) -> str:
    """What to write when two types do not go together."""
    types = {str(plain(a)), str(plain(b))}
    if "duration" in types and types & {"int", "string"}:
        return 'a duration is written duration("24h")'
    if types == {"timestamp", "string"}:
        return 'a timestamp is written timestamp("2026-11-02T09:30:00Z")'
    if types == {"int", "double"}:
        return "whole numbers and doubles are never mixed; int(...) cuts a double off"
    if types == {"int", "string"}:
        return "int(...) reads a number from a string, string(...) writes one"
    return ""


def _sign(node: Compare) -> tuple[int, int]:
    return node.at, node.at + len(node.operator)
