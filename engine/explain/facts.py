"""What a step leaves behind: each kind of fact with the fields that a reference can name. Floor 5."""

from __future__ import annotations

import inspect
import re

from engine.explain.params import said
from engine.facts import Confirmed, Fact, RunRecord
from engine.registry import Registry
from engine.reports.articles import Article, Part, Title
from engine.validation.types import type_of


def kinds(registry: Registry) -> dict[str, type[Fact]]:
    """Every kind of fact that `${id}` can be, or a field of one, by its name."""
    found: dict[str, type[Fact]] = {}
    left: list[type[Fact]] = [*(step.Fact for step in registry.steps.values()), Confirmed, RunRecord]
    while left:
        kind = left.pop()
        if kind.__name__ not in found:
            found[kind.__name__] = kind
            inner = (one for field in kind.model_fields.values() for one in type_of(field.annotation).classes)
            left += [one for one in inner if issubclass(one, Fact)]
    return dict(sorted(found.items()))


def title(kind: type[Fact]) -> Title:
    """The fact as a list shows it."""
    return Title("fact", kind.__name__, _first(kind))


def article(kind: type[Fact], registry: Registry) -> Article:
    """All about one kind of fact."""
    givers = [f"`{name}`" for name, step in registry.steps.items() if step.Fact is kind]
    givers += ["a `confirm`"] if kind is Confirmed else ["`${run}`"] if kind is RunRecord else []
    parts = [Part("", text) for text in _paragraphs(kind)]
    if givers:
        parts.append(Part("", f"It is what {_joined(givers)} {'gives' if len(givers) == 1 else 'give'}."))
    fields = [f"- **`{name}`** {said(field.annotation)}" for name, field in kind.model_fields.items()]
    return Article("fact", kind.__name__, _first(kind), (*parts, Part("Fields", "\n".join(fields))))


def _first(kind: type[Fact]) -> str:
    """What its docstring says first."""
    return re.split(r"[.:]? \(|[.:] |\.$", _paragraphs(kind)[0])[0]


def _paragraphs(kind: type[Fact]) -> list[str]:
    return [" ".join(text.split()) for text in re.split(r"\n\s*\n", inspect.cleandoc(kind.__doc__ or kind.__name__))]


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
