"""The manual's tables say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from engine.sandbox.catalogue import CATALOGUE
from engine.sandbox.console import STATES
from engine.sandbox.faults import FAULTS

DOCS = Path(__file__).parent.parent / "docs"


def rows(page: str) -> list[tuple[str, ...]]:
    """Every row of every table whose first cell is in backticks."""
    lines = (DOCS / page).read_text().splitlines()
    cells = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines if line.startswith("| `")]
    return [tuple(re.sub(r"^`(.*)`$", r"\1", cell.strip()) for cell in row) for row in cells]


def test_the_sandbox_page_lists_what_there_is() -> None:
    expected = [(one.scenario, one.shows, one.ends) for one in CATALOGUE] + list(FAULTS.items()) + list(STATES.items())
    assert rows("sandbox.md") == expected
