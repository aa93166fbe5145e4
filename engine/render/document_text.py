"""A document as plain text, for a screen without a browser, a ticket or a printer. Floor 5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.printable import safe
from engine.render.document import (
    Block,
    Code,
    Document,
    Entries,
    Entry,
    Listing,
    Pairs,
    Prose,
    Section,
    Table,
    code_spans,
)
from engine.render.text import hang, pad, width, wrap

WIDTH = 96
MOST_LABEL = 20
LEAST = 8


def render(document: Document) -> str:
    """The whole page, in lines of at most 96 columns; ids, digests and figures are never cut."""
    lines = [safe(document.kicker).upper(), *wrap(_one(document.title), WIDTH)]
    lines += ["=" * max(map(width, lines))]
    if document.standing:
        lines += ["", *wrap(_one(document.standing), WIDTH)]
    if document.lead:
        lines += ["", *wrap(_one(document.lead), WIDTH)]
    for block in document.blocks:
        lines += ["", *_block(block)]
    for section in document.sections:
        lines += _section(section, 1)
    for text in document.foot:
        lines += ["", "-" * WIDTH, *wrap(_one(text), WIDTH)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _one(text: str) -> str:
    """A text on one line; what is code as a whole needs no marks here."""
    parts = code_spans(text)
    return safe(" ".join((parts[0][0] if len(parts) == 1 else text).split("\n")))


def _section(section: Section, level: int) -> list[str]:
    title = _one(section.title) + (f"   [{_one(section.mark)}]" if section.mark else "")
    lines = ["", "", *wrap(title, WIDTH)] if level == 1 else ["", *wrap(title, WIDTH)]
    lines.append(("=" if level == 1 else "-") * min(WIDTH, width(title)))
    for at, block in enumerate(section.blocks):
        lines += ["", *_block(block)] if at else _block(block)
    for part in section.parts:
        lines += _section(part, level + 1)
    return lines


def _block(block: Block) -> list[str]:
    match block:
        case Prose(text, _):
            return wrap(_one(text), WIDTH)
        case Pairs(rows):
            return _pairs([(label, value) for label, value in rows if value])
        case Table():
            return list(_table(block))
        case Listing(items):
            return [line for item in items for line in hang("  - ", _one(item), WIDTH)]
        case Code(text):
            return [f"    {safe(line)}" for line in text.split("\n")]
        case Entries(items, _):
            return [line for item in items for line in _entry(item)]


def _pairs(rows: Sequence[tuple[str, str]]) -> list[str]:
    size = min(max((width(_one(label)) for label, _ in rows), default=0), MOST_LABEL)
    return [line for label, value in rows for line in hang(f"  {pad(_one(label), size)}  ", _one(value), WIDTH)]


def _table(table: Table) -> Iterator[str]:
    """Rows in columns; a cell that is too long goes on below itself, so that nothing is cut."""
    rows = [[_one(cell) for cell in row] for row in ([table.head] if any(table.head) else []) + list(table.rows)]
    if not rows:
        return
    count = max(map(len, rows))
    sizes = [max(width(row[at]) for row in rows if at < len(row)) for at in range(count)]
    least = [max((width(word) for row in rows for word in row[at].split(" ")), default=1) for at in range(count)]
    room = WIDTH - 2 - 2 * (count - 1)
    while sum(sizes) > room and max(sizes) > LEAST:
        # The widest column that can give way without breaking a word; when there is none, the widest of all.
        sizes[max(range(count), key=lambda at: (sizes[at] > least[at], sizes[at]))] -= 1
    for number, row in enumerate(rows):
        if table.has_sum and number == len(rows) - 1:
            yield "  " + "-" * (sum(sizes) + 2 * (count - 1))
        cells = [wrap(cell, sizes[at]) for at, cell in enumerate(row)]
        for line in range(max(map(len, cells))):
            parts = [cell[line] if line < len(cell) else "" for cell in cells]
            yield "  " + "  ".join(pad(part, sizes[at], right=at in table.right) for at, part in enumerate(parts))


def _entry(entry: Entry) -> list[str]:
    head = f"{pad(safe(entry.number), 6)} {_one(entry.title)}"
    gap = max(2, WIDTH - width(head) - width(_one(entry.mark)))
    lines = [head + " " * gap + _one(entry.mark)] if entry.mark else [head]
    for what, text in entry.lines:
        lines += hang("       " + (f"{pad(_one(what), 10)}  " if what else ""), _one(text), WIDTH)
    return lines
