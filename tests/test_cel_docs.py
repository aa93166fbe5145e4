"""The manual's page on expressions: each example comes to what stands beside it, and each function is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from expressions import NAMES, values

from engine.cel import Failed, Uncompiled, compile
from engine.cel.functions import FUNCTIONS, MACROS

PAGE = (Path(__file__).parent.parent / "docs" / "expressions.md").read_text("utf-8")
EXAMPLES = [
    tuple(part.strip() for part in line.rsplit("//", 1))
    for block in re.findall(r"```cel\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


def outcome(text: str) -> str:
    try:
        return repr(compile(text, NAMES).evaluate(values()))
    except Uncompiled as wrong:
        return f"refused: {wrong.problems[0].message}"
    except Failed as failure:
        return f"fails: {failure.message}"


@pytest.mark.parametrize(("text", "said"), EXAMPLES)
def test_an_example_comes_to_what_stands_beside_it(text: str, said: str) -> None:
    assert outcome(text) == (said if said.startswith(("refused: ", "fails: ")) else outcome(said))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 30


def test_every_function_is_told() -> None:
    told = set(re.findall(r"\b(\w+)\(", PAGE))
    assert {*FUNCTIONS, *MACROS, "has"} <= told
