"""The syntax tree: what was written, before it is known whether it makes sense. Floor 1."""

from __future__ import annotations

from dataclasses import field

from engine.cel.types import Type
from engine.plain import dataclass


@dataclass(slots=True)
class Node:
    """A part of the text, from `start` to `end` in code points. `depth` is the number of nodes on the longest way down."""

    start: int
    end: int
    depth: int = field(default=1, init=False)

    def within(self, *inner: Node) -> Node:
        """This node, its depth counted over what is in it."""
        self.depth = 1 + max((node.depth for node in inner), default=0)
        return self


@dataclass(slots=True)
class Literal(Node):
    """`12`, `"draft"`, `true`, `null`."""

    value: int | float | str | bool | None
    type: Type


@dataclass(slots=True)
class Name(Node):
    """A declared name, or the variable of a loop."""

    name: str


@dataclass(slots=True)
class Select(Node):
    """`of.field`; the field stands at `at`."""

    of: Node
    field: str
    at: int


@dataclass(slots=True)
class Index(Node):
    """`of[index]`."""

    of: Node
    index: Node


@dataclass(slots=True)
class Call(Node):
    """`name(arguments)` or `target.name(arguments)`; the name stands at `at`."""

    name: str
    at: int
    target: Node | None
    arguments: tuple[Node, ...]


@dataclass(slots=True)
class Items(Node):
    """`[a, b]`."""

    items: tuple[Node, ...]


@dataclass(slots=True)
class Entries(Node):
    """`{"a": 1}`."""

    entries: tuple[tuple[Node, Node], ...]


@dataclass(slots=True)
class Unary(Node):
    """`!of` or `-of`, written `times` times: two of them are none."""

    operator: str
    times: int
    of: Node


@dataclass(slots=True)
class Compare(Node):
    """`left == right`, `left < right`, `left in right`; the operator stands at `at`."""

    operator: str
    at: int
    left: Node
    right: Node


@dataclass(slots=True)
class Chain(Node):
    """`first + b - c` or `first * b / c`, one level deep.

    Each further operand comes with its operator, where that stands, and where the operand ends.
    """

    first: Node
    rest: tuple[tuple[str, int, Node, int], ...]


@dataclass(slots=True)
class Logic(Node):
    """`a && b && c` or `a || b || c`. One level deep."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(slots=True)
class Choice(Node):
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node
