"""A one-way call against a made-up target and a real journal: what is sent, what is recorded, what it comes to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from engine.clock import Clock
from engine.errors import Exit, JournalFault
from engine.events import Preview, Recorded
from engine.facts import Confirmed, Fact
from engine.http.exchange import Answer, NeverSent, NoAnswer, Replied, Request
from engine.journal import IntentHeld, Journal, new_run_id
from engine.journal.pipeline import Pipeline
from engine.one_way.call import OneWayCall, Unkept
from engine.run.interrupts import Interrupts
from engine.run.log import RunLog
from engine.steps.base import Effect, Limits, OneWayStep, Ruling, SightedState, Sighting, StepParams, Words, World

EFFECT = "shop/example/door/7/close"


class Door(Fact):
    """What is acted on."""

    CLEAR = ("state",)
    state: str = "open"


class Params(StepParams):
    """Nothing."""


class QuietClock(Clock):
    """Monotonic time that passes only by sleeping."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += max(seconds, 0.001)


class Silent:
    """A renderer that says nothing."""

    def record(self, event: Recorded) -> None: ...
    def notice(self, notice: Any) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


@dataclass
class Target:
    """A door that answers as it is told, shows what it is told to show, and counts what reaches it."""

    answer: Answer
    shows: list[SightedState] = field(default_factory=list)
    ruling: Ruling = field(default_factory=lambda: Ruling("unknown", "no answer"))
    vanishes: bool = False
    sent: list[str] = field(default_factory=list)
    reads: int = 0

    def sight(self, params: Params, world: World) -> Sighting:
        self.reads += 1
        state = self.shows.pop(0) if len(self.shows) > 1 else self.shows[0]
        return Sighting(state, state, (Request("GET", "/door"),), Door(state=state))

    def send(self, params: Params, world: World, request_id: str) -> Answer:
        self.sent.append(request_id)
        return self.answer

    def step(self) -> OneWayStep[Params]:
        return OneWayStep(
            name="shop.close_door",
            title="Close the door",
            effect=Effect.ONE_WAY,
            Params=Params,
            Fact=Door,
            key_of=lambda fact, world: EFFECT,
            target=lambda params: {"door": 7},
            request=lambda params, world: Request("PUT", "/door/close"),
            preview=lambda confirmed, world: _no_preview(confirmed),
            foresee=lambda facts, world: {},
            to_type=lambda facts: {},
            state_of=lambda fact: "not_applied",
            sealed=lambda fact: "closed",
            words=Words(verb="close", done="closed", noun="door"),
            send=self.send,
            judge=lambda params, answer: self.ruling,
            sight=self.sight,
            could_vanish=lambda params: self.vanishes,
            conclude=lambda params, sighting, attribution: Door(state=sighting.status),
        )


def _no_preview(confirmed: Confirmed) -> Preview:
    raise AssertionError("not asked for")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "private" / "journal.db", Clock()) as opened:
        yield opened


def call(target: Target, journal: Journal, limits: Limits | None = None) -> OneWayCall:
    run = new_run_id(Clock())
    log = RunLog(journal, Pipeline(), Silent(), Interrupts(lambda text: None), run)
    log.emit("run.start", operator={"id": "jane"}, mode="run", runbook={"name": "doors"})
    world = World(lago=None, sync=None, clock=QuietClock(), limits=limits or Limits())  # type: ignore[arg-type]
    return OneWayCall("close", target.step(), Params(), EFFECT, world, log, lambda: None)


def types(journal: Journal, run: str) -> list[str]:
    return [record.type for record in journal.run(run)][1:]


REPLIED = Replied(200, {}, None, True, 0.1)


def test_the_intent_is_durable_before_anything_is_sent(journal: Journal) -> None:
    target = Target(REPLIED, ruling=Ruling("done", "done", attribution="ours"))
    made = call(target, journal)
    seen: list[str] = []
    send = target.send

    def look_then_send(params: Params, world: World, request_id: str) -> Answer:
        with_records = [record for record in journal.run(made.log.run) if record.type == "effect.intent"]
        seen.extend(str(record.data["request_id"]) for record in with_records)
        return send(params, world, request_id)

    target.send = look_then_send  # type: ignore[method-assign]
    made.step = target.step()
    made.perform()
    assert seen == target.sent
    assert types(journal, made.log.run) == ["effect.intent", "effect.done"]


