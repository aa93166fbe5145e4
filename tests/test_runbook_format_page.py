"""The page of the runbook format names every key and type there is, and its example is a runbook."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.checks import REGISTRY as CHECKS
from engine.model import INPUT_TYPES, parse_input
from engine.source import MOST_BYTES, parse
from engine.steps import REGISTRY as STEPS
from engine.validation import validate
from engine.validation.format import INPUT, NOTE, RUNBOOK, STEP
from engine.validation.keys import Key
from engine.validation.order import OUTCOMES

PAGE = (Path(__file__).parent.parent / "docs" / "runbook-format.md").read_text("utf-8")
EXAMPLE = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def tables(heading: str) -> list[list[list[str]]]:
    """The tables of a section, without their heads."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    found = re.findall(r"^\|[^\n]*\n\|-[^\n]*\n((?:\|[^\n]*\n)+)", section, re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()] for table in found]


@pytest.mark.parametrize(
    ("heading", "keys"),
    [("Keys of a runbook", RUNBOOK), ("Keys of an input", INPUT), ("Keys of a step", STEP), ("Keys of a note", NOTE)],
)
def test_every_key_has_a_row_that_says_whether_it_is_needed_and_what_it_holds(
    heading: str, keys: dict[str, Key]
) -> None:
    rows = {row[0].strip("|` "): row[1] for row in tables(heading)[0]}
    said = {key: "yes" if one.is_needed else "no" for key, one in keys.items()}
    holds = {
        row[0].strip("|` "): re.sub(r"\[(.*?)\]\(.*?\)", r"`docs/\1`", row[2].strip(" |")) for row in tables(heading)[0]
    }
    assert holds == {key: one.help for key, one in keys.items()}
    if keys is STEP:
        said |= dict.fromkeys(("step", "check", "policy", "confirm"), "one of four")
    assert rows == said


def test_every_input_type_has_a_row_with_an_example_that_is_one() -> None:
    rows = {row[0].strip("|` "): row[2].strip("|` ") for row in tables("Keys of an input")[1]}
    assert list(rows) == list(INPUT_TYPES)
    for type, example in rows.items():
        parse_input(type, example)


def test_the_outcomes_that_a_note_can_speak_of_are_all_there() -> None:
    (on, _) = tables("Keys of a note")[0]
    assert re.findall(r"ID\.(\w+)", " ".join(on)) == ["deny", "warn", *OUTCOMES]


def test_the_example_is_a_runbook_without_a_fault() -> None:
    text, _ = EXAMPLE
    runbook, diagnostics = validate(parse(text.encode(), "finalize_reviewed.yaml"), STEPS, CHECKS)
    assert diagnostics == []
    assert runbook is not None


def test_the_example_of_a_condition_fits_into_a_runbook() -> None:
    text, row = EXAMPLE
    text = text.replace("  - id: right_total\n", row + "  - id: right_total\n")
    runbook, diagnostics = validate(parse(text.encode(), "finalize_reviewed.yaml"), STEPS, CHECKS)
    assert diagnostics == []
    assert runbook is not None
    assert [str(step.when) for step in runbook.steps if step.when] == [
        'draft.invoice_type == "subscription" && size(draft.fees) > 0'
    ]


def test_the_example_shows_every_key() -> None:
    shown = set(re.findall(r"(\w+):", "".join(EXAMPLE)))
    assert set(RUNBOOK) | set(STEP) | set(NOTE) | {"type", "help"} <= shown


def test_the_page_says_how_large_a_file_may_be() -> None:
    assert f"at most {MOST_BYTES // 1024} KiB" in PAGE
