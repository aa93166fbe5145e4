"""An expression as a tree that writes itself with just the brackets it needs, and that can be made smaller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from cel_oracle.shapes import Shape


class Level(IntEnum):
    """How tightly an expression holds together, after the grammar of CEL."""

    TERNARY = 0
    OR = 1
    AND = 2
    RELATION = 3
    SUM = 4
    PRODUCT = 5
    UNARY = 6
    MEMBER = 7


@dataclass(frozen=True, slots=True)
class Tree:
    """An expression of this type: text, and between its pieces other expressions, each in brackets below the level it needs.

    `asked` are the pieces for the oracle where it has to be asked in other words.
    """

    shape: Shape
    level: Level
    pieces: tuple[str, ...]
    parts: tuple[Tree, ...] = ()
    needs: tuple[Level, ...] = ()
    asked: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The expression as it is written."""
        return self._written(is_asked=False)

    @property
    def asked_text(self) -> str:
        """The expression as the oracle is asked for it."""
        return self._written(is_asked=True)

    def _written(self, is_asked: bool) -> str:
        first, *others = self.asked if is_asked and self.asked else self.pieces
        written = [first]
        for piece, part, need in zip(others, self.parts, self.needs, strict=True):
            inner = part._written(is_asked)
            written += [f"({inner})" if part.level < need else inner, piece]
        return "".join(written)

    @property
    def size(self) -> int:
        """How many expressions it is made of, itself among them."""
        return 1 + sum(part.size for part in self.parts)

    def below(self) -> Iterator[Tree]:
        """All that it is made of, from the top."""
        for part in self.parts:
            yield part
            yield from part.below()

    def smaller(self) -> Iterator[Tree]:
        """Trees with fewer parts: one thing in it, or in a part of it, in place of what holds it, or a plain value there."""
        for inner in self.below():
            if inner.shape == self.shape:
                yield inner
        plainest = PLAINEST.get(self.shape if isinstance(self.shape, str) else self.shape[0])
        if plainest and self.text != plainest:
            yield Tree(self.shape, Level.MEMBER, (plainest,))
        for number, part in enumerate(self.parts):
            for less in part.smaller():
                yield replace(self, parts=(*self.parts[:number], less, *self.parts[number + 1 :]))


PLAINEST = {
    "bool": "true",
    "int": "1",
    "double": "1.0",
    "string": '"a"',
    "null": "null",
    "timestamp": 'timestamp("2026-01-01T00:00:00Z")',
    "duration": 'duration("1s")',
    "list": "[]",
    "map": "{}",
}


def shrunk(tree: Tree, is_still_wrong: Callable[[Tree], bool], tries: int = 300) -> Tree:
    """The smallest tree that was found by making this one smaller again and again while it stays wrong."""
    while True:
        for less in sorted(tree.smaller(), key=lambda one: (one.size, len(one.text))):
            if (less.size, len(less.text)) >= (tree.size, len(tree.text)):
                continue
            tries -= 1
            if tries < 0:
                return tree
            if is_still_wrong(less):
                tree = less
                break
        else:
            return tree
