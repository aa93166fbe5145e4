"""The loops. `all` and `exists` end early, and what fails in them counts only when nothing decides. Floor 1.

Where each turn takes the same steps, all turns of these two are paid for beforehand, and those not taken are paid back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from operator import length_hint
from typing import Any

from engine.cel.problems import Failed, OverBudget

Run = Callable[[list[Any]], Any]
Test = Callable[[list[Any]], bool]


def _decided_by(decisive: bool) -> Callable[..., Run]:
    """`all` is decided by the first that is false, `exists` by the first that is true."""

    def loop(source: Run, slot: int, each: int, condition: Test, result: None, is_even: bool) -> Run:
        def turn_by_turn(frame: list[Any], values: Collection[Any]) -> bool:
            failed: Failed | None = None
            for value in values:
                frame[slot] = value
                left = frame[0] = frame[0] - each
                if left < 0:
                    raise OverBudget
                try:
                    if condition(frame) is decisive:
                        return decisive
                except Failed as failure:
                    failed = failed or failure
            if failed is not None:
                raise failed
            return not decisive

        def all_paid(frame: list[Any], values: Collection[Any]) -> bool:
            failed: Failed | None = None
            turns = iter(values)
            for value in turns:
                frame[slot] = value
                try:
                    if condition(frame) is decisive:
                        frame[0] += each * length_hint(turns)  # those that were not taken
                        return decisive
                except Failed as failure:
                    failed = failed or failure
            if failed is not None:
                raise failed
            return not decisive

        def run(frame: list[Any]) -> bool:
            values = source(frame)
            left = frame[0] - each * len(values)
            if left < 0 or not is_even:
                return turn_by_turn(frame, values)
            frame[0] = left
            return all_paid(frame, values)

        return run

    return loop


def _exists_one(source: Run, slot: int, each: int, condition: Test, result: None, is_even: bool) -> Run:
    def run(frame: list[Any]) -> bool:
        count = 0
        for value in source(frame):
            frame[slot] = value
            left = frame[0] = frame[0] - each
            if left < 0:
                raise OverBudget
            count += condition(frame)
        return count == 1

    return run


def _filter(source: Run, slot: int, each: int, condition: Test, result: None, is_even: bool) -> Run:
    def run(frame: list[Any]) -> list[Any]:
        kept = []
        for value in source(frame):
            frame[slot] = value
            left = frame[0] = frame[0] - each
            if left < 0:
                raise OverBudget
            if condition(frame):
                kept.append(value)
        return kept

    return run


def _map(source: Run, slot: int, each: int, condition: Run | None, result: Run, is_even: bool) -> Run:
    def run(frame: list[Any]) -> list[Any]:
        made = []
        for value in source(frame):
            frame[slot] = value
            left = frame[0] = frame[0] - each
            if left < 0:
                raise OverBudget
            if condition is None or condition(frame):
                made.append(result(frame))
        return made

    return run


LOOPS: dict[str, Callable[..., Run]] = {
    "all": _decided_by(False),
    "exists": _decided_by(True),
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}
