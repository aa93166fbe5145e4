"""Random names, their types and their values: what a block of expressions is evaluated over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from cel_oracle.literals import a_number, a_word
from cel_oracle.plain import plain
from cel_oracle.shapes import Shape

NAMES = "invoice customer sync params now started window total limit count note codes fees rates flags x y _z a1 size".split()
FIELDS = (
    "status currency amount_cents total number name id units fees tags limits nested paid_at note type in_ size a b"
).split()
KEYS = ("EUR", "USD", "a", "b", "é", "", "with space", "😀", "size")
STATUS = ("draft", "finalized", "voided", "pending")


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their types, and their values as plain JSON (see `plain.py`)."""

    names: dict[str, Shape]
    values: dict[str, Any]


def facts(rng: Random) -> Facts:
    """Some names. There is always a record, a list, a timestamp and a number among them."""
    count = rng.randint(5, 9)
    wanted = [_record(rng, 2), ("list", _shape(rng, 1)), "timestamp", "int", *(_top(rng) for _ in range(count - 4))]
    names = dict(zip(rng.sample(NAMES, count), wanted, strict=True))
    return Facts(names, {name: plain(_value(rng, shape)) for name, shape in names.items()})


def _top(rng: Random) -> Shape:
    """What only a name by itself can be, too: the oracle takes no moments inside maps of anything."""
    roll = rng.random()
    if roll < 0.3:
        return rng.choice(("timestamp", "duration", "duration", ("list", "timestamp"), ("map", "duration")))
    return _shape(rng, 2)


def _shape(rng: Random, depth: int) -> Shape:
    roll = rng.random()
    if depth <= 0 or roll < 0.55:
        scalar = rng.choice(("bool", "int", "int", "int", "string", "string", "double", "words"))
        return ("words", "status", STATUS) if scalar == "words" else scalar
    if roll < 0.7:
        return ("list", _shape(rng, depth - 1))
    if roll < 0.8:
        return ("map", _shape(rng, depth - 1))
    return _record(rng, depth - 1)


def _record(rng: Random, depth: int) -> Shape:
    fields = [(name, _shape(rng, depth)) for name in rng.sample(FIELDS, rng.randint(2, 6))]
    maybe = [(name, ("nullable", one) if rng.random() < 0.3 else one) for name, one in fields]
    return ("record", f"R{rng.randrange(1000)}", tuple(maybe))


def _value(rng: Random, shape: Shape) -> Any:
    match shape:
        case "bool":
            return rng.random() < 0.5
        case "int":
            return a_number(rng)
        case "double":
            return rng.choice((0.0, -0.0, 1.5, -2.25, 1e300, 3.0, 0.1, 1e18, 2.0**63))
        case "string":
            return a_word(rng)
        case "timestamp":
            return _moment(rng)
        case "duration":
            return timedelta(
                seconds=rng.choice((0, 1, -1, 3600, 86400, -90061)), microseconds=rng.choice((0, 0, 1, 1500, -1))
            )
        case ("list", element):
            return [_value(rng, element) for _ in range(rng.choice((0, 1, 2, 3, 5)))]
        case ("map", inner):
            return {key: _value(rng, inner) for key in rng.sample(KEYS, rng.choice((0, 1, 2, 3)))}
        case ("nullable", inner):
            return None if rng.random() < 0.4 else _value(rng, inner)
        case ("words", _, words):
            return rng.choice(words)
        case ("record", _, fields):
            return {name: _value(rng, one) for name, one in fields}
    raise ValueError(f"{shape} is no shape")


def _moment(rng: Random) -> datetime:
    """Any moment, more of them near our own days, where clocks are moved.

    Far from these the oracle takes a moment handed to it as a floating number, in which no more than halves are safe. The first
    and the last second of all are too much for it.
    """
    micro = rng.choice((0, 0, 1, 999_999, 500_000))
    if rng.random() < 0.7:
        return datetime(2026, 10, 25, 0, 30, tzinfo=UTC) + timedelta(
            minutes=30 * rng.randint(-400, 400), microseconds=micro
        )
    half = rng.choice((0, 500_000))
    edges = (
        datetime(1, 1, 1, 0, 0, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 58, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
    )
    if rng.random() < 0.5:
        return rng.choice(edges) + timedelta(microseconds=half)
    return edges[0] + timedelta(seconds=rng.randrange(315_537_897_000), microseconds=half)
