"""`runbook explain`: what is looked up, how it is found however it is typed, and how it looks."""

from __future__ import annotations

import copy
import io
import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import yaml
from test_cases import FILES, read
from wcwidth import wcswidth

from engine.checks import REGISTRY as CHECKS
from engine.checks.base import Check, Here, Params, Verdict, passed
from engine.commands.explaining import explain_codes
from engine.commands.shell import Format, Shell
from engine.diagnostics import Diagnostic
from engine.errors import UsageFault
from engine.explain import diagnostics, facts, find, inputs, steps, titles
from engine.library import files
from engine.model import INPUT_TYPES, parse_input
from engine.registry import Registry, built_in
from engine.render import explanation
from engine.reports.articles import KINDS, Article, Part
from engine.source import parse
from engine.steps import REGISTRY as STEPS
from engine.terminal import Terminal
from engine.validation import validate

# By libyaml, where it is there: they are large, and read for each of the names.
SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SafeDumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

REGISTRY = built_in()
ALL = titles(REGISTRY)
ANSI = re.compile(r"\x1b\[[\d;]*m")
Compare = Callable[[str, str], None]


def explained(*codes: str, format: Format = "human", columns: int = 80, registry: Registry = REGISTRY) -> str:
    """What the command prints."""
    paper = io.StringIO()
    shell = Shell(Terminal(None, paper, None, {"COLUMNS": str(columns)}), format, {})
    shell.__dict__["registry"] = registry
    assert explain_codes(shell, codes) == 0
    return paper.getvalue()


@cache
def article_of(code: str) -> Article:
    article = find(code, built_in)
    assert article is not None
    return article


def fault(*codes: str) -> UsageFault:
    with pytest.raises(UsageFault) as raised:
        explained(*codes)
    return raised.value


SCREENS = {
    "explain": (),
    "explain_rb012": ("RB012",),
    "explain_13": ("13",),
    "explain_sync_is_fresh": ("sync_is_fresh",),
    "explain_finalize_invoice": ("lago.finalize_invoice",),
    "explain_finalization": ("Finalization",),
    "explain_money": ("money",),
}


@pytest.mark.parametrize("name", SCREENS)
def test_a_page_looks_as_kept(name: str, screen: Compare) -> None:
    screen(name, explained(*SCREENS[name]))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("RB012", "RB012"), ("rb012", "RB012"), ("rb12", "RB012"), ("rt3", "RT003"), ("ex001", "EX001"),
        ("error[RB012]", "RB012"), ("[rb012]:", "RB012"),
        ("13", "13"), ("exit13", "13"), ("exit-13", "13"), ("unknown", "13"), ("Not_As_Confirmed", "14"), ("0", "0"),
        ("SYNC_IS_FRESH", "sync_is_fresh"), ("`sync_is_fresh`", "sync_is_fresh"),
        ("lago.get_invoice", "lago.get_invoice"), ("get_invoice", "lago.get_invoice"), ("Lago.Get_Invoice", "lago.get_invoice"),
        ("invoice", "Invoice"), ("RunRecord", "RunRecord"), ("money", "money"), ("INVOICE_ID", "invoice_id"),
    ],
)  # fmt: skip
def test_a_code_is_found_however_it_is_typed(typed: str, code: str) -> None:
    article = find(typed, built_in)
    assert article is not None
    assert article.code == code


