"""A document as one HTML file that needs nothing else: no script, no font, no picture, no network. Floor 5."""

from __future__ import annotations

from collections.abc import Sequence

from engine.render.document import Block, Code, Document, Entries, Entry, Listing, Pairs, Prose, Section, Table
from engine.render.markup import Markup, join, page, plain, rich, tag
from engine.render.stylesheet import STYLE

LONG_WORD = 24
SHORT = 18
VERDICTS = {"pass": "good", "warn": "warn", "deny": "bad"}


def render(document: Document) -> str:
    """The whole page."""
    standing = tag("p", document.standing, kind=f"standing {document.kind}") if document.standing else Markup("")
    head = tag(
        "header",
        tag("p", document.kicker, kind="kicker"),
        tag("h1", rich(document.title)),
        standing,
        tag("p", rich(document.lead), kind="lead") if document.lead else Markup(""),
    )
    contents = _contents(document.sections)
    body = join(head, *map(_block, document.blocks), contents, *(_section(part, 2) for part in document.sections))
    foot = tag("footer", *(tag("p", rich(text)) for text in document.foot)) if document.foot else Markup("")
    return page(document.title.replace("`", ""), STYLE, tag("body", tag("main", body, foot)))


def _contents(sections: Sequence[Section]) -> Markup:
    linked = [part for part in sections if part.anchor]
    if len(linked) < 3:
        return Markup("")
    links = [tag("li", tag("a", rich(part.title), href=f"#{part.anchor}")) for part in linked]
    return tag("nav", tag("ul", *links))


def _section(section: Section, level: int) -> Markup:
    mark = join(plain(" "), tag("span", section.mark, kind=f"mark {section.kind}")) if section.mark else Markup("")
    words = tag("a", rich(section.title), href=f"{section.link}.html") if section.link else rich(section.title)
    title = tag(f"h{level}", words, mark)
    parts = (_section(part, min(level + 1, 4)) for part in section.parts)
    kind = "page" if section.starts_page else ""
    return tag("section", title, *map(_block, section.blocks), *parts, id=section.anchor, kind=kind)


def _block(block: Block) -> Markup:
    match block:
        case Prose(text, kind):
            return tag("p", rich(text), kind="" if kind == "plain" else f"note {kind}")
        case Pairs(rows):
            shown = [(label, value) for label, value in rows if value]
            return tag("dl", *(tag("div", tag("dt", label), tag("dd", _value(value))) for label, value in shown))
        case Table():
            return _table(block)
        case Listing(items):
            return tag("ul", *(tag("li", rich(item)) for item in items))
        case Code(text):
            return tag("pre", join(*(join(plain(line), Markup("\n")) for line in text.split("\n"))))
        case Entries(items, is_dense):
            return tag("ol", *map(_entry, items), kind="entries dense" if is_dense else "entries")


def _value(value: str) -> Markup:
    """A value on its own: what is written from right to left turns nothing around it."""
    return tag("bdi", rich(value))


def _table(table: Table) -> Markup:
    right = set(table.right)

    def cells(name: str, row: Sequence[str]) -> Markup:
        kinds = ("figure" if at in right else _kind(cell) for at, cell in enumerate(row))
        return tag("tr", *(tag(name, _value(cell), kind=kind) for cell, kind in zip(row, kinds, strict=True)))

    rows = list(table.rows)
    last = tag("tfoot", cells("td", rows.pop())) if table.has_sum and rows else Markup("")
    head = tag("thead", cells("th", table.head)) if any(table.head) else Markup("")
    return tag("div", tag("table", head, tag("tbody", *(cells("td", row) for row in rows)), last), kind="wide")


def _kind(cell: str) -> str:
    """How a cell is drawn: a verdict in its colour, a few words on one line; a very long word is broken anywhere."""
    if cell in VERDICTS:
        return VERDICTS[cell]
    if max(map(len, cell.split()), default=0) > LONG_WORD:
        return "long"
    return "word" if len(cell) <= SHORT else ""


def _entry(entry: Entry) -> Markup:
    mark = tag("span", entry.mark, kind=f"mark {entry.kind}") if entry.mark else Markup("")
    head = tag("p", tag("span", entry.number, kind="number"), tag("span", rich(entry.title), kind="title"), mark)
    lines = [
        tag("div", tag("dt", what) if what else Markup(""), tag("dd", _value(text)), kind="" if what else "alone")
        for what, text in entry.lines
    ]
    return tag("li", head, tag("dl", *lines) if lines else Markup(""), kind=entry.kind)
