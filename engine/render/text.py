"""Text that is safe on a terminal: nothing raw gets there, and columns stay columns whatever a name holds. Floor 5."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from wcwidth import wcswidth, wcwidth

from engine.printable import safe

__all__ = ["Style", "advice", "cut", "pad", "safe", "style", "table", "width", "wrap"]

Style = Literal["good", "bad", "warn", "dim", "bold", "plain"]

_CODES: dict[Style, str] = {"good": "32", "bad": "1;31", "warn": "33", "dim": "2", "bold": "1", "plain": ""}


def width(text: str) -> int:
    """Columns that safe text takes."""
    columns = wcswidth(text)
    return columns if columns >= 0 else len(text)


def cut(text: str, columns: int) -> str:
    """The text within so many columns; what is left out shows as `…`."""
    if width(text) <= columns:
        return text
    kept, taken = [], 0
    for character in text:
        size = max(wcwidth(character), 0)
        if taken + size > columns - 1:
            break
        kept.append(character)
        taken += size
    return "".join(kept) + "…" if columns > 0 else ""


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The text filled up with spaces, on its left side if `right`."""
    gap = " " * max(0, columns - width(text))
    return gap + text if right else text + gap


def wrap(text: str, columns: int, *, indent: str = "") -> list[str]:
    """The text in lines of at most so many columns, each behind `indent`; a longer word is broken."""
    room = max(8, columns - width(indent))
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            while width(word) > room:
                if line:
                    lines.append(line)
                    line = ""
                head = cut(word, room + 1).removesuffix("…")
                head = head[: max(1, len(head))]
                lines.append(head)
                word = word[len(head) :]
            joined = f"{line} {word}" if line else word
            if width(joined) > room:
                lines.append(line)
                line = word
            else:
                line = joined
        lines.append(line)
    return [f"{indent}{line}".rstrip() for line in lines]


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
    """Rows in columns within `limit`; the column `wide` gives way when there is not room for all."""
    made = [[safe(cell) for cell in row] for row in rows]
    if not made:
        return []
    count = max(len(row) for row in made)
    sizes = [max((width(row[at]) for row in made if at < len(row)), default=0) for at in range(count)]
    over = sum(sizes) + gap * (count - 1) - limit
    if over > 0:
        sizes[wide] = max(8, sizes[wide] - over)
    ends = set(right)
    lines = []
    for row in made:
        cells = [pad(cut(cell, sizes[at]), sizes[at], right=at in ends) for at, cell in enumerate(row)]
        lines.append((" " * gap).join(cells).rstrip())
    return lines
