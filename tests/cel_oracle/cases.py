"""One case for each number: facts that some cases in a row share, and an expression over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from cel_oracle.expressions import Expressions
from cel_oracle.facts import Facts, facts
from cel_oracle.scopes import Scope
from cel_oracle.trees import Tree

IN_A_BLOCK = 40
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Case:
    """An expression by its number, and how it was made.

    `typed`, `slip` (a part of it may be of a wrong type) or `mutated` (its text was changed).
    """

    number: int
    made: str
    text: str
    tree: Tree | None = None

    @property
    def asked(self) -> str:
        """The text that the oracle is asked for it."""
        return self.tree.asked_text if self.tree else self.text


@dataclass(frozen=True, slots=True)
class Block:
    """Facts, and expressions over them."""

    facts: Facts
    cases: tuple[Case, ...]


def block(seed: int, number: int, size: int = IN_A_BLOCK) -> Block:
    """The same block for the same seed and number, on every machine; a longer one begins like a shorter one."""
    rng = Random(f"{seed}:{number}")
    known = facts(rng)
    scope = Scope(known.names)
    return Block(known, tuple(_case(rng, scope, number * size + place) for place in range(size)))


def blocks(seed: int, count: int) -> Iterator[Block]:
    """Blocks for so many cases, rounded up."""
    for number in range(-(-count // IN_A_BLOCK)):
        yield block(seed, number)


def _case(rng: Random, scope: Scope, number: int) -> Case:
    roll = rng.random()
    while True:
        tree = Expressions(rng, slips=0.04 if roll > 0.9 else 0.0).any(scope, rng.choice((1, 2, 2, 3, 3, 3, 4)))
        text = tree.text
        if len(text) <= LONGEST:
            break
    if roll > 0.95 and text == tree.asked_text:
        return Case(number, "mutated", mutated(rng, text))
    return Case(number, "slip" if roll > 0.9 else "typed", text, tree)


PIECES = (
    "( ) [ ] { } . , : ? ! - + * / % < > = & | == != <= >= && || in null true has( .size() 0 1 1.5 'a' \" ' \\ x e // r' 0x 1u "
    "b'a' _ .. as"
).split()


def mutated(rng: Random, text: str) -> str:
    """A text with one to three characters gone, doubled, moved or put in."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randint(0, len(text))
        end = min(len(text), at + rng.choice((1, 1, 2, 5)))
        way = rng.random()
        if way < 0.35:
            text = text[:at] + text[end:]
        elif way < 0.5:
            text = text[:end] + text[at:]
        elif way < 0.65:
            to = rng.randint(0, len(text))
            text = text[:to] + text[at:end] + text[to:]
        else:
            text = text[:at] + rng.choice(PIECES) + text[at:]
    return text