def test_an_intent_that_cannot_be_kept_sends_nothing(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target(REPLIED)
    made = call(target, journal)
    monkeypatch.setattr(journal, "intend", _full)
    with pytest.raises(JournalFault):
        made.perform()
    assert target.sent == []


def _full(*args: Any, **kwargs: Any) -> Recorded:
    raise JournalFault("the disk is full")


@pytest.mark.parametrize(
    ("ruling", "exit"),
    [
        (Ruling("done", "done"), Exit.UNRECORDED),
        (Ruling("rejected", "no"), Exit.UNRECORDED),
        (Ruling("unknown", "no answer"), Exit.UNKNOWN),
        (Ruling("pending", "wait"), Exit.UNKNOWN),
    ],
)
def test_an_outcome_that_cannot_be_kept_is_carried_out_by_the_exception(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, ruling: Ruling, exit: Exit
) -> None:
    target = Target(REPLIED, ruling=ruling)
    made = call(target, journal)
    append = journal.append
    monkeypatch.setattr(
        journal, "append", lambda run, type, *rest: _full() if "effect" in type else append(run, type, *rest)
    )
    with pytest.raises(Unkept) as unkept:
        made.perform()
    assert (unkept.value.exit, unkept.value.ruling, len(target.sent)) == (exit, ruling, 1)


def test_a_second_intent_on_an_open_one_sends_nothing_and_names_the_run_that_holds_it(journal: Journal) -> None:
    first = call(Target(NoAnswer("reset", 1.0)), journal)
    first.perform()
    second = Target(REPLIED)
    with pytest.raises(IntentHeld) as held:
        call(second, journal).perform()
    assert (second.sent, held.value.state.run) == ([], first.log.run)


def test_after_never_connecting_a_new_attempt_may_send(journal: Journal) -> None:
    call(Target(NeverSent("refused", 0.0), ruling=Ruling("not_sent", "refused")), journal).perform()
    again = Target(REPLIED, ruling=Ruling("done", "done"))
    made = call(again, journal)
    made.perform()
    assert (len(again.sent), made.attempt) == (1, 2)


def test_a_program_that_fails_while_sending_leaves_the_outcome_unknown(journal: Journal) -> None:
    target = Target(REPLIED)
    made = call(target, journal)

    def fail(params: Params, world: World, request_id: str) -> Answer:
        raise ZeroDivisionError

    target.send = fail  # type: ignore[method-assign]
    made.step = target.step()
    ruling, is_left = made.perform()
    assert (ruling.state, is_left) == ("unknown", False)
    assert types(journal, made.log.run) == ["effect.intent", "effect.unknown"]


NOT_FOUND = Ruling("unknown", "404", look="not_found")
THROTTLED = Ruling("unknown", "429", look="throttled")


@pytest.mark.parametrize(
    ("ruling", "shows", "vanishes", "state"),
    [
        (NOT_FOUND, "applied", False, "observed"),
        (NOT_FOUND, "pending", False, "pending"),
        (NOT_FOUND, "failed", False, "rejected"),
        (NOT_FOUND, "undone", False, "rejected"),
        (NOT_FOUND, "gone", False, "rejected"),
        (NOT_FOUND, "gone", True, "unknown"),
        (NOT_FOUND, "not_applied", False, "unknown"),
        (NOT_FOUND, "unreadable", False, "unknown"),
        (THROTTLED, "not_applied", False, "rejected"),
        (THROTTLED, "applied", False, "unknown"),
        (THROTTLED, "gone", False, "unknown"),
        (THROTTLED, "unreadable", False, "unknown"),
    ],
)
def test_one_read_decides_what_a_404_and_a_429_mean(
    journal: Journal, ruling: Ruling, shows: SightedState, vanishes: bool, state: str
) -> None:
    target = Target(REPLIED, [shows], ruling, vanishes)
    made = call(target, journal)
    found, _ = made.perform()
    assert (found.state, target.reads) == (state, 1)
    assert types(journal, made.log.run) == ["effect.intent", "reconcile.read", f"effect.{state}"]


UNKNOWN = Ruling("unknown", "no answer")
LAGO_500 = Ruling("unknown", "500", stays_settles=True)


@pytest.mark.parametrize(
    ("ruling", "shows", "state", "reads"),
    [
        (UNKNOWN, ["not_applied", "applied"], "observed", 2),
        (UNKNOWN, ["unreadable", "gone", "applied"], "observed", 3),
        (UNKNOWN, ["not_applied", "pending"], "pending", 2),
        (UNKNOWN, ["failed"], "rejected", 1),
        (UNKNOWN, ["undone"], "observed", 1),
        (UNKNOWN, ["not_applied"], "unknown", 6),
        (UNKNOWN, ["gone"], "unknown", 6),
        (LAGO_500, ["not_applied"], "rejected", 6),
        (LAGO_500, ["gone"], "unknown", 6),
        (LAGO_500, ["not_applied", "applied"], "observed", 2),
    ],
)
def test_settling_reads_until_it_knows_or_the_window_is_over(
    journal: Journal, ruling: Ruling, shows: list[SightedState], state: str, reads: int
) -> None:
    target = Target(NoAnswer("reset", 1.0), shows, ruling)
    made = call(target, journal, Limits(settle_window=10, poll_interval=2))
    made.perform()
    settled = made.settle(ruling)
    assert (settled.state, target.reads, len(target.sent)) == (state, reads, 1)


def test_settling_reads_at_least_as_often_as_it_must_however_short_the_window(journal: Journal) -> None:
    target = Target(NoAnswer("reset", 1.0), ["not_applied"], UNKNOWN)
    made = call(target, journal, Limits(settle_window=0, settle_min_reads=4, poll_interval=2))
    made.perform()
    assert (made.settle(UNKNOWN).state, target.reads) == ("unknown", 4)


OURS = Ruling("pending", "accepted", attribution="ours")


@pytest.mark.parametrize(
    ("ruling", "shows", "state"),
    [
        (OURS, ["pending", "applied"], "done"),
        (Ruling("pending", "found"), ["applied"], "observed"),
        (OURS, ["unreadable", "failed"], "rejected"),
        (OURS, ["undone"], "observed"),
        (OURS, ["gone"], "unknown"),
        (OURS, ["pending"], "pending"),
        (OURS, ["unreadable"], "pending"),
    ],
)
def test_pending_ends_by_reading_or_at_its_deadline(
    journal: Journal, ruling: Ruling, shows: list[SightedState], state: str
) -> None:
    target = Target(REPLIED, shows, ruling)
    made = call(target, journal, Limits(pending_deadline=6, poll_interval=2))
    made.perform()
    assert made.poll(ruling).state == state
    newest = journal.effect(EFFECT)
    assert newest is not None
    assert newest.type == f"effect.{state}"
    assert len(target.sent) == 1


@pytest.mark.parametrize(
    ("answer", "state"),
    [(REPLIED, "unknown"), (NeverSent("refused", 0.1), "not_sent"), (NoAnswer("late", 9.0), "unknown")],
)
def test_a_step_that_fails_over_an_answer_leaves_no_intent_without_a_word(
    journal: Journal, answer: Answer, state: str
) -> None:
    target = Target(answer)
    made = call(target, journal)

    def fail(params: Params, answer: Answer) -> Ruling:
        raise RuntimeError("a defect")

    made.step = replace(made.step, judge=fail)
    ruling, _ = made.perform()
    assert ruling.state == state
    assert types(journal, made.log.run) == ["effect.intent", f"effect.{state}"]
    assert len(target.sent) == 1


def test_a_step_that_fails_over_the_read_that_decides_stays_unknown(journal: Journal) -> None:
    target = Target(REPLIED, ruling=Ruling("unknown", "404", look="not_found"))
    made = call(target, journal)

    def fail(params: Params, world: World) -> Sighting:
        raise RuntimeError("a defect")

    made.step = replace(made.step, sight=fail)
    ruling, _ = made.perform()
    assert (ruling.state, ruling.why) == ("unknown", "404; the program failed (RuntimeError)")
    assert types(journal, made.log.run) == ["effect.intent", "effect.unknown"]


@pytest.mark.parametrize(
    ("shows", "state"),
    [("applied", "observed"), ("not_applied", "rejected"), ("failed", "rejected"), ("unreadable", "rejected")],
)
def test_a_refusal_is_one_unless_a_read_shows_that_somebody_else_was_first(
    journal: Journal, shows: SightedState, state: str
) -> None:
    target = Target(REPLIED, shows=[shows], ruling=Ruling("unknown", "405", look="refused"))
    made = call(target, journal)
    ruling, _ = made.perform()
    assert ruling.state == state
    assert len(target.sent) == 1
