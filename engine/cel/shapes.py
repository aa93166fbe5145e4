"""Which parts of what is handed in an expression depends on: the paths it reads, and what must be looked at. Floor 1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field

from engine.cel.types import Type
from engine.plain import dataclass

ANY = "[]"
"""The key of any element of a list, and of any value of a map."""


@dataclass(slots=True, eq=False)
class Shape:
    """One place in what is handed in, `invoice.fees[].amount_cents`, first mentioned at `start`.

    It is `whole` when the value itself is used, not only parts of it. A list that is written in the expression has a
    shape too; it stands for nothing that is handed in, its elements do.
    """

    path: str
    type: Type
    start: int
    end: int
    whole: bool = False
    parts: dict[str, Shape] = field(default_factory=dict)
    elements: Origins = ()

    def part(self, key: str, type_: Type, start: int, end: int) -> Shape:
        """The shape of what is at `key`."""
        if key not in self.parts:
            self.parts[key] = Shape(self.path + _step(key), type_, start, end)
        return self.parts[key]

    def used(self) -> Iterator[Shape]:
        """The places that are read, none of which is only on the way to others."""
        deeper = [shape for part in self.parts.values() for shape in part.used()]
        alone = not deeper and not self.path.endswith(ANY)
        if self.whole or alone:
            yield self
        yield from deeper


Origins = tuple[Shape, ...]
"""The places that a value may come from; of `a ? b : c` two, of a computed value none."""


def _step(key: str) -> str:
    if key == ANY:
        return key
    return f".{key}" if re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII) else f'["{key}"]'


def listed(type_: Type, elements: Origins) -> Origins:
    """A list whose elements come from `elements`."""
    return (Shape("", type_, 0, 0, elements=elements),) if elements else ()


def parts(origins: Origins, key: str, type_: Type, start: int, end: int) -> Origins:
    """What is at `key` of each of `origins`."""
    found: dict[int, Shape] = {}
    for shape in origins:
        for one in (shape.part(key, type_, start, end),) if shape.path else shape.elements:
            found[id(one)] = one
    return tuple(found.values())


def use(origins: Origins) -> None:
    """The value at each of `origins` is used itself."""
    for shape in origins:
        shape.whole = True
        use(shape.elements)


def reads(roots: Iterator[Shape]) -> tuple[str, ...]:
    """The paths that are read, in the order of the text."""
    used = [shape for root in roots for shape in root.used()]
    return tuple(dict.fromkeys(shape.path for shape in sorted(used, key=lambda one: (one.start, one.path))))
