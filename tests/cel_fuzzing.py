"""Anything at all, handed to the expression language: only its own exceptions may come out, with places in the text, in time.

`guided` grows its inputs by what they reach: an input under which a new step from line to line is taken in `engine/cel` is kept
and changed further.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from types import CodeType, FrameType
from typing import Any

from cel_oracle.cases import mutated
from cel_oracle.facts import Facts
from cel_oracle.ours import Ours, conforms

from engine import cel
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

FEE = Record("Fee", {"cents": INT, "currency": STRING, "note": Nullable(STRING)})
NAMES: dict[str, Type] = {
    "i": INT,
    "d": DOUBLE,
    "s": STRING,
    "b": BOOL,
    "t": TIMESTAMP,
    "u": DURATION,
    "n": Nullable(INT),
    "w": Words("Status", frozenset({"draft", "finalized"})),
    "l": ListOf(INT),
    "m": MapOf(STRING),
    "r": Record("Invoice", {"fees": ListOf(FEE), "status": STRING, "at": Nullable(TIMESTAMP), "fee": Nullable(FEE)}),
}
VALUES: dict[str, Any] = {
    "i": -(2**63),
    "d": 1.5,
    "s": "é😀\n",
    "b": True,
    "t": datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    "u": timedelta(hours=1),
    "n": None,
    "w": "draft",
    "l": [0, 1, 2, 2**63 - 1],
    "m": {"a": "x", "é": ""},
    "r": {"fees": [{"cents": 5, "currency": "EUR", "note": None}], "status": "draft", "at": None, "fee": None},
}
SECONDS = 5.0
"""More than anything may take by far, on a machine that has other things to do."""


def tried(text: str, values: Mapping[str, Any] = VALUES, names: Mapping[str, Type] = NAMES) -> str:
    """How it ended: `refused`, `over`, `failed` or `value`.

    Raises AssertionError when a promise is broken, and whatever exception is none of ours.
    """
    started = time.process_time()
    try:
        return _tried(text, values, names)
    finally:
        taken = time.process_time() - started
        assert taken < SECONDS, f"{taken:.1f} s for {text[:200]!r}"


def _tried(text: str, values: Mapping[str, Any], names: Mapping[str, Type]) -> str:
    try:
        program = cel.compile(text, names)
    except cel.Uncompiled as error:
        assert error.problems
        for problem in error.problems:
            assert problem.message
            assert 0 <= problem.start <= problem.end <= len(text), (text, problem)
        return "refused"
    for warning in program.warnings:
        assert 0 <= warning.start <= warning.end <= len(text), (text, warning)
    ended, found = _evaluated(program, values)
    trace = program.explain(values)
    assert text[trace.start : trace.end] == trace.text
    assert (trace.error is None) == (ended == "value"), (text, trace.error)
    assert repr(trace.value) == repr(found), (text, trace.value, found)
    return ended


def _evaluated(program: cel.Program, values: Mapping[str, Any]) -> tuple[str, Any]:
    """How it ended, and the value if there is one."""
    try:
        found = program.evaluate(values)
    except cel.OverBudget:
        return "over", None
    except cel.Failed as error:
        assert error.message
        assert 0 <= error.start <= error.end <= len(program.text), (program.text, error)
        return "failed", None
    assert conforms(found, program.type), (program.text, found, program.type)
    return "value", found


def guided(
    seeds: Sequence[str], facts: Facts, seconds: float, rng: Random, seen: set[Step], tell: Callable[[str], object]
) -> Iterator[str]:
    """Texts that reached something that was not in `seen`, for so long. Raises what `tried` raises, of the text told last."""
    ours, started = Ours(facts), time.monotonic()
    kept: list[str] = []
    waiting = list(seeds)
    while time.monotonic() - started < seconds:
        if waiting:
            text = waiting.pop()
        else:
            text = mutated(rng, rng.choice(kept or seeds))
            if rng.random() < 0.3:  # a part of another one in it
                other = rng.choice(seeds)
                at, start = rng.randint(0, len(text)), rng.randint(0, len(other))
                text = text[:at] + other[start : start + rng.randint(1, 40)] + text[at:]
        tell(text)
        steps = _steps(partial(tried, text, ours.values, ours.names))
        if not steps <= seen:
            seen |= steps
            kept.append(text)
            yield text


Step = tuple[CodeType, int, int]
ROOM = str(Path(cel.__file__).parent)


def _steps(call: Callable[[], object]) -> set[Step]:
    """The steps from line to line that a call takes in the room of the language."""
    steps: set[Step] = set()

    def entered(frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(ROOM):
            return None
        last, code = 0, frame.f_code

        def line(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal last
            if event == "line":
                steps.add((code, last, frame.f_lineno))
                last = frame.f_lineno
            return line

        return line

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        call()
    finally:
        sys.settrace(before)
    return steps
