"""Whatever is handed to the expression language, a value comes out or one of its own exceptions, in time."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from cel_fuzzing import NAMES, VALUES, Step, guided, tried
from cel_oracle.cases import PIECES, block, mutated
from cel_oracle.corpus import read
from cel_oracle.ours import Ours
from hypothesis import given, settings
from hypothesis import strategies as st

MORE = ".all( .map( .exists_one( e f timestamp(' duration(' int( string( sum( .glob( .fees .cents".split()
WORDS = [*PIECES, *NAMES, *MORE, ", "]
pieces = st.lists(st.sampled_from(WORDS), max_size=25).map("".join)
anything = (
    st.text(max_size=60)
    | st.text(st.characters(), max_size=20)
    | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1"))
)


@given(anything)
@settings(max_examples=60)
def test_any_text_is_an_expression_or_is_refused(text: str) -> None:
    tried(text)


@given(st.integers(0, 10**6))
@settings(max_examples=40)
def test_expressions_that_were_changed_a_little_raise_nothing_else(seed: int) -> None:
    rng, made = Random(seed), block(seed, 0, 5)
    ours = Ours(made.facts)
    for case in made.cases:
        for text in (case.text, mutated(rng, case.text)):
            assert ours.outcome(text).keys() <= {"is", "refused", "failed", "over"}


LONG = list(range(10_000))
GREEDY: dict[str, tuple[str, dict[str, Any]]] = {
    "loops in loops": ("l.all(a, l.all(b, l.all(c, a + b + c >= 0)))", {"l": list(range(400))}),
    "loops in loops that an `||` would make up for": (
        "l.exists(a, l.exists(b, l.exists(c, c < 0))) || true",
        {"l": list(range(400))},
    ),
    "loops of loops of one name": ("l.all(e, " * 20 + "true" + ")" * 20, {"l": list(range(30))}),
    "a list that doubles": ("[" * 1 + "l" + " + l" * 1500 + "]", {"l": LONG}),
    "lists in map that double": ("l.map(a, l + l).map(a, a + a).map(a, a + a).size()", {"l": list(range(2000))}),
    "a string that doubles": (
        "l.map(a, s + s + s + s).map(a, a + a + a + a).map(a, a + a + a + a).size()",
        {"l": list(range(2000)), "s": "x" * 10_000},
    ),
    "a long list searched often": ("l.all(e, !(-1 in l))", {"l": LONG}),
    "long lists compared often": ("l.all(e, l == l)", {"l": LONG}),
    "long strings searched often": ("l.all(e, !s.contains('b'))", {"l": LONG, "s": "a" * 1_000_000}),
    "long strings compared often": ("l.all(e, s + 'a' != s)", {"l": LONG, "s": "a" * 1_000_000}),
    "a string hard to find in another": ("l.all(e, !s.contains(s + 'a'))", {"l": LONG, "s": "a" * 100_000}),
    "a long pattern": ("l.all(e, !s.glob('" + "?*a" * 2000 + "'))", {"l": LONG, "s": "a" * 10_000}),
    "a long pattern handed in": ("l.all(e, !s.glob(s + '*b'))", {"l": LONG, "s": "a*" * 10_000}),
    "many mistakes": ("x + " * 2000 + "x", {}),
    "a long number": ("1" * 8000, {}),
    "a long number to convert": ("int(s)", {"s": "1" * 1_000_000}),
    "a long fraction": ("0." + "1" * 8000, {}),
    "a large exponent": ("1e999999999", {}),
    "a long moment": ("timestamp(s)", {"s": "2026-10-30T10:00:00." + "1" * 1_000_000 + "Z"}),
    "a long span": ("duration(s)", {"s": "1h" * 500_000}),
    "a long zone": ("t.getHours(s)", {"s": "a/" * 500_000}),
}


@pytest.mark.parametrize("name", GREEDY)
def test_nothing_runs_past_its_budget(name: str) -> None:
    text, values = GREEDY[name]
    assert tried(text, {**VALUES, **values}) in ("refused", "over", "failed", "value")


@pytest.mark.parametrize("around", ["", "'"], ids=["names", "a string"])
def test_a_text_far_past_8_kib_is_refused(around: str) -> None:
    assert tried(around + "b || " * 10_000_000 + "b" + around, VALUES) == "refused"


def test_an_evaluation_past_its_budget_is_no_error_that_something_makes_up_for() -> None:
    text, values = GREEDY["loops in loops that an `||` would make up for"]
    assert tried(text, {**VALUES, **values}) == "over"


@pytest.mark.campaign
def test_inputs_that_grow_by_what_they_reach_raise_nothing_else() -> None:
    rng, seen, last = Random(1), set[Step](), [""]
    found: list[str] = []
    for recorded in rng.sample(read(), 6):
        seeds = [text for _, text, _, _ in recorded.cases]
        try:
            found += guided(seeds, recorded.facts, 15, rng, seen, lambda text: last.__setitem__(0, text))
        except BaseException:
            pytest.fail(f"on {last[0]!r}", pytrace=True)
    assert len(found) > 50


@pytest.mark.campaign
@given(pieces | anything)
@settings(max_examples=8_000)
def test_any_text_at_length(text: str) -> None:
    tried(text)
