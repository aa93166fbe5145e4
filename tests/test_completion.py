"""Completion: what click's protocol answers for each shell, and that the scripts of the shells carry it into a line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.shell_completion import get_completion_class
from journal_builders import begin, opened, whole_run
from lago_server import Result

import cli
from engine.commands.completing import OFFERS, SCRIPTS
from engine.errors import Exit
from engine.library import SHIPPED
from engine.sandbox.faults import CALLS, FAULTS

ROOT = SHIPPED.parent
OWN = """runbook: own
version: 1
title: "Look at one"
summary: Reads one draft.
inputs:
  invoice: {type: invoice_id, help: the draft}
  how_long: {type: duration, default: 24h}
  odd: text
subject: lago:invoice:${draft.lago_id}
steps: this is no runbook yet
"""
Complete = Callable[[str], dict[str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a project with a runbook that is being written; no journal."""
    for name, value in {"HOME": "home", "XDG_CONFIG_HOME": "home", "XDG_STATE_HOME": "home/state"}.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "own.yaml").write_text(OWN)
    (tmp_path / "runbooks" / "odd.yaml").write_bytes(b"title: Look \x1b[31m at \xff\nsteps: [")
    monkeypatch.setenv("RUNBOOK_JOURNAL", str(tmp_path / "journal.db"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answered(shell: str, line: str) -> str:
    """What the program answers to a shell, by click's protocol; a line that ends in a space begins a new word."""
    words = [*line.split(), *([""] if line.endswith(" ") else [])]
    os.environ["COMP_WORDS"] = line
    os.environ["COMP_CWORD"] = words[-1] if shell == "fish" else str(len(words) - 1)
    made = get_completion_class(shell)
    assert made is not None
    return made(cli.cli, {}, "runbook", "_RUNBOOK_COMPLETE").complete()


@pytest.fixture
def complete(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Complete:
    """What is offered for a line, by value; nothing is ever said on the side."""
    for name in ("COMP_WORDS", "COMP_CWORD"):
        monkeypatch.setenv(name, "")

    def call(line: str) -> dict[str, str]:
        answer = answered("fish", line)
        assert capfd.readouterr() == ("", "")
        rows = [row.partition(",")[2].partition("\t") for row in answer.splitlines()]
        return {value: said for value, _, said in rows}

    return call


# What is offered


def test_every_command_that_is_no_secret_is_offered(complete: Complete) -> None:
    assert set(complete("runbook ")) == {name for name, command in cli.cli.commands.items() if not command.hidden}
    assert list(complete("runbook va")) == ["validate"]
    audit = cli.cli.commands["audit"]
    assert isinstance(audit, click.Group)
    assert set(complete("runbook audit ")) == set(audit.commands)


@pytest.mark.parametrize("command", ["run", "show"])
def test_runbooks_are_offered_with_their_titles_also_those_that_are_not_valid(complete: Complete, command: str) -> None:
    offered = complete(f"runbook {command} ")
    assert (offered["own"], offered["odd"]) == ("Look at one", "Look \\x1b[31m at \ufffd")
    assert offered["finalize_invoice"] == "Finalize a draft invoice"
    assert set(offered) == {"own", "odd", *(path.stem for path in SHIPPED.glob("*.yaml") if ".test" not in path.name)}


def test_inputs_are_offered_as_flags_also_of_a_runbook_that_is_being_written(complete: Complete) -> None:
    offered = complete("runbook run own --")
    assert (offered["--invoice"], offered["--how-long"]) == ("the draft", "[default: 24h]")
    assert "--odd" not in offered
    assert {"--dry-run", "--confirm", "--format"} <= set(offered)
    assert list(complete("runbook run finalize_invoice --max")) == ["--max-sync-age"]
    assert "--invoice" not in complete("runbook run nothing_of_this_name --")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("runbook --format ", ["human", "plain", "json", "github"]),
        ("runbook list --format ", ["human", "plain", "json"]),
        ("runbook validate --format g", ["github"]),
        ("runbook validate --format=g", ["github"]),
        ("runbook completion ", ["bash", "zsh", "fish"]),
        ("runbook sandbox --fault ", [f"{call}:" for call in CALLS]),
        ("runbook sandbox --fault reads:4", ["reads:429", "reads:404", "reads:401"]),
        ("runbook sandbox --sync st", ["stale"]),
        ("runbook explain 13", ["13", "130"]),
        ("runbook explain rb03", ["rb030", "rb031", "rb032"]),
        ("runbook explain sync", ["sync_is_fresh"]),
    ],
)
def test_values_are_offered_where_they_are_known(complete: Complete, line: str, offered: list[str]) -> None:
    assert [value for value in complete(line) if not value.startswith("rb034")][: len(offered)] == offered


def test_a_fault_and_a_code_say_what_they_are(complete: Complete) -> None:
    assert complete("runbook sandbox --fault finalize:lost-a") == {"finalize:lost-after": FAULTS["lost-after"]}
    assert complete("runbook explain 20") == {"20": Exit.WOULD_WRITE.brief}


@pytest.mark.parametrize(
    "line",
    [
        "runbook run finalize_invoice --confirm ",
        "runbook run finalize_invoice --total ",
        "runbook run finalize_invoice --invoice ",
        "runbook resolve RUN --reason ",
        "runbook resolve RUN --confirm ",
    ],
)
def test_what_a_person_must_type_is_never_offered(complete: Complete, line: str) -> None:
    assert complete(line) == {}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("runbook validate ", "yaml"),
        ("runbook validate --junit ", "file"),
        ("runbook schema -o ", "file"),
    ],
)
def test_files_are_left_to_the_shell(complete: Complete, line: str, kind: str) -> None:
    complete(line)
    assert answered("bash", line) == f"{kind},"


