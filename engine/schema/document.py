"""The whole schema: the envelope's tables with what each value must look like. Floor 4.

It says what can be said of a file by its shape alone. What needs the whole file (that a reference leads somewhere, that a
one-way step is confirmed and checked) is for `runbook validate`; nothing that this refuses is valid there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from engine.checks.base import Outcome
from engine.model import INPUT_TYPES
from engine.registry import Registry
from engine.schema.literals import SHARED, VALUES, Schema, one_of, shared, text
from engine.schema.params import named, rules
from engine.validation.format import FLAGS, INPUT, NAME, NOTE, RESERVED, RUNBOOK, STEP
from engine.validation.keys import Key
from engine.validation.order import OUTCOMES

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_LETTERS = "use small letters, digits and underscores, a letter first"
_SHAPES: dict[type, Schema] = {
    str: shared("words"),
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    list: {"type": "array"},
    dict: {"type": "object"},
    object: {"type": ["string", "integer", "boolean"]},
}


def document(registry: Registry) -> str:
    """The schema as JSON text, with a line end; the same for the same registry."""
    return json.dumps(_runbook(registry), indent=2, ensure_ascii=False) + "\n"


def _runbook(registry: Registry) -> Schema:
    return {
        "$schema": DRAFT,
        "title": "A runbook",
        "description": "A procedure that a person reads and that `runbook run` runs. `runbook validate` says more.",
        **_mapping(
            RUNBOOK,
            runbook=text(f"^{NAME}$", _LETTERS),
            version={"minimum": 1},
            prerequisites={"items": {"type": "string"}},
            inputs={
                "propertyNames": _named_unlike(FLAGS, "what `runbook run` takes itself is no name for an input"),
                "additionalProperties": {"$ref": "#/$defs/input"},
            },
            subject={"allOf": [shared("template")]},
            steps={"minItems": 1, "items": {"$ref": "#/$defs/step"}},
            when_it_fails={"items": {"$ref": "#/$defs/note"}},
        ),
        "$defs": {"input": _input(), "step": _step(registry), "note": _note(), **SHARED, **VALUES},
    }


def _input() -> Schema:
    return {
        "title": "An input",
        **_mapping(INPUT, type={"enum": list(INPUT_TYPES)}),
        "allOf": [
            *(_if("type", name, {"properties": {"default": shared(name)}}) for name in INPUT_TYPES),
            _if("optional", True, {"properties": {"default": False}}),  # with a default it would never be absent
        ],
    }


def _step(registry: Registry) -> Schema:
    shown: Schema = {"type": "object", "additionalProperties": shared("reference")}
    return {
        "title": "A step",
        **_mapping(
            STEP,
            id=_named_unlike(RESERVED, "a word that means something else is no name for a step"),
            step=named("step", registry),
            check=named("check", registry),
            confirm=shared("reference"),
            policy={"minItems": 1, "items": text(r"^\S+$", "write the name of a policy file, without `.yaml`")},
        ),
        "oneOf": [{"required": [kind]} for kind in ("step", "check", "policy", "confirm")],
        "allOf": [
            *rules("step", registry),
            *rules("check", registry),
            {"if": {"required": ["confirm"]}, "then": {"required": ["with"], "properties": {"with": shown}}},
            {"if": {"required": ["policy"]}, "then": {"properties": {"with": shown}}},
        ],
    }


def _if(key: str, value: Any, then: Schema) -> Schema:
    return {"if": {"required": [key], "properties": {key: {"const": value}}}, "then": then}


def _named_unlike(words: Iterable[str], says: str) -> Schema:
    return text(f"^(?!(?:{one_of(sorted(words))})$){NAME}$", f"{_LETTERS}; {says}")


def _note() -> Schema:
    can = [*(word for word in get_args(Outcome) if word != "pass"), *OUTCOMES]
    on = text(rf"^{NAME}\.(?:{one_of(can)})$", "write the id of a step and what came of it, as `finalize.refused`")
    return {"title": "A note", **_mapping(NOTE, on=on)}


def _mapping(keys: Mapping[str, Key], **more: Schema) -> Schema:
    """A mapping of these keys and no others; `more` has what a key's value must look like beyond its type."""
    return {
        "type": "object",
        "properties": {
            name: {"description": key.help, **_SHAPES[key.kind], **more.get(name, {})} for name, key in keys.items()
        },
        "required": [name for name, key in keys.items() if key.is_needed],
        "additionalProperties": False,
    }
