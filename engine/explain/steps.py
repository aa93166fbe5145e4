"""What a step does, how it can fail, and why: from its parameters and its module's docstring. Floor 5."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.explain.entries import prose_of, words_of
from engine.explain.params import told
from engine.reports.articles import Article, Part, Title
from engine.steps.base import OneWayStep, ReadStep, Step, WriteStep

WORDS = ("Does", "Ends", "Fails", "Why")


def title(step: Step[Any]) -> Title:
    """The step as a list shows it."""
    return Title("step", step.name, step.title)


def article(step: Step[Any]) -> Article:
    """All about one step."""
    first, said, blocks = words(step)
    parts = [Part("", first[:1].upper() + first[1:])] if first else []
    items = [("Effect", EFFECTS.get(step.effect.value, step.effect.value))]
    items += [(word, said[word]) for word in WORDS if word in said]
    items.append(
        ("Gives", f"`${{id}}` is then `{step.Fact.__name__}`; `runbook explain {step.Fact.__name__}` has its fields.")
    )
    parts.append(Part("", "\n".join(f"- **{word}** {text}" for word, text in items)))
    if step.Params.model_fields:
        parts.append(Part("What it takes", told(step.Params)))
    parts += [Part("In a runbook" if block.language == "yaml" else "", block.text, block.language) for block in blocks]
    return Article("step", step.name, step.title, tuple(parts))


EFFECTS = {
    "read": "read: nothing is changed; it is tried again with backoff.",
    "write": "write: can be sent again or reversed; it is sent once and never tried again.",
    "one-way": "one-way: cannot be undone; it needs a `confirm` before it and a check after it.",
}


def words(step: Step[Any]) -> tuple[str, dict[str, str], tuple[Part, ...]]:
    """What its author wrote: the first sentence, the paragraphs by their word, the blocks."""
    return words_of(prose_of(step.name, _function(step)), WORDS)


def _function(step: Step[Any]) -> Callable[..., Any]:
    """A function of the step's module."""
    match step:
        case ReadStep():
            return step.read
        case WriteStep() | OneWayStep():
            return step.send
    return type(step).__init__
