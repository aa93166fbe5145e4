"""Collecting diagnostics of one file, with the nearest name for what was misspelt. Floor 4."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.diagnostics import Diagnostic, Span
from engine.references import Reference
from engine.source import Node, Source, clip


@dataclass
class Notes:
    """What was found in one file so far."""

    source: Source
    found: list[Diagnostic] = field(default_factory=list)

    def error(self, code: str, message: str, span: Span, *, label: str = "", help: str = "") -> None:
        """Note an error at a place."""
        place = clip(span, self.source)
        self.found.append(Diagnostic(code, message, self.source.path, place, label, help))

    def warning(self, code: str, message: str, span: Span, *, label: str = "", help: str = "") -> None:
        """Note a warning at a place."""
        place = clip(span, self.source)
        self.found.append(Diagnostic(code, message, self.source.path, place, label, help, "warning"))


def nearest(name: str, names: Iterable[str]) -> str:
    """`did you mean ...?` with the nearest name, else what there is."""
    known = sorted(names)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    return "there is " + one_of(known) if known and len(known) <= 12 else ""


def one_of(names: Iterable[str]) -> str:
    """`a`, `b` or `c`."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}" if quoted else "nothing"


def place_of(node: Node, reference: Reference) -> Span:
    """Where in the file a reference stands; the whole scalar where it is folded over lines."""
    span = node.span
    if not isinstance(node.value, str) or span.end_line != span.line:
        return span
    quote = 1 if node.is_quoted else 0
    start = span.col + quote + reference.start
    return Span(span.line, start, span.line, start + reference.end - reference.start)
