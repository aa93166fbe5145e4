"""Every code of an error in a file is explained, and its example is told under that code and no other."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from forked import run
from own_code import registry, write
from test_diagnostics import FINALIZE as SETTLED
from test_diagnostics import FOLLOWS, UNSETTLED

from engine.checks import REGISTRY as CHECKS
from engine.commands.shell import Excerpts
from engine.diagnostics import Diagnostic
from engine.explain import diagnostics
from engine.library import SHIPPED, check
from engine.render.diagnostics import render
from engine.reports.articles import Article
from engine.source import parse
from engine.steps import REGISTRY as STEPS
from engine.validation import validate

CODES = [one.code for one in diagnostics.titles()]
# Those whose example is a change of a whole file; that is known without judging the file, as each article does.
CHANGED = [code for code in CODES if "```diff\n" in (diagnostics.FOLDER / f"{code}.md").read_text("utf-8")]
JUDGED = [code for code in CHANGED if diagnostics.FAMILIES[code[:2]].judge]
every_code = pytest.mark.parametrize("code", CODES)
article = cache(diagnostics.article)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def block(one: Article, language: str) -> str:
    return next((part.text for part in one.parts if part.language == language), "")


def found(text: str, code: str) -> list[Diagnostic]:
    family = diagnostics.FAMILIES[code[:2]]
    assert family.judge is not None
    return family.judge(parse(text.encode(), family.name))


def test_every_code_that_the_engine_can_say_is_explained_and_no_other() -> None:
    texts = [path.read_text("utf-8") for path in (SHIPPED.parent / "engine").rglob("*.py")]
    assert set(CODES) == {code for text in texts for code in re.findall(r'"((?:RB|RT|RP|EX)\d{3})"', text)}
    prefixes = {code for text in texts for code in re.findall(r'"([A-Z]{2})\d{3}"', text)}
    assert prefixes == set(diagnostics.FAMILIES)


@pytest.mark.parametrize("family", ["RB", "RT", "RP"])
def test_the_file_that_every_example_changes_has_no_fault(family: str) -> None:
    assert found(diagnostics.base(family), family) == []


def test_the_tests_of_those_examples_pass(folder: Path) -> None:
    for family in ("RB", "RT"):
        write(folder, f"runbooks/{diagnostics.FAMILIES[family].name}", diagnostics.base(family))
    done = run(("test", "example", "--format", "plain"), {"HOME": str(folder)}, folder).result
    assert (done.code, done.err) == (0, ""), done.out


@pytest.mark.parametrize("code", JUDGED)
def test_an_example_is_told_under_its_code_alone(code: str) -> None:
    follows = {follow for name, codes in FOLLOWS.items() if name.startswith(code.lower()) for follow in codes}
    told = {one.code for one in found(dict(article(code).whole)["wrong"], code)}
    assert told - follows == {code}


@pytest.mark.parametrize("code", CHANGED)
def test_an_example_shows_the_whole_mistake_and_how_it_is_mended(code: str) -> None:
    whole = dict(article(code).whole)
    change = block(article(code), "diff").splitlines()
    assert {line[0] for line in change} <= {" ", "-", "+"}
    assert whole["wrong"] != whole["right"] == diagnostics.base(code)
    wrong = "".join(line[1:] + "\n" for line in change if not line.startswith("+"))
    right = "".join(line[1:] + "\n" for line in change if not line.startswith("-"))
    assert (whole["wrong"].count(wrong), whole["right"].count(right)) == (1, 1)


def test_an_example_of_a_faulty_step_is_what_is_said_of_one() -> None:
    parsed = parse(diagnostics.base("RB").encode(), "example.yaml")
    (one,) = validate(parsed, {**STEPS, SETTLED.name: UNSETTLED}, CHECKS)[1]
    drawn = render([one], "human", lambda path, number: parsed.source.line(number))
    assert (one.code, block(article("RB020"), "text")) == ("RB020", drawn.rstrip("\n"))


NEEDS_IT = """
    runbook: look
    version: 1
    title: It looks at the calendar
    summary: Nothing else.
    subject: today
    steps:
      - {id: weekday, check: acme.weekday}
    """


@pytest.mark.parametrize("code", [code for code in CODES if code.startswith("EX")])
def test_an_example_of_one_s_own_code_is_told_under_its_code_alone(code: str, folder: Path) -> None:
    explained = article(code)
    file = folder / "weekday.py"
    if explained.whole or block(explained, "toml"):
        write(folder, "weekday.py", dict(explained.whole).get("wrong", diagnostics.base(code)))
    if project := block(explained, "toml"):
        write(folder, "pyproject.toml", project + "\n")
    own = registry(folder, *([] if project else [file]))
    told = [one for one in check(write(folder, "look.yaml", NEEDS_IT), own).diagnostics if one.code != "RB014"]
    assert {one.code for one in told} == {code}
    told = [replace(one, help=one.help.replace(str(folder), "/home/jane/billing")) for one in told]
    assert block(explained, "text") == render(told, "human", Excerpts().line).rstrip("\n")


def test_the_check_that_those_examples_change_has_no_fault(folder: Path) -> None:
    own = registry(folder, write(folder, "weekday.py", diagnostics.base("EX")))
    assert check(write(folder, "look.yaml", NEEDS_IT), own).diagnostics == ()


@every_code
def test_what_is_shown_is_what_is_said(code: str) -> None:
    said = block(article(code), "text")
    assert re.findall(r"^(?:error|warning)\[(\w+)\]", said, re.MULTILINE) == [code]
    assert max(map(len, said.splitlines())) <= 80


@every_code
def test_an_entry_says_what_it_means_why_it_is_and_what_to_do(code: str) -> None:
    headings = [part.heading for part in article(code).parts if not part.language]
    assert headings == ["", "Why", "Fix"]
    assert article(code).title[0].islower() or article(code).title.startswith("YAML")
    for part in article(code).parts[:3]:
        assert part.text.endswith(".")
        assert len(part.text.split()) >= 4
