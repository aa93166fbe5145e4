"""Mappings of a file as schemas: the keys of a table, names that mean nothing else, and what holds beside a word. Floor 4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.schema.literals import Schema, one_of, shared, text
from engine.source import Node
from engine.validation.format import NAME
from engine.validation.keys import Key

DRAFT = "https://json-schema.org/draft/2020-12/schema"

LETTERS = "use small letters, digits and underscores, a letter first"

_SHAPES: dict[type, Schema] = {
    str: shared("words"),
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    list: {"type": "array"},
    dict: {"type": "object"},
    object: {"type": ["string", "integer", "boolean"]},
    Node: {},
}


def mapping(keys: Mapping[str, Key], **more: Schema) -> Schema:
    """A mapping of these keys and no others; `more` has what a key's value must look like beyond its type."""
    return {
        "type": "object",
        "properties": {
            name: {"description": key.help, **_SHAPES[key.kind], **more.get(name, {})} for name, key in keys.items()
        },
        "required": [name for name, key in keys.items() if key.is_needed],
        "additionalProperties": False,
    }


def when(key: str, value: Any, then: Schema) -> Schema:
    """What holds too where a key has this value."""
    return {"if": {"required": [key], "properties": {key: {"const": value}}}, "then": then}


def named_unlike(words: Iterable[str], says: str) -> Schema:
    """A name that is none of these words."""
    return text(f"^(?!(?:{one_of(sorted(words))})$){NAME}$", f"{LETTERS}; {says}")
