"""What the steps of a runbook can come to: the outcomes that a whole set of scenarios should have shown. Floor 5.

A check's are found in its code: which of the makers of verdicts (`passed`, `warned`, `denied`) it can reach, through
whatever functions it calls. That finds all of them, and perhaps one that no fact leads to; such a one is named in the
test file, with the reason.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any, get_args

from engine.checks import base
from engine.checks.base import Check, Outcome
from engine.model import Runbook, StepDef
from engine.registry import Registry
from engine.steps.base import OneWayStep, WriteStep

MAKERS: dict[Callable[..., Any], Outcome] = {base.passed: "pass", base.warned: "warn", base.denied: "deny"}
ONE_WAY = ("done", "already_done", "refused", "pending", "unknown", "not_sent")
WRITE = ("done", "refused", "unknown", "not_sent")


def outcomes_of(defn: StepDef, registry: Registry) -> tuple[str, ...]:
    """What one step of a runbook can come to; nothing for one that only reads, and for a consent."""
    if defn.kind == "check":
        return verdicts_of(registry.checks[defn.name])
    step = registry.steps[defn.name] if defn.kind == "step" else None
    if isinstance(step, OneWayStep):
        return ONE_WAY
    return WRITE if isinstance(step, WriteStep) else ()


def items(runbook: Runbook, registry: Registry) -> dict[str, tuple[str, ...]]:
    """For each step that can come to something: the words."""
    found = {defn.id: outcomes_of(defn, registry) for defn in runbook.steps}
    return {id: words for id, words in found.items() if words}


def verdicts_of(check: Check[Any]) -> tuple[Outcome, ...]:
    """The verdicts that a check can come to, in the order pass, warn, deny.

    One that makes its verdicts in a way that cannot be followed (`Verdict` itself, a callable object) can come to all.
    """
    order: tuple[Outcome, ...] = get_args(Outcome)
    reached = list(_reached(inspect.unwrap(check.judge)))
    found = {word for maker, word in MAKERS.items() if any(one is maker for one in reached)}
    if not found or any(one is base.Verdict for one in reached):
        return order
    return tuple(word for word in order if word in found)


def _reached(function: Callable[..., Any]) -> Iterator[Any]:
    """Everything global that a function can name, through the functions and classes that it names in turn."""
    seen: set[int] = set()
    todo: list[Any] = [function]
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, types.FunctionType) and one not in MAKERS:
            todo += _named(one)
        elif isinstance(one, type) and one.__module__ == function.__module__:
            todo += [value for value in vars(one).values() if isinstance(value, types.FunctionType)]


def _named(function: types.FunctionType) -> Iterator[Any]:
    codes = [function.__code__]
    for code in codes:
        codes += [const for const in code.co_consts if isinstance(const, types.CodeType)]
        for name in code.co_names:
            if name in function.__globals__:
                value = function.__globals__[name]
                yield value
                if isinstance(value, types.ModuleType):  # `base.denied`: the names beside it are looked up in it
                    yield from (getattr(value, other) for other in code.co_names if hasattr(value, other))
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue
