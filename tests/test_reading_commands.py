"""`list`, `show` and `validate` as a person, a pipe and a program see them; and what `run` does with a bad runbook."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lago_server import Result
from wcwidth import wcswidth

import cli
from engine.library import SHIPPED
from engine.source import content_of

INVALID = Path(__file__).parent / "invalid"
ROOT = Path(__file__).parent.parent
GOOD = """runbook: {name}
version: 7
title: {title}
summary: Reads one draft.
inputs:
  invoice: {{type: invoice_id, help: the draft}}
subject: lago:invoice:${{draft.lago_id}}
steps:
  - {{id: draft, step: lago.get_invoice, with: {{invoice: "${{inputs.invoice}}"}}}}
"""
Runbook = Callable[..., Result]
Screen = Callable[[str, str], None]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runbooks, named by RUNBOOK_PATH; the home folder is another."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("RUNBOOK_PATH", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def runbook(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runbook:
    """The command, in this process: its exit code and what it printed."""

    def call(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["runbook", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Result(int(ended.value.code or 0), out, err)

    return call


def add(folder: Path, name: str, title: str = "Look at a draft") -> Path:
    """A good runbook."""
    path = folder / f"{name}.yaml"
    path.write_text(GOOD.format(name=name, title=title))
    return path


def add_bad(folder: Path, name: str = "rb012_step") -> Path:
    """One of the bad runbooks."""
    path = folder / f"{name}.yaml"
    path.write_bytes((INVALID / path.name).read_bytes())
    return path


def documents(text: str) -> list[dict[str, Any]]:
    """JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


# list


def test_the_list_has_name_version_worst_effect_and_purpose(runbook: Runbook, folder: Path) -> None:
    add(folder, "look")
    listed = runbook("list", "--format", "plain")
    rows = [line.split("\t") for line in listed.out.splitlines()]
    assert (listed.code, listed.err) == (0, "")
    assert [row[:3] for row in rows] == [
        ["check_invoice", "1", "read"],
        ["finalize_invoice", "1", "one-way"],
        ["look", "7", "read"],
        ["void_invoice", "1", "one-way"],
    ]
    assert rows[2][3] == "Reads one draft."


def test_a_person_s_list_has_a_heading_and_fits_a_terminal(runbook: Runbook) -> None:
    lines = runbook("list", "--format", "human").out.splitlines()
    assert lines[0].split() == ["RUNBOOK", "VERSION", "EFFECT", "PURPOSE"]
    assert max(map(wcswidth, lines)) <= 80


