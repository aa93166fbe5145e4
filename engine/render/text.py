"""Text that is safe on a terminal: nothing raw gets there, and columns stay columns whatever a name holds. Floor 5.

`safe` comes first, always; everything else here takes safe text and counts columns as the `wcwidth` library does,
character by character, so that a text is never wider than its parts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from engine.printable import safe

__all__ = ["Style", "advice", "clip", "cut", "hang", "json_line", "pad", "safe", "style", "table", "width", "wrap"]

Style = Literal["good", "bad", "warn", "dim", "bold", "plain"]

_CODES: dict[Style, str] = {"good": "32", "bad": "1;31", "warn": "33", "dim": "2", "bold": "1", "plain": ""}

LEFT_OUT = "…"
LEAST_ROOM = 8


def _columns(character: str) -> int:
    if " " <= character <= "~":
        return 1
    return _columns_of(character)


@lru_cache(maxsize=4096)
def _columns_of(character: str) -> int:
    from wcwidth import wcswidth, wcwidth  # fifteen milliseconds that most screens do without

    # A spacing mark (Devanagari's vowel signs) is drawn in a column of its own behind some characters: count it always.
    # Which marks are such is the library's to say: Python's own tables may be of an older Unicode.
    return max(wcwidth(character), wcswidth("0" + character) - 1, 0)


def width(text: str) -> int:
    """Columns that safe text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _head(text: str, columns: int) -> str:
    """As much of the beginning as fits; a character's marks stay with it."""
    taken = 0
    for at, character in enumerate(text):
        taken += _columns(character)
        if taken > columns:
            return text[:at]
    return text


def _tail(text: str, columns: int) -> str:
    taken, start = 0, len(text)
    for at in range(len(text) - 1, -1, -1):
        size = _columns(text[at])
        taken += size
        if taken > columns:
            break
        if size:  # not between a character and its marks
            start = at
    return text[start:]


def cut(text: str, columns: int) -> str:
    """The text within so many columns; what is left out at its end shows as `…`."""
    if columns <= 0 or width(text) <= columns:
        return text if columns > 0 else ""
    return _head(text, columns - 1) + LEFT_OUT


def clip(text: str, columns: int) -> str:
    """The text within so many columns, left out in the middle: a name in brackets at its end is still seen."""
    if columns < 3 or width(text) <= columns:
        return cut(text, columns)
    end = _tail(text, (columns - 1) // 3)
    return _head(text, columns - 1 - width(end)) + LEFT_OUT + end


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text filled up with spaces, on its left side if `right`."""
    gap = " " * max(0, columns - width(text))
    return gap + text if right else text + gap


def wrap(text: str, columns: int, *, indent: str = "") -> list[str]:
    """The text in lines of at most so many columns, each behind `indent`; a word longer than a line is broken."""
    room = max(LEAST_ROOM, columns - width(indent))
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, used = "", 0
        for word in paragraph.split(" "):
            size = width(word)
            if line and used + 1 + size <= room:
                line, used = f"{line} {word}", used + 1 + size
                continue
            if line:
                lines.append(line)
            *whole, line = _pieces(word, room) if size > room else [word]
            lines += whole
            used = width(line)
        lines.append(line)
    return [f"{indent}{line}".rstrip(" ") for line in lines]


def _pieces(word: str, room: int) -> list[str]:
    """A word in pieces that fit, in one pass."""
    pieces, start, taken = [], 0, 0
    for at, character in enumerate(word):
        size = _columns(character)
        if taken + size > room:
            pieces.append(word[start:at])
            start, taken = at, 0
        taken += size
    return [*pieces, word[start:]]


def hang(head: str, text: str, columns: int) -> list[str]:
    """The text behind `head`, its further lines below its own beginning."""
    indent = " " * width(head)
    first, *rest = wrap(text, columns, indent=indent)
    return [(head + first[len(indent) :]).rstrip(" "), *rest]


def advice(text: str, columns: int, *, indent: str = "") -> list[str]:
    """A sentence in lines; a command at its end, after `: runbook`, stays whole on a line of its own, to be copied."""
    lines: list[str] = []
    for part in text.split("\n"):
        before, colon, command = part.partition(": runbook ")
        if not colon:
            lines += wrap(safe(part), columns, indent=indent)
            continue
        lines += [*wrap(safe(before + ":"), columns, indent=indent), f"{indent}  runbook {safe(command)}"]
    return lines


def style(text: str, kind: Style, colour: bool) -> str:
    """The text in a colour, if there are colours."""
    code = _CODES[kind]
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code and text else text


def table(
    rows: Iterable[Sequence[object]], *, right: Iterable[int] = (), limit: int = 80, gap: int = 2, wide: int = 0
) -> list[str]:
    """Rows in columns within `limit`; the column `wide` gives way first, then whichever is widest."""
    made = [[safe(cell) for cell in row] for row in rows]
    if not made:
        return []
    count = max(len(row) for row in made)
    sizes = [max((width(row[at]) for row in made if at < len(row)), default=0) for at in range(count)]
    sizes = _fitted(sizes, limit - gap * (count - 1), wide)
    ends = set(right)
    lines = []
    for row in made:
        cells = [pad(cut(cell, sizes[at]), sizes[at], right=at in ends) for at, cell in enumerate(row)]
        lines.append((" " * gap).join(cells).rstrip(" "))
    return lines


def _fitted(sizes: list[int], room: int, wide: int) -> list[int]:
    over = sum(sizes) - room
    if over <= 0:
        return sizes
    sizes = [*sizes]
    sizes[wide] = max(min(sizes[wide], LEAST_ROOM), sizes[wide] - over)
    most = min(max(sizes), max(room, 1))
    while most > 1 and sum(min(size, most) for size in sizes) > room:
        most -= 1
    return [min(size, most) for size in sizes]


def json_line(value: Mapping[str, Any]) -> str:
    """One JSON object with its line end, all ASCII and without control characters: it may be shown as it is."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)
    return text.replace("\x7f", "\\u007f") + "\n"
