"""Whatever is handed to the expression language, a value comes out or one of its own exceptions, in time."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from cel_fuzzing import NAMES, VALUES, guided, tried
from cel_oracle.cases import PIECES, block, mutated
from cel_oracle.corpus import read
from cel_oracle.ours import Ours
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import cel

WORDS = [
    *PIECES,
    *NAMES,
    ".all(",
    ".map(",
    ".exists_one(",
    "e",
    "f",
    ", ",
    "timestamp('",
    "duration('",
    "int(",
    "string(",
    "sum(",
    ".fees",
    ".cents",
]
pieces = st.lists(st.sampled_from(WORDS), max_size=25).map("".join)
anything = (
    st.text(max_size=60)
    | st.text(st.characters(), max_size=20)
    | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1"))
)


@given(anything)
def test_any_text_is_an_expression_or_is_refused(text: str) -> None:
    tried(text)


@given(pieces)
@settings(max_examples=300)
def test_any_row_of_signs_is_an_expression_or_is_refused(text: str) -> None:
    tried(text)


@given(st.integers(0, 10**6))
@settings(max_examples=40)
def test_expressions_that_were_changed_a_little_raise_nothing_else(seed: int) -> None:
    rng, made = Random(seed), block(seed, 0, 5)
    ours = Ours(made.facts)
    for case in made.cases:
        for text in (case.text, mutated(rng, case.text)):
            assert ours.outcome(text).keys() <= {"is", "refused", "failed", "over"}


wrong_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.timedeltas()
    | st.just(object()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
        | st.tuples(inner)
    ),
    max_leaves=6,
)
READING = {
    "i": "i + 1 > 0 || i == i",
    "d": "d * 2.0 < 1.0 && d == d",
    "s": "s + s == 'a' || s.contains('b') || size(s) > 1",
    "b": "b && !b || (b ? b : !b)",
    "t": "t - t == u || t.getHours('Europe/Berlin') > 1 || string(t) == ''",
    "u": "u + u > u && u.getHours() == 1 && string(u) != ''",
    "n": "n != null && n > 1",
    "w": "w == 'draft' || w in ['draft', 'finalized']",
    "l": "l.all(e, e > 0) && l[0] == 1 && 3 in l && l + l != l",
    "m": "m.exists(k, m[k] == 'a') || m.a == '' || 'b' in m",
    "r": "r.fees.all(f, f.cents >= 0 && f.currency == r.status && (f.note == null || f.note != 'x')) && r == r",
}


@given(st.data())
@settings(max_examples=150)
def test_facts_that_are_not_what_was_declared_are_told_as_such(data: Any) -> None:
    name = data.draw(st.sampled_from(sorted(READING)))
    values: dict[str, Any] = {**VALUES, name: data.draw(wrong_values)}
    if data.draw(st.booleans()):
        values["r"] = {
            **VALUES["r"],
            data.draw(st.sampled_from(["fees", "status", "at", "fee"])): data.draw(wrong_values),
        }
    program = cel.compile(READING[name], NAMES)
    try:
        assert isinstance(program.evaluate(values), bool)
    except (cel.Failed, cel.OverBudget) as error:
        assert error.message
    program.explain(values)


def test_a_name_that_was_not_handed_over_is_told_as_such() -> None:
    for name, text in READING.items():
        with pytest.raises(cel.Failed):
            cel.compile(text, NAMES).evaluate({other: told for other, told in VALUES.items() if other != name})


LONG = list(range(10_000))
GREEDY: dict[str, tuple[str, dict[str, Any]]] = {
    "loops in loops": ("l.all(a, l.all(b, l.all(c, a + b + c >= 0)))", {"l": list(range(400))}),
    "loops in loops that an `||` would make up for": (
        "l.exists(a, l.exists(b, l.exists(c, c < 0))) || true",
        {"l": list(range(400))},
    ),
    "loops written out": ("l" + ".map(e, e)" * 300, {"l": LONG}),
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
    "brackets": ("(" * 4000 + "1" + ")" * 4000, {}),
    "lists in lists": ("[" * 4000 + "]" * 4000, {}),
    "signs before": ("!" * 8000 + "b", {}),
    "minus signs": ("-" * 8000 + "i", {}),
    "choices in choices": ("b ? 1 : " * 1000 + "1", {}),
    "choices before choices": ("(" * 900 + "b" + " ? b : b)" * 900, {}),
    "a long sum": ("1" + " + 1" * 2000, {}),
    "a long `&&`": ("b" + " && b" * 1600, {}),
    "a long path": ("r" + ".fees" * 1600, {}),
    "many mistakes": ("x + " * 2000 + "x", {}),
    "many calls": ("string(" * 1100 + "1" + ")" * 1100, {}),
    "a long number": ("1" * 8000, {}),
    "a long number to convert": ("int(s)", {"s": "1" * 1_000_000}),
    "a long fraction": ("0." + "1" * 8000, {}),
    "a large exponent": ("1e999999999", {}),
    "a long moment": ("timestamp(s)", {"s": "2026-10-30T10:00:00." + "1" * 1_000_000 + "Z"}),
    "a long span": ("duration(s)", {"s": "1h" * 500_000}),
    "a long zone": ("t.getHours(s)", {"s": "a/" * 500_000}),
    "a text past 8 KiB": ("b || " * 10_000_000 + "b", {}),
    "a string past 8 KiB": ("'" + "a" * 10_000_000 + "'", {}),
}


@pytest.mark.parametrize("name", GREEDY)
def test_nothing_runs_past_its_budget(name: str) -> None:
    text, values = GREEDY[name]
    assert tried(text, {**VALUES, **values}, is_explained=False) in ("refused", "over", "failed", "value")


@pytest.mark.campaign
@pytest.mark.parametrize("name", GREEDY)
def test_no_explanation_runs_past_its_budget(name: str) -> None:
    text, values = GREEDY[name]
    assert tried(text, {**VALUES, **values}) in ("refused", "over", "failed", "value")


def test_an_evaluation_past_its_budget_is_no_error_that_something_makes_up_for() -> None:
    text, values = GREEDY["loops in loops that an `||` would make up for"]
    assert tried(text, {**VALUES, **values}, is_explained=False) == "over"


@pytest.mark.campaign
def test_inputs_that_grow_by_what_they_reach_raise_nothing_else() -> None:
    seeds = [*READING.values(), *(text for one in read()[:10] for _, text, _, _ in one.cases)]
    last: list[str] = [""]
    try:
        found = list(guided(seeds, seconds=120, seed=1, tell=lambda text: last.__setitem__(0, text)))
    except BaseException:
        pytest.fail(f"on {last[0]!r}", pytrace=True)
    assert len(found) > 200


@pytest.mark.campaign
@given(pieces | anything)
@settings(max_examples=20_000)
def test_any_text_at_length(text: str) -> None:
    tried(text)
