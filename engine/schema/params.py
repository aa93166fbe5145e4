"""What stands under `with:`, by the step or check that it is for: from the models of their parameters. Floor 4."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError
from pydantic.fields import FieldInfo

from engine.facts import Fact
from engine.model import INPUT_TYPES
from engine.registry import Registry
from engine.schema.literals import Schema, shared
from engine.validation.types import name_of

# Input types whose value is of a class of its own: money, months and durations stand as texts under `with:` too.
_TEXTS = {kind: name for name, (_, kind) in INPUT_TYPES.items() if kind not in (str, bool, int)}


def named(kind: str, registry: Registry) -> Schema:
    """The names that `step:` or `check:` can have, each with what it is."""
    return {"type": "string", "anyOf": [{"const": name, "description": said} for name, said in _said(kind, registry)]}


def rules(kind: str, registry: Registry) -> list[Schema]:
    """For each step or check: if a row is of that name, then its `with:` holds these parameters and no others."""
    known = registry.steps if kind == "step" else registry.checks
    return [
        {
            "if": {"required": [kind], "properties": {kind: {"const": name}}},
            "then": _with(one.Params, dict(_said(kind, registry))[name]),
        }
        for name, one in known.items()
    ]


def _said(kind: str, registry: Registry) -> Iterator[tuple[str, str]]:
    if kind == "check":
        yield from ((name, check.title) for name, check in registry.checks.items())
        return
    for name, step in registry.steps.items():
        does = {"read": "Only reads", "write": "Writes, and can be undone", "one-way": "ONE WAY, cannot be undone"}
        effect = does.get(step.effect.value, step.effect.value)
        yield name, f"{step.title}. {effect}. Its `id` then stands for {name_of(step.Fact)}."


def _with(model: type[BaseModel], says: str) -> Schema:
    fields = model.model_fields
    params: Schema = {
        "type": "object",
        "description": says,
        "properties": {name: field(one) for name, one in fields.items()},
        "additionalProperties": False,
    }
    needed = [name for name, one in fields.items() if one.is_required()]
    if not needed:
        return {"properties": {"with": params}}
    return {"required": ["with"], "properties": {"with": {**params, "required": needed}}}


def field(info: FieldInfo) -> Schema:
    """One parameter: a reference, or what may be written in its place."""
    ways = [way for kind in _kinds(info.annotation) for way in _ways(kind, info.metadata)]
    # A fact is handed on whole, by its path; any other value can be computed too.
    alternatives = [] if shared("template") in ways else [shared("expression" if ways else "reference")]
    alternatives += [way for at, way in enumerate(ways) if way not in ways[:at]]
    said: Schema = {"description": info.description} if info.description else {}
    if isinstance(info.default, str | int | bool) and not info.is_required():
        said["default"] = info.default
    return {**said, **(alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives})}


def _kinds(annotation: Any) -> list[Any]:
    """The classes that a value may be of, unions taken apart."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [kind for part in get_args(annotation) for kind in _kinds(part)]
    return [annotation]


def _ways(kind: Any, metadata: Sequence[Any]) -> list[Schema]:
    """How a value of this class is written out; nothing where only a reference can give one."""
    if isinstance(kind, type) and issubclass(kind, Fact):
        return []
    if kind in _TEXTS:
        return [shared(_TEXTS[kind])]
    try:
        written = TypeAdapter(Annotated[kind, *metadata] if metadata else kind).json_schema()
    except (PydanticInvalidForJsonSchema, PydanticSchemaGenerationError):
        return []
    return [shared("template")] if written == {"type": "string"} else [written]
