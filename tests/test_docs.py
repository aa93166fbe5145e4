"""The manual's tables say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from engine.checks import REGISTRY as CHECKS
from engine.sandbox.catalogue import CATALOGUE
from engine.sandbox.console import STATES
from engine.sandbox.faults import FAULTS
from engine.steps import REGISTRY as STEPS

DOCS = Path(__file__).parent.parent / "docs"


def rows(page: str) -> list[tuple[str, ...]]:
    """Every row of every table whose first cell is in backticks."""
    lines = (DOCS / page).read_text().splitlines()
    cells = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines if line.startswith("| `")]
    return [tuple(re.sub(r"^`(.*)`$", r"\1", cell.strip()) for cell in row) for row in cells]


def test_the_sandbox_page_lists_what_there_is() -> None:
    expected = [(one.scenario, one.shows, one.ends) for one in CATALOGUE] + list(FAULTS.items()) + list(STATES.items())
    assert rows("sandbox.md") == expected


def test_the_steps_page_lists_every_step_with_its_effect_parameters_and_fact() -> None:
    expected = {
        name: (step.effect.value, ", ".join(f"`{field}`" for field in step.Params.model_fields), step.Fact.__name__)
        for name, step in STEPS.items()
    }
    lines = (DOCS / "steps.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    assert {row[0].strip("`"): (row[1], row[2], row[4]) for row in cells} == expected


def test_every_step_and_check_is_in_its_registry_and_nothing_else_is() -> None:
    engine = DOCS.parent / "engine"
    steps = {path.stem for path in (engine / "steps").glob("*.py")} - {
        "__init__",
        "base",
        "finalize_preview",
        "invoice_answers",
        "invoice_preview",
        "on_invoices",
        "void_preview",
    }
    assert {name.rpartition(".")[2] for name in STEPS} == steps
    assert set(CHECKS) == {path.stem for path in (engine / "checks").glob("*.py")} - {"__init__", "base"}
