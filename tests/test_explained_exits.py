"""Every exit code is explained, and its example ends with it when it is run as it stands."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from consoles import Command, played

import cli
from engine.commands.epilog import exit_codes
from engine.errors import Exit
from engine.explain import exits
from engine.reports.articles import Article

ROOT = Path(__file__).parent.parent
ARTICLES = {exit: exits.article(exit) for exit in Exit}
# Nothing in this version ends with it.
NOT_YET = {Exit.PARTLY}


def console(article: Article) -> str:
    return next((part.text for part in article.parts if part.language == "console"), "")


def shown_by(exit: Exit) -> list[tuple[str, str]]:
    """The tests that show a code which no command line can bring about by itself."""
    text = (exits.FOLDER / f"{exit.value}.md").read_text("utf-8")
    return re.findall(r"^<!-- shown by (\S+)::(\w+) -->$", text, re.MULTILINE)


@pytest.mark.parametrize("exit", [exit for exit, article in ARTICLES.items() if console(article)], ids=str)
def test_an_example_ends_with_its_code_and_prints_what_is_shown(exit: Exit, tmp_path: Path) -> None:
    block = console(ARTICLES[exit])
    assert block.endswith(f"$ echo $?\n{exit.value}")
    for command, printed in played(block, tmp_path):
        assert command.is_shown_by(printed), printed


@pytest.mark.parametrize("exit", [exit for exit, article in ARTICLES.items() if not console(article)], ids=str)
def test_a_code_without_an_example_names_the_test_that_shows_it(exit: Exit) -> None:
    assert bool(shown_by(exit)) is (exit not in NOT_YET)
    for path, name in shown_by(exit):
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_a_defect_is_told_as_one_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("engine.commands.reading.list_runbooks", lambda shell: 1 // 0)
    monkeypatch.setattr("sys.argv", ["runbook", "list"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == Exit.BUG
    assert "a defect of runbook: ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("exit", Exit, ids=str)
def test_an_entry_says_what_it_means_why_it_is_and_what_to_do(exit: Exit) -> None:
    headings = [part.heading for part in ARTICLES[exit].parts if not part.language]
    assert headings == ["", "Why", "Fix"]
    assert ARTICLES[exit].title.startswith(f"{exits.name_of(exit)}: ")


def test_the_help_of_every_command_lists_every_code() -> None:
    lines = exit_codes().splitlines()
    listed = {
        int(code): brief.strip()
        for code, brief in re.findall(r"(?:^| ) *(\d+)  (\S.*?)(?= {3,}|$)", exit_codes(), re.M)
    }
    assert listed == {exit.value: exit.brief for exit in Exit}
    assert max(map(len, lines)) <= 78


def test_an_example_that_is_not_so_is_found_out() -> None:
    shown = Command("runbook audit list", ("...", "  next  runbook audit show RUN"))
    assert shown.is_shown_by("one\ntwo\n  next  runbook audit show 01J9Z4KQ8M3V\n")
    assert not shown.is_shown_by("one\ntwo\n  next  runbook audit show 01J9Z4KQ8M3V\nthree\n")
    assert not shown.is_shown_by("one\n  next  runbook resume 01J9Z4KQ8M3V\n")
    assert Command("", ("no ... at all",)).is_shown_by("no journal at all\n")
