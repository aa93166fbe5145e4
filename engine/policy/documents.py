"""What a policy reads, as JSON and back: for Rego, for tests, and for whoever wants to see it. Floor 3.

A fact's document has the target's own names, every declared field, null where the target did not say it; a moment is RFC
3339 in UTC, a duration is seconds as `86400s`, which Go and Rego (`time.parse_duration_ns`) read too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

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
    Nullable,
    Record,
    Type,
    Words,
)
from engine.policy.kinds import FactType, Kind, Unfit, names_of, plain
from engine.policy.occasion import Handed
from engine.values import jsonable, parse_duration

SCHEMA = "http://json-schema.org/draft-07/schema#"


def as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """The names of an evaluation with their values, as JSON. Raises TypeError for what is no value of an expression."""
    found: dict[str, Any] = jsonable(values)
    return found


def from_json(type: Type, said: Any, path: str) -> tuple[Any, list[Unfit]]:
    """The value that JSON stands for, as `type` has it, and what of it does not fit: its place is null.

    A field that is left out is null, and does not fit where it may not be.
    """
    unfit: list[Unfit] = []
    return _value(type, said, path, unfit), unfit


def _value(type: Type, said: Any, path: str, unfit: list[Unfit]) -> Any:
    if isinstance(type, Nullable):
        return None if said is None else _value(type.of, said, path, unfit)
    if said is None:
        unfit.append(Unfit(path, "was not said"))
        return None
    if isinstance(type, Record) and isinstance(said, Mapping):
        return {name: _value(of, said.get(name), f"{path}.{name}", unfit) for name, of in type.fields.items()}
    if isinstance(type, ListOf) and isinstance(said, list | tuple):
        return [_value(type.element, item, path + "[]", unfit) for item in said]
    if isinstance(type, MapOf) and isinstance(said, Mapping):
        return {str(key): _value(type.value, item, path + "[]", unfit) for key, item in said.items()}
    try:
        return _span(said) if type == DURATION else plain(type, said)
    except ValueError as error:
        unfit.append(Unfit(path, str(error)))
        return None


def _span(said: Any) -> timedelta:
    if not isinstance(said, str):
        raise ValueError("is no duration")
    try:
        return -parse_duration(said[1:]) if said.startswith("-") else parse_duration(said)
    except ValueError:
        raise ValueError("is no duration") from None


def schema(names: Mapping[str, Type], title: str) -> dict[str, Any]:
    """The JSON Schema (draft 07, which `opa check --schema` reads) of a document with these names."""
    return {"$schema": SCHEMA, "title": title, **_object(names)}


def _object(fields: Mapping[str, Type]) -> dict[str, Any]:
    properties = {name: _schema(of) for name, of in fields.items()}
    return {"type": "object", "properties": properties, "required": [*fields], "additionalProperties": False}


_PLAIN: dict[Type, dict[str, Any]] = {
    BOOL: {"type": "boolean"},
    INT: {"type": "integer"},
    DOUBLE: {"type": "number"},
    STRING: {"type": "string"},
    NULL: {"type": "null"},
    TIMESTAMP: {"type": "string", "format": "date-time"},
    DURATION: {"type": "string", "pattern": r"^-?[0-9]+s$"},
}


def _schema(type: Type) -> dict[str, Any]:
    match type:
        case Nullable(of=of):
            return {"anyOf": [_schema(of), {"type": "null"}]}
        case Record(fields=fields):
            return _object(fields)
        case ListOf(element=element):
            return {"type": "array", "items": _schema(element)}
        case MapOf(value=value):
            return {"type": "object", "additionalProperties": _schema(value)}
        case Words(values=values):
            return {"type": "string", "enum": sorted(values)}
    return dict(_PLAIN[type])


_STEP = re.compile(r"\.?([A-Za-z_][A-Za-z0-9_-]*)|\[(\d+|\"[^\"]*\")\]|\.(\d+)")


def steps_of(path: str) -> list[str | int]:
    """`invoice.fees[0].amount_cents`, or with `.0.`, as the keys and numbers to go by. Raises ValueError."""
    found: list[str | int] = []
    at = 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None or (at == 0) is not (step[0][0] not in ".["):
            raise ValueError(f"`{path}` is no path; it is written `invoice.fees[0].amount_cents`")
        number = step[3] or (step[2] if step[2] and step[2].isdigit() else "")
        found.append(int(number) if number else step[1] or str(step[2])[1:-1])
        at = step.end()
    return found


def handed(kind: Kind, document: Any) -> Handed:
    """A fact's document as the journal would have recorded it: what `kinds.document` makes of it is this document again."""
    said = _recorded(kind.type, document)
    return Handed(kind.step_gives.__name__, {kind.part: said} if kind.part else said)


def _recorded(type: Type, said: Any) -> Any:
    if isinstance(type, Nullable):
        return None if said is None else _recorded(type.of, said)
    if isinstance(type, FactType) and isinstance(said, Mapping):
        names = names_of(type.model)
        return {names[name]: _recorded(type.fields[name], value) for name, value in said.items() if name in names}
    if isinstance(type, ListOf) and isinstance(said, list | tuple):
        return [_recorded(type.element, item) for item in said]
    if isinstance(type, MapOf) and isinstance(said, Mapping):
        return {name: _recorded(type.value, item) for name, item in said.items()}
    return said
