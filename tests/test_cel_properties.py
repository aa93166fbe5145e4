"""The expression language: what holds of every text and every value."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from expressions import NAMES, values
from hypothesis import given, settings
from hypothesis import strategies as st
from random_expressions import anything, text

from engine.cel import Failed, OverBudget, Uncompiled, compile
from engine.cel.types import DURATION, INT, STRING, TIMESTAMP, ListOf, Type

FIELDS = sorted(values()["invoice"])


def nothing_else_escapes(text: str, held: dict[str, Any]) -> None:
    """`text` is refused with its places, or both ways of evaluating it come to the same."""
    try:
        program = compile(text, NAMES)
    except Uncompiled as refused:
        wrong = [one for one in refused.problems if not (0 <= one.start <= one.end <= len(text) and one.message)]
        assert (wrong, bool(refused.problems)) == ([], True), text  # noqa: PT017
        return
    came: tuple[Any, str | None]
    try:
        came = (program.evaluate(held), None)
    except (Failed, OverBudget) as failure:
        came = (None, failure.message)
    trace = program.explain(held)
    assert repr((trace.value, trace.error)) == repr(came), text
    assert all(0 <= one.start <= one.end <= len(text) for one in program.warnings), text


def many_escape_nothing(seed: int) -> None:
    by = Random(seed)
    for _ in range(40):
        changes = {by.choice(FIELDS): anything(by) for _ in range(by.randrange(3))}
        nothing_else_escapes(text(by), values(**changes))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_nothing_else_escapes_whatever_goes_in(seed: int) -> None:
    many_escape_nothing(seed)


@pytest.mark.campaign
@settings(max_examples=5_000, deadline=None)
@given(seed=st.integers(0, 2**64))
def test_nothing_else_escapes_in_two_hundred_thousand_tries(seed: int) -> None:
    many_escape_nothing(seed)


def computed(text: str, **held: tuple[Type, Any]) -> Any:
    """What `text` comes to, None when it fails."""
    try:
        return compile(text, {name: type_ for name, (type_, _) in held.items()}).evaluate(
            {name: value for name, (_, value) in held.items()}
        )
    except Failed:
        return None


INTS = (
    st.integers(-(2**63), 2**63 - 1)
    | st.integers(-3, 3)
    | st.sampled_from([2**63 - 1, -(2**63), 2**31, 2**32, -(2**32)])
)
EXACT: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    "%": lambda a, b: abs(a) % abs(b) * (-1 if a < 0 else 1),
}


@settings(max_examples=100, deadline=None)
@given(a=INTS, b=INTS, sign=st.sampled_from(sorted(EXACT)))
def test_whole_numbers_are_exact_or_fail(a: int, b: int, sign: str) -> None:
    exact = None if b == 0 and sign in "/%" else EXACT[sign](a, b)
    overflows = exact is not None and not -(2**63) <= exact < 2**63
    expected = None if overflows or (sign == "%" and (a, b) == (-(2**63), -1)) else exact
    assert computed(f"a {sign} b", a=(INT, a), b=(INT, b)) == expected
    assert computed(f"({a}) {sign} ({b})") == expected
    assert computed(f"0 + a {sign} b", a=(INT, a), b=(INT, b)) == expected


@settings(max_examples=60, deadline=None)
@given(numbers=st.lists(INTS, max_size=5), whole=INTS, said=st.text(max_size=20))
def test_what_is_written_is_read_back(numbers: list[int], whole: int, said: str) -> None:
    assert computed("sum(l)", l=(ListOf(INT), numbers)) == (sum(numbers) if -(2**63) <= sum(numbers) < 2**63 else None)
    assert computed("int(string(n)) == n", n=(INT, whole)) is True
    escaped = "".join(f"\\U{ord(character):08x}" for character in said)
    assert computed(f'"{escaped}" == s', s=(STRING, said)) is True
    assert computed("size(s)", s=(STRING, said)) == len(said)


@settings(max_examples=30, deadline=None)
@given(
    when=st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones()),  # noqa: DTZ001
    length=st.timedeltas(timedelta(days=-3_000_000), timedelta(days=3_000_000)),
)
def test_moments_and_durations_are_written_and_read_back(when: datetime, length: timedelta) -> None:
    held = {"t": (TIMESTAMP, when), "d": (DURATION, length)}
    assert computed("timestamp(string(t)) == t && duration(string(d)) == d", **held) is True
    assert computed("(t + d) - t == d && (t + d) - d == t", **held) in (True, None)
    assert (
        computed("t.getFullYear() * 100 + t.getMonth() + 1", **held)
        == when.astimezone(UTC).year * 100 + when.astimezone(UTC).month
    )


@settings(max_examples=150, deadline=None)
@given(said=st.text("ab", max_size=12), pattern=st.text("ab*?", max_size=8))
def test_a_pattern_fits_what_a_regular_expression_fits(said: str, pattern: str) -> None:
    expected = re.fullmatch(fnmatch.translate(pattern), said) is not None
    assert computed("s.glob(p)", s=(STRING, said), p=(STRING, pattern)) is expected
