"""What each exit code means and what to do then. An entry is `exits/CODE.md`. Floor 5."""

from __future__ import annotations

from pathlib import Path

from engine.errors import Exit
from engine.explain.entries import read, title_of
from engine.reports.articles import Article, Part, Title

FOLDER = Path(__file__).parent / "exits"


def name_of(exit: Exit) -> str:
    """`not as confirmed`."""
    return exit.name.lower().replace("_", " ")


def titles() -> list[Title]:
    """Every code with its name and what it means."""
    return [Title("exit code", str(exit.value), f"{name_of(exit)}: {title_of(_file(exit))}") for exit in Exit]


def article(exit: Exit) -> Article:
    """All about one code."""
    title, parts = read(_file(exit))
    shown = tuple(Part("Example", part.text, part.language) if part.language else part for part in parts)
    return Article("exit code", str(exit.value), f"{name_of(exit)}: {title}", shown)


def _file(exit: Exit) -> Path:
    return FOLDER / f"{exit.value}.md"
