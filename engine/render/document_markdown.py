"""A document as Markdown (GitHub's), to lie beside the runbook it describes and be reviewed with it. Floor 5."""

from __future__ import annotations

import re
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

# What would be read as a tag, an entity, a link, stress or the edge of a table's cell. An underscore within a word is none.
_MARKS = re.compile(r"[\\*\[\]<>|~]|&(?=[#\w])|(?<!\w)_|_(?!\w)")
_BEGINS = re.compile(r"^(\s*)([-+#=]|\d+(?=[.)]))")


def render(document: Document) -> str:
    """The whole page."""
    lines = [f"# {_rich(document.title)}", ""]
    lines += [f"**{_rich(document.standing)}**", ""] if document.standing else []
    lines += [_rich(document.lead), ""] if document.lead else []
    for block in document.blocks:
        lines += [*_block(block), ""]
    for section in document.sections:
        lines += _section(section, 2)
    for text in document.foot:
        lines += ["---", "", _rich(text), ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip("\n") + "\n"


def _section(section: Section, level: int) -> Iterator[str]:
    mark = f" ({_rich(section.mark)})" if section.mark else ""
    title = f"[{_rich(section.title)}]({section.link}.md)" if section.link else _rich(section.title)
    yield from (f"{'#' * level} {title}{mark}", "")
    for block in section.blocks:
        yield from (*_block(block), "")
    for part in section.parts:
        yield from _section(part, level + 1)


def _block(block: Block) -> Sequence[str]:
    match block:
        case Prose(text, _):
            return [_begun(text)]
        case Pairs(rows):
            return _table(("", ""), [(label, value) for label, value in rows if value])
        case Table(head, cells, _, _):
            return _table(head, cells)
        case Listing(items):
            return [f"- {_begun(item)}" for item in items]
        case Code(text):
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
            return [fence, *(safe(line) for line in text.split("\n")), fence]
        case Entries(items, _):
            return [line for item in items for line in _entry(item)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cell if cell == '---' else _rich(cell) for cell in row)} |" for row in lines]


def _entry(entry: Entry) -> Iterator[str]:
    mark = f" ({_rich(entry.mark)})" if entry.mark else ""
    number = f"{entry.number}." if entry.number.isdigit() else "-"
    yield f"{number} **{_rich(entry.title)}**{mark}"
    indent = " " * (len(number) + 1)
    yield from (
        f"{indent}- {_rich(what)}: {_rich(text)}" if what else f"{indent}- {_rich(text)}" for what, text in entry.lines
    )


def _rich(text: str) -> str:
    """A text on one line in which nothing but code between backticks is Markdown."""
    flat = " ".join(text.split())
    parts = [_code(part) if is_code else _MARKS.sub(r"\\\g<0>", safe(part)) for part, is_code in code_spans(flat)]
    return "".join(parts)


def _begun(text: str) -> str:
    """The same where a line begins, and a hyphen or a number would make it a list."""
    return _BEGINS.sub(r"\1\\\2", _rich(text))


def _code(text: str) -> str:
    return f"`{safe(text)}`".replace("|", "\\|")
