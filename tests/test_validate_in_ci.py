"""`validate --format github` and `--junit`, as a job of a CI runs them: what GitHub reads, what a report holds."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lago_server import Result

import cli
from engine.commands.validating import report
from engine.library import SHIPPED

INVALID = Path(__file__).parent / "invalid"
Runbook = Callable[..., Result]
GOOD = (SHIPPED / "finalize_invoice.yaml").read_text()


@pytest.fixture
def runbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runbook:
    """The command in a checkout that has a good and two bad runbooks in `runbooks/`."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.setenv("RUNBOOK_PATH", "runbooks")
    monkeypatch.setattr("engine.folders.SHIPPED", tmp_path / "nothing comes with it")
    folder = tmp_path / "repo" / "runbooks"
    folder.mkdir(parents=True)
    (folder / "finalize_invoice.yaml").write_text(GOOD)
    for name in ("rb012_step", "rb013_top"):
        (folder / f"{name}.yaml").write_bytes((INVALID / f"{name}.yaml").read_bytes())
    monkeypatch.chdir(tmp_path / "repo")

    def call(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["runbook", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Result(int(ended.value.code or 0), out, err)

    return call


STEP = (
    "::error file={path},line=10,col=11,endColumn=27,title=RB012::unknown step `lago.get_invoise`"
    "%0Ahelp: did you mean `lago.get_invoice`?"
)


# GitHub


@pytest.mark.parametrize("words", [["validate", "--format", "github"], ["--format", "github", "validate"]])
def test_github_is_told_each_finding_beside_the_plain_line_of_it(runbook: Runbook, words: list[str]) -> None:
    ended = runbook(*words)
    assert (ended.code, ended.out) == (3, "3 errors in 2 of 3 runbooks and 2 policy sets\n")
    lines = ended.err.splitlines()
    assert [re.match(r"runbooks/\w+\.yaml:\d+:\d+: error\[RB\d+\]", line) is not None for line in lines] == [
        *[True] * 3,
        *[False] * 3,
    ]
    assert lines[3] == STEP.format(path="runbooks/rb012_step.yaml")
    assert [line.startswith("::error file=runbooks/rb013_top.yaml,line=1,") for line in lines[4:]] == [True, True]


def test_all_is_well_says_the_same_as_plain(runbook: Runbook) -> None:
    assert runbook("validate", "runbooks/finalize_invoice.yaml", "--format", "github") == Result(
        0, "1 runbook valid\n", ""
    )


def test_a_path_is_that_of_the_repository_wherever_the_job_s_step_works(
    runbook: Runbook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "repo"))
    monkeypatch.chdir(tmp_path / "repo" / "runbooks")
    told = runbook("validate", "rb012_step.yaml", "--format", "github").err.splitlines()
    assert told[0].startswith("rb012_step.yaml:10:11: ")
    assert told[1] == STEP.format(path="runbooks/rb012_step.yaml")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "elsewhere"))
    told = runbook("validate", "rb012_step.yaml", "--format", "github").err.splitlines()
    assert told[1] == STEP.format(path="rb012_step.yaml")


def test_a_runbook_that_cannot_be_read_is_told_at_its_file(runbook: Runbook) -> None:
    ended = runbook("validate", "runbooks/none.yaml", "--format", "github")
    assert ended.code == 2
    assert ended.err.splitlines() == [
        "error: runbooks/none.yaml cannot be read: No such file or directory",
        "::error file=runbooks/none.yaml::runbooks/none.yaml cannot be read: No such file or directory",
    ]


@pytest.mark.parametrize("words", [["list"], ["show", "x"], ["audit", "list"], ["run", "finalize_invoice", "-n"]])
def test_a_command_that_judges_no_file_says_which_ones_do(runbook: Runbook, words: list[str]) -> None:
    before = runbook("--format", "github", *words)
    assert (before.code, before.out) == (2, "")
    assert "--format github is for `runbook validate`" in before.err
    after = runbook(*words[:1], "--format", "github", *words[1:])
    assert (after.code, after.out) == (2, "")
    assert "'github' is not one of 'human', 'plain', 'json'" in after.err


# JUnit


def read(path: Path) -> ElementTree.Element:
    return ElementTree.fromstring(path.read_bytes())


