"""The type at the end of a reference, and whether it fits a parameter. Floor 4."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from engine.plain import dataclass
from engine.values import Money, Month

NAMES: dict[Any, str] = {
    str: "text", int: "a whole number", bool: "true or false", timedelta: "a duration", Month: "a month", Money: "money",
}  # fmt: skip


def name_of(kind: type) -> str:
    """What a person calls a class: text, a duration, an `Invoice`."""
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    return NAMES.get(kind, f"{article} `{kind.__name__}`")


@dataclass(frozen=True, slots=True)
class Type:
    """A value's possible classes; `may_be_none` says that it may be absent. No classes: anything."""

    classes: tuple[type, ...]
    may_be_none: bool = False

    @property
    def said(self) -> str:
        """What a person calls it."""
        return " or ".join(dict.fromkeys(name_of(one) for one in self.classes)) or "anything"


def type_of(annotation: Any) -> Type:
    """The type that an annotation means, with aliases, unions and metadata taken apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return type_of(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        parts = [type_of(part) for part in get_args(annotation) if part is not type(None)]
        is_open = any(not part.classes for part in parts)
        classes = () if is_open else tuple(one for part in parts for one in part.classes)
        return Type(classes, type(None) in get_args(annotation))
    if annotation is Any or annotation is object or annotation is None:
        return Type((), True)
    if origin is not None:
        return Type((origin,)) if isinstance(origin, type) else Type(())
    return Type((annotation,)) if isinstance(annotation, type) else Type((), True)


def fields_of(kind: type) -> Mapping[str, Any]:
    """The fields that a reference may name on a value of this class, with their annotations."""
    if issubclass(kind, BaseModel):
        return {name: field.annotation for name, field in kind.model_fields.items()}
    return {}


def fits(given: Type, wanted: Type) -> bool:
    """Whether every value of one type may be handed over as the other, absence aside."""
    if not given.classes or not wanted.classes:
        return True
    return all(any(issubclass(one, other) and (one is other or one is not bool) for other in wanted.classes)
               for one in given.classes)  # fmt: skip
