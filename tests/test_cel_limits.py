"""The expression language: every evaluation ends, and none takes the program down with it."""

from __future__ import annotations

import time

import pytest
from expressions import problems, value

from engine.cel import OverBudget, compile
from engine.cel.types import INT, STRING, ListOf

DEEP = "this is nested more than 64 levels deep"
TWENTY = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 4000 + "1" + ")" * 4000,
        "(" * 8000,
        "[" * 4000 + "]" * 4000,
        '{"a":' * 1000 + "1" + "}" * 1000,
        "!(" * 2000 + "true" + ")" * 2000,
        "string(" * 900 + "1" + ")" * 900,
        "true ? 1 : " * 700 + "1",
        "==".join(["true"] * 1000),
        "params.limit" + ".a" * 3000,
        "[[1]]" + "[0]" * 2000,
        "[1]" + ".filter(x, true)" * 400,
        "(true || true && 1 == 1 + 2 * " * 250 + "1" + ")" * 250,
    ],
)
def test_what_is_nested_too_deep_is_refused(text: str) -> None:
    (told,) = problems(text)
    assert DEEP in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+".join(["1"] * 4000), 4000),
        ("*".join(["1"] * 4000), 1),
        ("&&".join(["true"] * 1300), True),
        ("||".join(["false"] * 1000 + ["true"]), True),
        ("!" * 8000 + "true", True),
        ("-" * 8001 + "1", -1),
        ("(" * 60 + "1" + ")" * 60, 1),
        ("string(" * 60 + "1" + ")" * 60, "1"),
        ("true ? 1 : " * 60 + "1", 1),
        ("size('" + "é" * 4000 + "')", 4000),
        ("1 // " + "x" * 8000, 1),
    ],
)
def test_what_is_long_and_not_deep_is_computed(text: str, expected: object) -> None:
    assert value(text) == expected


def test_a_text_has_at_most_8_kib_as_utf_8() -> None:
    assert problems("1 //" + "x" * 8188) == []
    assert problems("1 //" + "x" * 8189) == ["0-8193 an expression has at most 8 KiB (split it into several)"]
    assert problems("1 //" + "é" * 4095) == ["0-4099 an expression has at most 8 KiB (split it into several)"]


@pytest.mark.parametrize(
    "text",
    [
        f"{TWENTY}.exists(x, " * 5 + "false" + ")" * 5,
        f"{TWENTY}.exists(x, " * 5 + "false" + ")" * 5 + " || true",
        "false && true || " + f"{TWENTY}.all(x, " * 5 + "true" + ")" * 5,
        f"{TWENTY}.all(a, {TWENTY}.all(b, {TWENTY}.all(c, {TWENTY}.exists(d, 1 / 0 == 1)))) || true",
        " + ".join(["'" + "a" * 1000 + "'"] * 7)
        + " == ''"
        + "".join(f" || {TWENTY}.map(x, '{'a' * 10}')==[]" for _ in range(1)),
    ][:4],
)
def test_what_takes_too_long_ends_and_nothing_makes_up_for_it(text: str) -> None:
    begun = time.process_time()
    assert isinstance(value(text), OverBudget)
    assert time.process_time() - begun < 5


def test_new_strings_and_lists_count() -> None:
    numbers = {"l": ListOf(INT)}
    for text in (
        "l.map(x, l + l)",
        "l.map(x, '" + "a" * 500 + "' + string(x))",
        "l.map(x, [" + ", ".join(["1"] * 500) + "])",
        "l.all(x, l == l)",
        "l.all(x, x in l)",
        "l.map(x, distinct(l))",
        "l.all(x, sum(l) > 0)",
    ):
        program = compile(text, numbers)
        program.evaluate({"l": [1] * 100})
        with pytest.raises(OverBudget):
            program.evaluate({"l": list(range(450, 900))})


def test_a_loop_over_ten_thousand_fits() -> None:
    program = compile("l.all(x, x >= 0 && x < 10000 && x * 2 >= x) && sum(l.map(x, x)) == 49995000", {"l": ListOf(INT)})
    assert program.evaluate({"l": list(range(10_000))}) is True


def test_a_pattern_takes_time_by_the_text_alone() -> None:
    text = "a" * 5_000
    program = compile("l.glob('*a*a*a*a*a*a*a*a*a*a*a*b')", {"l": STRING})
    begun = time.process_time()
    assert program.evaluate({"l": text}) is False
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("text", "pattern", "fits"),
    [
        ("", "", True),
        ("", "*", True),
        ("a", "", False),
        ("abc", "a?c", True),
        ("ac", "a?c", False),
        ("LAG-1", "LAG-*", True),
        ("xLAG-1", "LAG-*", False),
        ("abcabc", "*bc", True),
        ("abcab", "*bc", False),
        ("a*c", r"a\*c", True),
        ("abc", r"a\*c", False),
        (r"a\c", r"a\\c", True),
        ("a?c", r"a\?c", True),
        ("a\nb", "a*b", True),
        ("aXbXc", "a**b***c", True),
        ("ÿ", "?", True),
    ],
)
def test_a_pattern_fits_the_whole_text(text: str, pattern: str, fits: bool) -> None:
    assert value(f"r'''{text}'''.glob(r'''{pattern}''')") is fits
