"""The page of diagnostics has a word on every code, and shows what is really said."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from cli import cli
from engine.library import SHIPPED, load
from engine.registry import built_in
from engine.source import MOST_BYTES
from engine.validation.format import FLAGS, RESERVED
from engine.validation.order import OUTCOMES
from engine.yaml.nodes import MOST_DEPTH

ROOT = SHIPPED.parent
PAGE = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### ([A-Z]{2}\d{3}: .+)\n\n((?:(?!^#).*\n)*)", PAGE, re.MULTILINE))


def codes_of_the_engine() -> set[str]:
    texts = [path.read_text("utf-8") for path in (ROOT / "engine").rglob("*.py")]
    return {code for text in texts for code in re.findall(r'"((?:RB|RT|RP|EX)\d{3})"', text)}


def test_every_code_has_one_section() -> None:
    assert sorted(title[:5] for title in SECTIONS) == sorted(codes_of_the_engine())


@pytest.mark.parametrize("title", SECTIONS)
def test_a_section_says_more_than_its_title(title: str) -> None:
    assert len(SECTIONS[title].split()) >= 4


def test_the_example_is_what_is_said() -> None:
    """The one that stands at the top; those of the codes are made (`test_pages.py`)."""
    shown = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]
    assert shown == (Path(__file__).parent / "invalid" / "rb012_step.txt").read_text("utf-8")


def test_an_input_cannot_be_called_as_a_flag_of_every_run() -> None:
    """A new flag of `run` or `plan` must be kept from inputs, or an input of its name takes its place unseen."""
    runbook = load("finalize_invoice", [], built_in())
    taken = {"help"}
    for name in ("run", "plan"):
        command = cli.commands[name].get_command(click.Context(cli, obj={}), "finalize_invoice")  # type: ignore[attr-defined]
        taken |= {option.removeprefix("--").replace("-", "_") for param in command.params for option in param.opts}
    assert {name for name in taken if len(name) > 2} - set(runbook.inputs) - {"reason"} == FLAGS


def test_what_the_page_counts_and_lists_is_what_the_code_does() -> None:
    text = " ".join(PAGE.split())
    assert f"larger than {MOST_BYTES // 1024} KiB, nested more than {MOST_DEPTH} levels deep" in text
    section = " ".join(SECTIONS["RB024: a name that cannot be used"].split())
    assert set(re.findall(r"`(\w+)`", section)) >= RESERVED
    assert set(OUTCOMES) <= set(re.findall(r"`(\w+)`", SECTIONS["RB026: a note about what cannot happen"]))
