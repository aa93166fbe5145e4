"""A one-way call from intent to ruling: at most one request, then only reads. Floor 4.

The order is the promise: the intent is durable before a byte leaves, what came of it is durable before anything
else happens, and nothing in this file sends twice. `settle` and `poll` only read; a later process takes up where
this one stopped from the newest record alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from engine.errors import Exit, JournalFault, Terminated
from engine.events import Waiting
from engine.http.exchange import Answer, NeverSent, NoAnswer
from engine.plain import dataclass
from engine.run.log import RunLog
from engine.steps.base import OneWayStep, Ruling, Sighting, State, StepParams, World
from engine.values import digest


class Unkept(JournalFault):
    """The journal could not keep what came of a one-way call; `ruling` is all there is, and it goes to stderr."""

    def __init__(self, ruling: Ruling, cause: JournalFault) -> None:
        known = ruling.state in ("done", "rejected", "observed", "not_sent")
        super().__init__(f"the journal could not keep the outcome: {cause.message}", hint=cause.hint)
        self.exit = Exit.UNRECORDED if known else Exit.UNKNOWN
        self.ruling = ruling


@dataclass(slots=True)
class OneWayCall:
    """One one-way step of one run, with its parameters and its place in the journal.

    `barrier` is asked while the intent is recorded, and raises where something stands against the call: an approval that
    is missing, a plan that was used. `key` is the intent's key with its attempt, known once there is an intent; `effect`
    the key without it.
    """

    id: str
    step: OneWayStep[Any]
    params: StepParams
    effect: str
    world: World
    log: RunLog
    barrier: Callable[[], None]
    key: str = ""
    attempt: int = 0

    def perform(self, **facts: Any) -> tuple[Ruling, bool]:
        """Record the intent, send once, judge, record. Answers the ruling, and whether a person left while it was due.

        `facts` go into the intent's record. Raises IntentHeld (another intent is open: nothing sent), JournalFault
        (the intent could not be kept: nothing sent), what the barrier raises (nothing sent), Unkept, KeyboardInterrupt or
        Terminated (before sending only).
        """
        request = self.step.request(self.params, self.world)
        with self.log.interrupts.held():
            intent = self.log.intend(
                self.id,
                self.effect,
                self.barrier,
                request=str(request),
                request_digest=digest(str(request)),
                target=self.step.target(self.params),
                operation=self.step.name,
                deadline_seconds=int(self.world.finalize_timeout),
                **facts,
            )
            self.key, self.attempt = str(intent.data["effect_key"]), int(intent.data["attempt"])
            if self.log.interrupts.kept:
                self.record(Ruling("not_sent", "stopped before anything was sent", attribution="ours"))
                self.log.interrupts.release()
            answer, is_left = self._send(str(intent.data["request_id"]))
            ruling = self._judge(answer)
            if ruling.look and not is_left:
                try:
                    ruling = self._decide(ruling)
                except JournalFault as fault:
                    raise Unkept(ruling, fault) from fault
                except Exception as bug:  # what one read would have decided stays open, and is settled by reading
                    ruling = replace(ruling, why=f"{ruling.why}; the program failed ({type(bug).__name__})")
            self.record(ruling)
        return ruling, is_left

    def _send(self, request_id: str) -> tuple[Answer, bool]:
        started = self.world.clock.monotonic()
        timeout = int(self.world.finalize_timeout)
        warning = (
            f"The request is on its way; waiting up to {timeout} s for the answer. Press Ctrl-C again to leave it."
        )
        try:
            with self.log.interrupts.awaited(warning):
                return self.step.send(self.params, self.world, request_id), False
        except (KeyboardInterrupt, Terminated):
            return NoAnswer("and then left by the operator", self.world.clock.monotonic() - started), True
        except Exception as bug:  # whatever failed, the request may be on its way: that is all that counts here
            why = f"and then the program failed ({type(bug).__name__})"
            return NoAnswer(why, self.world.clock.monotonic() - started), False

    def _judge(self, answer: Answer) -> Ruling:
        """The step's own ruling. A step that fails over an answer has not undone the call."""
        try:
            return self.step.judge(self.params, answer)
        except Exception as bug:
            if isinstance(answer, NeverSent):
                return Ruling("not_sent", f"never connected, nothing was sent: {answer.why}")
            return Ruling("unknown", f"sent, and the program failed over the answer ({type(bug).__name__})")

    def _decide(self, ruling: Ruling) -> Ruling:
        """One read decides what a 404, a 429 or a refusal means (`docs/exit-codes.md`, "What an answer means")."""
        sighting = self.look()
        if ruling.look == "throttled":
            if sighting.state == "not_applied":
                return replace(ruling, state="rejected", why=f"{ruling.why}; nothing changed")
            return ruling
        if ruling.look == "refused" and sighting.state != "applied":
            return replace(ruling, state="rejected", attribution="ours")
        match sighting.state:
            case "applied":
                fact = self.step.conclude(self.params, sighting, "unproven")
                return replace(ruling, state="observed", why=f"it reads `{sighting.status}`", fact=fact)
            case "pending":
                fact = self.step.conclude(self.params, sighting, "unproven")
                return replace(ruling, state="pending", why=f"it reads `{sighting.status}`", fact=fact)
            case "failed" | "undone":
                return replace(ruling, state="rejected", why=f"{ruling.why}; it reads `{sighting.status}`")
            case "gone" if not self.step.could_vanish(self.params):
                return replace(ruling, state="rejected", why=f"{ruling.why}; it is gone")
        return ruling

    def settle(self, ruling: Ruling) -> Ruling:
        """Turn `unknown` into an answer by reading only, within the window and with the least number of reads."""
        limits = self.world.limits
        last: Sighting | None = None
        for last in self._sightings("settle", limits.settle_window, limits.settle_min_reads):
            why = f"it reads `{last.status}`"
            match last.state:
                case "applied" | "undone":
                    fact = self.step.conclude(self.params, last, "unproven")
                    return self._settled(replace(ruling, state="observed", why=why, fact=fact))
                case "pending":
                    fact = self.step.conclude(self.params, last, "unproven")
                    return self._settled(replace(ruling, state="pending", why=why, fact=fact))
                case "failed":
                    return self._settled(replace(ruling, state="rejected", why=_with(why, last.why)))
        if last is not None and last.state == "not_applied" and ruling.stays_settles:
            why = f"{ruling.why}; it still reads `{last.status}` after {limits.settle_window:g} s"
            return self._settled(replace(ruling, state="rejected", why=why))
        seen = f"it reads `{last.status}`" if last else "it was not read"
        return replace(ruling, why=f"{ruling.why}; {seen}" + (f" ({last.why})" if last and last.why else ""))

    def poll(self, ruling: Ruling) -> Ruling:
        """Wait by reading for `pending` to end, until its deadline."""
        for seen in self._sightings("pending", self.world.limits.pending_deadline, 1):
            why = f"it reads `{seen.status}`"
            match seen.state:
                case "applied":
                    fact = self.step.conclude(self.params, seen, ruling.attribution)
                    state: State = "done" if ruling.attribution == "ours" else "observed"
                    return self._settled(replace(ruling, state=state, why=why, fact=fact))
                case "undone":
                    fact = self.step.conclude(self.params, seen, ruling.attribution)
                    return self._settled(replace(ruling, state="observed", why=why, fact=fact))
                case "failed":
                    return self._settled(replace(ruling, state="rejected", why=_with(why, seen.why)))
                case "gone":
                    return self._settled(replace(ruling, state="unknown", why="accepted, and then gone"))
        return ruling

    def _sightings(self, label: str, window: float, least: int) -> Iterator[Sighting]:
        """Read, wait, read again: at least `least` times and until `window` seconds are over."""
        clock, started, reads = self.world.clock, self.world.clock.monotonic(), 0
        pause = self.world.limits.poll_interval
        while True:
            sighting = self.look()
            reads += 1
            yield sighting
            waited = clock.monotonic() - started
            if waited + pause > window and reads >= least:
                return
            detail = f"asked Lago {reads} time{'s' * (reads != 1)} in {waited:.0f}s: {sighting.status}"
            self.log.notice(Waiting(self.id, label, detail, waited))
            clock.sleep(pause)

    def look(self) -> Sighting:
        """Read the target once, and record what was seen."""
        sighting = self.step.sight(self.params, self.world)
        self.log.emit(
            "reconcile.read",
            self.id,
            effect_key=self.key,
            state=sighting.state,
            status=sighting.status,
            requests=[str(request) for request in sighting.requests],
            **({"why": sighting.why} if sighting.why else {}),
            **({"digest": sighting.value.digest} if sighting.value else {}),
        )
        return sighting

    def _settled(self, ruling: Ruling) -> Ruling:
        self.record(ruling)
        return ruling

    def record(self, ruling: Ruling) -> None:
        """Make what came of the call durable. Raises Unkept."""
        data: dict[str, Any] = {"why": ruling.why, "attribution": ruling.attribution, **_said(ruling)}
        if ruling.fact is not None:
            data["values"] = ruling.fact.clear()
        try:
            self.log.emit(f"effect.{ruling.state}", self.id, effect_key=self.key, attempt=self.attempt, **data)
        except JournalFault as fault:
            raise Unkept(ruling, fault) from fault

    def release(self, operator: str, reason: str) -> None:
        """Give the intent up by a person's word: a new run may then hold one of its own."""
        self.log.emit("effect.released", self.id, effect_key=self.key, attempt=self.attempt, by=operator, why=reason)


def _said(ruling: Ruling) -> dict[str, Any]:
    said: dict[str, Any] = {"answer": dict(ruling.said)} if ruling.said else {}
    if ruling.stays_settles:
        said["stays_settles"] = True
    return said


def _with(why: str, more: str) -> str:
    return f"{why}: {more}" if more else why
