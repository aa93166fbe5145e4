"""A recording as it was not: answers that a scenario changes, because no Lago was seen to answer so. Floor 5.

What is changed stands in the test file, so that nobody takes it for something that a Lago did.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.plain import dataclass
from engine.sandbox.scenario import Key, Reply, Scenario, Stage
from engine.testing.patterns import fits


@dataclass(frozen=True, slots=True)
class Change:
    """One change. Of the answers that `answer` means, in `stage` or in every one: the value `at` a path becomes `to`,
    or goes (`is_removed`); or the whole answer becomes that of the stage `as_in`.
    """

    answer: str
    stage: str = ""
    at: str = ""
    to: Any = None
    is_removed: bool = False
    as_in: str = ""


class NothingChanged(ValueError):
    """A change that found nothing to change: what it looked for, in a sentence."""


def changed(scenario: Scenario, change: Change, original: Scenario) -> Scenario:
    """The scenario with one change more than those it has; `original` is as it was recorded. Raises NothingChanged."""
    if change.stage and change.stage not in {stage.name for stage in scenario.stages}:
        raise NothingChanged(f"the recording has no stage `{change.stage}`")
    stages, count = [], 0
    for stage in scenario.stages:
        copy = stage
        if change.stage in ("", stage.name):
            calls = [(key, _changed(key, reply, original, change)) for key, reply in stage.calls]
            touched = sum(new is not old for (_, new), (_, old) in zip(calls, stage.calls, strict=True))
            if touched:
                copy = replace(stage)
                copy.calls = tuple(calls)
                count += touched
        stages.append(copy)
    if not count:
        where = f"the stage `{change.stage}`" if change.stage else "the recording"
        raise NothingChanged(f"{where} has no answer to `{change.answer}`")
    return replace(scenario, stages=stages)


def _changed(key: Key, reply: Reply, original: Scenario, change: Change) -> Reply:
    if not fits(change.answer, request_of(key)):
        return reply
    if change.as_in:
        other = next((stage.find(key) for stage in original.stages if stage.name == change.as_in), None)
        if other is None:
            raise NothingChanged(f"the stage `{change.as_in}` has no answer to `{request_of(key)}`")
        return other
    try:
        body = json.loads(reply.body)
        _put(body, change.at.split("."), change)
    except (ValueError, LookupError, TypeError):
        raise NothingChanged(f"the answer to `{request_of(key)}` has no `{change.at}`") from None
    return replace(reply, body=json.dumps(body).encode())


def _put(body: Any, route: Sequence[str], change: Change) -> None:
    """Change what is at the end of the route. Raises LookupError, TypeError or ValueError where it does not lead on."""
    *before, last = (int(part) if part.isascii() and part.isdigit() else part for part in route)
    for part in before:
        body = body[part]
    body[last]  # only what is there can be changed: a misspelt name would change nothing
    if change.is_removed:
        del body[last]
    else:
        body[last] = change.to


def request_of(key: Key) -> str:
    """The request of a recorded call: its query in alphabetical order."""
    method, path, query = key
    return f"{method} {path}" + ("?" + "&".join(f"{name}={value}" for name, value in query) if query else "")


def stage_names(stages: Sequence[Stage]) -> list[str]:
    """The stages of reads, which a scenario can start at."""
    return list(dict.fromkeys(stage.name for stage in stages if stage.kind == "reads"))
