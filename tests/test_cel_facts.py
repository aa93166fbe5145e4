"""The expression language: what is handed in is looked at before it is used, and nothing is made to fit."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from expressions import NAMES, failure, fees, values

from engine.cel import Failed, compile
from engine.cel.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    Nullable,
    Record,
    Type,
    Words,
)


class Hostile(tzinfo):
    def utcoffset(self, when: datetime | None) -> timedelta:
        raise RuntimeError("no")

    def dst(self, when: datetime | None) -> timedelta:
        raise RuntimeError("no")

    def tzname(self, when: datetime | None) -> str:
        raise RuntimeError("no")


NAIVE = datetime(2026, 11, 2)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("type_", "wrong", "why"),
    [
        (INT, 1.0, "is a double, not a whole number"),
        (INT, True, "is true or false, not a whole number"),
        (INT, "1", "is a string, not a whole number"),
        (INT, None, "is null, not a whole number"),
        (INT, 2**63, "does not fit into 64 bits"),
        (INT, -(2**63) - 1, "does not fit into 64 bits"),
        (INT, 10**4000, "does not fit into 64 bits"),
        (BOOL, 1, "is a whole number, not true or false"),
        (DOUBLE, 1, "is a whole number, not a double"),
        (DOUBLE, float("nan"), "is no number"),
        (DOUBLE, float("-inf"), "is no number"),
        (STRING, b"a", "is a bytes, not a string"),
        (STRING, "a\ud800", "holds a lone surrogate, which is no character"),
        (STRING, "a" * 65_537, "has 65,537 characters; 65,536 are the most"),
        (TIMESTAMP, "2026-11-02T00:00:00Z", "is a string, not a timestamp"),
        (TIMESTAMP, NAIVE, "is a time without a zone"),
        (TIMESTAMP, NAIVE.date(), "is a date, not a timestamp"),
        (TIMESTAMP, NAIVE.replace(tzinfo=Hostile()), "has a zone that cannot be read"),
        (TIMESTAMP, datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "is no moment from year 1 to 9999"),
        (DURATION, 3600, "is a whole number, not a duration"),
        (DURATION, timedelta.max, "is longer than 10,000 years"),
        (Words("status", frozenset({"a", "b"})), "c", "is 'c', which is none of a, b"),
        (Nullable(INT), "1", "is a string, not a whole number"),
        (ListOf(INT), {1: 2}, "is an object, not a list"),
        (ListOf(INT), [1, 2, 3.0], "[2] is a double, not a whole number"),
        (MapOf(INT), {"a": 1, "b": None}, "['b'] is null, not a whole number"),
        (MapOf(INT), {1: 1}, "has a key that is a whole number, not a string"),
        (MapOf(INT), [], "is a list, not a map"),
        (Record("thing", {"a": INT}), {"b": 1}, ".a is not there"),
        (Record("thing", {"a": INT}), {"a": 1, "b": 1}, "has 'b', which no thing has"),
        (Record("thing", {"a": INT}), OrderedDict(a=1), "is a OrderedDict, not an object"),
    ],
)
def test_a_value_that_is_not_of_its_type_is_refused(type_: Type, wrong: Any, why: str) -> None:
    program = compile("x == y", {"x": type_, "y": type_})
    with pytest.raises(Failed) as refused:
        program.evaluate({"x": wrong, "y": wrong})
    space = "" if why[0] in ".[" else " "
    assert (refused.value.message, refused.value.start, refused.value.end) == (f"x{space}{why}", 0, 1)
    trace = program.explain({"x": wrong, "y": wrong})
    assert (trace.error, trace.evaluated) == (f"x{space}{why}", True)


def test_a_name_that_was_not_handed_in_is_missed_only_where_it_is_read() -> None:
    without = {name: held for name, held in values().items() if name != "planned"}
    assert compile("invoice.open", NAMES).evaluate(without) is True
    with pytest.raises(Failed, match=r"^planned is not there$"):
        compile("invoice.open || planned.open", NAMES).evaluate(without)


def test_what_is_wrong_is_refused_even_where_it_would_not_have_been_looked_at() -> None:
    assert failure("true || invoice.total_amount_cents > 1", total_amount_cents=1.5) == (
        "8-34 invoice.total_amount_cents is a double, not a whole number"
    )
    assert compile("true || invoice.total_amount_cents > 1", NAMES).evaluate(values(currency=7)) is True


def test_a_wrong_element_is_named_with_its_place_and_where_the_text_first_reads_it() -> None:
    wrong = [*fees(2), {"amount_cents": 1.0, "amount_currency": "EUR", "note": None}]
    text = "size(invoice.fees) > 0 && invoice.fees.all(f, f.amount_cents >= 0)"
    assert failure(text, fees=wrong) == "46-60 invoice.fees[2].amount_cents is a double, not a whole number"
    assert failure(text, fees=[*fees(2), {}]) == "46-60 invoice.fees[2].amount_cents is not there"
    assert failure(text, fees=[*fees(2), None]) == "46-60 invoice.fees[2] is null, not an object"


@pytest.mark.parametrize("wrong", [1, "a\ud800", "a" * 65_537, None])
def test_long_lists_are_looked_at_as_closely_as_short_ones(wrong: Any) -> None:
    held = [{"amount_cents": 1, "amount_currency": text, "note": None} for text in ["EUR", "\u20ac", wrong]]
    with pytest.raises(Failed, match=r"^invoice\.fees\[2\]\.amount_currency "):
        compile("invoice.fees.exists(f, f.amount_currency == 'x')", NAMES).evaluate(values(fees=held))


def test_a_moment_is_the_same_in_every_zone_and_a_tuple_is_a_list() -> None:
    moments = ListOf(TIMESTAMP)
    names: dict[str, Type] = {"a": TIMESTAMP, "b": TIMESTAMP, "c": moments, "d": moments}
    moment = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for fold in (moment, moment + timedelta(hours=1)):  # both are 02:30 in Berlin
        there = fold.astimezone(ZoneInfo("Europe/Berlin"))
        program = compile("a == b && [a] == c && c == d", names)
        assert program.evaluate({"a": there, "b": fold, "c": (there,), "d": [fold]}) is True


def test_what_is_handed_in_is_left_as_it_was() -> None:
    there = datetime(2026, 11, 1, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    held = values(created_at=there, tags=("a",))
    compile("invoice == planned || invoice.tags.exists(t, t == 'a')", NAMES).evaluate(held)
    assert held["invoice"]["created_at"] is there
    assert held["invoice"]["tags"] == ("a",)
