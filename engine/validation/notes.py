"""Collecting diagnostics of one file, with the nearest name for what was misspelt. Floor 4."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from engine.diagnostics import Diagnostic, Span
from engine.plain import dataclass
from engine.references import Reference
from engine.source import Node, Source, clip
from engine.yaml.scalars import span_in


@dataclass
class Notes:
    """What was found in one file so far.

    `broken_inputs` and `broken_steps` are declared, but not so that more can be said of them: what refers to them is
    taken on trust, and so is a scalar that YAML misreads. One mistake is one error.
    """

    source: Source
    found: list[Diagnostic] = field(default_factory=list)
    broken_inputs: set[str] = field(default_factory=set)
    broken_steps: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._misread = {(one.span.line, one.span.col) for one in self.found if one.code == "RB003"}

    @property
    def broken_ids(self) -> set[str]:
        """The ids of the broken steps."""
        ids = (row.at("id") for row in self.broken_steps)
        return {str(id.value) for id in ids if id is not None}

    def is_misread(self, span: Span) -> bool:
        """Whether YAML reads the scalar at this place as something else, which was told: what is meant is not known."""
        return (span.line, span.col) in self._misread

    def has_one_at(self, span: Span) -> bool:
        """Whether something was noted at this place."""
        return any((one.span.line, one.span.col) == (span.line, span.col) for one in self.found)

    def error(self, code: str, message: str, span: Span, *, label: str = "", help: str = "") -> None:
        """Note an error at a place."""
        if self.is_misread(span):
            return
        place = clip(span, self.source)
        self.found.append(Diagnostic(code, message, self.source.path, place, label, help))

    def warning(self, code: str, message: str, span: Span, *, help: str = "") -> None:
        """Note what is odd at a place, and can be meant so."""
        self.found.append(Diagnostic(code, message, self.source.path, clip(span, self.source), "", help, "warning"))


def nearest(name: str, names: Iterable[str]) -> str:
    """`did you mean ...?` with the nearest name, else what there is."""
    known = sorted(names)
    close = meant(name, known)
    if close:
        return f"did you mean `{close}`?"
    return "it can be " + one_of(known) if known and len(known) <= 12 else ""


def one_of(names: Iterable[str]) -> str:
    """`a`, `b` or `c`."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}" if quoted else "nothing"


def meant(name: str, names: Iterable[str]) -> str | None:
    """The one of these names that a misspelt one most likely stands for."""
    import difflib  # for a name that is wrong

    return next(iter(difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.6)), None)


def place_of(node: Node, reference: Reference, source: Source) -> Span:
    """Where in the file a reference stands, also where quotes escape or a text goes over several lines."""
    return span_in(node, reference.start, reference.end, source)
