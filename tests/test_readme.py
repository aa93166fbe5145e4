"""What the manuals say is so: the README's commands work, its links lead somewhere, the tables match the code."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import forked
import pytest
from lago_server import Result

from cli import cli
from engine.config.table import BY_ENV
from engine.errors import Exit
from engine.sandbox.player import Player
from engine.sandbox.scenario import SHIPPED, load
from engine.sandbox.server import Sandbox

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def blocks(text: str, language: str) -> list[list[str]]:
    """The lines of every fenced block of this language."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block.splitlines() for block in found]


def in_the_manuals() -> list[list[str]]:
    """Every `runbook ...` that a manual shows, in a block of commands or in a line of a table, as words.

    But for the tutorial, whose runbook there is not yet: all of it is done by `test_own_code_tutorial.py`.
    """
    pages = [page for page in PAGES if page.name != "own-steps-and-checks.md"]
    lines = [line for page in pages for block in blocks(page.read_text(), "sh") for line in block]
    lines += re.findall(r"^\| `(runbook [^`]+)`", README, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines if line.startswith("runbook ")]


def test_two_commands_of_one_line_stand_at_the_top() -> None:
    assert blocks(README, "sh")[:2] == [
        ["python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/runbook demo"],
        ["python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest"],
    ]
    assert README.index("runbook demo") < 300
    assert README.index(".venv/bin/pytest") < 500


def test_what_the_two_commands_install_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11"
    assert project["scripts"] == {"runbook": "engine.start:main"}
    assert "test" in project["optional-dependencies"]
    assert "runbook[test]" in project["optional-dependencies"]["dev"]


def test_ci_runs_what_the_readme_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert [line.removeprefix("check ") for line in script.splitlines() if line.startswith("check ")] == [
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "pytest",
        "pytest -m campaign",
    ]


@pytest.mark.parametrize("words", in_the_manuals(), ids=" ".join)
def test_every_command_in_a_manual_is_one(words: list[str]) -> None:
    command: click.Command = cli
    context = click.Context(cli, info_name="runbook")
    for word in words[1:]:
        if not isinstance(command, click.Group):
            break
        if word.isupper():  # a placeholder stands for any of them
            return
        found = command.get_command(context, word)
        assert found is not None, f"{' '.join(words)}: no command `{word}`"
        command, context = found, click.Context(found, parent=context, info_name=word)
    known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    flags = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert flags <= known


def test_every_command_is_in_the_readme() -> None:
    table = re.findall(r"^\| (`runbook .*?) \|", README, re.MULTILINE)
    named = set(re.findall(r"`(?:runbook )?([a-z]+)", "\n".join(table)))
    audit = cli.commands["audit"]
    assert isinstance(audit, click.Group)
    assert {name for name, command in cli.commands.items() if not command.hidden} <= named
    assert set(audit.commands) <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    broken = [
        target
        for target in targets
        if not target.startswith(("https://", "#")) and not (page.parent / target.partition("#")[0]).exists()
    ]
    assert broken == []


def test_the_readme_leads_to_every_page() -> None:
    pages = [page.relative_to(ROOT) for page in PAGES if page.parent != ROOT / "docs" / "decisions"]
    missing = [str(page) for page in pages if page.name != "README.md" and f"]({page})" not in README]
    assert missing == []


def test_the_exit_codes_of_the_manual_are_those_of_the_code() -> None:
    page = (ROOT / "docs" / "exit-codes.md").read_text()
    rows = re.findall(r"^\| (\d+) \| ([a-z ]+) \|", page, re.MULTILINE)
    assert [(int(code), name.replace(" ", "_").upper()) for code, name in rows] == [
        (code.value, code.name) for code in Exit
    ]


# The way of a newcomer with a Lago of their own, against the sandbox


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[dict[str, str], str]]:
    """The README's second part, done as it says: its variables, its operators file; and the draft to choose."""
    players = [Player(load(SHIPPED / name)) for name in ("finalize_ok", "two_subscriptions")]
    scenario = players[0].scenario
    home = tmp_path / "home"
    config = home / ".config" / "runbook"
    config.mkdir(parents=True)
    for name in ("lago.key", "console.token"):
        (config / name).write_text("practice\n")
        (config / name).chmod(0o600)
    operators = "\n".join(blocks(README, "yaml")[0])
    me = pwd.getpwuid(os.getuid()).pw_name
    (config / "operators.yaml").write_text(operators.replace("os_account: jane", f"os_account: {me}"))
    with Sandbox(players, now=lambda: NOON) as sandbox:
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "RUNBOOK_CLOCK": "2026-11-23T12:00:00Z"}
        for line in blocks(README, "sh")[2]:
            if line.startswith("export "):
                for word in shlex.split(line)[1:]:
                    name, _, value = word.partition("=")
                    assert name in BY_ENV
                    env[name] = sandbox.url if name.endswith("_URL") else value.replace("~", str(home))
        yield env, scenario.invoice


def runbook(env: dict[str, str], words: list[str], cwd: Path) -> Result:
    """The command without a terminal."""
    return forked.run(tuple(words), env, cwd).result


def test_the_way_of_a_newcomer_works_as_it_is_written(desk: tuple[dict[str, str], str], tmp_path: Path) -> None:
    env, invoice = desk
    steps = [line for block in blocks(README, "sh")[2:] for line in block if line.startswith("runbook ")]
    assert [step.split()[1] for step in steps] == ["config", "drafts", "run", "run"]
    example = re.findall(r"--invoice (\S+)", README)
    assert len(set(example)) == 1
    ran = [runbook(env, shlex.split(step.replace(example[0], invoice))[1:], tmp_path) for step in steps]
    # The last one has no terminal here: it must not write, and must show the flags to use.
    assert [(one.code, one.err) for one in ran[:3]] == [(0, ""), (0, ""), (0, "")]
    assert ran[3].code == 5
    assert "set, from LAGO_API_KEY" not in ran[0].out
    assert env["LAGO_API_KEY_FILE"] in ran[0].out
    assert invoice in ran[1].out
    shown = ran[3].out + ran[3].err
    assert re.search(r"--confirm \S+", shown)
    assert re.search(r"--total '?\"?[\d.]+ [A-Z]{3}", shown)


def test_what_the_refusal_shows_is_the_consent(desk: tuple[dict[str, str], str], tmp_path: Path) -> None:
    env, invoice = desk
    refused = runbook(env, ["run", "finalize_invoice", "--invoice", invoice], tmp_path)
    commands = [line for line in (refused.out + refused.err).splitlines() if "--confirm" in line]
    words = shlex.split(commands[-1][commands[-1].index("runbook run") :])
    ended = runbook(env, words[1:], tmp_path)
    assert ended.code == 0, ended.out + ended.err
    listed = runbook(env, ["audit", "list"], tmp_path)
    assert listed.code == 0
    assert runbook(env, ["audit", "verify"], tmp_path).code == 0
