"""SIGKILL after every record and around every socket operation: never a second finalize, never one without its intent.

Each case is a run that is killed at one moment, then `resume` (or, before `run.start`, the run again), on a Lago that
would answer a second finalize. The default set is every moment around the call of an undisturbed run, those at which
another scenario knows something else, and some far from the call, so that every kind of moment is among them.
`pytest -m campaign` takes all of them, and kills again at every third moment of the resume.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import forked
import pytest
from forked import Done, Point, Step
from patient_lago import Patient

from engine.journal import verify

QUICK = {"RUNBOOK_SETTLE_WINDOW": "0.04", "RUNBOOK_SETTLE_MIN_READS": "2", "RUNBOOK_POLL_INTERVAL": "0.01"}
AFTER_AN_INTENT = (0, 10, 12, 13, 14, 15)
SHARDS = 4


@dataclass(frozen=True)
class Case:
    """A scenario, what is confirmed, and what the default set takes: moments counted from the intent, and from the start."""

    scenario: str
    total: str
    near: Sequence[int]
    far: int


# Until the answer all three are alike; then the outcome is not known yet, and each thing that tells it changes what is.
CASES = [
    Case("finalize_ok", "636.04 EUR", range(-1, 11), 60),
    Case("answer_lost_then_done", "207.22 EUR", (6, 8, 12, 14), 150),
    Case("provider_taxes", "300.08 USD", (7, 8, 12, 14), 120),
]


def run(played: Patient, case: Case, kill: Point | None = None) -> Done:
    """The run, killed where it is said."""
    words = ("run", "finalize_invoice", "--invoice", played.invoice, "--confirm", played.customer)
    return forked.run((*words, "--total", case.total), played.env, played.folder, kill)


def take_up(played: Patient, case: Case, kill: Point | None = None) -> Done:
    """`resume` with consent of its own; before anything was recorded of a run, the run again."""
    runs = played.runs
    if not runs:
        return run(played, case, kill)
    words = ("resume", runs[0], "--confirm", played.customer, "--total", case.total)
    return forked.run(words, played.env, played.folder, kill)


_MOMENTS: dict[Case, list[Step]] = {}


def moments(case: Case, folder: Path) -> list[Step]:
    """Every moment of an undisturbed run, which is made once."""
    if case not in _MOMENTS:
        with Patient(case.scenario, folder, settings=QUICK) as played:
            done = run(played, case)
            assert done.result.code == 0, done.result
            assert played.player.count("/finalize") == 1
            _MOMENTS[case] = done.steps
    return _MOMENTS[case]


def chosen(steps: Sequence[Step], case: Case) -> list[Point]:
    """Those around the intent that the case names, and some of the rest."""
    (at,) = (k for k, step in enumerate(steps) if step.point.moment == "after" and _is_intent(step))
    return [step.point for k, step in enumerate(steps) if k - at in case.near or k % case.far == 0]


def _is_intent(step: Step) -> bool:
    return step.about == "effect.intent"


def must_hold(played: Patient, told: str) -> None:
    """What holds at every moment of every run."""
    assert played.player.count("/finalize") <= 1, told
    assert played.unsafe == [], told
    assert verify(played.journal).is_intact, told


def ends_as_promised(played: Patient, case: Case, killed: Sequence[Done], told: str) -> None:
    """The last resume, undisturbed: at most one finalize, and the end that what was sent and recorded allows."""
    before, is_sent = played.newest, any("/finalize" in line for done in killed for line in done.sent)
    assert played.player.count("/finalize") == is_sent, told
    ended = take_up(played, case)
    told = f"{told}: {ended.result.code} {ended.result.out[-600:]} {ended.result.err[-600:]}"
    must_hold(played, told)
    if before is not None:
        assert ended.result.code in AFTER_AN_INTENT, told
    if before is None or is_sent:
        assert (ended.result.code, played.player.count("/finalize")) == (0, 1), told
        assert played.newest in ("effect.done", "effect.observed"), told
    else:
        assert (ended.result.code, played.player.count("/finalize")) == (13, 0), told
        assert played.newest in ("effect.intent", "effect.unknown"), told
        assert "UNKNOWN" in ended.result.last_line, told


def kill_and_take_up(case: Case, folder: Path, point: Point) -> bool:
    """One run killed at `point`, and what comes of it. Answers whether it came to the point."""
    with Patient(case.scenario, folder, settings=QUICK) as played:
        done = run(played, case, point)
        played.wait_for(len(done.sent))
        told = f"{case.scenario}, killed {point} ({done.result.code})"
        assert done.was_killed or not must_come(point, case, folder), told
        ends_as_promised(played, case, [done], told)
    return done.was_killed


def must_come(point: Point, case: Case, folder: Path) -> bool:
    """Whether every run comes to this moment: to each record, and to connecting and sending for the call.

    How many connections reads that go on side by side take, and in how many pieces an answer comes, is otherwise each time.
    """
    intent = next(step.point.nth for step in moments(case, folder / "whole") if _is_intent(step))
    return point.kind == "record" or (point.kind in ("connect", "write") and point.since == intent)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.scenario)
def test_a_run_killed_at_any_moment_is_taken_up_and_finalizes_at_most_once(case: Case, tmp_path: Path) -> None:
    points = chosen(moments(case, tmp_path / "whole"), case)
    assert len(points) >= len(case.near) + 2
    for point in points:
        kill_and_take_up(case, tmp_path / str(point), point)


def test_every_kind_of_moment_is_among_those_that_are_always_tried(tmp_path: Path) -> None:
    points = chosen(moments(CASES[0], tmp_path / "whole"), CASES[0])
    kinds = [(moment, kind) for moment in ("before", "after") for kind in ("record", "connect", "write", "read")]
    assert {(point.moment, point.kind) for point in points} == set(kinds)


@pytest.mark.campaign
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.scenario)
def test_every_moment_of_a_run(case: Case, shard: int, tmp_path: Path) -> None:
    steps = moments(case, tmp_path / "whole")[shard::SHARDS]
    came = [kill_and_take_up(case, tmp_path / str(step.point), step.point) for step in steps]
    assert sum(came) > 0.8 * len(steps)


def kill_twice(case: Case, folder: Path, first: Point, second: Point) -> bool:
    """A run killed at `first` and its resume at `second`; answers whether the resume came that far."""
    with Patient(case.scenario, folder, settings=QUICK) as played:
        one = run(played, case, first)
        played.wait_for(len(one.sent))
        two = take_up(played, case, second)
        played.wait_for(len(one.sent) + len(two.sent))
        told = f"{case.scenario}, killed {first} ({one.result.code}), its resume {second} ({two.result.code})"
        must_hold(played, told)
        ends_as_promised(played, case, [one, two], told)
    return two.was_killed


def around_the_outcome(steps: Sequence[Step]) -> dict[str, Point]:
    """The moments that differ in what is known: consent, intent, request, answer, outcome."""
    intent, outcome = (
        next(step.point for step in steps if step.point.kind == "record" and step.about in names)
        for names in (("effect.intent",), ("effect.done", "effect.unknown", "effect.pending"))
    )
    sent = next(step.point for step in steps if step.point.kind == "write" and "/finalize" in step.about)
    return {
        "before the intent": Point("before", "record", intent.nth),
        "after the intent": Point("after", "record", intent.nth),
        "when it was sent": replace(sent, moment="after"),
        "after the outcome": Point("after", "record", outcome.nth),
    }


FIRST = [
    ("after the intent", "record"),
    ("when it was sent", "record"),
    ("when it was sent", "write"),
    ("after the outcome", "record"),
]
SECOND = [("before", 1), ("after", 1), ("after", 2), ("before", 3), ("after", 5)]


def kill_the_resume(first: str, kind: str, second: Sequence[tuple[str, int]], folder: Path) -> int:
    """A run killed at `first`, and its resume at each of `second`; answers how often the resume came that far."""
    case = CASES[0]
    point = around_the_outcome(moments(case, folder / "whole"))[first]
    return sum(kill_twice(case, folder / f"{moment} {nth}", point, Point(moment, kind, nth)) for moment, nth in second)


@pytest.mark.parametrize(("first", "kind"), FIRST)
def test_a_resume_killed_in_its_turn_is_taken_up_again(first: str, kind: str, tmp_path: Path) -> None:
    assert kill_the_resume(first, kind, SECOND[1:4:2], tmp_path) == 2


@pytest.mark.campaign
@pytest.mark.parametrize(("first", "kind"), FIRST)
def test_a_resume_killed_early_or_late_is_taken_up_again(first: str, kind: str, tmp_path: Path) -> None:
    assert kill_the_resume(first, kind, SECOND, tmp_path) >= 4


@pytest.mark.campaign
@pytest.mark.parametrize("first", ["before the intent", "after the intent", "when it was sent", "after the outcome"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.scenario)
def test_every_moment_of_a_resume(case: Case, first: str, tmp_path: Path) -> None:
    point = around_the_outcome(moments(case, tmp_path / "whole"))[first]
    with Patient(case.scenario, tmp_path / "resumed", settings=QUICK) as played:
        one = run(played, case, point)
        played.wait_for(len(one.sent))
        resumed = take_up(played, case).steps
    for step in resumed[::3]:
        kill_twice(case, tmp_path / str(step.point), point, step.point)
