"""Where messages send somebody who wants to read on: a page that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import manual

ROOT = Path(__file__).parent.parent


def test_in_a_checkout_a_page_is_named_as_it_lies_there() -> None:
    assert manual.page("testing") == "docs/testing.md"


def test_an_installed_page_is_named_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manual, "CHECKOUT", tmp_path / "none")
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    folder = tmp_path / "share" / "doc" / "runbook"
    folder.mkdir(parents=True)
    (folder / "testing.md").write_text("")
    assert manual.page("testing") == str(folder / "testing.md")
    assert manual.page("gone") == "docs/gone.md"


def test_every_page_that_is_named_is_there_and_is_installed() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "engine").rglob("*.py"))
    named = set(re.findall(r"""page\(["']([a-z-]+)["']\)""", text))
    assert named >= {"testing", "sandbox", "settings", "journal", "own-steps-and-checks"}
    assert {name for name in named if not (ROOT / "docs" / f"{name}.md").is_file()} == set()
    assert '"docs" = "share/doc/runbook"' in (ROOT / "pyproject.toml").read_text()
