"""The functions: what each takes and answers. All are pure, and none looks at anything but its arguments. Floor 1."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Literal

from engine.cel import getters, moments, numbers, texts
from engine.cel.comparing import size
from engine.cel.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type
from engine.plain import dataclass

Taken = Type | Literal["any list", "any map", "list of int", "list of duration"]
"""What a parameter takes: a type, or any list."""


@dataclass(frozen=True, slots=True)
class Function:
    """One form of a function. The first of `takes` stands before the dot when `is_method`, either when None.

    `answers` is None for a list of the same type as the argument. `reads_text` means that a written argument is read
    when the expression is compiled, so that a mistake in it is told then.
    """

    takes: tuple[Taken, ...]
    answers: Type | None
    operation: Callable[..., Any]
    is_method: bool | None = False
    weight: Callable[..., int] | None = None
    grows: bool = False
    reads_text: bool = False


def _length(value: Any, *others: Any) -> int:
    return len(value)


def _characters(text: str, *others: str) -> int:
    return len(text) // 16


def _globbed(text: str, pattern: str) -> int:
    return len(text) * (1 + len(pattern) // 64) + len(pattern)


def _distinct(values: list[Any]) -> list[Any]:
    try:
        return list(dict.fromkeys(values))
    except TypeError:
        found: list[Any] = []
        for value in values:
            if value not in found:
                found.append(value)
        return found


def _pairs(values: list[Any]) -> int:
    """How much `distinct` compares: of what has parts, each with each."""
    return size(values) * len(values) if values and isinstance(values[0], list | dict) else len(values)


def _method(takes: tuple[Taken, ...], answers: Type, operation: Callable[..., Any], **more: Any) -> Function:
    return Function(takes, answers, operation, True, **more)


FUNCTIONS: dict[str, tuple[Function, ...]] = {
    "size": (
        Function((STRING,), INT, len, None),
        Function(("any list",), INT, len, None),
        Function(("any map",), INT, len, None),
    ),
    "startsWith": (_method((STRING, STRING), BOOL, str.startswith),),
    "endsWith": (_method((STRING, STRING), BOOL, str.endswith),),
    "contains": (_method((STRING, STRING), BOOL, operator.contains, weight=_characters),),
    "glob": (_method((STRING, STRING), BOOL, texts.glob, weight=_globbed, reads_text=True),),
    "int": (
        Function((INT,), INT, lambda value: value),
        Function((DOUBLE,), INT, numbers.cut),
        Function((STRING,), INT, numbers.read),
        Function((TIMESTAMP,), INT, moments.to_seconds),
    ),
    "string": (
        Function((STRING,), STRING, lambda value: value),
        Function((INT,), STRING, str),
        Function((BOOL,), STRING, texts.show_bool),
        Function((TIMESTAMP,), STRING, moments.show_moment),
        Function((DURATION,), STRING, moments.show_span),
    ),
    "timestamp": (
        Function((STRING,), TIMESTAMP, moments.moment, reads_text=True),
        Function((INT,), TIMESTAMP, moments.from_seconds),
        Function((TIMESTAMP,), TIMESTAMP, lambda value: value),
    ),
    "duration": (
        Function((STRING,), DURATION, moments.span, reads_text=True),
        Function((DURATION,), DURATION, lambda value: value),
    ),
    "month": (_method((TIMESTAMP, STRING), STRING, moments.month, reads_text=True),),
    "money": (Function((INT, STRING), STRING, texts.money, grows=True),),
    "sum": (
        Function(("list of int",), INT, numbers.total, weight=_length),
        Function(("list of duration",), DURATION, moments.together, weight=_length),
    ),
    "distinct": (Function(("any list",), None, _distinct, weight=_pairs),),
    **{
        name: (
            _method((TIMESTAMP,), INT, part),
            _method((TIMESTAMP, STRING), INT, getters.IN_ZONE[name], reads_text=True),
            *((_method((DURATION,), INT, getters.OF_DURATIONS[name]),) if name in getters.OF_DURATIONS else ()),
        )
        for name, part in getters.IN_UTC.items()
    },
}

MACROS = frozenset(("all", "exists", "exists_one", "filter", "map"))

ELSEWHERE = {
    "len": "use size(...)",
    "length": "use size(...)",
    "count": "use size(...)",
    "matches": 'there are no regular expressions; use .glob("LAG-*")',
    "like": 'use .glob("LAG-*")',
    "any": "use .exists(x, ...)",
    "every": "use .all(x, ...)",
    "some": "use .exists(x, ...)",
    "find": "use .exists(x, ...) or .filter(x, ...)",
    "includes": "use 'in' for a list, .contains(...) for a string",
    "str": "use string(...)",
    "double": "doubles and whole numbers are never mixed; int(...) cuts a double off",
    "float": "doubles and whole numbers are never mixed; int(...) cuts a double off",
    "uint": "whole numbers have one type, int",
    "bytes": "there are no bytes",
    "type": "types are known before anything is evaluated",
    "dyn": "types are known before anything is evaluated",
    "now": "the moment of the evaluation is a name, now, if it is declared",
    "date": 'use timestamp("2026-11-02T00:00:00Z")',
    "unique": "use distinct(...)",
    "not": "use !",
}
"""What other languages call a function, and CEL's own that are left out: what to write instead."""
