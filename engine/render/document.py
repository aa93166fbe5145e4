"""A page for people outside: titles, prose, figures in tables, steps or records in order. Floor 5.

It is drawn as HTML, text or Markdown. Texts are as they came, not made safe: each way of drawing does that. What
stands between backticks is drawn as code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from engine.plain import dataclass

Kind = Literal["plain", "good", "warn", "bad", "dim"]


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph."""

    text: str
    kind: Kind = "plain"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Labels, each with a value; an empty value is left out."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their heads; columns in `right` hold figures. The last row is a sum if `has_sum`."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()
    has_sum: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Short texts below each other."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Code:
    """Lines to be typed or compared, exactly as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One of several in order: its number or name, what it is, a word at its side, and lines of what and text below."""

    number: str
    title: str
    mark: str = ""
    kind: Kind = "plain"
    lines: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Entries:
    """Steps or records in order. `is_dense` draws them smaller, for many."""

    items: Sequence[Entry]
    is_dense: bool = False


Block = Prose | Pairs | Table | Listing | Code | Entries


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part. `anchor` is its name in links; `starts_page` puts it on a page of its own on paper.

    `link` is the name of another page beside this one that the title leads to, without its ending.
    """

    title: str
    blocks: Sequence[Block]
    parts: Sequence[Section] = ()
    anchor: str = ""
    mark: str = ""
    kind: Kind = "plain"
    starts_page: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole page. `kicker` stands above the title; `standing` is the one word that counts, with its kind."""

    kicker: str
    title: str
    lead: str
    blocks: Sequence[Block]
    sections: Sequence[Section]
    standing: str = ""
    kind: Kind = "plain"
    foot: Sequence[str] = ()


def code_spans(text: str) -> list[tuple[str, bool]]:
    """The text in parts, each with whether it stood between backticks; a backtick without a second one is text."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        parts = [*parts[:-2], "`".join(parts[-2:])]
    return [(part, at % 2 == 1) for at, part in enumerate(parts) if part]
