"""What became of an expression, part by part: the values that a decision rests on. Floor 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from engine.plain import dataclass

Kind = Literal["and", "or", "not", "choice", "compare", "compute", "path", "literal", "call", "loop", "element"]


@dataclass(frozen=True, slots=True)
class Trace:
    """One sub-expression, `text` at `start` to `end` of the whole, and its value or error.

    `evaluated` is False where the rest had already decided; `value` and `error` are then None. `path` is set where
    `kind` is `path` (`invoice.fees[3].amount_cents`: the element that was meant, by its place) and where it is
    `element`, a turn of `all`, `filter` and the like over one element. Of long lists the first turns and those that
    decided are kept; `left_out` is the number of others.
    """

    start: int
    end: int
    text: str
    kind: Kind
    path: str | None = None
    value: Any = None
    error: str | None = None
    evaluated: bool = True
    children: tuple[Trace, ...] = ()
    left_out: int = 0

    def leaves(self) -> Iterator[Trace]:
        """Every path that was read, with its value, in the order of the text; one that was read twice comes twice."""
        if self.kind == "path" and self.evaluated:
            yield self
        for child in self.children:
            yield from child.leaves()
