"""What the checker knows of a part it has seen, and of the place where it stands. Floor 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

from engine.cel.shapes import Origins
from engine.cel.syntax import Node
from engine.cel.tree import Constant, Part
from engine.cel.types import BOOL, NEVER, NULL, STRING, ListOf, MapOf, Never, Nullable, Type, Words
from engine.plain import dataclass

Key = tuple[Any, ...]
"""A path that always means the same value: the variable's slot, then fields and written keys."""
Known = frozenset[Key]
"""Paths that are not null, and, as `("some", ...)`, lists that are not empty."""
NOTHING_KNOWN: Known = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """A checked part: its type, where its value comes from, and what is known once it is true (`yes`) or false (`no`)."""

    node: Node
    part: Part
    type: Type
    origins: Origins = ()
    key: Key | None = None
    yes: Known = NOTHING_KNOWN
    no: Known = NOTHING_KNOWN

    @property
    def is_lost(self) -> bool:
        """Whether what is wrong with it was already told, or it can have no value."""
        return isinstance(self.type, Never)


def lost(node: Node) -> Seen:
    """What stands for a part that a problem was told of."""
    return Seen(node, Constant(node.start, node.end, None), NEVER)


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that can be used: the frame's entry that holds it, its type, and where its value comes from."""

    slot: int
    type: Type
    origins: Origins


@dataclass(frozen=True, slots=True)
class Where:
    """What can be named at a place, and what is known there."""

    variables: Mapping[str, Variable]
    known: Known = field(default=NOTHING_KNOWN)

    def knowing(self, more: Known) -> Where:
        """The same place, more being known."""
        return replace(self, known=self.known | more) if more else self

    def with_variable(self, name: str, variable: Variable) -> Where:
        """Inside of a loop over `name`."""
        return Where({**self.variables, name: variable}, self.known)


def joined(a: Type, b: Type) -> Type | None:
    """The type of what is one or the other, None when they have nothing to do with each other."""
    if a == b or isinstance(b, Never):
        return a
    if isinstance(a, Never):
        return b
    if a == NULL or b == NULL:
        other = b if a == NULL else a
        return other if isinstance(other, Nullable) else Nullable(other)
    if isinstance(a, Nullable) or isinstance(b, Nullable):
        of = joined(without_null(a), without_null(b))
        return of and Nullable(of)
    if isinstance(a, ListOf) and isinstance(b, ListOf):
        element = joined(a.element, b.element)
        return element and ListOf(element)
    if isinstance(a, MapOf) and isinstance(b, MapOf):
        value = joined(a.value, b.value)
        return value and MapOf(value)
    plain_a, plain_b = plain(a), plain(b)
    return plain_a if plain_a == plain_b and (plain_a, plain_b) != (a, b) else None


def plain(type_: Type) -> Type:
    """The type that operations are chosen by: one of a set of words is a string."""
    return STRING if isinstance(type_, Words) else type_


def without_null(type_: Type) -> Type:
    """The type of what is not null."""
    return type_.of if isinstance(type_, Nullable) else type_


def is_a(type_: Type, wanted: Type) -> bool:
    """Whether each value of `type_` is one of `wanted`."""
    if type_ == wanted or isinstance(type_, Never):
        return True
    if isinstance(wanted, Nullable):
        return type_ == NULL or is_a(without_null(type_), wanted.of)
    if isinstance(wanted, ListOf):
        return isinstance(type_, ListOf) and is_a(type_.element, wanted.element)
    if isinstance(wanted, MapOf):
        return isinstance(type_, MapOf) and is_a(type_.value, wanted.value)
    if isinstance(wanted, Words):
        return isinstance(type_, Words) and type_.values <= wanted.values
    return plain(type_) == wanted


def truth(node: Node, part: Part, yes: Known = NOTHING_KNOWN, no: Known = NOTHING_KNOWN) -> Seen:
    """A part that is true or false."""
    return Seen(node, part, BOOL, yes=yes, no=no)
