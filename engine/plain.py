"""Dataclasses that are made in no time: their methods stand here once instead of being written for each class. Floor 0.

The standard library's decorator writes the text of up to eight functions a class, has it compiled, and makes a class with
slots twice. A run needs 120 such classes, and making them took longer than all that it reads from Lago. The decorator
here means the same and takes a twentieth of that. What is not the same function for all classes, what makes an
instance, is written once for each number of fields. It knows `frozen`, `slots`, `order` and `eq` and nothing else, and keeps an
`__init__` that is there; of a field it knows what `dataclasses.field` says. `replace`, `fields`, `asdict` and `match`
work as with any dataclass (decision 060).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, field, make_dataclass
from functools import cache, partial
from inspect import get_annotations
from operator import attrgetter
from types import CodeType, FunctionType, MemberDescriptorType
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
    """What makes an instance: `_putting` so many values, with this class's names, defaults and places put in.

    So it is Python itself that sees to it that each value has one name. Raises TypeError for a field without a default
    behind one that has one.
    """
    names = (*in_order, *(name for name, one in fields.items() if one.init and one.kw_only is True))
    optional = [name for name in in_order if _has_default(fields[name])]
    if optional != list(in_order[len(in_order) - len(optional) :]):
        raise TypeError(f"{cls.__qualname__}: a field without a default stands behind one that has one")
    later = [(_place(cls, name), one) for name, one in fields.items() if not one.init and _has_default(one)]
    after = getattr(cls, "__post_init__", None)

    def finish(self: Any) -> None:
        for place, one in later:
            place(self, one.default if one.default_factory is MISSING else one.default_factory())
        if after is not None:
            after(self)

    code = _putting(len(names), is_finished=bool(later or after))
    made = FunctionType(
        code.replace(
            co_argcount=1 + len(in_order),
            co_kwonlyargcount=len(names) - len(in_order),
            co_varnames=("self", *names),
            co_qualname=f"{cls.__qualname__}.__init__",
        ),
        {**{f"put{at}": _put(cls, name, fields[name]) for at, name in enumerate(names)}, "finish": finish},
        "__init__",
        tuple(_default(fields[name]) for name in optional),
    )
    made.__kwdefaults__ = {
        name: _default(fields[name]) for name in names[len(in_order) :] if _has_default(fields[name])
    }
    return made


@cache
def _putting(count: int, *, is_finished: bool) -> CodeType:
    """The code of a function that puts so many values into their places; written once for all classes of that size."""
    lines = [f"def put(self, {', '.join(f'value{at}' for at in range(count))}):"]
    lines += [f" put{at}(self, value{at})" for at in range(count)] + [" finish(self)"] * is_finished
    made: dict[str, Any] = {}
    exec("\n".join([*lines, " return"]), made)
    code: CodeType = made["put"].__code__
    return code


def _put(cls: Any, name: str, one: Field[Any]) -> Callable[[Any, Any], None]:
    """What puts a value into its place: one that was left out is made first, where the field says how."""
    place, make = _place(cls, name), one.default_factory
    if make is MISSING:
        return place
    return lambda self, value: place(self, make() if value is _LEFT_OUT else value)


def _place(cls: Any, name: str) -> Callable[[Any, Any], None]:
    slot = getattr(cls, name, None)
    if isinstance(slot, MemberDescriptorType):
        return slot.__set__
    return lambda self, value: object.__setattr__(self, name, value)


_LEFT_OUT = object()


def _default(one: Field[Any]) -> Any:
    return _LEFT_OUT if one.default is MISSING else one.default


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
