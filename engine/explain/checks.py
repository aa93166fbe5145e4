"""What a check takes, when it passes, warns and denies, and why: from its parameters and its module's docstring. Floor 5."""

from __future__ import annotations

from typing import Any

from engine.checks.base import Check
from engine.explain.entries import prose_of, words_of
from engine.explain.params import taken, told
from engine.reports.articles import Article, Part, Title

WORDS = ("Passes", "Warns", "Denies", "Why")
AFTER = "*After the refresh.*"


def title(check: Check[Any]) -> Title:
    """The check as a list shows it."""
    return Title("check", check.name, check.title)


def article(check: Check[Any]) -> Article:
    """All about one check."""
    first, said, blocks = words_of(prose_of(check.name, check.judge), WORDS)
    parts = [Part("", first[:1].upper() + first[1:])] if first else []
    items = [(word, said[word]) for word in WORDS if word in said]
    if check.waits_for_write:
        items.append(("When", "after the refresh alone: before it there is nothing to judge."))
    if items:
        parts.append(Part("", listed(items)))
    if check.Params.model_fields:
        parts.append(Part("What it takes", told(check.Params)))
    headings = {"yaml": "In a runbook", "text": "What it says"}
    parts += [Part(headings.get(block.language, ""), block.text, block.language) for block in blocks]
    return Article("check", check.name, check.title, tuple(parts))


def verdicts(check: Check[Any]) -> str:
    """The list of what it takes and how it can end, as the page of checks has it."""
    said = words_of(prose_of(check.name, check.judge), WORDS)[1]
    after = f" {AFTER}" if check.waits_for_write else ""
    return listed(
        [("Takes", f"{taken(check.Params)}.{after}"), *((word, said[word]) for word in WORDS if word in said)]
    )


def listed(items: list[tuple[str, str]]) -> str:
    """A list of which each item is about a word."""
    return "\n".join(f"- **{word}** {text}" for word, text in items)
