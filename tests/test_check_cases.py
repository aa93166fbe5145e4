"""Cases of a check of one's own: what `runbook test` says of them, and of a case that is none."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from lago_server import Result
from own_code import CHECK, REVIEW, install, write

import cli

PASSES = """
recording: finalize_ok/refreshed
with: {invoice: "${invoice}", limit: 636.04 EUR}
expect: {verdict: pass, message: "the total is 636.04 EUR, not more than 636.04 EUR"}
"""
DENIES = """
says: One cent too many
recording: finalize_ok/refreshed
change: {invoice.total_amount_cents: 63605}
with: {invoice: "${invoice}", limit: 636.04 EUR}
expect: {verdict: deny, message: [636.05 EUR, more than 636.04 EUR], fix: Have it looked at.}
"""
Runbook = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one file of code, named by the environment, and a runbook that has no tests."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNBOOK_PATH", str(tmp_path / "runbooks"))
    monkeypatch.setenv("RUNBOOK_EXTENSIONS", str(write(tmp_path, "code/acme.py", CHECK)))
    write(tmp_path, "runbooks/review.yaml", REVIEW)
    return tmp_path


@pytest.fixture
def runbook(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runbook:
    """The command, in this process."""

    def call(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["runbook", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Result(int(ended.value.code or 0), out, err)

    return call


def case(folder: Path, name: str, text: str, check: str = "acme.within_limit") -> Path:
    """A case beside the code."""
    return write(folder, f"code/cases/{check}/{name}.yaml", text)


def test_the_cases_beside_a_check_are_judged(folder: Path, runbook: Runbook) -> None:
    case(folder, "just_enough", PASSES)
    case(folder, "a_cent_too_many", DENIES)
    done = runbook("test", "acme.within_limit")
    assert (done.code, done.err) == (0, "")
    assert [line.split("\t")[:2] for line in done.out.splitlines()[:3]] == [
        ["ok", "a cent too many"],
        ["ok", "just enough"],
        ["coverage", "acme.within_limit"],
    ]
    assert done.out.splitlines()[3].startswith("2 scenarios: 2 passed; ")


def test_what_differs_is_told_with_both_sides_and_never_seen_verdicts_too(folder: Path, runbook: Runbook) -> None:
    case(folder, "just_enough", PASSES.replace("63", "64"))
    done = runbook("test", "acme.within_limit", "--format", "json", "--threshold", "100")
    assert done.code == 8
    scenario, covered, end = map(json.loads, done.out.splitlines())
    assert (scenario["scenario"], scenario["passed"]) == ("just enough", False)
    assert scenario["path"] == "code/cases/acme.within_limit/just_enough.yaml"
    assert [(one["what"], one["expected"], one["actual"], one["line"]) for one in scenario["differences"]] == [
        ("message", "the total is 646.04 EUR, not more than 646.04 EUR", "the total is 636.04 EUR, not more than 646.04 EUR", 3)
    ]  # fmt: skip
    assert (covered["percent"], covered["missing"], covered["enough"]) == (50, ["within_limit.deny"], False)
    assert end["exit"] == 8


def test_all_tests_are_those_of_runbooks_and_of_own_checks(folder: Path, runbook: Runbook) -> None:
    case(folder, "just_enough", PASSES)
    done = runbook("test", "-k", "just enough")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1].startswith("1 scenario: 1 passed; ")


def test_a_package_has_its_cases_beside_its_module(
    folder: Path, runbook: Runbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNBOOK_EXTENSIONS")
    monkeypatch.syspath_prepend(str(folder / "site"))
    write(folder, "site/acme_cased/__init__.py", "")
    write(folder, "site/acme_cased/limits.py", CHECK)
    write(folder, "site/acme_cased/cases/acme.within_limit/just_enough.yaml", PASSES)
    install(folder / "site", "acme-cased", {"runbook.checks": {"acme.within_limit": "acme_cased.limits:CHECK"}})
    assert runbook("test", "acme.within_limit").code == 0


def test_a_check_that_cannot_judge_a_case_fails_it(folder: Path, runbook: Runbook) -> None:
    text = CHECK.replace("    total = params", "    raise KeyError('x')\n    total = params")
    write(folder, "code/acme.py", text)
    case(folder, "just_enough", PASSES)
    done = runbook("test", "acme.within_limit")
    assert done.code == 8
    assert "verdict: expected pass, was it could not judge: KeyError: 'x'" in done.out


def test_without_cases_or_with_a_broken_extension_nothing_passes(folder: Path, runbook: Runbook) -> None:
    none = runbook("test", "acme.within_limit")
    assert none.code == 2
    assert "the check `acme.within_limit` has no cases in code/cases/acme.within_limit" in none.err
    write(folder, "code/acme.py", "1 / 0\n")
    broken = runbook("test")
    assert broken.code == 3
    assert "code/acme.py:1:1: error[EX003]" in broken.err


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("expect:", "expects:", "4:1: error[RT001]: a case has no key `expects` (help: did you mean `expect`?)"),
        ("{verdict: pass,", "{", "4:9: error[RT003]: `expect` lacks `verdict`"),
        ("verdict: pass", "verdict: passed", "4:19: error[RT006]: `passed` is no verdict (help: did you mean `pass`?)"),
        ("finalize_ok/", "finalize_okay/", "2:12: error[RT005]: there is no recording `finalize_okay` (help: did you mean"),
        ("/refreshed", "/refreshing", "2:12: error[RT005]: `finalize_ok` has no stage `refreshing` (help: did"),
        ('"${invoice}"', '"${invoise}"', "3:17: error[RT013]: `${invoise}` is nothing here (help: there is `credits`,"),
        ("636.04 EUR}", "much}", "3:38: error[RT007]: `limit` is no money (help: an amount with its currency is needed"),
        ("limit: 636.04 EUR", "limits: 636.04 EUR", "3:31: error[RT001]: `acme.within_limit` has no parameter `limits`"),
        (", limit: 636.04 EUR", "", "3:7: error[RT007]: `limit` cannot be handed to `acme.within_limit` (help: Field"),
        ("with:", "change: {invoice.totl: 1}\nwith:", "3:10: error[RT011]: `invoice.totl` leads nowhere"),
        ("with:", "change: {invoce.total_amount_cents: 1}\nwith:", "3:10: error[RT011]: `invoce.total_amount_cents` changes"),
        ("with:", "change: {invoice.total_amount_cents: much}\nwith:", "3:10: error[RT011]: `invoice.total_amount_cents` ca"),
        ("with:", "remove: [invoice.fees.99]\nwith:", "3:10: error[RT011]: `invoice.fees.99` leads nowhere"),
        ("with:", "here: {now: noon}\nwith:", "3:13: error[RT007]: `noon` is no moment"),
        ("with:", "recordings: {before: finalize_ok/refreshed}\nwith:", "3:13: error[RT002]: `recording` and `recordings`"),
    ],
)  # fmt: skip
def test_a_case_that_is_none_is_told_with_its_place(
    old: str, new: str, told: str, folder: Path, runbook: Runbook
) -> None:
    assert old in PASSES
    path = case(folder, "wrong", "says: x\n" + PASSES.replace(old, new, 1).lstrip("\n"))
    done = runbook("test", "acme.within_limit")
    assert done.code == 3
    assert done.err.splitlines()[0].startswith(f"{path.relative_to(folder)}:{told}"), done.err


def test_a_project_that_is_not_trusted_is_told_by_every_command_and_executed_by_none(
    folder: Path, runbook: Runbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNBOOK_EXTENSIONS")
    write(folder, "code/acme.py", 'open("executed", "w").close()\n' + CHECK)
    write(folder, "pyproject.toml", '[tool.runbook]\nextensions = ["code/acme.py"]\n')
    listed = runbook("list")
    assert listed.code == 0
    assert "review\t-\t-\tnot valid" in listed.out
    for words in ("show review", "validate", "run review --invoice x", "test", "test acme.within_limit", "config"):
        done = runbook(*words.split())
        assert (done.code, "it is not trusted" in done.out + done.err) == (3, True), words
    assert not (folder / "executed").exists()
    monkeypatch.setenv("RUNBOOK_TRUSTED_PROJECTS", str(folder))
    assert runbook("show", "review").code == 0
    assert (folder / "executed").exists()
