"""The entries of maps that an expression takes by a key that is written out, and those that it asks for first. Floor 1."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cel.tree import Applied, Constant, Element, Field, NotNull, Part, Variable, inner
from engine.plain import dataclass

Path = tuple[str, ...]
"""A name, then fields and written keys: `("params", "ceiling_cents", "EUR")`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that is taken, as `ceiling_cents["EUR"]`: its path with the key, and where the key stands in the text."""

    path: Path
    start: int
    end: int


def taken(part: Part) -> Iterator[Entry]:
    """Every entry that is taken by a written key: without it the evaluation fails."""
    if isinstance(part, Element) and part.by_key and (path := _path(part)) is not None:
        yield Entry(path, part.index.start, part.index.end)
    for one in inner(part):
        yield from taken(one)


def asked(part: Part) -> Iterator[Path]:
    """Every entry that is asked for with `in` or `has(...)`: who does so knows that it may not be there."""
    if isinstance(part, Applied) and len(part.operands) == 2:
        for key, of in (part.operands, part.operands[::-1]):
            path = _path(of)
            if path is not None and isinstance(key, Constant) and isinstance(key.value, str):
                yield (*path, key.value)
    for one in inner(part):
        yield from asked(one)


def _path(part: Part) -> Path | None:
    match part:
        case Variable(name=name):
            return (name,)
        case NotNull(of=of):
            return _path(of)
        case Field(of=of, name=name):
            step: object = name
        case Element(of=of, index=Constant(value=step)):
            pass
        case _:
            return None
    before = _path(of)
    return (*before, step) if before is not None and isinstance(step, str) else None
