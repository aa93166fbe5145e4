"""Every bad runbook in `tests/invalid` is told as the text beside it says; what the text says was read by a person."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from wcwidth import wcswidth

from engine.checks import REGISTRY as CHECKS
from engine.diagnostics import Diagnostic
from engine.library import SHIPPED
from engine.render.diagnostics import render
from engine.source import Source, parse
from engine.steps import REGISTRY as STEPS
from engine.steps.base import Effect, Step
from engine.validation import validate

INVALID = Path(__file__).parent / "invalid"
NAMES = sorted(path.stem for path in INVALID.glob("*.yaml"))
FINALIZE = STEPS["lago.finalize_invoice"]
# The same step as something that could not be settled.
UNSETTLED = Step(FINALIZE.name, FINALIZE.title, Effect.ONE_WAY, FINALIZE.Params, FINALIZE.Fact)
# Where a second thing is wrong too, and where the same thing is wrong twice.
FOLLOWS = {"rb022_no_consent": {"RB017"}}
TWICE = {"rb033_many": 4, "rb005_alias": 2, "rb013_top": 2, "rb011_parameter": 2}
Expected = Callable[[Path, str], None]


def found(name: str) -> tuple[list[Diagnostic], Source]:
    """What is wrong with one of the bad files."""
    parsed = parse((INVALID / f"{name}.yaml").read_bytes(), f"invalid/{name}.yaml")
    steps: Mapping[str, Step[Any]] = {**STEPS, FINALIZE.name: UNSETTLED} if name.startswith("rb020") else STEPS
    runbook, diagnostics = validate(parsed, steps, CHECKS)
    assert (runbook is None) is bool(diagnostics)
    return diagnostics, parsed.source


def drawn(diagnostics: list[Diagnostic], source: Source) -> str:
    """As a person sees it at 80 columns."""
    return render(diagnostics, "human", lambda path, number: source.line(number))


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_runbook_is_told_as_expected(name: str, expected: Expected) -> None:
    expected(INVALID / f"{name}.txt", drawn(*found(name)))


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("rb")])
def test_one_mistake_is_one_error_of_its_code(name: str) -> None:
    codes = {one.code for one in found(name)[0]}
    assert codes - FOLLOWS.get(name, set()) == {name[:5].upper()}
    if name not in FOLLOWS:
        assert len(found(name)[0]) == TWICE.get(name, 1)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_is_in_house_style_and_its_place_in_the_file(name: str) -> None:
    diagnostics, source = found(name)
    for one in diagnostics:
        assert re.match(r"[a-z0-9`']|YAML|U\+|[A-Z]\w+\.[a-z]", one.message), one.message
        assert not one.message.endswith("."), one.message
        assert one.message.count("`") % 2 == 0, one.message
        assert one.help, f"{one.code} leaves its reader alone"
        assert one.help.endswith("...") or not one.help.endswith("."), one.help
        last = source.line(one.span.line)
        assert 1 <= one.span.col <= max(len(last), 1) + 1
        assert one.span.col < one.span.end_col <= max(len(last), 1) + 2
    assert [line for line in drawn(diagnostics, source).splitlines() if wcswidth(line) > 80] == []


def test_every_code_that_the_engine_can_say_has_a_bad_runbook() -> None:
    said = {code for path in (SHIPPED.parent / "engine").rglob("*.py") for code in codes_in(path)}
    assert said == {name[:5].upper() for name in NAMES if name.startswith("rb")}


def codes_in(path: Path) -> list[str]:
    """The codes that a module names, outside of its comments."""
    return re.findall(r'"(RB\d{3})"', path.read_text("utf-8"))


def test_a_line_as_long_as_a_file_is_drawn_around_its_errors_and_at_once() -> None:
    keys = ", ".join(f"key_{number}: 1" for number in range(9000))
    head = "runbook: long\nversion: 1\ntitle: t\nsummary: s\nsubject: s\nsteps:\n"
    text = f"{head}  - {{id: a, check: invoice_is_draft, {keys}}}\n"
    parsed = parse(text.encode(), "long.yaml")
    diagnostics = validate(parsed, STEPS, CHECKS)[1]
    last = [one for one in diagnostics if one.code == "RB010"][-1]
    lines = drawn([last], parsed.source).splitlines()
    assert lines[3].startswith("7 | …")
    assert lines[3][lines[4].index("^") :].startswith("key_8999: 1")
    began = time.monotonic()
    assert drawn(diagnostics, parsed.source).count("error[RB010]") == 9000
    assert time.monotonic() - began < 20
