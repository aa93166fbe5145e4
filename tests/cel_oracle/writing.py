"""How parts are put together to an expression, and in which of its spellings."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from cel_oracle.literals import written_string
from cel_oracle.shapes import Shape
from cel_oracle.trees import Level, Tree

GAPS = (" ", " ", " ", " ", " ", " ", "", "\n", "  ", " // why not?\n", "\t", "\r\n")


class Writing:
    """Puts trees together; spaces, quotes and escapes are left to chance."""

    def __init__(self, rng: Random) -> None:
        """With this source of chance."""
        self.rng = rng

    def _gap(self) -> str:
        """What stands between two signs: a space, mostly."""
        return self.rng.choice(GAPS) if self.rng.random() < 0.15 else " "

    def infix(self, shape: Shape, level: Level, left: Tree, sign: str, right: Tree) -> Tree:
        """Two sides and a sign that binds to the left."""
        before, after = (" ", " ") if sign == "in" else (self._gap(), self._gap())
        return Tree(shape, level, ("", f"{before}{sign}{after}", ""), (left, right), (level, Level(level + 1)))

    def method(self, shape: Shape, on: Tree, name: str, *given: Tree) -> Tree:
        """`on.name(given, ...)`."""
        pieces = ["", f".{name}(", *([", "] * (len(given) - 1)), ")"] if given else ["", f".{name}()"]
        return Tree(shape, Level.MEMBER, tuple(pieces), (on, *given), (Level.MEMBER, *[Level.TERNARY] * len(given)))

    def call(self, shape: Shape, name: str, given: Tree) -> Tree:
        """`name(given)`."""
        return Tree(shape, Level.MEMBER, (f"{name}(", ")"), (given,), (Level.TERNARY,))

    def _word(self, word: str) -> Tree:
        return Tree("string", Level.MEMBER, (written_string(self.rng, word),))

    @staticmethod
    def _made(shape: Shape, level: Level, before: str, inner: Tree, after: str, needs: Level) -> Tree:
        return Tree(shape, level, (before, after), (inner,), (needs,))

    def _listed(self, shape: Shape, before: str, parts: list[Tree], after: str) -> Tree:
        last = "," + after if parts and self.rng.random() < 0.05 else after
        pieces = (before, *([", "] * (len(parts) - 1)), last) if parts else (before + after,)
        return Tree(shape, Level.MEMBER, pieces, tuple(parts), (Level.TERNARY,) * len(parts))

    def _macro(self, shape: Shape, macro: str, on: Tree, name: str, *given: Tree) -> Tree:
        pieces = ("", f".{macro}({name}, ", *([", "] * (len(given) - 1)), ")")
        return Tree(shape, Level.MEMBER, pieces, (on, *given), (Level.MEMBER, *[Level.TERNARY] * len(given)))

    @staticmethod
    def _asked_with(tree: Tree, neutral: str | None) -> Tree:
        """A sum of fields, whose types the oracle does not know and takes for int: asked with what changes nothing."""
        if neutral is None or re.fullmatch(r"\w+|'\w*'", tree.parts[0].text):
            return tree
        return replace(tree, asked=(neutral + tree.pieces[0], *tree.pieces[1:]))
