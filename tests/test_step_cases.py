"""Every case of `cases/steps/<step>/*.yaml`: what a step that writes would send, and what an answer to it means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import recorded
import yaml

from engine.clock import Clock
from engine.errors import Refused, Unreachable
from engine.facts import Confirmed, Deed
from engine.http.exchange import Answer, NeverSent, NoAnswer, Replied
from engine.lago import Lago
from engine.steps import REGISTRY
from engine.steps.base import Limits, OneWayStep, World, WriteStep
from engine.values import Secret

CASES = Path(__file__).parent / "cases" / "steps"
FILES = sorted(CASES.glob("*/*.yaml"))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEYS = {"says", "acts_on", "answer", "shows", "expect"}
WRITING = [name for name, step in REGISTRY.items() if isinstance(step, OneWayStep | WriteStep)]


def read(file: Path) -> dict[str, Any]:
    """One case; a key that nobody reads is an error of the case."""
    case: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    assert set(case) <= KEYS
    return case


def params(step: OneWayStep[Any] | WriteStep[Any], case: Mapping[str, Any]) -> Any:
    """The step's parameters: the stage as what was confirmed, or the invoice of it."""
    facts = recorded.facts(*case["acts_on"].split("/"))
    if isinstance(step, OneWayStep):
        return step.Params(confirmed=Confirmed(facts=facts, figures_digest="sha256:0", at=NOON))
    return step.Params(invoice=facts["invoice"])


def answer(case: Mapping[str, Any]) -> Answer:
    """What came back: a recorded answer, one of one's own, or none."""
    said = case["answer"]
    if "never" in said:
        return NeverSent(said["never"], 0.1)
    if "none" in said:
        return NoAnswer(said["none"], 90.0)
    status, body = said.get("status"), said.get("json")
    if "recording" in said:
        ((_, _, status, body),) = recorded.answers(*said["recording"].split("/"))
    is_error = isinstance(body, dict) and isinstance(body.get("status"), int)
    return Replied(status, body, body if is_error else None, True, 0.4, body_digest="sha256:0")


def world() -> World:
    """A world whose Lago can be asked what it would send, and is never called."""
    lago = Lago("http://127.0.0.1:9/api/v1", Secret("key"), clock=Clock(), read_only=True)
    return World(lago=lago, sync=None, clock=Clock(), limits=Limits())


def fits(said: str, expected: str | list[str]) -> bool:
    """Whether a sentence is the expected one, or holds all the expected parts."""
    return said == expected if isinstance(expected, str) else all(part in said for part in expected)


def one_way(step: OneWayStep[Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """What came of a one-way step, by the names that a case uses."""
    ruling = step.judge(params(step, case), answer(case))
    found: dict[str, Any] = {"state": ruling.state, "why": ruling.why, "attribution": ruling.attribution}
    found |= {"look": ruling.look, "stays_settles": ruling.stays_settles}
    if isinstance(ruling.fact, Deed):
        found["told"] = ruling.fact.told()
    if "shows" in case:
        shown = recorded.invoice(*case["shows"].split("/"))
        found["sighted"] = step.state_of(shown)
        found["sealed"] = step.sealed(shown)
    return found


def repeatable(step: WriteStep[Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """What came of a write that can be repeated: nothing, or why the run ends."""
    try:
        step.require_done(params(step, case), answer(case))
    except (Refused, Unreachable) as error:
        return {"raises": type(error).__name__, "why": error.message}
    return {}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_an_answer_means_what_the_case_says(file: Path) -> None:
    step, case = REGISTRY[file.parent.name], read(file)
    assert isinstance(step, OneWayStep | WriteStep)
    expect = dict(case["expect"])
    found = one_way(step, case) if isinstance(step, OneWayStep) else repeatable(step, case)
    found["request"] = str(step.request(params(step, case), world()))
    assert fits(found.get("why", ""), expect.pop("why", found.get("why", "")))
    assert {key: found.get(key) for key in expect} == expect
    if isinstance(step, WriteStep):
        assert ("raises" in found) is ("raises" in expect)


def test_every_step_that_writes_has_a_folder_of_cases_and_nothing_else_has() -> None:
    assert {folder.name for folder in CASES.iterdir()} == set(WRITING)


@pytest.mark.parametrize("name", WRITING)
def test_done_already_done_refused_and_unknown_are_cases_of_every_step_that_writes(name: str) -> None:
    shown = {file.stem for file in FILES if file.parent.name == name}
    assert {"done", "already_done", "refused", "not_sent"} <= shown
    assert any(stem.startswith("unknown") for stem in shown)


@pytest.mark.parametrize("name", [name for name in WRITING if isinstance(REGISTRY[name], OneWayStep)])
def test_a_call_that_was_not_answered_is_never_taken_for_done_or_refused(name: str) -> None:
    step: Any = REGISTRY[name]
    cases = [read(file) for file in FILES if file.parent.name == name]
    silent = [one_way(step, case)["state"] for case in cases if "none" in case["answer"]]
    assert silent
    assert set(silent) == {"unknown"}
