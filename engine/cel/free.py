"""The names that an expression needs from outside: what it reads, but for the variables of its own loops. Floor 1."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cel.functions import MACROS
from engine.cel.parser import parsed
from engine.cel.problems import Uncompiled
from engine.cel.syntax import Call, Chain, Choice, Compare, Entries, Index, Items, Logic, Name, Node, Select, Unary


def names_in(text: str) -> frozenset[str]:
    """The names that are read. None for what is no expression: `compile` tells why. Raises nothing."""
    try:
        tree, _ = parsed(text)
    except Uncompiled:
        return frozenset()
    return frozenset(_free(tree))


def _free(node: Node) -> Iterator[str]:
    match node:
        case Name(name=name):
            yield name
        case Call(name=name, target=Node() as target, arguments=[Name(name=variable), *inner]) if name in MACROS:
            yield from _free(target)
            yield from (one for part in inner for one in _free(part) if one != variable)
        case _:
            yield from (one for part in _parts(node) for one in _free(part))


def _parts(node: Node) -> Iterator[Node]:
    match node:
        case Select(of=of) | Unary(of=of):
            yield of
        case Index(of=of, index=index):
            yield from (of, index)
        case Call(target=target, arguments=arguments):
            yield from (*((target,) if target is not None else ()), *arguments)
        case Items(items=items):
            yield from items
        case Entries(entries=entries):
            yield from (part for entry in entries for part in entry)
        case Compare(left=left, right=right):
            yield from (left, right)
        case Chain(first=first, rest=rest):
            yield from (first, *(operand for _, _, operand, _ in rest))
        case Logic(operands=operands):
            yield from operands
        case Choice(condition=condition, then=then, otherwise=otherwise):
            yield from (condition, then, otherwise)
