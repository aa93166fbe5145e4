"""The made parts of the manual are what the source says; `pytest --update-pages` makes them anew."""

from __future__ import annotations

from pathlib import Path

import pages
import pytest

from engine.explain import diagnostics, exits


@pytest.mark.parametrize("path", pages.pages(), ids=lambda path: str(path.name))
def test_a_page_says_what_the_source_says(path: Path, request: pytest.FixtureRequest) -> None:
    kept = path.read_text("utf-8")
    made = pages.made(kept)
    if request.config.getoption("--update-pages"):
        path.write_text(made, encoding="utf-8", newline="\n")
        kept = made
    assert made == kept, f"docs/{path.name} is not what the source says; `pytest --update-pages` mends it"


def test_every_page_of_codes_and_names_is_made() -> None:
    made = {path.name for path in pages.pages()}
    assert made >= {"diagnostics.md", "exit-codes.md", "checks.md", "steps.md", "runbook-format.md"}
    found = {words.partition(": ")[0] for path in pages.pages() for _, words, _ in pages.MADE.findall(path.read_text())}
    assert found == set(pages.MAKERS)


def test_what_is_written_by_hand_stays_and_what_is_made_is_made_anew() -> None:
    page = "By hand.\n\n<!-- made: diagnostics: RB023 -->\nold\n<!-- /made -->\n\nBy hand too.\n"
    made = pages.made(page)
    assert made.startswith("By hand.\n\n<!-- made: diagnostics: RB023 -->\n\n### RB023: nothing uses an input\n")
    assert made.endswith("\n\n<!-- /made -->\n\nBy hand too.\n")
    assert "old" not in made
    assert pages.made(made) == made


CODES = Path(__file__).parent / "golden" / "codes.txt"


def test_a_code_never_changes_its_meaning_and_never_goes_away() -> None:
    """The list is kept by hand: a new code is a new line, and no line is ever changed or taken out."""
    now = [f"{one.code} {one.title}" for one in (*diagnostics.titles(), *exits.titles())]
    assert now == CODES.read_text("utf-8").splitlines()
