"""What is handed in is looked at before it is used: what is read must hold what was declared. Floor 1.

Nothing is converted, but for two forms of the same value: a tuple becomes a list, a moment is told in UTC. Long lists of
objects are looked at field by field, all at once, since that is several times faster; only a list in which something is
wrong is gone through one by one, to say where.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from engine.cel.faults import Fault
from engine.cel.moments import fits
from engine.cel.numbers import LEAST, MOST
from engine.cel.shapes import ANY, Shape
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

MOST_CHARACTERS = 65_536

Look = Callable[[Any], Any]
"""Answers the value, in the form that is computed with. Raises Misfit."""


class Misfit(Exception):
    """A value is not of its declared type. `place` leads to it: `.fees`, `[3]`; `why` goes on after its name."""

    def __init__(self, why: str) -> None:
        self.place = ""
        self.why = why


def look_at(shape: Shape, type_: Type | None = None) -> Look:
    """How what is at `shape` is looked at, as far as it is read."""
    type_ = type_ or shape.type
    if isinstance(type_, Nullable):
        look = look_at(shape, type_.of)
        return lambda value: None if value is None else look(value)
    if shape.whole or not isinstance(type_, Record | ListOf | MapOf):
        return look_at_all(type_)
    if isinstance(type_, Record):
        return _record({name: look_at(part) for name, part in shape.parts.items()})
    if isinstance(type_, ListOf):
        return _list(look_at(shape.parts[ANY]) if ANY in shape.parts else None, type_.element, shape.parts.get(ANY))
    of_any = look_at(shape.parts[ANY]) if ANY in shape.parts else None
    return _map(of_any, {name: look_at(part) for name, part in shape.parts.items() if name != ANY})


def look_at_all(type_: Type) -> Look:
    """How a value of `type_` is looked at, all through."""
    match type_:
        case Nullable(of=of):
            look = look_at_all(of)
            return lambda value: None if value is None else look(value)
        case Words(values=values):
            return _words(values)
        case Record(name=name, fields=fields):
            return _whole_record(name, {field: look_at_all(one) for field, one in fields.items()})
        case ListOf(element=element):
            return _list(look_at_all(element), element, None)
        case MapOf(value=value):
            return _map(look_at_all(value), {})
        case Never():
            return _nothing
    return _PLAIN[type_]


def _nothing(value: Any) -> Any:
    """What was declared wrongly, as was told there: an expression that reads it compiles, and is not to be evaluated."""
    raise Misfit("has no type")


def _int(value: Any) -> int:
    if type(value) is not int:
        raise Misfit(f"is {_called(value)}, not a whole number")
    if not LEAST <= value <= MOST:
        raise Misfit("does not fit into 64 bits")
    return value


def _bool(value: Any) -> bool:
    if type(value) is not bool:
        raise Misfit(f"is {_called(value)}, not true or false")
    return value


def _double(value: Any) -> float:
    if type(value) is not float:
        raise Misfit(f"is {_called(value)}, not a double")
    if value != value or value in (float("inf"), float("-inf")):
        raise Misfit("is no number")
    return value


def _string(value: Any) -> str:
    if type(value) is not str:
        raise Misfit(f"is {_called(value)}, not a string")
    if len(value) > MOST_CHARACTERS:
        raise Misfit(f"has {len(value):,} characters; {MOST_CHARACTERS:,} are the most")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Misfit("holds a lone surrogate, which is no character") from None
    return value


def _null(value: Any) -> None:
    if value is not None:
        raise Misfit(f"is {_called(value)}, not null")


def _timestamp(value: Any) -> datetime:
    if type(value) is not datetime:
        raise Misfit(f"is {_called(value)}, not a timestamp")
    if value.tzinfo is UTC:
        return value
    try:
        if value.utcoffset() is None:
            raise Misfit("is a time without a zone")
        return value.astimezone(UTC)
    except OverflowError:
        raise Misfit("is no moment from year 1 to 9999") from None
    except Misfit:
        raise
    except Exception:  # a zone is code of others
        raise Misfit("has a zone that cannot be read") from None


def _duration(value: Any) -> timedelta:
    if type(value) is not timedelta:
        raise Misfit(f"is {_called(value)}, not a duration")
    if not fits(value):
        raise Misfit("is longer than 10,000 years")
    return value


_PLAIN: dict[Type, Look] = {
    **{INT: _int, BOOL: _bool, DOUBLE: _double, STRING: _string},
    **{NULL: _null, TIMESTAMP: _timestamp, DURATION: _duration},
}


def _words(values: frozenset[str]) -> Look:
    def look(value: Any) -> str:
        if _string(value) not in values:
            raise Misfit(f"is {value[:40]!r}, which is none of {', '.join(sorted(values)[:12])}")
        return str(value)

    return look


def _record(looks: dict[str, Look]) -> Look:
    items = tuple(looks.items())

    def look(value: Any) -> Any:
        if type(value) is not dict:
            raise Misfit(f"is {_called(value)}, not an object")
        changed: dict[str, Any] = {}
        for name, look_ in items:
            try:
                held = value[name]
            except KeyError:
                raise _at(f".{name}", Misfit("is not there")) from None
            try:
                seen = look_(held)
            except Misfit as misfit:
                raise _at(f".{name}", misfit) from None
            if seen is not held:
                changed[name] = seen
        return {**value, **changed} if changed else value

    return look


def _whole_record(name: str, looks: dict[str, Look]) -> Look:
    look = _record(looks)

    def exactly(value: Any) -> Any:
        seen = look(value)
        if len(seen) != len(looks):
            extra = next(key for key in seen if key not in looks)
            raise Misfit(f"has {extra!r}, which no {name} has")
        return seen

    return exactly


def _list(look: Look | None, element: Type, shape: Shape | None) -> Look:
    columns = _columns(element, shape) if shape is not None else None

    def look_through(value: Any) -> Any:
        if type(value) is tuple:
            value = list(value)
        elif type(value) is not list:
            raise Misfit(f"is {_called(value)}, not a list")
        if look is None or (columns is not None and columns(value)):
            return value
        changed = None
        for place, held in enumerate(value):
            try:
                seen = look(held)
            except Misfit as misfit:
                raise _at(f"[{place}]", misfit) from None
            if seen is not held:
                changed = list(value) if changed is None else changed
                changed[place] = seen
        return value if changed is None else changed

    return look_through


def _map(of_any: Look | None, of_keys: dict[str, Look]) -> Look:
    def look_through(value: Any) -> Any:
        if type(value) is not dict:
            raise Misfit(f"is {_called(value)}, not a map")
        changed: dict[str, Any] = {}
        for key, held in value.items():
            try:
                _string(key)
            except Misfit as misfit:
                raise Misfit(f"has a key that {misfit.why}") from None
            seen = held
            try:
                for look in (of_any, of_keys.get(key)):
                    seen = look(seen) if look else seen
            except Misfit as misfit:
                raise _at(f"[{key!r}]", misfit) from None
            if seen is not held:
                changed[key] = seen
        return {**value, **changed} if changed else value

    return look_through


def _columns(element: Type, shape: Shape) -> Callable[[list[Any]], bool] | None:
    """A quick look at a list of objects whose read fields are plain: whether all is well. None if it cannot be told so."""
    if shape.whole or not isinstance(element, Record) or not shape.parts:
        return None
    columns = []
    for name, part in shape.parts.items():
        nullable = isinstance(part.type, Nullable)
        column = _column(part.type.of if isinstance(part.type, Nullable) else part.type)
        if column is None:
            return None
        columns.append((name, nullable, column))

    def look(value: list[Any]) -> bool:
        if [type(one) for one in value].count(dict) != len(value):
            return False
        try:
            for name, nullable, column in columns:
                held = [one[name] for one in value]
                if nullable:
                    held = [one for one in held if one is not None]
                if held and not column(held):
                    return False
        except KeyError:
            return False
        return True

    return look


def _column(type_: Type) -> Callable[[list[Any]], bool] | None:
    match type_:
        case Words(values=values):
            return lambda held: [type(one) for one in held].count(str) == len(held) and values.issuperset(held)
    return _COLUMNS.get(type_)


def _ints(held: list[Any]) -> bool:
    return [type(one) for one in held].count(int) == len(held) and min(held) >= LEAST and max(held) <= MOST


def _bools(held: list[Any]) -> bool:
    return [type(one) for one in held].count(bool) == len(held)


def _strings(held: list[Any]) -> bool:
    if [type(one) for one in held].count(str) != len(held):
        return False
    together = "".join(held)
    return together.isascii() and (len(together) <= MOST_CHARACTERS or max(map(len, held)) <= MOST_CHARACTERS)


_COLUMNS: dict[Type, Callable[[list[Any]], bool]] = {INT: _ints, BOOL: _bools, STRING: _strings}


def _called(value: Any) -> str:
    """What a value is, in the words of JSON where it has any."""
    names = {bool: "true or false", int: "a whole number", float: "a double", str: "a string"}
    names |= {list: "a list", dict: "an object"}
    if value is None:
        return "null"
    return names.get(type(value), f"a {type(value).__name__}")


def _at(step: str, misfit: Misfit) -> Misfit:
    misfit.place = step + misfit.place
    return misfit


class Handed:
    """The looks at all names that an expression reads, by the frame's entry that each goes to."""

    def __init__(self, roots: dict[str, Shape], slots: int) -> None:
        self.slots = slots
        self._roots = [
            (slot, shape, look_at(shape)) for slot, shape in enumerate(roots.values(), 1) if shape.start >= 0
        ]

    def frame(self, values: Any, steps: int) -> list[Any]:
        """The frame to evaluate in: how many steps are left, then the values. Raises Fault with a place."""
        frame: list[Any] = [None] * self.slots
        frame[0] = steps
        for slot, shape, look in self._roots:
            try:
                frame[slot] = look(values[shape.path])
            except KeyError:
                raise NotAsDeclared(shape, shape.path, "is not there") from None
            except Misfit as misfit:
                raise NotAsDeclared(shape, shape.path + misfit.place, misfit.why) from None
        return frame


class NotAsDeclared(Fault):
    """Something that is read is not as it was declared. `start` and `end` tell where the text first reads it."""

    def __init__(self, root: Shape, path: str, why: str) -> None:
        super().__init__(f"{path} {why}")
        self.path = path
        declared = re.sub(r"\[\d+\]", ANY, path)
        leads = [shape for shape in root.used() if shape.path.startswith(declared) or declared.startswith(shape.path)]
        first = min(leads or [root], key=lambda shape: shape.start)
        self.start, self.end = first.start, first.end