# Recent runs


RUN_LINES = ["resume", "resolve --reissue", "audit show", "audit export -o out"]


@pytest.mark.parametrize("command", RUN_LINES)
def test_recent_runs_are_offered_the_newest_first_with_what_came_of_them(
    complete: Complete, folder: Path, command: str
) -> None:
    with opened(folder / "journal.db") as journal:
        whole_run(journal, "01RUN1")
        begin(journal, "01RUN2", mode="preview")
    offered = complete(f"runbook {command} ")
    assert list(offered.items()) == [
        ("01RUN2", "dry run, not ended, finalize_invoice, jane, 2026-11-23T12:00Z"),
        ("01RUN1", "finalized, finalize_invoice, jane, 2026-11-23T12:00Z"),
    ]
    assert list(complete(f"runbook {command} 01RUN1")) == ["01RUN1"]
    assert list(complete(f"runbook {command} 01run2")) == ["01run2"], "as it was begun, for ids are read in any case"
    assert complete(f"runbook {command} 02") == {}


def test_subjects_of_recent_runs_are_offered_once(complete: Complete, folder: Path) -> None:
    with opened(folder / "journal.db") as journal:
        whole_run(journal, "01RUN1")
    assert list(complete("runbook audit list --subject lago:")) == ["lago:invoice:5f3c9d1e-77aa-4f0e-9a53-2d1c9be0a1f4"]


def test_a_journal_that_is_named_on_the_line_is_the_one_that_is_read(complete: Complete, folder: Path) -> None:
    with opened(folder / "other.db") as journal:
        begin(journal, "01OTHER")
    assert complete("runbook resume ") == {}
    assert list(complete("runbook --journal other.db resume ")) == ["01OTHER"]


def test_without_a_journal_there_are_no_runs_and_none_is_made(complete: Complete, folder: Path) -> None:
    assert complete("runbook resume ") == {}
    assert sorted(path.name for path in folder.iterdir()) == ["runbooks"]


@pytest.mark.parametrize("line", ["runbook resume ", "runbook audit show ", "runbook run ", "runbook run own --"])
@pytest.mark.parametrize("what", ["journal", "settings"])
def test_what_is_broken_is_met_with_silence(
    complete: Complete, folder: Path, monkeypatch: pytest.MonkeyPatch, line: str, what: str
) -> None:
    if what == "journal":
        (folder / "journal.db").write_bytes(b"no database")
    else:
        monkeypatch.setenv("RUNBOOK_CLOCK", "yesterday")
    complete(line)


def test_every_kind_of_offer_is_asked_for_by_a_parameter() -> None:
    source = "".join(path.read_text() for path in (ROOT / "cli.py", *(ROOT / "engine" / "line").glob("*.py")))
    assert {name for name in OFFERS if f'offer("{name}")' in source} == set(OFFERS)


# The scripts


