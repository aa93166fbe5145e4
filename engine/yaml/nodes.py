"""What a YAML file is made of: its text with its digest, and values that know their line and column. Floor 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from functools import cached_property
from typing import Any

from engine.diagnostics import Span
from engine.plain import dataclass

MOST_DEPTH = 40


@dataclass(frozen=True)
class Source:
    """One file as it was read. `digest` is SHA-256 of its bytes."""

    path: str
    text: str
    digest: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its lines without their ends; the last one is empty where the file ends with its line."""
        return tuple(line.removesuffix("\r") for line in self.text.split("\n"))

    def line(self, number: int) -> str:
        """A line by its number, from 1; empty where there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place. `value` is a str, int, bool, None, a list of nodes or a dict of name to node.

    `keys` holds the places of a mapping's keys.
    """

    value: Any
    span: Span
    keys: dict[str, Span] = field(default_factory=dict)
    is_quoted: bool = False

    @property
    def kind(self) -> str:
        """What a person calls a value of this type."""
        names = {str: "text", bool: "true or false", int: "a whole number", list: "a list", dict: "a mapping"}
        return names.get(type(self.value), "nothing")

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def at(self, *route: str | int) -> Node | None:
        """The node at the end of a route of keys and indexes, or None."""
        node: Node | None = self
        for part in route:
            if node is None:
                return None
            if isinstance(node.value, dict) and isinstance(part, str):
                node = node.value.get(part)
            elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
            else:
                return None
        return node


def span_of(node: Any) -> Span:
    """The place of what PyYAML gives marks to: a token, an event, a node."""
    return between(node.start_mark, node.end_mark)


def between(start: Any, end: Any) -> Span:
    """The place between two marks; of what goes on over lines, the first of these."""
    return _of(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _of(line: int, col: int, end_line: int, end_col: int) -> Span:
    if end_line > line:
        return Span(line, col, line, max(col + 1, 10_000))
    return Span(line, col, end_line, max(end_col, col + 1))


def clip(span: Span, source: Source) -> Span:
    """The span within its line, for drawing."""
    end = len(source.line(span.line)) + 1
    col = min(span.col, max(end, 1))
    return Span(span.line, col, span.line, max(col + 1, min(span.end_col, end)))


def walk(node: Node) -> Iterator[Node]:
    """Every node below and including this one."""
    yield node
    children = (
        node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    )
    for child in children:
        yield from walk(child)
