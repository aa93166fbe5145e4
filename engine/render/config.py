"""The page of `runbook config`: each setting, its value, where it came from, and what is odd about it. Floor 5."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.errors import RunbookError
from engine.render.text import Style, json_line, pad, safe, style, wrap
from engine.render.text import width as width_of

Line = tuple[str, str, str]
"""A setting's name, its value as text, and where it came from; a key's value says only that it is set."""


def render(
    lines: Sequence[Line],
    notes: Iterable[str],
    warnings: Iterable[str],
    problems: Iterable[RunbookError],
    format: str,
    *,
    width: int = 80,
    colour: bool = False,
) -> str:
    """The page with a line end. Values are never cut: they are there to be copied."""
    if format == "json":
        return _document(lines, notes, warnings, problems)
    if format == "plain":
        rows = [*lines, *_said("note", notes), *_said("warning", warnings), *_said("problem", map(_whole, problems))]
        return "".join("\t".join(map(safe, row)).rstrip("\t") + "\n" for row in rows)
    column = max((width_of(safe(name)) for name, _, _ in lines), default=0) + 2
    shown = [text for line in lines for text in _setting(line, column, width, colour)]
    more: list[tuple[str, Style, list[str]]] = [
        ("note", "dim", list(notes)),
        ("warn", "warn", list(warnings)),
        ("FAIL", "bad", list(map(_whole, problems))),
    ]
    for word, kind, texts in more:
        for text in texts:
            first, *rest = wrap(safe(text), width - 6)
            shown += ["", style(pad(word, 6), kind, colour) + first, *(" " * 6 + line for line in rest)]
    return "\n".join(shown) + "\n"


def _setting(line: Line, column: int, width: int, colour: bool) -> list[str]:
    name, value, origin = map(safe, line)
    head = pad(name, column)
    if not origin:
        return [head + style(value, "dim", colour)]
    if column + width_of(value) + 2 + width_of(origin) <= width:
        return [head + value + "  " + style(origin, "dim", colour)]
    return [head + value, " " * column + style(origin, "dim", colour)]


def _said(word: str, texts: Iterable[str]) -> list[Line]:
    return [(word, text, "") for text in texts]


def _whole(problem: RunbookError) -> str:
    return f"{problem.message}. {problem.hint}" if problem.hint else problem.message


def _document(
    lines: Sequence[Line], notes: Iterable[str], warnings: Iterable[str], problems: Iterable[RunbookError]
) -> str:
    body: dict[str, Any] = {
        "v": 1,
        "type": "config",
        "settings": [{"name": name, "value": value, "origin": origin} for name, value, origin in lines],
        "notes": list(notes),
        "warnings": list(warnings),
        "problems": [{"message": problem.message, "help": problem.hint} for problem in problems],
    }
    return json_line(body)
