"""Params of a policy file: the types that are declared or that values tell, and values that fit them. Floor 4."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from engine.cel.types import (
    BOOL,
    DURATION,
    INT,
    NEVER,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    Nullable,
    Record,
    Type,
)
from engine.plain import dataclass
from engine.source import Node
from engine.validation.format import NAME
from engine.validation.notes import Notes, nearest, one_of
from engine.values import parse_duration

WORDS: dict[str, Type] = {"bool": BOOL, "int": INT, "string": STRING, "timestamp": TIMESTAMP, "duration": DURATION}
_NAME = re.compile(NAME, re.ASCII)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DECLARE = "say its type under `types:`, as `{0}: [string]`"


@dataclass(frozen=True, slots=True)
class Shapes:
    """Types and values, with what is wrong with them noted. Where `types_are_lost` nothing is said of what they would tell."""

    notes: Notes
    types_are_lost: bool = False

    def declared(self, node: Node, name: str) -> Type:
        """A type as it is written: `int`, `string?`, `[T]`, `{string: T}` for a map, `{name: T, ...}` for a record."""
        value = node.value
        if isinstance(value, list) and len(value) == 1:
            return ListOf(self.declared(value[0], name + "[]"))
        if isinstance(value, dict) and set(value) == {"string"}:
            return MapOf(self.declared(value["string"], name + "[]"))
        if isinstance(value, dict) and value:
            return Record(name, {key: self.declared(item, f"{name}.{key}") for key, item in value.items()})
        if isinstance(value, str):
            word = value.removesuffix("?")
            if word in WORDS:
                return Nullable(WORDS[word]) if value.endswith("?") else WORDS[word]
            help = nearest(word, WORDS) or f"it can be {one_of(WORDS)}, in brackets for a list"
            self.notes.error("RP008", f"there is no type `{value}`", node.span, help=help)
            return NEVER
        help = "write `[int]` for a list, `{string: int}` for a map, `{name: string, start: timestamp}` for entries"
        self.notes.error("RP008", f"the type of `{name}` cannot be read", node.span, help=help)
        return NEVER

    def told(self, node: Node, name: str) -> Type:
        """The type that a value tells: text that reads as a duration or a moment is one, unless it is in quotes."""
        value = node.value
        if self.types_are_lost or self.notes.is_misread(node.span):
            return NEVER
        if isinstance(value, bool):
            return BOOL
        if isinstance(value, int):
            return INT
        if isinstance(value, str):
            return self._of_text(node)
        kinds = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        parts = [self.told(item, name + "[]") for item in kinds]
        if not parts:
            help = _DECLARE.format(name)
            self.notes.error("RP008", f"the type of `{name}` cannot be told from {_said(node)}", node.span, help=help)
            return NEVER
        if NEVER in parts:
            return NEVER
        alike = all(part == parts[0] for part in parts)
        if isinstance(value, dict):
            if alike and not isinstance(parts[0], Record):
                return MapOf(parts[0])
            return Record(name, {key: self.told(item, f"{name}.{key}") for key, item in value.items()})
        if not alike:
            odd = next(item for item, part in zip(value, parts, strict=True) if part != parts[0])
            help = f"give each the same fields, or {_DECLARE.format(name)}"
            self.notes.error("RP008", f"the entries of `{name}` are not alike", odd.span, help=help)
            return NEVER
        return ListOf(parts[0])

    def _of_text(self, node: Node) -> Type:
        if node.is_quoted:
            return STRING
        if MOMENT.fullmatch(node.value):
            return TIMESTAMP
        try:
            parse_duration(node.value)
        except ValueError:
            return STRING
        return DURATION

    def value(self, node: Node, type: Type, name: str) -> Any:
        """The value of a node whose type is this. What does not fit is noted, and None."""
        value = node.value
        if isinstance(type, Nullable):
            return None if value is None else self.value(node, type.of, name)
        if isinstance(type, ListOf) and isinstance(value, list):
            return [self.value(item, type.element, name + "[]") for item in value]
        if isinstance(type, MapOf) and isinstance(value, dict):
            return {key: self.value(item, type.value, f"{name}.{key}") for key, item in value.items()}
        if isinstance(type, Record) and isinstance(value, dict):
            return self._record(node, type, name)
        plain = {BOOL: bool, INT: int, STRING: str}.get(type)  # type: ignore[call-overload]
        if plain is not None and isinstance(value, plain) and not (plain is int and isinstance(value, bool)):
            return value
        if isinstance(value, str) and type in (TIMESTAMP, DURATION):
            return self._moment_or_span(node, type, name)
        if type != NEVER:
            help = f"write {_SHOWN.get(str(type), str(type))}, or change its type"
            self.notes.error("RP008", f"`{name}` must be {_a(type)}, and is {node.kind}", node.span, help=help)
        return None

    def _moment_or_span(self, node: Node, type: Type, name: str) -> Any:
        try:
            if type == DURATION:
                return parse_duration(node.value)
            if MOMENT.fullmatch(node.value):
                return datetime.fromisoformat(node.value.upper()).astimezone(UTC)
            raise ValueError("a moment with its offset is needed, as `2026-11-05T00:00:00Z`")
        except ValueError as error:
            self.notes.error("RP008", f"`{name}` is no {type}", node.span, help=str(error))
            return None

    def _record(self, node: Node, type: Record, name: str) -> dict[str, Any]:
        fields: Mapping[str, Node] = node.value
        for key in fields:
            if key not in type.fields:
                help = nearest(key, type.fields)
                self.notes.error("RP008", f"`{name}` has no field `{key}`", node.keys[key], help=help)
        for key, of in type.fields.items():
            if key not in fields and not isinstance(of, Nullable):
                self.notes.error("RP008", f"`{name}` lacks `{key}`", node.span, help=f"add `{key}:`")
        return {
            key: self.value(fields[key], of, f"{name}.{key}") if key in fields else None
            for key, of in type.fields.items()
        }


_SHOWN = {
    "bool": "`true` or `false`",
    "int": "a whole number without quotes",
    "string": "it in quotes",
    "timestamp": "a moment as `2026-11-05T00:00:00Z`",
    "duration": "a duration as `24h`",
}


def _a(type: Type) -> str:
    text = str(type)
    return f"an {text}" if text[0] in "aeiou" else f"a {text}"


def _said(node: Node) -> str:
    return "an empty list" if isinstance(node.value, list) else "an empty mapping" if node.value == {} else "nothing"
