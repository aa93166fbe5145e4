"""Where each character of a YAML text stands in its file: in quotes, with escapes, folded over lines, in a block. Floor 1.

An expression inside a text is told by its offset; a person looks for a line and a column. YAML gives the place of the
whole text alone, so the text is read once more beside the file, by the rules of its style (YAML 1.1, chapters 5 and 9).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.diagnostics import Span
from engine.source import Node, Source

# What is read: a character (empty where a line is only continued) and its line and column, from 1.
Unit = tuple[str, int, int]

_ESCAPE_DIGITS = {"x": 2, "u": 4, "U": 8}
_HEADER = re.compile(r"[|>](?:[-+]?([1-9])?[-+]?)")


def span_in(node: Node, start: int, end: int, source: Source) -> Span:
    """The place of a part of a text: offsets in code points into `node.value`, `end` exclusive.

    A part that goes over several lines is shown on its first one; what lies beyond the text, just behind it. The whole
    text's place where the part cannot be found.
    """
    places = _places(node, source)
    if places is None:
        return node.span
    start, end = min(start, len(node.value)), min(end, len(node.value))
    line, col = places[start]
    last = max(start, end - 1)
    while last > start and places[last][0] != line:
        last -= 1
    width = places[last + 1][1] - col if last + 1 < len(places) and places[last + 1][0] == line else 0
    end_col = col + width if width > 0 else places[last][1] + 1
    return Span(line, col, line, max(end_col, col + 1))


def _places(node: Node, source: Source) -> list[tuple[int, int]] | None:
    """The line and column of each character of the text, and of the end of it; None when they do not agree."""
    text = node.value
    if not isinstance(text, str):
        return None
    units = _units(node, source)
    here = next(units, None)  # read no further than the text: a plain one does not say where it ends
    places: list[tuple[int, int]] = []
    for index, char in enumerate(text):
        while here is not None and here[0] == "":
            here = next(units, None)
        if here is None:
            return None
        seen, line, col = here
        is_folded = seen == "\n" and char == " "
        if seen != char and not is_folded and seen != "\\":  # a folded break; or an escape, whatever it stands for
            return None
        places.append((line, col))
        here = next(units, None)
        if seen == "\n" and not is_folded and text[index + 1 : index + 2] != "\n":
            while here is not None and here[0] == "\n" and text[index + 1 : index + 2] != " ":
                here = next(units, None)  # of several breaks, folding drops one
    after = here[1:] if here is not None else (places[-1][0], places[-1][1] + 1) if places else None
    return [*places, after] if after is not None else None


def _units(node: Node, source: Source) -> Iterator[Unit]:
    line, col = node.span.line, node.span.col
    opening = source.line(line)[col - 1 : col]
    if opening in "|>" and opening and node.is_quoted:
        yield from _block(line, col, source)
    else:
        yield from _flow(line, col, opening if node.is_quoted else "", source)


def _block(line: int, col: int, source: Source) -> Iterator[Unit]:
    """A literal or folded block: the lines below its header, without their indentation."""
    header = _HEADER.match(source.line(line), col - 1)
    rows = range(line + 1, len(source.lines) + 1)
    filled = [number for number in rows if source.line(number).strip(" ")]
    if not filled:
        return
    first = source.line(filled[0])
    indent = len(first) - len(first.lstrip(" "))
    if header is not None and header[1]:  # given beside the header, counted from the parent's own
        parent = source.line(line)
        indent = len(parent) - len(parent.lstrip(" ")) + int(header[1])
    for number in rows:
        text = source.line(number)
        if text.strip(" ") and len(text) - len(text.lstrip(" ")) < indent:
            return
        yield from ((char, number, at) for at, char in enumerate(text[indent:], indent + 1))
        yield "\n", number, len(text) + 1


def _flow(line: int, col: int, quote: str, source: Source) -> Iterator[Unit]:
    """A plain or quoted text, which may go on over lines: their indentation and what trails on them do not count."""
    at = col - 1 + len(quote)
    for number in range(line, len(source.lines) + 1):
        text = source.line(number)
        body = text.rstrip(" \t")
        if number > line:
            at = len(body) - len(body.lstrip(" \t"))
        is_continued = False
        while at < len(body):
            char, width = body[at], 1
            if quote == "'" and char == "'":
                if body[at + 1 : at + 2] != "'":
                    return
                width = 2
            elif quote == '"' and char == '"':
                return
            elif quote == '"' and char == "\\":
                width = 2 + _ESCAPE_DIGITS.get(body[at + 1 : at + 2], 0)
                is_continued = at + 1 == len(body)
                char = "" if is_continued else "\\"
            yield char, number, at + 1
            at += width
        if not is_continued:
            yield "\n", number, len(body) + 1
