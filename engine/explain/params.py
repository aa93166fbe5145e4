"""Parameters and fields in words: what a runbook hands over, and what a reference can name. Floor 5."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from engine.validation.types import NAMES, name_of

WORDS: Mapping[Any, str] = {**NAMES, date: "a day", datetime: "a time", dict: "a mapping"}


def taken(params: type[BaseModel]) -> str:
    """`invoice`, `expected` (optional): the parameters in half a sentence."""
    fields = params.model_fields.items()
    return ", ".join(f"`{name}`" + ("" if one.is_required() else " (optional)") for name, one in fields) or "nothing"


def told(params: type[BaseModel]) -> str:
    """The parameters as a list: name, type, help."""
    items = []
    for name, one in params.model_fields.items():
        optional = "" if one.is_required() else ", optional"
        items.append(
            f"- **`{name}`** {said(one.annotation, may_be_absent=False)}{optional}: {one.description or 'no help'}"
        )
    return "\n".join(items)


def said(annotation: Any, *, may_be_absent: bool = True) -> str:
    """A type as a person calls it: text, a day, several `Fee`, an `Invoice` or absent."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return said(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        parts = [said(one) for one in get_args(annotation) if one is not type(None)]
        absent = ["absent"] if may_be_absent and type(None) in get_args(annotation) else []
        return " or ".join(dict.fromkeys(parts + absent))
    if origin in (tuple, list):
        return "several " + _bare(get_args(annotation)[0])
    kind = origin or annotation
    if kind in WORDS:
        return WORDS[kind]
    return name_of(kind) if isinstance(kind, type) else "anything"


def _bare(annotation: Any) -> str:
    return said(annotation).removeprefix("an ").removeprefix("a ")
