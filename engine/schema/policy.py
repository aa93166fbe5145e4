"""The schema of a policy file: its tables, with what each value must look like. Floor 4.

Like that of a runbook it says what can be said by shape alone: an expression is a text here, and whether it holds together is
for `runbook validate`. Nothing that this refuses is valid there.
"""

from __future__ import annotations

import json

from engine.policy.kinds import KINDS
from engine.policy.model import PLANNED, RESERVED
from engine.policy_files import format
from engine.policy_files.rego import PACKAGE
from engine.policy_files.rules import PATH
from engine.policy_files.shapes import WORDS
from engine.schema.literals import SHARED, VALUES, Schema, one_of, shared, text
from engine.schema.mappings import DRAFT, LETTERS, mapping, named_unlike, when
from engine.validation.format import NAME

_TAKEN = "a word that means something else is no name here"
_ROLES: Schema = {"minItems": 1, "items": text(r"^\S+$", "a role is one word, as the operators file has it")}


def policy_document() -> str:
    """The schema as JSON text, with a line end."""
    return json.dumps(_set(), indent=2, ensure_ascii=False) + "\n"


def _set() -> Schema:
    listed: Schema = {"minItems": 1, "items": shared("words")}
    keys = {**format.SET, **format.IN_REGO}
    return {
        "$schema": DRAFT,
        "title": "A policy set",
        "description": "Policies over what a run has read; a runbook names them. `runbook validate` says more.",
        **mapping(
            {
                name: key._replace(is_needed=key.is_needed and name not in ("policies", "opa"))
                for name, key in keys.items()
            },
            apiVersion={"enum": [format.API_VERSION]},
            kind={"enum": [format.KIND]},
            engine={"enum": list(format.ENGINES)},
            metadata=mapping(format.METADATA),
            applies_to=mapping(format.APPLIES_TO, actions=listed, environments=listed),
            facts={
                "propertyNames": named_unlike(RESERVED - {PLANNED}, _TAKEN),
                "additionalProperties": {"enum": list(KINDS)},
            },
            types={"additionalProperties": shared("type")},
            params=shared("params"),
            environments={"additionalProperties": mapping(format.ENVIRONMENT, params=shared("params"))},
            variables={"propertyNames": named_unlike(RESERVED, _TAKEN), "additionalProperties": shared("expression")},
            policies={"minItems": 1, "items": shared("policy")},
            opa=_opa(),
        ),
        # A set is in Rego, and asks OPA, or has its policies here.
        "allOf": [
            when("engine", "opa", {"required": ["opa"], "properties": {"policies": False, "variables": False}}),
            {"anyOf": [{"required": ["engine"], "properties": {"engine": {"const": "opa"}}}, _IN_CEL]},
        ],
        "$defs": {
            "policy": _policy(),
            "approve": _approve(),
            "params": {
                "type": "object",
                "propertyNames": text(f"^{NAME}$", LETTERS),
                "additionalProperties": shared("value"),
            },
            "value": _value(),
            "type": _type(),
            "expression": text(r"\S", "an expression is needed", type=["string", "integer", "boolean"]),
            "words": SHARED["words"],
            "duration": VALUES["duration"],
        },
    }


_IN_CEL: Schema = {"required": ["policies"], "properties": {"opa": False}}


def _policy() -> Schema:
    condition = text(r"\S", "an expression is needed that is true or false", type=["string", "boolean"])
    return {
        "title": "A policy",
        **mapping(
            format.POLICY,
            id=text(f"^{format.POLICY_ID}$", "use small letters, digits and dashes, a letter first"),
            when={**condition, "type": "string"},
            require=condition,
            effect={"enum": list(format.EFFECTS)},
            message=text(r"\S", "an expression is needed that makes a text, as `'\"it is \" + invoice.status'`"),
            mode={"enum": list(format.MODES)},
            evaluate={"enum": list(format.PHASES)},
            override=mapping(format.OVERRIDE, roles=_ROLES, reason={"enum": ["required"]}),
            approve=shared("approve"),
        ),
        "allOf": [
            when("effect", "approve", {"required": ["approve"]}),
            when("effect", "deny", {"properties": {"approve": False}}),
            when("effect", "warn", {"properties": {"approve": False, "override": False}}),
        ],
    }


def _approve() -> Schema:
    return mapping(
        format.APPROVE,
        roles=_ROLES,
        count={"minimum": 1, "maximum": 9},
        distinct_from={"items": {"enum": ["operator"]}},
        valid_for=shared("duration"),
        bound_to={"items": text(f"^{_plain(PATH)}$", "write a path, as `invoice.lago_id`")},
    )


def _opa() -> Schema:
    return {
        **mapping(
            format.OPA,
            package=text(f"^{_plain(PACKAGE)}$", "as Rego's first line has it: `lago.close`"),
            files={"minItems": 1, "items": shared("words")},
            timeout=shared("duration"),
            approve=shared("approve"),
        ),
        "oneOf": [{"required": ["files"]}, {"required": ["server"]}],
    }


def _type() -> Schema:
    return {
        "anyOf": [
            text(
                rf"^(?:{one_of(WORDS)})\??$",
                "write `int`, `[int]`, `{string: int}` or `{name: string, start: timestamp}`",
            ),
            {"type": "array", "minItems": 1, "maxItems": 1, "items": shared("type")},
            {"type": "object", "minProperties": 1, "additionalProperties": shared("type")},
        ]
    }


def _value() -> Schema:
    """What a param can be; a key without a value is nothing, where its type has a `?`."""
    return {
        "anyOf": [
            {"type": ["string", "integer", "boolean", "null"]},
            {"type": "array", "items": shared("value")},
            {"type": "object", "additionalProperties": shared("value")},
        ]
    }


def _plain(pattern: str) -> str:
    """The pattern with groups that nothing refers to."""
    return pattern.replace("(", "(?:")
