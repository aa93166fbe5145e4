"""What each code of an error in a file means, with an example that is judged anew whenever it is shown. Floor 5.

An entry is `diagnostics/CODE.md`. Its example is a change of a file without a fault, of the kind that the code is about: the
lines with `-` are the mistake, those with `+` stand there instead in the file without it. An entry may hold what is said
too, where saying it anew would take more than a look at the file; then a test says it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from engine.diagnostics import Diagnostic
from engine.explain.entries import read, title_of
from engine.plain import dataclass
from engine.registry import built_in
from engine.render.diagnostics import render
from engine.reports.articles import Article, Part, Title
from engine.source import Parsed, parse
from engine.validation import validate

HERE = Path(__file__).parent
FOLDER = HERE / "diagnostics"


@dataclass(frozen=True, slots=True)
class Family:
    """Codes of one kind of file: the file without a fault, where it is kept, and what judges such a file."""

    name: str
    kept: str
    judge: Callable[[Parsed], list[Diagnostic]] | None


def titles() -> list[Title]:
    """Every code with what it means in a few words, a family after the other."""
    return [
        Title("diagnostic", path.stem, title_of(path))
        for prefix in FAMILIES
        for path in sorted(FOLDER.glob(f"{prefix}*.md"))
    ]


def article(code: str) -> Article:
    """All about one code that `titles` names."""
    title, parts = read(FOLDER / f"{code}.md")
    shown = [Part("Example", part.text, part.language) if part.language else part for part in parts]
    change = next((part.text for part in parts if part.language == "diff"), None)
    if change is None:
        return Article("diagnostic", code, title, tuple(shown))
    wrong = mistaken(code, change)
    if not any(part.language == "text" for part in parts):
        shown.append(Part("Example", said(wrong, code), "text"))
    whole = (("name", FAMILIES[code[:2]].name), ("wrong", wrong), ("right", base(code)))
    return Article("diagnostic", code, title, tuple(shown), whole)


@cache
def base(code: str) -> str:
    """The file without a fault that the example of this code changes."""
    return (HERE / FAMILIES[code[:2]].kept).read_text("utf-8")


def mistaken(code: str, change: str) -> str:
    """The example with the mistake: the file without a fault, one place of it changed."""
    lines = change.splitlines()
    right = "".join(line[1:] + "\n" for line in lines if not line.startswith("-"))
    wrong = "".join(line[1:] + "\n" for line in lines if not line.startswith("+"))
    return base(code).replace(right, wrong, 1)


def said(text: str, code: str) -> str:
    """What is said under this code of the example with this text."""
    family = FAMILIES[code[:2]]
    if family.judge is None:
        return ""
    parsed = parse(text.encode(), family.name)
    found = [one for one in family.judge(parsed) if one.code == code]
    return render(found, "human", lambda path, number: parsed.source.line(number)).rstrip("\n")


def of_a_runbook(parsed: Parsed) -> list[Diagnostic]:
    """What is wrong with a runbook that names nothing but what comes with runbook."""
    registry = built_in()
    return validate(parsed, registry.steps, registry.checks)[1]


def of_a_test_file(parsed: Parsed) -> list[Diagnostic]:
    """What is wrong with a test file that stands beside the example of a runbook."""
    from engine.testing.reading import Reading

    registry = built_in()
    runbook = validate(parse(base("RB").encode(), FAMILIES["RB"].name), registry.steps, registry.checks)[0]
    assert runbook is not None
    reading = Reading(parsed, HERE / FAMILIES["RT"].kept, runbook, registry)
    reading.file()
    return reading.found


def of_a_policy_file(parsed: Parsed) -> list[Diagnostic]:
    """What is wrong with a policy file."""
    from engine.policy_files.reading import read

    return read(parsed)[1]


FAMILIES = {
    "RB": Family("example.yaml", "example.yaml", of_a_runbook),
    "RT": Family("example.test.yaml", "example.test.yaml", of_a_test_file),
    "RP": Family("billing.yaml", "example.policy.yaml", of_a_policy_file),
    "EX": Family("weekday.py", "weekday.py.txt", None),
}
