"""Where in a file a part of a text stands, whatever way YAML writes the text: plain, in quotes, folded, in a block. Floor 4."""

from __future__ import annotations

import re

from engine.diagnostics import Span
from engine.source import Node, Source

_BREAK = re.compile(r"(?:[ \t]*\r?\n)+")
_SPACE = re.compile(r"\s*")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r?\n\s*|.)", re.DOTALL)


def place(node: Node, source: Source, start: int, end: int) -> Span:
    """The place of `node.value[start:end]`; that of the whole text where it cannot be told."""
    marks = _marks(node, source.text)
    if marks is None or not marks:
        return node.span
    first = marks[min(start, len(marks) - 1)]
    last = marks[min(max(end - 1, start), len(marks) - 1)]
    if start >= len(marks):  # the end of the text: just behind its last sign
        first = last = marks[-1] + 1
    line, col = _line_of(source.text, first)
    last_line, last_col = _line_of(source.text, last)
    end_col = last_col + 1 if last_line == line else len(source.line(line)) + 1
    return Span(line, col, line, max(end_col, col + 1))


def _marks(node: Node, text: str) -> list[int] | None:
    """Where each sign of the value stands in the file; None where the two do not go together."""
    at = _offset(text, node.span.line, node.span.col)
    style = text[at : at + 1]
    if not node.is_quoted:
        return _match(node.value, text, at, "")
    if style in ("'", '"'):
        return _match(node.value, text, at + 1, style)
    line_end = text.find("\n", at)
    return None if line_end < 0 else _match(node.value, text, line_end + 1, "|")


def _match(value: str, text: str, at: int, style: str) -> list[int] | None:
    indent = 1_000
    if style == "|":
        at = _skip(text, at)
        indent = _line_of(text, at)[1] - 1
    marks = []
    for index, sign in enumerate(value):
        if style == '"':
            while text[at : at + 2] in ("\\\n", "\\\r"):  # a line that goes on: nothing of it is in the value
                found = _ESCAPE.match(text, at)
                at = found.end() if found else at + 1
        marks.append(at)
        if sign in " \n" and (broken := _BREAK.match(text, at)):
            # Lines that are folded into one sign, or the end of one: what stands before the next sign belongs to it.
            is_end = value[index + 1 : index + 2] in ("\n", "")
            at = text.index("\n", at) + 1 if is_end else min(_skip(text, broken.end()), broken.end() + indent)
        elif style == "'" and text[at : at + 2] == "''":
            at += 2
        elif style == '"' and (found := _ESCAPE.match(text, at)):
            at = found.end()
        elif text[at : at + 1] == sign:
            at += 1
        elif sign != "\n" or index < len(value) - 1:
            return None
    return marks


def _skip(text: str, at: int) -> int:
    """Behind what stands before the next sign."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _offset(text: str, line: int, col: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = text.index("\n", at) + 1
    return at + col - 1


def _line_of(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1