@pytest.fixture
def runbook(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """The command in this process."""

    def call(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["runbook", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Result(int(ended.value.code or 0), *capsys.readouterr())

    return call


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_printed_and_speaks_the_protocol(runbook: Callable[..., Result], shell: str) -> None:
    printed = runbook("completion", shell)
    assert printed == Result(0, (SCRIPTS / f"runbook.{shell}").read_text(), "")
    assert f"_RUNBOOK_COMPLETE={shell}_complete" in printed.out
    for part in ("COMP_WORDS=", "COMP_CWORD=", "2>/dev/null", "</dev/null"):
        assert part in printed.out
    if found := shutil.which(shell):
        assert subprocess.run([found, "-n", SCRIPTS / f"runbook.{shell}"], check=False).returncode == 0


def test_a_shell_that_is_not_known_is_told_which_are(runbook: Callable[..., Result]) -> None:
    asked = runbook("completion", "tcsh")
    assert (asked.code, asked.out) == (2, "")
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in asked.err


@pytest.fixture
def installed(folder: Path) -> dict[str, str]:
    """An environment whose PATH has the command, by its name and nothing else."""
    there = folder / "bin" / "runbook"
    there.parent.mkdir()
    there.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from cli import main; main()" "$@"\n')
    there.chmod(0o755)
    env = {"PATH": f"{there.parent}:/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}
    return {**env, "RUNBOOK_JOURNAL": str(folder / "journal.db"), "LC_ALL": "C.UTF-8"}


DRIVE = """
source "$SCRIPT"
compopt() { asked="$asked $*"; }
try() {
    asked= COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
    _runbook_completion "$COMMAND"
    printf '%s|%s|%s\\n' "$1" "${COMPREPLY[*]}" "${asked# }"
}
try 'runbook va' runbook va
try 'runbook  validate --format=' runbook validate --format =
try 'runbook validate --format=gi' runbook validate --format = gi
try 'runbook sandbox --fault=finalize:lo' runbook sandbox --fault = finalize : lo
try 'runbook sandbox --fault re' runbook sandbox --fault re
try 'runbook validate runb' runbook validate runb
try 'runbook validate --junit ' runbook validate --junit ''
COMP_WORDBREAKS=' '
try 'runbook validate --format=gi' runbook validate --format=gi
"""


def test_bash_takes_its_words_apart_otherwise_and_the_line_is_completed_all_the_same(
    folder: Path, installed: dict[str, str]
) -> None:
    env = {**installed, "SCRIPT": str(SCRIPTS / "runbook.bash"), "COMMAND": "~/bin/runbook"}
    ran = subprocess.run(
        ["bash", "--norc", "-c", DRIVE], env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        "runbook va|validate|",
        "runbook  validate --format=|human plain json github|",
        "runbook validate --format=gi|github|",
        "runbook sandbox --fault=finalize:lo|lost-before lost-after|",
        "runbook sandbox --fault re|refresh: reads:|-o nospace",
        "runbook validate runb|runbooks|-o filenames",
        "runbook validate --junit ||-o default",
        "runbook validate --format=gi|--format=github|",
    ]


def test_fish_keeps_the_option_before_its_value(folder: Path, installed: dict[str, str]) -> None:
    """Where there is no fish, what it would be told is compared."""
    if fish := shutil.which("fish"):
        program = (
            f"source {SCRIPTS / 'runbook.fish'}; complete -C 'runbook validate --format=gi'; complete -C 'runbook va'"
        )
        ran = subprocess.run(
            [fish, "--no-config", "-c", program], env=installed, cwd=folder, capture_output=True, text=True, check=False
        )
        assert [line.split("\t")[0] for line in ran.stdout.splitlines()] == ["--format=github", "validate"]
    assert answered("fish", "runbook validate --format=gi") == "plain,github"


def test_zsh_is_told_value_and_help_line_by_line(folder: Path) -> None:
    answer = answered("zsh", "runbook sandbox --fault finalize:lost-a")
    assert answer.splitlines() == ["plain", r"finalize\:lost-after", FAULTS["lost-after"]]


def test_the_program_answers_a_shell_by_itself(folder: Path, installed: dict[str, str]) -> None:
    env = {**installed, "_RUNBOOK_COMPLETE": "bash_complete", "COMP_WORDS": "runbook run finalize_invoice --acc"}
    ran = subprocess.run(
        ["runbook"], env={**env, "COMP_CWORD": "3"}, cwd=folder, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "plain,--accept-closed\n", "")


# How quick


PROGRAM = """
import os, sys
os.environ.update(_RUNBOOK_COMPLETE='fish_complete', COMP_WORDS={line!r}, COMP_CWORD={word!r})
sys.argv = ['runbook']
from cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
import json
sys.stderr.write(json.dumps(sorted(sys.modules)))
"""
NEVER = {"httpx", "structlog", "keyring", "rich", "socket", "ssl"}


@pytest.mark.parametrize(
    ("line", "not_even"),
    [
        ("runbook ", {"yaml", "pydantic", "apsw", "engine.settings"}),
        ("runbook run fin", {"yaml", "pydantic", "apsw"}),
        ("runbook run finalize_invoice --", {"pydantic", "apsw"}),
        ("runbook explain RB01", {"yaml", "pydantic", "apsw"}),
        ("runbook resume ", {"yaml", "pydantic", "engine.journal.pipeline"}),
    ],
)
def test_nothing_is_imported_that_a_key_would_wait_for(
    folder: Path, installed: dict[str, str], line: str, not_even: set[str]
) -> None:
    word = "" if line.endswith(" ") else line.split()[-1]
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(line=line, word=word)],
        env=installed,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert set(json.loads(ran.stderr.splitlines()[-1])) & (NEVER | not_even) == set()
