"""Dataclasses that are made in no time: their methods stand here once instead of being written for each class. Floor 0.

The standard library's decorator writes the text of up to eight functions a class, has it compiled, and makes a class with
slots twice. A run needs 120 such classes, and making them took longer than all that it reads from Lago. The decorator
here means the same and takes a twentieth of that. It knows `frozen`, `slots`, `order` and `eq` and nothing else, and keeps an
`__init__` that is there; of a field it knows what `dataclasses.field` says. `replace`, `fields`, `asdict` and `match`
work as with any dataclass (decision 060).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, field, make_dataclass
from functools import partial
from inspect import get_annotations
from operator import attrgetter
from types import MemberDescriptorType
from typing import Any, TypeVar, dataclass_transform, overload

C = TypeVar("C", bound=type)

ORDER = (operator.lt, operator.le, operator.gt, operator.ge)


@overload
def dataclass(cls: C, /) -> C: ...
@overload
def dataclass(
    *, frozen: bool = False, slots: bool = False, order: bool = False, eq: bool = True
) -> Callable[[C], C]: ...
@dataclass_transform(field_specifiers=(field,))
def dataclass(
    cls: type | None = None, /, *, frozen: bool = False, slots: bool = False, order: bool = False, eq: bool = True
) -> Any:
    """A class whose annotations are its fields, as `dataclasses.dataclass` makes it."""
    made = partial(_made, frozen=frozen, slots=slots, by=(*([operator.eq] if eq else []), *(ORDER if order else [])))
    return made if cls is None else made(cls)


def _made(cls: type, *, frozen: bool, slots: bool, by: Sequence[Callable[[Any, Any], bool]]) -> type:
    own = _own_fields(cls)
    fields: dict[str, Field[Any]] = {**getattr(cls, "__plain_fields__", {}), **own}
    asked = [name for name, one in fields.items() if one.init]
    in_order = tuple(name for name in asked if fields[name].kw_only is not True)
    compared = attrgetter("__class__", *(name for name, one in fields.items() if one.compare))
    hashed = attrgetter(
        "__class__", *(name for name, one in fields.items() if (one.compare if one.hash is None else one.hash))
    )
    said = cls.__dict__
    body: dict[str, Any] = {
        "__plain_fields__": fields,
        "__dataclass_fields__": _Told(),
        "__match_args__": in_order,
        "__repr__": said.get("__repr__", _repr),
    }
    for one in by:
        name = f"__{one.__name__}__"
        body[name] = said.get(name) or _comparing(one, compared)
    if by:
        body["__hash__"] = said.get("__hash__") or ((lambda self: hash(hashed(self))) if frozen else None)
    if frozen:
        body |= {"__setattr__": _refuse, "__delattr__": _refuse}
    if frozen and slots:
        body |= {"__getstate__": _state, "__setstate__": _set_state}
    if slots:
        kept = {name: value for name, value in said.items() if name not in (*own, "__dict__", "__weakref__")}
        made = type(cls)(cls.__name__, cls.__bases__, {**kept, **body, "__slots__": tuple(own)})
        made.__qualname__ = cls.__qualname__
    else:
        made = cls
        for name, value in {**body, **{name: one.default for name, one in own.items()}}.items():
            if value is not MISSING:
                setattr(made, name, value)
            elif name in said:
                delattr(made, name)
    if "__init__" not in said:
        made.__init__ = _init(made, fields, in_order)  # type: ignore[misc]
    return made


def _own_fields(cls: type) -> dict[str, Field[Any]]:
    """The fields that a class adds to those of its bases, in the order in which they stand."""
    found = {}
    for name, type in get_annotations(cls).items():
        if not str(type).startswith("ClassVar"):
            default = cls.__dict__.get(name, MISSING)
            found[name] = default if isinstance(default, Field) else field(default=default)
            found[name].type = type
    return found


def _init(cls: Any, fields: Mapping[str, Field[Any]], in_order: tuple[str, ...]) -> Callable[..., None]:
    """What makes an instance. A value goes to its place past `__setattr__`, which a frozen class refuses."""
    by_name = [name for name, one in fields.items() if one.init and one.kw_only is True]
    taken = [(name, fields[name].default, fields[name].default_factory) for name in (*in_order, *by_name)]
    places = [_place(cls, name) for name, _, _ in taken]
    later = [(_place(cls, name), one) for name, one in fields.items() if not one.init and _has_default(one)]
    most = len(in_order)
    finish = getattr(cls, "__post_init__", None)

    def __init__(self: Any, *values: Any, **named: Any) -> None:
        if named or by_name or len(values) != most:
            if len(values) > most:
                raise TypeError(f"{cls.__qualname__}.__init__() takes {most} values in order, not {len(values)}")
            values = (*values, *_filled(cls, taken[len(values) :], named))
        for place, value in zip(places, values, strict=True):
            place(self, value)
        for place, one in later:
            place(self, one.default if one.default_factory is MISSING else one.default_factory())
        if finish is not None:
            finish(self)

    return __init__


def _filled(cls: type, fields: Sequence[tuple[str, Any, Any]], named: dict[str, Any]) -> list[Any]:
    """The values of these fields, by name or by default. Raises TypeError for one too few, and for one too many."""
    values, missing = [], []
    for name, default, make in fields:
        if name in named:
            values.append(named.pop(name))
        elif make is not MISSING:
            values.append(make())
        elif default is not MISSING:
            values.append(default)
        else:
            missing.append(name)
    if missing or named:
        wrong = "missing the required" if missing else "got the unexpected"
        raise TypeError(f"{cls.__qualname__}.__init__() {wrong} {', '.join(map(repr, missing or named))}")
    return values


def _place(cls: Any, name: str) -> Callable[[Any, Any], None]:
    slot = getattr(cls, name, None)
    if isinstance(slot, MemberDescriptorType):
        return slot.__set__
    return lambda self, value: object.__setattr__(self, name, value)


def _has_default(one: Field[Any]) -> bool:
    return one.default is not MISSING or one.default_factory is not MISSING


# What a true dataclass would write and have compiled for itself, a text of its parameters among it, is asked of none.
_NO_TEXT = {"__doc__": "The fields of a plain dataclass."}


class _Told:
    """The fields as the functions of `dataclasses` want them: told by a true dataclass, made when one of them asks."""

    def __get__(self, instance: object, owner: Any) -> dict[str, Field[Any]]:
        rows = [(name, one.type, one) for name, one in owner.__plain_fields__.items()]
        made = make_dataclass(owner.__name__, rows, namespace=_NO_TEXT, init=False, repr=False, eq=False)
        told: dict[str, Field[Any]] = made.__dict__["__dataclass_fields__"]
        owner.__dataclass_fields__ = told
        return told


# The methods.


def _comparing(by: Callable[[Any, Any], bool], compared: Callable[[Any], Any]) -> Callable[[Any, Any], bool]:
    """A comparison as tuples compare, with its own kind only."""

    def compare(self: Any, other: Any) -> bool:
        return by(compared(self), compared(other)) if other.__class__ is self.__class__ else NotImplemented

    return compare


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, one in self.__plain_fields__.items() if one.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(self: Any, name: str, *value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__plain_fields__]


def _set_state(self: Any, state: Sequence[Any]) -> None:
    for name, value in zip(self.__plain_fields__, state, strict=True):
        object.__setattr__(self, name, value)