def test_a_report_has_a_suite_for_each_file_and_a_case_for_each_finding(runbook: Runbook, tmp_path: Path) -> None:
    ended = runbook("validate", "--junit", "report.xml", *map(str, sorted(Path("runbooks").glob("*.yaml"))))
    assert (ended.code, ended.out) == (3, "3 errors in 2 of 3 runbooks\n")
    root = read(Path("report.xml"))
    counts = [(suite.attrib["name"], suite.attrib["tests"], suite.attrib["failures"]) for suite in root]
    assert counts == [
        ("runbooks/finalize_invoice.yaml", "1", "0"),
        ("runbooks/rb012_step.yaml", "1", "1"),
        ("runbooks/rb013_top.yaml", "2", "2"),
    ]
    cases = [(case.attrib["classname"], case.attrib["name"]) for case in root.iter("testcase")]
    assert cases == [
        ("runbooks.finalize_invoice", "valid"),
        ("runbooks.rb012_step", "10:11 RB012 unknown step `lago.get_invoise`"),
        ("runbooks.rb013_top", "1:1 RB013 a runbook lacks `version`"),
        ("runbooks.rb013_top", "1:1 RB013 a runbook lacks `title`"),
    ]
    assert {float(case.attrib["time"]) < 60 for case in root.iter("testcase")} == {True}


def test_a_failure_shows_the_place_as_a_terminal_would(runbook: Runbook) -> None:
    drawn = runbook("validate", "runbooks/rb012_step.yaml", "--junit", "r.xml", "--format", "human").err
    (failure,) = read(Path("r.xml")).iter("failure")
    assert failure.attrib["message"] == "error[RB012]: unknown step `lago.get_invoise`"
    assert failure.text == drawn.partition("\nto read more:")[0].rstrip("\n")
    assert "^^^^" in drawn


def test_a_file_that_cannot_be_read_is_an_error_and_no_failure(runbook: Runbook) -> None:
    assert runbook("validate", "runbooks/none.yaml", "--junit", "r.xml").code == 2
    (suite,) = read(Path("r.xml"))
    assert (suite.attrib["errors"], suite.attrib["failures"]) == ("1", "0")
    assert [error.text for error in suite.iter("error")] == [
        "runbooks/none.yaml cannot be read: No such file or directory"
    ]


def test_without_runbooks_there_is_one_case_and_it_passes() -> None:
    (suite,) = ElementTree.fromstring(report([]))
    (case,) = suite
    assert (case.attrib["name"], list(case)) == ("there are no runbooks", [])


@pytest.mark.parametrize(("path", "why"), [("none/r.xml", "No such file or directory"), (".", "Is a directory")])
def test_a_report_that_cannot_be_written_is_told_after_the_findings(runbook: Runbook, path: str, why: str) -> None:
    ended = runbook("validate", "--junit", path)
    assert ended.code == 2
    assert ended.out == "3 errors in 2 of 3 runbooks and 2 policy sets\n"
    assert ended.err.splitlines()[3].startswith(f"error: {path} cannot be written: {why}")
    told = runbook("validate", "--junit", path, "--format", "json")
    assert json.loads(told.err.splitlines()[-1])["exit"] == 2


def test_a_link_to_itself_is_a_file_that_cannot_be_read(runbook: Runbook) -> None:
    Path("circle.yaml").symlink_to("circle.yaml")
    ended = runbook("validate", "circle.yaml")
    assert (ended.code, ended.out) == (2, "0 of 1 runbook valid; 1 cannot be read\n")
    assert ended.err == "error: circle.yaml cannot be read: Too many levels of symbolic links\n"


def test_a_folder_that_is_gone_takes_nothing_with_it(runbook: Runbook, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert runbook("validate", str(tmp_path / "repo/runbooks/finalize_invoice.yaml")).out == "1 runbook valid\n"
    assert runbook("validate", "near.yaml").err == "error: near.yaml cannot be read: No such file or directory\n"


@pytest.mark.parametrize("format", ["plain", "human"])
def test_what_comes_through_a_pipe_is_read_once(runbook: Runbook, format: str) -> None:
    os.mkfifo("piped.yaml")
    writer = threading.Thread(target=lambda: Path("piped.yaml").write_text("runbook: piped\nversion: 0\n"))
    writer.start()
    ended = runbook("validate", "piped.yaml", "--format", format)
    writer.join()
    assert (ended.code, ended.out) == (3, "4 errors in 1 of 1 runbook\n")
    assert "a runbook lacks `title`" in ended.err


def test_a_thousand_findings_are_told_at_once(runbook: Runbook) -> None:
    """Each excerpt needs a line of the file: to read the file anew for each took a minute at 400."""
    steps = "".join(f"  - {{id: s{number}, step: no.such}}\n" for number in range(1000))
    Path("many.yaml").write_text(f"runbook: many\nversion: 1\ntitle: t\nsummary: s\nsubject: s\nsteps:\n{steps}")
    began = time.monotonic()
    ended = runbook("validate", "many.yaml", "--format", "human", "--junit", "report.xml")
    assert time.monotonic() - began < 20
    assert ended.err.count("error[RB012]") == 1000
    assert "1006 |   - {id: s999, step: no.such}" in ended.err


def test_both_ways_go_with_each_other(runbook: Runbook) -> None:
    ended = runbook("validate", "--format", "github", "--junit", "r.xml")
    assert ended.err.count("::error ") == 3
    assert len(list(read(Path("r.xml")).iter("failure"))) == 3
