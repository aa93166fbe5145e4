"""The types of the expression language: what a name holds, said before anything is evaluated. Floor 1.

Values are plain Python: `int` (64 bits), `bool`, `str`, `float`, `None`, `list`, `dict` with string keys, aware `datetime` and
`timedelta`. A `Type` says which of them is meant; nothing is ever converted to make it fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from engine.plain import dataclass


class Type:
    """What a value is. Two types are the same when they are equal; `str(type)` is how a message names it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Plain(Type):
    """A type without parts: `int`, `string`, `timestamp`."""

    name: str

    def __str__(self) -> str:
        return self.name


BOOL = Plain("bool")
INT = Plain("int")
"""A whole number of 64 bits; a result outside is an error. Amounts are such, in minor units."""
DOUBLE = Plain("double")
"""A floating number, never NaN or infinite when handed in. Never mixed with `int`."""
STRING = Plain("string")
"""Text, measured in code points, without lone surrogates."""
NULL = Plain("null")
TIMESTAMP = Plain("timestamp")
"""A moment from year 1 to 9999, exact to the microsecond: an aware `datetime`."""
DURATION = Plain("duration")
"""A span of up to 10,000 years, exact to the microsecond: a `timedelta`."""


@dataclass(frozen=True, slots=True)
class ListOf(Type):
    """A list (or tuple) whose elements are all of one type."""

    element: Type

    def __str__(self) -> str:
        return f"list of {self.element}"


@dataclass(frozen=True, slots=True)
class MapOf(Type):
    """A mapping from strings that are not known beforehand to values of one type. A key that is not there is an error."""

    value: Type

    def __str__(self) -> str:
        return f"map of {self.value}"


@dataclass(frozen=True, slots=True)
class Record(Type):
    """A declared object: a dict with exactly these fields. An expression that names any other does not compile.

    Of a dict that is handed in, the fields that are read must be there; one that is compared as a whole may have no others.
    """

    name: str
    fields: Mapping[str, Type] = field(repr=False)

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Words(Type):
    """A string that is one of `values`, an enum. Compared with a literal, the literal must be one of them."""

    name: str
    values: frozenset[str]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Nullable(Type):
    """A value or null. Before it is used as `of`, the expression must have made sure that it is not null."""

    of: Type

    def __str__(self) -> str:
        return f"{self.of} or null"


@dataclass(frozen=True, slots=True)
class Never(Type):
    """What has no value: the element of `[]`, and what stands where a mistake was already told."""

    def __str__(self) -> str:
        return "nothing"


NEVER = Never()
