"""The whole schema of a runbook: the envelope's tables with what each value must look like. Floor 4.

It says what can be said of a file by its shape alone. What needs the whole file (that a reference leads somewhere, that a
one-way step is confirmed and checked) is for `runbook validate`; nothing that this refuses is valid there.
"""

from __future__ import annotations

import json
from typing import get_args

from engine.checks.base import Outcome
from engine.model import INPUT_TYPES
from engine.registry import Registry
from engine.schema.literals import SHARED, VALUES, Schema, one_of, shared, text
from engine.schema.mappings import DRAFT, LETTERS, mapping, named_unlike, when
from engine.schema.params import named, rules
from engine.validation.format import FLAGS, INPUT, NAME, NOTE, RESERVED, RUNBOOK, STEP
from engine.validation.order import OUTCOMES


def document(registry: Registry) -> str:
    """The schema as JSON text, with a line end; the same for the same registry."""
    return json.dumps(_runbook(registry), indent=2, ensure_ascii=False) + "\n"


def _runbook(registry: Registry) -> Schema:
    return {
        "$schema": DRAFT,
        "title": "A runbook",
        "description": "A procedure that a person reads and that `runbook run` runs. `runbook validate` says more.",
        **mapping(
            RUNBOOK,
            runbook=text(f"^{NAME}$", LETTERS),
            version={"minimum": 1},
            prerequisites={"items": {"type": "string"}},
            inputs={
                "propertyNames": named_unlike(FLAGS, "what `runbook run` takes itself is no name for an input"),
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
        **mapping(INPUT, type={"enum": list(INPUT_TYPES)}),
        "allOf": [
            *(when("type", name, {"properties": {"default": shared(name)}}) for name in INPUT_TYPES),
            when("optional", True, {"properties": {"default": False}}),  # with a default it would never be absent
        ],
    }


def _step(registry: Registry) -> Schema:
    shown: Schema = {"type": "object", "additionalProperties": shared("reference")}
    return {
        "title": "A step",
        **mapping(
            STEP,
            id=named_unlike(RESERVED, "a word that means something else is no name for a step"),
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


def _note() -> Schema:
    can = [*(word for word in get_args(Outcome) if word != "pass"), *OUTCOMES]
    on = text(rf"^{NAME}\.(?:{one_of(can)})$", "write the id of a step and what came of it, as `finalize.refused`")
    return {"title": "A note", **mapping(NOTE, on=on)}
