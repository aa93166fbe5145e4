"""What a policy can read of a fact: types made from the models of facts, over the fields that the journal keeps. Floor 3.

One source for both sides: `type_of` says what an expression may name, `document` makes the values that it is evaluated
over from what `Fact.clear` says, which is what a record of the journal holds too. So whatever a policy read can be read
again from the journal alone.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from engine.cel.types import (
    BOOL,
    INT,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    Nullable,
    Record,
    Type,
    Words,
)
from engine.facts import Always, Fact, OneOf, Shaped
from engine.lago_models import BillingEntity, Credits, Customer, Invoice, InvoiceHistory, Subscriptions
from engine.plain import dataclass
from engine.sync_runs import LatestSync, SyncRun

_PLAIN: dict[Any, Type] = {
    bool: BOOL, int: INT, str: STRING, datetime: TIMESTAMP, date: STRING, Decimal: STRING,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A fact as a policy file names it under `facts:`. `step_gives` is the fact of a step, `part` the field of it meant."""

    name: str
    model: type[Fact]
    step_gives: type[Fact]
    part: str = ""

    @property
    def type(self) -> Record:
        """What an expression may name of it."""
        return type_of(self.model)

    def of(self, values: Mapping[str, Any]) -> Any:
        """What is meant of the recorded values of the step's fact; None where it is not there."""
        return values.get(self.part) if self.part else values


KINDS: dict[str, Kind] = {
    "lago.Invoice": Kind("lago.Invoice", Invoice, Invoice),
    "lago.Customer": Kind("lago.Customer", Customer, Customer),
    "lago.Subscriptions": Kind("lago.Subscriptions", Subscriptions, Subscriptions),
    "lago.Credits": Kind("lago.Credits", Credits, Credits),
    "lago.BillingEntity": Kind("lago.BillingEntity", BillingEntity, BillingEntity),
    "lago.InvoiceHistory": Kind("lago.InvoiceHistory", InvoiceHistory, InvoiceHistory),
    "SyncRun": Kind("SyncRun", SyncRun, LatestSync, "run"),
}


@dataclass(frozen=True, slots=True)
class FactType(Record):
    """The type of a fact, which knows the model that it was made from."""

    model: type[Fact]


@cache
def type_of(model: type[Fact]) -> FactType:
    """The type of what the journal keeps of a fact: its clear fields, by their target's own names.

    A field that the target may not send, or may send as null, is nullable, unless the model says `Always`. Exact decimals
    and days are text, since a fraction has no place in an expression; a text that is one of a few words is an enum.
    """
    fields = {said: _field(model, name) for said, name in names_of(model).items()}
    return FactType(model.__name__, fields, model)


@cache
def names_of(model: type[Fact]) -> Mapping[str, str]:
    """The clear fields by the name that the target gives them, with the name that a record has them under."""
    return {(model.model_fields[name].alias or name): name for name in model.CLEAR if name in model.model_fields}


def _field(model: type[Fact], name: str) -> Type:
    field = model.model_fields[name]
    found = _type(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation, model, name)
    if Always in field.metadata:
        return found.of if isinstance(found, Nullable) else found
    is_list = isinstance(found, ListOf)
    return found if field.is_required() or is_list or isinstance(found, Nullable) else Nullable(found)


def _type(annotation: Any, model: type[Fact], name: str) -> Type:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        for said in parts[1:]:
            if isinstance(said, OneOf):
                return Words(f"{model.__name__}.{name}", said.words)
            if isinstance(said, Shaped):
                return _type(said.as_, model, name)
        return _type(parts[0], model, name)
    if origin in (Union, types.UnionType):
        (one,) = (part for part in parts if part is not type(None))
        return Nullable(_type(one, model, name))
    if origin is tuple:
        return ListOf(_type(parts[0], model, name))
    if origin is dict:
        return MapOf(_type(parts[1], model, name))
    if isinstance(annotation, type) and issubclass(annotation, Fact):
        return type_of(annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    raise TypeError(f"`{model.__name__}.{name}` holds {annotation!r}, which an expression has no type for")


@dataclass(frozen=True, slots=True)
class Unfit:
    """A value that is not what its type says: where, as `invoice.fees[].amount_cents`, and why, as half a sentence."""

    path: str
    why: str

    def spoils(self, read: str) -> bool:
        """Whether an expression that reads this path cannot be trusted: it is this value, a part of it, or holds it."""
        one, other = self.path, read
        return one == other or other.startswith((one + ".", one + "[")) or one.startswith((other + ".", other + "["))


def document(kind: Kind, values: Mapping[str, Any], name: str) -> tuple[dict[str, Any] | None, list[Unfit]]:
    """The fact as an expression sees it under `name`: every declared field, null where the target did not say it.

    `values` is what the journal records of the step's fact. What does not fit stands in the second part; its place in
    the document is null, and no expression that reads it is to be believed. None: the fact is not there at all.
    """
    said = kind.of(values)
    return (None, [Unfit(name, "is not there")]) if said is None else record(kind.model, said, name)


def record(model: type[Fact], values: Any, name: str) -> tuple[dict[str, Any] | None, list[Unfit]]:
    """The same for a whole fact of any model."""
    unfit: list[Unfit] = []
    return _record(model, values, name, unfit), unfit


def _record(model: type[Fact], values: Any, path: str, unfit: list[Unfit]) -> dict[str, Any] | None:
    if not isinstance(values, Mapping):
        unfit.append(Unfit(path, f"is no {model.__name__}"))
        return None
    fields = type_of(model).fields
    return {
        said: _value(fields[said], values.get(name), f"{path}.{said}", unfit) for said, name in names_of(model).items()
    }


def _value(type: Type, value: Any, path: str, unfit: list[Unfit]) -> Any:
    if isinstance(type, Nullable):
        return None if value is None else _value(type.of, value, path, unfit)
    if value is None:
        unfit.append(Unfit(path, "was not said"))
        return None
    if isinstance(type, FactType):
        return _record(type.model, value, path, unfit)
    if isinstance(type, ListOf) and isinstance(value, list):
        return [_value(type.element, item, path + "[]", unfit) for item in value]
    if isinstance(type, MapOf) and isinstance(value, Mapping):
        return {str(key): _value(type.value, item, path + "[]", unfit) for key, item in value.items()}
    try:
        return plain(type, value)
    except ValueError as error:
        unfit.append(Unfit(path, str(error)))
        return None


def plain(type: Type, value: Any) -> Any:
    """A value without parts, as its type has it. Raises ValueError: why it is none, as half a sentence."""
    if isinstance(type, Words) and isinstance(value, str):
        if value not in type.values:
            raise ValueError(f"is `{value}`, a word that is not known here")
        return value
    if type == STRING and isinstance(value, str):
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ValueError("holds half a character")
        return value
    if type == BOOL and isinstance(value, bool):
        return value
    if type == INT and isinstance(value, int) and not isinstance(value, bool):
        if not -(2**63) <= value < 2**63:
            raise ValueError("is beyond 64 bits")
        return value
    if type == TIMESTAMP and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("is a moment without its offset")
        return moment
    raise ValueError(f"is no {type}")
