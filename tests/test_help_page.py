"""`runbook --help` is read from a page; it is what click prints, wherever click would print it so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from cli import cli
from engine import start

ROOT = Path(__file__).parent.parent


def clicks_own(columns: int) -> str:
    """The help as click makes it in a terminal of so many columns."""
    with patch.dict(os.environ, COLUMNS=str(columns)):
        return cli.make_context("runbook", [], resilient_parsing=True, obj={}).get_help() + "\n"


def told(words: list[str], **env: str) -> tuple[str, bool]:
    """What `runbook WORDS` prints, and whether click was imported for it."""
    program = (
        f"import sys; sys.argv = {['runbook', *words]!r}\n"
        "from engine.start import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write(str('click' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, env={"PATH": "/usr/bin:/bin", **env}
    )
    return done.stdout, done.stderr == "True"


def test_the_page_is_what_click_prints(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-screens"):
        Path(start.PAGE).write_text(clicks_own(80), encoding="ascii", newline="\n")
    page = Path(start.PAGE).read_text(encoding="ascii")
    assert page == clicks_own(80), "`pytest --update-screens tests/test_help_page.py` writes it anew"
    assert page == clicks_own(200)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_the_page_is_told_without_click(flag: str) -> None:
    assert told([flag]) == (Path(start.PAGE).read_text(), False)


def test_a_narrow_terminal_and_every_other_command_are_clicks() -> None:
    assert told(["--help"], COLUMNS="60") == (clicks_own(60), True)
    assert clicks_own(60) != clicks_own(80)
    assert told(["--help", "list"])[1]


def test_without_its_page_the_help_is_clicks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(start, "PAGE", str(tmp_path / "none"))
    assert not start.is_told()
