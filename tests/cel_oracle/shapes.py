"""Types in a form that is plain JSON, hashable when its lists are tuples, and read by both sides.

`"int"` and the other scalars; `("list", T)`, `("map", T)`, `("nullable", T)`, `("words", name, (word, ...))` and
`("record", name, ((field, T), ...))`.
"""

from __future__ import annotations

from typing import Any

from engine.cel import types

Shape = str | tuple[Any, ...]

_SCALARS = {
    "bool": types.BOOL,
    "int": types.INT,
    "double": types.DOUBLE,
    "string": types.STRING,
    "null": types.NULL,
    "timestamp": types.TIMESTAMP,
    "duration": types.DURATION,
}


def type_of(shape: Shape) -> types.Type:
    """Our type of this shape."""
    if isinstance(shape, str):
        return _SCALARS[shape]
    match shape:
        case ("list", element):
            return types.ListOf(type_of(element))
        case ("map", value):
            return types.MapOf(type_of(value))
        case ("nullable", inner):
            return types.Nullable(type_of(inner))
        case ("words", name, words):
            return types.Words(name, frozenset(words))
        case ("record", name, fields):
            return types.Record(name, {field: type_of(one) for field, one in fields})
    raise ValueError(f"{shape} is no shape")


def shape(told: Any) -> Shape:
    """The shape that was read from JSON: its lists become tuples."""
    return tuple(shape(one) for one in told) if isinstance(told, list) else told


def can_be_ordered(one: Shape) -> bool:
    """Whether `<` is there for values of this type."""
    return one in ("bool", "int", "double", "string", "timestamp", "duration")
