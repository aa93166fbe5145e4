"""The page of diagnostics has a word on every code, and shows what is really said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.library import SHIPPED
from engine.source import MOST_BYTES, MOST_DEPTH
from engine.validation.envelope import RESERVED
from engine.validation.order import OUTCOMES

ROOT = SHIPPED.parent
PAGE = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### (RB\d{3}: .+)\n\n((?:(?!^#).*\n)*)", PAGE, re.MULTILINE))


def codes_of_the_engine() -> set[str]:
    texts = [path.read_text("utf-8") for path in (ROOT / "engine").rglob("*.py")]
    return {code for text in texts for code in re.findall(r'"(RB\d{3})"', text)}


def test_every_code_has_one_section() -> None:
    assert sorted(title[:5] for title in SECTIONS) == sorted(codes_of_the_engine())


@pytest.mark.parametrize("title", SECTIONS)
def test_a_section_says_more_than_its_title(title: str) -> None:
    assert len(SECTIONS[title].split()) >= 4


def test_the_example_is_what_is_said() -> None:
    (shown,) = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert shown == (Path(__file__).parent / "invalid" / "rb012_step.txt").read_text("utf-8")


def test_what_the_page_counts_and_lists_is_what_the_code_does() -> None:
    text = " ".join(PAGE.split())
    assert f"larger than {MOST_BYTES // 1024} KiB, nested more than {MOST_DEPTH} levels deep" in text
    section = " ".join(SECTIONS["RB024: a name that cannot be used"].split())
    assert RESERVED <= set(re.findall(r"`(\w+)`", section))
    assert set(OUTCOMES) <= set(re.findall(r"`(\w+)`", SECTIONS["RB026: a note about what cannot happen"]))