@pytest.mark.parametrize("columns", [40, 79])
def test_a_narrow_terminal_is_told_every_word(
    runbook: Runbook, folder: Path, screen: Screen, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_bad(folder)
    monkeypatch.setenv("COLUMNS", str(columns))
    listed = runbook("list", "--format", "human")
    narrow, wide = (" ".join(text.split()) for text in (listed.out, runbook("list", "--format", "plain").out))
    assert max(map(wcswidth, listed.out.splitlines())) <= columns
    assert [word for word in wide.split() if word not in narrow] == []
    if columns == 40:
        screen("human_list_at_40_columns", listed.out)
    else:
        screen("human_list_at_79_columns", listed.out)


def test_an_invalid_runbook_is_listed_as_such_and_hides_no_other(runbook: Runbook, folder: Path) -> None:
    add_bad(folder)
    (folder / "a_folder.yaml").mkdir()
    (folder / "notes.txt").write_text("no runbook")
    (folder / "finalize_invoice.test.yaml").write_text("no runbook either")
    listed = runbook("list", "--format", "json")
    rows = {row["name"]: row for row in documents(listed.out)}
    assert listed.code == 0
    assert list(rows) == ["check_invoice", "finalize_invoice", "rb012_step", "void_invoice"]
    assert rows["rb012_step"]["problem"] == "not valid: 1 finding; see `runbook validate`"
    assert rows["finalize_invoice"]["problem"] is None


def test_the_first_folder_that_has_a_name_counts_and_what_is_shipped_comes_last(
    runbook: Runbook, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    add(folder, "look", "The first")
    add(other, "look", "The second")
    add(other, "finalize_invoice", "Not the one that comes with it")
    monkeypatch.setenv("RUNBOOK_PATH", f"{folder}:{other}:{tmp_path / 'nowhere'}")
    assert runbook("show", "look", "--format", "plain").out.startswith("The first\n")
    assert runbook("show", "finalize_invoice").out.startswith("Not the one that comes with it\n")
    monkeypatch.setenv("RUNBOOK_PATH", f"{other}:{folder}")
    assert runbook("show", "look").out.startswith("The second\n")
    monkeypatch.delenv("RUNBOOK_PATH")
    assert runbook("show", "finalize_invoice").out.startswith("Finalize a draft invoice\n")


# show


def test_the_page_of_finalize_invoice_is_the_kept_one(
    runbook: Runbook, monkeypatch: pytest.MonkeyPatch, screen: Callable[[str, str], None]
) -> None:
    monkeypatch.chdir(SHIPPED.parent)
    shown = runbook("show", "finalize_invoice", "--format", "human")
    assert (shown.code, shown.err) == (0, "")
    assert max(map(wcswidth, shown.out.splitlines())) <= 80
    screen("show_finalize_invoice", shown.out)


def test_the_page_reads_as_the_written_procedure_does(runbook: Runbook) -> None:
    page = runbook("show", "finalize_invoice").out
    headings = re.findall(r"^(?! )(\S.*)\n  ", page, re.MULTILINE)
    assert headings == [
        "When to use it",
        "Before you start",
        "How to run it",
        "Prerequisites",
        "Verify the customer and totals",
        "Procedure",
        "Verify",
        "If something goes wrong",
        "Reversibility",
        "Audit",
    ]
    words = " ".join(page.split())
    for said in ("credit note for the full amount", "no new draft", "own audit log does not show", "under your name"):
        assert said in words


def test_a_page_as_json_has_everything_that_the_page_says(runbook: Runbook) -> None:
    (page,) = documents(runbook("show", "finalize_invoice", "--format", "json").out)
    assert (page["type"], page["name"], page["version"]) == ("runbook", "finalize_invoice", 1)
    assert [step["id"] for step in page["steps"] if step["effect"] == "one-way"] == ["finalize"]
    assert {"use_when", "prerequisites", "inputs", "failures", "undo", "audit"} <= set(page)


def test_a_name_that_is_not_known_is_answered_with_the_nearest(runbook: Runbook) -> None:
    shown = runbook("show", "finalise_invoice", "--format", "human")
    assert (shown.code, shown.out) == (2, "")
    assert "there is no runbook `finalise_invoice`" in shown.err
    assert "did you mean `finalize_invoice`?" in shown.err
    ran = runbook("run", "finalise_invoice")
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean 'finalize_invoice'?" in ran.err


def test_a_file_that_is_no_runbook_for_its_ending_is_named(runbook: Runbook, folder: Path) -> None:
    (folder / "mine.yml").write_text(GOOD.format(name="mine", title="Mine"))
    ran, shown = runbook("run", "mine"), runbook("show", "mine", "--format", "human")
    assert (ran.code, "mine.yml is none for its ending: call it mine.yaml." in ran.err) == (2, True), ran.err
    assert (shown.code, "mine.yml is none for its ending: call it mine.yaml." in shown.err) == (2, True), shown.err


DOOR = "from engine.start import main; main()"


@pytest.mark.parametrize("words", ["--help", "run --help", "--version", "list --help", "list"])
def test_a_page_for_which_there_is_no_room_is_no_defect(words: str, folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [sys.executable, "-c", DOOR, *words.split()], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (told.returncode, told.stderr) == (2, "error: the output could not be written: No space left on device\n")


@pytest.mark.parametrize(("words", "exit"), [("list --help", 0), ("nonsense", 2)])
def test_who_reads_no_more_changes_no_exit_code(words: str, exit: int, folder: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        ended = subprocess.run([sys.executable, "-c", DOOR, *words.split()], cwd=ROOT, stdout=gone, stderr=gone)
    assert ended.returncode == exit


def test_no_name_reads_a_file_outside_of_the_folders(runbook: Runbook, folder: Path, tmp_path: Path) -> None:
    add(tmp_path, "outside")
    for name in ("../outside", str(tmp_path / "outside"), "", "."):
        assert runbook("show", name).code == 2


# validate


def test_all_that_is_shipped_is_valid(runbook: Runbook) -> None:
    ended = runbook("validate")
    assert ended == Result(0, "3 runbooks and 2 policy sets valid\n", "")


def test_every_error_of_every_file_is_told_and_then_counted(runbook: Runbook, folder: Path) -> None:
    files = [str(add_bad(folder)), str(add(folder, "look")), str(add_bad(folder, "rb013_top"))]
    for words in (files, []):
        ended = runbook("validate", *words, "--format", "human")
        assert ended.code == 3
        assert ended.out == f"3 errors in 2 of {'3 runbooks' if words else '6 runbooks and 2 policy sets'}\n"
        assert re.findall(r"^error\[(\w+)\]", ended.err, re.MULTILINE) == ["RB012", "RB013", "RB013"]
        assert "lago.get_invoise\n" in ended.err, "the excerpt is of the file"


def test_in_a_pipe_a_finding_is_one_line_with_its_place(runbook: Runbook, folder: Path) -> None:
    add_bad(folder)
    ended = runbook("validate", "--format", "plain")
    assert re.fullmatch(r"own/rb012_step\.yaml:10:11: error\[RB012\]: .*\(help: .*\)\n", ended.err)
    assert ended.out == "1 error in 1 of 4 runbooks and 2 policy sets\n"


def test_as_json_a_finding_is_one_document_and_so_is_the_end(runbook: Runbook, folder: Path) -> None:
    add_bad(folder, "many")
    ended = runbook("validate", "own/many.yaml", "--format", "json")
    found = documents(ended.err)
    assert {one["type"] for one in found} == {"diagnostic"}
    assert [one["line"] for one in found] == sorted(one["line"] for one in found)
    counts = {"errors": len(found), "invalid": 1, "unreadable": 0, "runbooks": 1}
    assert documents(ended.out) == [{"v": 1, "type": "validate.end", **counts}]


@pytest.mark.parametrize(
    ("what", "why"),
    [("none.yaml", "none.yaml cannot be read"), ("own", "own holds no runbook and no policy file")],
)
def test_a_file_that_cannot_be_read_is_a_matter_of_usage(runbook: Runbook, what: str, why: str) -> None:
    ended = runbook("validate", what)
    assert (ended.code, ended.out) == (2, "0 of 1 runbook valid; 1 cannot be read\n")
    assert f"error: {why}" in ended.err


def test_a_folder_stands_for_the_files_in_it(runbook: Runbook, folder: Path) -> None:
    add(folder, "look")
    add_bad(folder)
    (folder / "look.test.yaml").write_text("no runbook")
    (folder / "notes.txt").write_text("no runbook either")
    ended = runbook("validate", str(folder))
    assert (ended.code, ended.out) == (3, "1 error in 1 of 2 runbooks\n")


def test_what_lies_in_a_folder_and_is_not_read_is_told_with_what_to_do(runbook: Runbook, folder: Path) -> None:
    add(folder, "look").rename(folder / "look.yml")
    (folder / "gone.yaml").symlink_to("nowhere.yaml")
    dangling = "it is a link to nowhere.yaml, which is not there (help: Mend or remove the link.)"
    told = [
        f"warning: own/gone.yaml is passed over: {dangling}",
        "warning: own/look.yml is passed over: its name ends in `.yml` (help: Rename it to look.yaml.)",
    ]
    for words in (["list"], ["validate"]):
        ended = runbook(*words)
        assert (ended.code, ended.err.splitlines()) == (0, told)
    policies = folder.parent / "policies"
    policies.mkdir()
    (policies / "limits.yml").write_text("kind: PolicySet")
    said = documents(runbook("validate", "--format", "json").err)
    assert said[2] == {
        "v": 1, "type": "warning", "message": "policies/limits.yml is passed over: its name ends in `.yml`",
        "help": "Rename it to limits.yaml.",
    }  # fmt: skip
    alone = runbook("validate", "policies")
    assert (alone.code, alone.err.splitlines()[1].partition(":")[0]) == (2, "warning")
    assert runbook("list").err.splitlines() == told


def test_a_runbook_that_cannot_be_read_is_listed_as_such(
    runbook: Runbook, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = add(folder, "look")

    def refused(other: Path) -> bytes:
        if other.name == path.name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return content_of(other)

    monkeypatch.setattr("engine.library.content_of", refused)
    ended = runbook("list")
    assert ended.code == 0
    assert f"look\t-\t-\t{folder / 'look.yaml'} cannot be read: Permission denied" in ended.out.splitlines()


def test_a_file_that_cannot_be_read_hides_no_other(runbook: Runbook, folder: Path) -> None:
    ended = runbook("validate", "none.yaml", str(add_bad(folder)), "other.yaml", str(add(folder, "look")))
    assert (ended.code, ended.out) == (2, "1 error in 1 of 4 runbooks; 2 cannot be read\n")
    assert [line.split(":")[0] for line in ended.err.splitlines()] == ["own/rb012_step.yaml", "error", "error"]
    counted = runbook("validate", "none.yaml", str(folder / "look.yaml"), "--format", "json")
    assert documents(counted.out) == [
        {"v": 1, "type": "validate.end", "errors": 0, "invalid": 0, "unreadable": 1, "runbooks": 2}
    ]


def test_bytes_that_are_no_text_are_told_and_not_printed(runbook: Runbook, folder: Path) -> None:
    (folder / "odd.yaml").write_bytes(b"runbook: odd\ntitle: \x1b[31m\xff\xfe\n")
    (folder / "escape.yaml").write_bytes(b"runbook: escape\ntitle: \x1b[31mred\n")
    ended = runbook("validate", "--format", "human")
    assert ended.code == 3
    assert "\x1b" not in ended.err + ended.out
    assert ended.err.count("error[RB001]") == 2


def test_what_a_runbook_says_cannot_steer_a_terminal(runbook: Runbook, folder: Path) -> None:
    text = GOOD.format(name="look", title='"Look \\e[31mred \\u202e"').replace("the draft}", '"\\e]0;x\\a the draft"}')
    (folder / "look.yaml").write_text(text.replace("Reads one draft.", '"\\e[2J Reads one draft."'))
    for words in (["list"], ["show", "look"], ["run", "--help"], ["run", "look", "--help"]):
        for format in ("human", "plain"):
            ended = runbook(*words, "--format", format)
            assert (ended.code, ended.err) == (0, "")
            assert "look" in ended.out
            assert re.findall(r"[\x00-\x09\x0b-\x1f\u202e]", ended.out.replace("\t", "")) == []


# run


@pytest.mark.parametrize("words", [[], ["--help"], ["--invoice", "x", "-n"], ["--no-such-flag", "3"]])
def test_a_bad_runbook_is_not_run_and_says_why(runbook: Runbook, folder: Path, words: list[str]) -> None:
    add_bad(folder)
    ended = runbook("run", "rb012_step", *words, "--format", "human")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("error[RB012]: unknown step `lago.get_invoise`\n")
    assert "own/rb012_step.yaml is not valid" in ended.err


def test_a_bad_runbook_is_told_in_the_format_that_was_asked_for(runbook: Runbook, folder: Path) -> None:
    add_bad(folder)
    for words in (["run", "rb012_step", "--format", "json"], ["run", "--format", "json", "rb012_step"]):
        ended = runbook(*words)
        assert (ended.code, ended.out) == (3, "")
        assert [one["type"] for one in documents(ended.err)] == ["diagnostic", "error"]


def test_the_help_of_run_lists_good_and_bad_runbooks(runbook: Runbook, folder: Path) -> None:
    add_bad(folder)
    ended = runbook("run", "--help")
    assert (ended.code, ended.err) == (0, "")
    assert re.search(r"finalize_invoice +Finalize a draft invoice", ended.out)
    assert re.search(r"rb012_step +\(not valid; see `runbook validate`\)", ended.out)


@pytest.mark.parametrize("words", [("schema",), ("completion", "bash")], ids=" ".join)
def test_an_output_that_a_full_disk_cut_short_is_no_success(tmp_path: Path, words: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cli", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            check=False,
        )
    assert (done.returncode, "the output could not be written: No space left on device" in done.stderr) == (2, True)
