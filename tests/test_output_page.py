"""`docs/output.md` is so: its examples are screens, and every word, type and outcome of the code stands on it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import fabricated_run as made
import pytest

from engine.commands.shell import FORMATS
from engine.events import TYPES, Certainty, Word
from engine.printable import safe
from engine.render.plain import EVERY
from engine.render.preview import MOST_LINES
from engine.run.endings import Outcome

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([^`\n]+)`", PAGE))
EXAMPLES = re.findall(r"^From `([^`]+)`:\n```(?:text|json)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def types_of_lines() -> set[str]:
    """Every `"type": "..."` of a dict in the program's source; what is written for others is no line of a command."""
    found = set()
    sources = (path for path in (ROOT / "engine").rglob("*.py") if path.parent.name != "outside")
    for path in [ROOT / "cli.py", *sources]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict) and any(
                isinstance(key, ast.Constant) and key.value == "v" for key in node.keys
            ):
                pairs = zip(node.keys, node.values, strict=True)
                found |= {
                    value.value
                    for key, value in pairs
                    if isinstance(key, ast.Constant) and key.value == "type" and isinstance(value, ast.Constant)
                }
    return {name for name in found if isinstance(name, str)}


def test_the_examples_are_whole_lines_of_kept_screens() -> None:
    assert len(EXAMPLES) == PAGE.count("```text") + PAGE.count("```json") == 4
    for source, text in EXAMPLES:
        is_call = source == "on_json(unanswered())"
        whole = made.on_json(made.unanswered()) if is_call else (ROOT / source).read_text(encoding="utf-8")
        assert "\n" + text in "\n" + whole


@pytest.mark.parametrize("names", [get_args(Word), get_args(Certainty), get_args(Outcome), TYPES, FORMATS],
                         ids=["words", "certainties", "outcomes", "types", "formats"])  # fmt: skip
def test_every_name_that_the_code_can_print_stands_on_the_page(names: tuple[str, ...]) -> None:
    assert len(names) >= 3
    assert sorted(set(names) - NAMED) == []


def test_every_type_of_a_json_line_stands_on_the_page() -> None:
    found = types_of_lines()
    assert {"draft", "error", "run.summary", "journal.report", "diagnostic"} <= found
    assert sorted(found - NAMED) == []


def test_every_outcome_of_a_plain_line_stands_on_the_page() -> None:
    runs = [made.finalized(), made.denied(), made.dry(), made.unanswered(), made.pending(), made.hostile("name")]
    lines = [line.split("\t") for run in runs for line in made.on_plain(run).splitlines()]
    outcomes = {fields[3] for fields in lines}
    assert {"start", "note", "line", "may_deduct", "effect.unknown", "operator.resolve", "consent.refused"} <= outcomes
    assert sorted(outcomes - NAMED) == []
    assert {fields[2] for fields in lines if fields[3] in ("line", "sum", "change", "request")} == {"preview"}


def test_the_numbers_on_the_page_are_those_of_the_code() -> None:
    assert f"a line every {EVERY:.0f} seconds" in PAGE
    assert f"More than {MOST_LINES} line items are folded" in PAGE


def test_the_escapes_on_the_page_are_those_of_the_code() -> None:
    shown = {safe(character) for character in "\x1b\t\n\u202e\u200b\ud83d"}
    assert sorted(shown - NAMED) == []
