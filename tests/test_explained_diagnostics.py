"""Every code of a runbook file's errors is explained, and its example is told under that code and no other."""

from __future__ import annotations

import re

import pytest
from test_diagnostics import FINALIZE as SETTLED
from test_diagnostics import FOLLOWS, UNSETTLED, codes_in

from engine.articles import Article
from engine.checks import REGISTRY as CHECKS
from engine.diagnostics import Diagnostic
from engine.explain import diagnostics
from engine.library import SHIPPED
from engine.render.diagnostics import render
from engine.source import parse
from engine.steps import REGISTRY as STEPS
from engine.validation import validate

ARTICLES = {one.code: diagnostics.article(one.code) for one in diagnostics.titles()}
# What only shows with a step that nobody ships.
OF_A_STEP = {"RB020"}
every_code = pytest.mark.parametrize("code", ARTICLES)


def block(article: Article, language: str) -> str:
    (text,) = [part.text for part in article.parts if part.language == language]
    return text


def found(text: str, steps: object = STEPS) -> list[Diagnostic]:
    return validate(parse(text.encode(), diagnostics.NAME), steps, CHECKS)[1]  # type: ignore[arg-type]


def test_every_code_that_the_engine_can_say_is_explained_and_no_other() -> None:
    said = {code for path in (SHIPPED.parent / "engine").rglob("*.py") for code in codes_in(path)}
    # Codes of other files than runbooks are said in other places.
    assert set(ARTICLES) == {code for code in said if code.startswith("RB")}


def test_the_runbook_that_every_example_changes_has_no_fault() -> None:
    assert found(diagnostics.base()) == []


@pytest.mark.parametrize("code", [code for code in ARTICLES if code not in OF_A_STEP])
def test_an_example_is_told_under_its_code_and_mended_as_it_says(code: str) -> None:
    whole = dict(ARTICLES[code].whole)
    change = block(ARTICLES[code], "diff").splitlines()
    assert {line[0] for line in change} <= {" ", "-", "+"}
    assert whole["wrong"] != whole["right"] == diagnostics.base()
    follows = {follow for name, codes in FOLLOWS.items() if name.startswith(code.lower()) for follow in codes}
    told = {one.code for one in found(whole["wrong"])}
    assert told - follows == {code}
    wrong = "".join(line[1:] + "\n" for line in change if not line.startswith("+"))
    right = "".join(line[1:] + "\n" for line in change if not line.startswith("-"))
    assert (whole["wrong"].count(wrong), diagnostics.base().count(right)) == (1, 1)


def test_an_example_of_a_faulty_step_is_what_is_said_of_one() -> None:
    parsed = parse(diagnostics.base().encode(), diagnostics.NAME)
    (one,) = found(diagnostics.base(), {**STEPS, SETTLED.name: UNSETTLED})
    drawn = render([one], "human", lambda path, number: parsed.source.line(number))
    assert (one.code, block(ARTICLES["RB020"], "text")) == ("RB020", drawn.rstrip("\n"))


@every_code
def test_what_is_shown_is_what_is_said(code: str) -> None:
    said = block(ARTICLES[code], "text")
    assert re.findall(r"^error\[(RB\d+)\]", said, re.MULTILINE) == [code]
    assert max(map(len, said.splitlines())) <= 80


@every_code
def test_an_entry_says_what_it_means_why_it_is_and_what_to_do(code: str) -> None:
    headings = [part.heading for part in ARTICLES[code].parts if not part.language]
    assert headings == ["", "Why", "Fix"]
    assert ARTICLES[code].title[0].islower() or ARTICLES[code].title.startswith("YAML")
    for part in ARTICLES[code].parts[:3]:
        assert part.text.endswith(".")
        assert len(part.text.split()) >= 4