@pytest.mark.parametrize(
    "typed", ["", " ", "RB999", "rb", "99", "-1", "1.5", "../RB012", "RB012/../RB013", "\x1b[2J", "\uff19"]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert find(typed, built_in) is None


def test_all_that_is_listed_is_found_by_its_name_and_by_no_other_s() -> None:
    assert len({one.code.casefold() for one in ALL}) == len(ALL) > 80
    for one in ALL:
        article = article_of(one.code)
        assert (article.kind, article.code, article.title) == (one.kind, one.code, one.title)
    assert [kind for kind in KINDS if kind not in {one.kind for one in ALL}] == []


def test_several_are_told_one_after_the_other() -> None:
    assert explained("rb012", "13") == explained("RB012") + "\n" + explained("13")


@pytest.mark.parametrize("words", [("exit", "13"), ("exit", "code", "13"), ("Exit", "13")])
def test_an_exit_code_may_be_typed_as_it_is_spoken(words: tuple[str, ...]) -> None:
    assert explained(*words) == explained("13")


def test_what_is_unknown_is_told_at_once_with_the_nearest_and_nothing_else() -> None:
    error = fault("RB012", "sync_fresh", "rb099", "qqqqqq")
    assert error.exit == 2
    assert error.message == "there is nothing to explain of `sync_fresh`, `rb099`, `qqqqqq`"
    assert error.hint is not None
    assert error.hint.startswith("Did you mean `sync_is_fresh` or ")
    assert error.hint.endswith("? `runbook explain` lists all there is.")
    assert fault("qqqqqq").hint == "`runbook explain` lists all there is."
    assert fault(" ").message == "nothing is named"
    assert "`RB021`" in str(fault("21").hint)
    assert "`lago.get_invoice`" in str(fault("get_invoise").hint)


def test_a_pipe_gets_a_line_for_each_and_a_program_an_object() -> None:
    lines = [line.split("\t") for line in explained(format="plain").splitlines()]
    assert lines == [[one.kind, one.code, one.title] for one in ALL]
    objects = [json.loads(line) for line in explained(format="json").splitlines()]
    assert objects[0] == {
        "v": 1, "type": "explainable", "kind": "diagnostic", "code": "RB001", "title": "the file cannot be read",
    }  # fmt: skip
    assert len(objects) == len(ALL)


def test_a_program_gets_the_files_of_an_example() -> None:
    (line,) = explained("RB012", format="json").splitlines()
    told = json.loads(line)
    assert {key: told[key] for key in ("v", "type", "kind", "code", "title")} == {
        "v": 1, "type": "explanation", "kind": "diagnostic", "code": "RB012", "title": "an unknown step",
    }  # fmt: skip
    assert [part["heading"] for part in told["parts"]] == ["", "Why", "Fix", "Example", "Example"]
    assert "lago.get_invoise" in told["example"]["wrong"]
    assert told["example"]["right"] == diagnostics.base("RB")
    assert json.loads(explained("13", format="json"))["example"] is None


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_prose_fits_its_lines_and_an_example_stays_whole(columns: int) -> None:
    for one in ALL:
        article = article_of(one.code)
        blocks = {f"    {line}".rstrip() for part in article.parts if part.language for line in part.text.splitlines()}
        printed = explanation.page(article, width=min(columns, 100)).splitlines()
        assert [line for line in printed if line not in blocks and wcswidth(line) > min(columns, 100)] == []
        assert blocks <= set(printed)


def test_a_wide_terminal_gets_lines_that_can_be_read() -> None:
    assert explained("RB012", columns=200) == explained("RB012", columns=100) != explained("RB012", columns=80)


def test_no_markdown_and_no_link_is_left_on_a_screen() -> None:
    for one in ALL:
        article = article_of(one.code)
        prose = Article(article.kind, article.code, article.title, tuple(p for p in article.parts if not p.language))
        page = explanation.page(prose)
        assert not re.search(r"\]\(|\*\*|<!--|^#|\.md\b|docs/", page, re.MULTILINE), page


def test_colour_changes_no_word() -> None:
    article = find("RB012", built_in)
    assert article is not None
    coloured = explanation.page(article, colour=True)
    assert ANSI.sub("", coloured) == explanation.page(article)
    assert "\x1b[1;31m    -    step: lago.get_invoise\x1b[0m" in coloured
    assert "\x1b[32m    +    step: lago.get_invoice\x1b[0m" in coloured


# Checks and steps: what their authors wrote beside them


def examples(prose: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", prose, re.DOTALL)


def parts(code: str, language: str) -> list[str]:
    article = find(code, built_in)
    assert article is not None
    return [part.text for part in article.parts if part.language == language]


@pytest.mark.parametrize("name", CHECKS)
def test_what_a_check_is_shown_to_say_is_a_verdict_of_a_case(name: str) -> None:
    (shown,) = parts(name, "text")
    word, _, rest = " ".join(shown.split()).partition(" ")
    verdicts = [read(file).judged() for file in FILES if file.parent.name == name]
    said = [" ".join((one.message, *one.more, one.fix)) for one in verdicts if one.verdict == word.lower()]
    assert rest in said
    assert max(map(len, shown.splitlines())) <= 76


@cache
def shipped() -> dict[str, dict[str, Any]]:
    """The runbooks that come with runbook, as plain values; YAML 1.1 takes `on` for true."""
    found = {path.stem: yaml.load(path.read_text("utf-8"), SafeLoader) for path in files([]).values()}
    for runbook in found.values():
        for note in runbook.get("when_it_fails", []):
            note["on"] = note.pop(True, None) or note["on"]
    return found


def users(name: str) -> list[str]:
    """The shipped runbooks that name this step or check."""
    return [
        stem for stem, one in shipped().items() if any(name in (s.get("check"), s.get("step")) for s in one["steps"])
    ]


@pytest.mark.parametrize("name", [name for name in (*CHECKS, *STEPS) if users(name)])
def test_the_example_of_a_check_or_step_can_stand_in_a_shipped_runbook(name: str) -> None:
    """It takes the place of the runbook's own step of this name, in one of those that have one."""
    (text,) = parts(name, "yaml")
    (example,) = yaml.safe_load(text)
    found = {stem: findings(stem, name, example) for stem in users(name)}
    assert [] in found.values(), found


def findings(stem: str, name: str, example: dict[str, Any]) -> list[Diagnostic]:
    """What is wrong with a shipped runbook whose step of this name is the example."""
    runbook = copy.deepcopy(shipped()[stem])
    own = next(step for step in runbook["steps"] if name in (step.get("check"), step.get("step")))
    runbook["steps"][runbook["steps"].index(own)] = {**example, "id": own["id"]}
    whole = yaml.dump(runbook, Dumper=SafeDumper, sort_keys=False, allow_unicode=True)
    found = validate(parse(whole.encode(), f"{stem}.yaml", is_quick=True), STEPS, CHECKS)[1]
    # An example need not use what the shipped runbook asks for.
    return [one for one in found if one.code != "RB023"]


@pytest.mark.parametrize("name", STEPS)
def test_a_step_says_what_it_does_how_it_fails_and_why_it_is(name: str) -> None:
    first, said, blocks = steps.words(STEPS[name])
    assert first.endswith(".")
    ends = {"Ends"} if STEPS[name].effect.value == "one-way" else {"Fails"}
    assert set(said) == {"Does", "Why"} | ends
    assert [block.language for block in blocks] == ["yaml"]


def test_a_type_of_input_is_explained_with_an_example_that_is_one() -> None:
    assert list(inputs.TYPES) == list(INPUT_TYPES) == list(inputs.MORE)
    for name, (_, example) in inputs.TYPES.items():
        parse_input(name, example)


def test_a_fact_names_every_field_that_a_reference_can() -> None:
    for name, kind in facts.kinds(REGISTRY).items():
        article = facts.article(kind, REGISTRY)
        assert re.findall(r"\*\*`(\w+)`\*\*", article.parts[-1].text) == list(kind.model_fields), name


# Checks of one's own


class Own(Params):
    """Nothing."""


def judge_own(params: Own, here: Here) -> Verdict:
    """`is_monday`: it is Monday.

    Passes when it is.
    Warns never.
    Denies on every other day, and says
    which.
    Why: Nobody answers the telephone on Sunday.

    ```yaml
    - {id: monday, check: is_monday}
    ```
    """
    return passed("it is Monday")


def judge_in_silence(params: Own, here: Here) -> Verdict:
    return passed("it is")


def test_a_check_of_one_s_own_is_explained_as_those_that_come_with_runbook() -> None:
    own = Check(name="is_monday", title="It is Monday", Params=Own, judge=judge_own)
    silent = Check(name="is_silent", title="It is silent", Params=Own, judge=judge_in_silence)
    registry = Registry(STEPS, {**CHECKS, own.name: own, silent.name: silent})
    assert explained("is_monday", registry=registry) == (
        "is_monday: It is Monday\n"
        "a check, which a runbook names behind `check:`\n"
        "\n"
        "It is Monday.\n"
        "\n"
        "Passes  when it is.\n"
        "Warns   never.\n"
        "Denies  on every other day, and says which.\n"
        "Why     Nobody answers the telephone on Sunday.\n"
        "\n"
        "In a runbook\n"
        "    - {id: monday, check: is_monday}\n"
    )
    assert explained("is_silent", registry=registry).splitlines()[0] == "is_silent: It is silent"
    assert "check\tis_monday\tIt is Monday\n" in explained(format="plain", registry=registry)


def test_what_an_author_writes_cannot_steer_a_terminal() -> None:
    hostile = "\x1b[2J\u202e\x07"
    article = Article(
        "check", hostile, hostile, (Part(hostile, f"- **{hostile}** {hostile}"), Part("", hostile, "yaml"))
    )
    page = explanation.page(article)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", page)
