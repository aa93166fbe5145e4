"""Foreign functions, called: what they print goes to stderr, and what they answer is what they promised. Floor 4.

A check that fails denies (`engine.run.gathering`), so here it only has to fail: for an answer that is no verdict, for
one that no record can hold, for `sys.exit`. A step that fails is a defect, told with its line; but once a one-way call
is made nothing that fails may hide it, so there a failure is an answer like any other: it is not known.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import fields, replace
from functools import wraps
from typing import Any, get_args

from pydantic import ValidationError

from engine.checks.base import Check, Here, Outcome, Verdict
from engine.errors import Bug, RunbookError, Terminated
from engine.facts import Fact
from engine.http.exchange import Fetched, Request
from engine.manual import page
from engine.steps.base import OneWayStep, ReadStep, Ruling, Sighting, Step
from engine.values import canonical


def contained_check(check: Check[Any]) -> Check[Any]:
    """The same check, judging in bounds."""
    judge = check.judge

    @wraps(judge)
    def judged(params: Any, here: Here) -> Verdict:
        verdict = _quietly(judge, params, here)
        _require_verdict(verdict)
        return verdict  # type: ignore[no-any-return]

    return replace(check, judge=judged)


def contained_step(step: Step[Any], label: str) -> Step[Any]:
    """The same step, its functions called in bounds. `label` is the file or package that a defect is told of."""
    functions: dict[str, Any] = {
        field.name: _contained(getattr(step, field.name), step.name, label)
        for field in fields(step)
        if str(field.type).startswith("Callable") and callable(getattr(step, field.name))
    }
    if isinstance(step, ReadStep):
        functions["read"] = _reads(functions["read"], step, label)
    if isinstance(step, OneWayStep):
        functions["judge"] = _or(functions["judge"], lambda why: Ruling("unknown", why))
        functions["sight"] = _or(functions["sight"], lambda why: Sighting("unreadable", "", why=why))
    return replace(step, **functions)


def _quietly(function: Callable[..., Any], *args: Any) -> Any:
    try:
        with redirect_stdout(sys.stderr):
            return function(*args)
    except SystemExit as error:
        raise RuntimeError("it tried to end the program") from error


def _contained(function: Callable[..., Any], name: str, label: str) -> Callable[..., Any]:
    @wraps(function)
    def called(*args: Any) -> Any:
        try:
            return _quietly(function, *args)
        except (RunbookError, Terminated):
            raise
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            raise Bug(
                f"the step `{name}` of {label} failed: {type(error).__name__}: {error}"[:500],
                hint=f"It failed at {frame.filename}:{frame.lineno}. What is out of reach it tells by raising Unreachable.",
            ) from error

    return called


def _reads(read: Callable[..., Any], step: ReadStep[Any], label: str) -> Callable[..., Any]:
    @wraps(read)
    def called(*args: Any) -> Fetched[Any]:
        fetched = read(*args)
        if why := _unfit(fetched, step.Fact):
            raise Bug(
                f"the step `{step.name}` of {label} answered {why}",
                hint=f"{page('own-steps-and-checks')} says what it may.",
            )
        return fetched  # type: ignore[no-any-return]

    return called


def _unfit(fetched: Any, wanted: type[Fact]) -> str:
    """Why what a read answered cannot go on into the journal, a consent, and a later process; empty where it can."""
    if not isinstance(fetched, Fetched):
        return f"with {type(fetched).__name__}, and not `Fetched`"
    if not isinstance(fetched.value, wanted):
        return f"with {type(fetched.value).__name__}, and not `{wanted.__name__}`"
    if not all(isinstance(request, Request) for request in fetched.requests):
        return "with requests that are none"
    if getattr(fetched.at, "tzinfo", None) is None:
        return "with a time that has no zone"
    fact = fetched.value
    try:
        canonical(fact.clear())
        again = wanted.model_validate(fact.clear())
        same = canonical(again.figures()) == canonical(fact.figures()) and again.digest == fact.digest
    except ValidationError as error:
        first = error.errors()[0]
        return f"a fact that `resume` could not make again: `{'.'.join(map(str, first['loc']))}`: {first['msg']}"
    except (TypeError, ValueError) as error:
        return f"what no record can hold: {error}"
    return "" if same else "a fact whose figures are not all in clear, so that `resume` could not make it again"


def _or(function: Callable[..., Any], otherwise: Callable[[str], Any]) -> Callable[..., Any]:
    @wraps(function)
    def called(*args: Any) -> Any:
        try:
            return function(*args)
        except Bug as bug:
            return otherwise(bug.message)

    return called


def _require_verdict(verdict: Any) -> None:
    """Raises TypeError for what is no verdict, or has no place in a record."""
    if not isinstance(verdict, Verdict):
        raise TypeError(f"it answered with {type(verdict).__name__}, and not with a verdict")
    texts = (verdict.message, verdict.fix, *verdict.more)
    if verdict.verdict not in get_args(Outcome) or not all(isinstance(text, str) for text in texts):
        raise TypeError("its verdict is not `pass`, `warn` or `deny` with texts")
    if not isinstance(verdict.seen, Mapping):
        raise TypeError("what it saw is no mapping")
    canonical(verdict.seen)
