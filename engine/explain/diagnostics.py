"""What each code of a runbook file's errors means, with an example that is judged anew whenever it is shown. Floor 5.

An entry is `diagnostics/CODE.md`. Its example is a change of `example.yaml`, a runbook without a fault: the lines with
`-` are the mistake, those with `+` stand there instead in the runbook without it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from engine.articles import Article, Part, Title
from engine.explain.entries import read, title_of
from engine.registry import built_in
from engine.render.diagnostics import render
from engine.source import parse
from engine.validation import validate

FOLDER = Path(__file__).parent / "diagnostics"
NAME = "example.yaml"


def titles() -> list[Title]:
    """Every code with what it means in a few words."""
    return [Title("diagnostic", path.stem, title_of(path)) for path in sorted(FOLDER.glob("RB*.md"))]


@cache
def base() -> str:
    """The runbook without a fault that every example changes."""
    return (Path(__file__).parent / NAME).read_text("utf-8")


def article(code: str) -> Article:
    """All about one code that `titles` names."""
    title, parts = read(FOLDER / f"{code}.md")
    change = next((part.text for part in parts if part.language == "diff"), None)
    if change is None:
        return Article("diagnostic", code, title, parts)
    wrong, right = mistaken(change), base()
    shown = [Part("Example", part.text, "diff") if part.language == "diff" else part for part in parts]
    whole = (("name", NAME), ("wrong", wrong), ("right", right))
    return Article("diagnostic", code, title, (*shown, Part("Example", said(wrong, code), "text")), whole)


def mistaken(change: str) -> str:
    """The example with the mistake: the runbook without a fault, one place of it changed."""
    lines = change.splitlines()
    right = "".join(line[1:] + "\n" for line in lines if not line.startswith("-"))
    wrong = "".join(line[1:] + "\n" for line in lines if not line.startswith("+"))
    return base().replace(right, wrong, 1)


def said(text: str, code: str) -> str:
    """What `runbook validate` says under this code of the example with this text."""
    parsed, registry = parse(text.encode(), NAME), built_in()
    found = validate(parsed, registry.steps, registry.checks)[1]
    drawn = render([one for one in found if one.code == code], "human", lambda path, number: parsed.source.line(number))
    return drawn.rstrip("\n")
