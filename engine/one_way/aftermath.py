"""From the intent on: perform the call, settle it, verify what it did, and find the one true ending. Floor 4.

Once an intent is durable a run can end only with what is known of the call: done as confirmed (0) or not (14),
refused (10), pending (12), unknown (13), or known and not kept (15). Nothing raised in here gets past that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.checks.base import Here
from engine.errors import Exit, JournalFault, RunbookError, Terminated
from engine.events import Finished, Waiting, Word
from engine.facts import Deed, Fact, RunRecord
from engine.journal import IntentHeld
from engine.model import StepDef
from engine.one_way.call import OneWayCall, Unkept
from engine.one_way.standing import held, standing
from engine.plain import dataclass
from engine.references import names_in
from engine.run.endings import Ending, clauses, sentence, state_of
from engine.run.gathering import Gathering
from engine.steps.base import ReadStep, Ruling, Words

TOLD: dict[str, Word] = {"done": "ok", "observed": "ok", "pending": "wait", "unknown": "????"}


@dataclass(slots=True)
class Aftermath:
    """One run from its intent on. `did` is what was written before it; `target` the thing acted on, as last read."""

    gathering: Gathering
    call: OneWayCall
    steps: tuple[StepDef, ...]
    here: Callable[..., Here]
    run: str
    did: str
    target: Fact | None

    def perform(self, **facts: Any) -> Ending:
        """Send, settle, verify. Raises JournalFault when the intent could not be kept, and signals before sending."""
        started = self.call.world.clock.monotonic()
        self.call.log.interrupts.hold()
        try:
            ruling, is_left = self.call.perform(**facts)
        except IntentHeld as other:
            return self._overtaken(other)
        except Unkept as unkept:
            return self._unkept(unkept)
        self._tell(ruling, started)
        return self.conclude(ruling, is_left=is_left)

    def conclude(self, ruling: Ruling, *, is_left: bool = False) -> Ending:
        """From a ruling to an ending; also where `resume` begins. Sends nothing."""
        known = ruling
        self.call.log.interrupts.hold()
        try:
            with self.call.log.interrupts.freed():
                started = self.call.world.clock.monotonic()
                if known.state == "unknown" and not is_left:
                    known = self.call.settle(known)
                    self._tell(known, started, "settle")
                if known.state == "pending" and not is_left:
                    known = self.call.poll(known)
                    self._tell(known, started, "pending")
                return self._end(known)
        except Unkept as unkept:
            return self._unkept(unkept)
        except JournalFault as fault:
            return self._unkept(Unkept(known, fault))
        except (KeyboardInterrupt, Terminated):
            return self._unverified(known, "it was interrupted")
        except RunbookError as error:
            return self._unverified(known, error.message)
        except Exception as bug:  # a defect of ours must not hide that the call was made
            return self._unverified(known, f"the program failed ({type(bug).__name__}: {bug})")

    def _end(self, ruling: Ruling) -> Ending:
        self._see(ruling)
        notes = self.gathering.notes(f"{self.call.id}.{_NOTED.get(ruling.state, ruling.state)}")
        match ruling.state:
            case "not_sent":
                message = f"Not sent: {ruling.why}. {clauses(self.did, f'nothing was {self.words.done}')}"
                return Ending(Exit.UNREACHABLE, "not_sent", message, self._resume(), notes, "ours")
            case "rejected":
                return self._refused(ruling, notes)
            case "pending":
                message = f"Accepted, still pending at the deadline: {state_of(self.target, self.words.noun)}."
                return Ending(Exit.PENDING, "pending", message, self._resume(), notes, ruling.attribution)
            case "unknown":
                return self._unknown(ruling.why, notes)
        return self._verify(ruling)

    def _verify(self, ruling: Ruling) -> Ending:
        """The steps after the call: read back, compare, lists, journal."""
        known = self.gathering.known
        known[self.call.id] = ruling.fact
        denied = []
        for defn in self.steps:
            if defn.kind == "check":
                if "run" in names_in(defn.with_):  # to read the journal back takes its time
                    known["run"] = self._record()
                for judged in self.gathering.judge([defn], self.here(is_preflight=False), "verify"):
                    self.gathering.tell(judged)
                    if judged.verdict.verdict == "deny":
                        denied.append(judged)
            elif isinstance(self.gathering.steps[defn.name], ReadStep) and self.gathering.takes(defn, "verify"):
                fact = self._persist(defn)
                self.target = fact if self.call.step.key_of(fact, self.call.world) else self.target
            if defn.id in self.gathering.skipped:
                self.gathering.tell_skipped(defn)
        after_500 = self._follow_up(ruling)
        if denied:
            lines = tuple(line for one in denied for line in (one.verdict.message, *one.verdict.more))
            self.call.log.emit("drift.detected", self.call.id, phase="verify", moved=list(lines))
            notes = tuple(note for one in denied for note in self.gathering.notes(f"{one.defn.id}.deny"))
            message = f"{self.words.done.capitalize()}, but NOT as confirmed: {self._name()}."
            if self.target is not None and self.call.step.state_of(self.target) != "applied":
                message = f"Done, but NOT as confirmed: {state_of(self.target)}."
            return Ending(
                Exit.NOT_AS_CONFIRMED, "not_as_confirmed", message, self._show(), lines + after_500 + notes,
                ruling.attribution,
            )  # fmt: skip
        notes = after_500 + self.gathering.notes(f"{self.call.id}.done")
        outcome = ruling.fact.outcome if isinstance(ruling.fact, Deed) else ""
        if outcome in self.words.endings:
            message = self.words.endings[outcome]
            return Ending(Exit.DONE, outcome, message, self._show(), after_500, ruling.attribution)
        done = self.words.done.capitalize()
        message = f"{done} {self._name()}."
        if ruling.attribution != "ours":
            message = f"{done}, as confirmed: {self._name()}. That this run did it is not proven."
        return Ending(Exit.DONE, self.words.done, message, self._show(), notes, ruling.attribution)

    def _persist(self, defn: StepDef) -> Fact:
        """A read after the call is tried again within the settle window: what was done is not left unverified lightly."""
        clock, limits = self.call.world.clock, self.call.world.limits
        started = clock.monotonic()
        while True:
            try:
                return self.gathering.read(defn, "verify")
            except (JournalFault, Unkept):
                raise
            except RunbookError as fault:
                waited = clock.monotonic() - started
                if waited + limits.poll_interval > limits.settle_window:
                    raise
                self.call.log.notice(Waiting(defn.id, defn.id, fault.message, waited))
                clock.sleep(limits.poll_interval)

    def _record(self) -> RunRecord:
        """What the journal holds of this run, read back from it."""
        journal = self.call.log.journal
        state = journal.effect(self.call.effect)
        start = next(record for record in journal.run(self.run) if record.type == "run.start")
        return RunRecord(
            id=self.run,
            operator=self.gathering.operator.id,
            recorded_operator=(start.data.get("operator") or {}).get("id"),
            effect_key=self.call.key,
            effect=state.type if state and state.run == self.run else None,
            intent_seq=state.intent.seq if state and state.run == self.run else None,
            is_unbroken=journal.is_unbroken(start.seq),
        )

    # Endings other than done

    def _refused(self, ruling: Ruling, notes: tuple[str, ...]) -> Ending:
        sighting = self.call.step.sight(self.call.params, self.call.world)
        if sighting.value is not None:
            self.target = sighting.value
        how = {"gone": "is gone", "unreadable": "could not be read"}.get(sighting.state, f"reads `{sighting.status}`")
        lines = tuple(filter(None, (sentence(sighting.why) if sighting.why else "", *notes)))
        message = f"{self.words.refused}: {ruling.why}; now the {self.words.noun} {how}."
        return Ending(Exit.REFUSED, "refused", message, self._show(), lines, ruling.attribution)

    def _unknown(self, why: str, notes: tuple[str, ...]) -> Ending:
        intent = self.call.key
        lines = (
            f"why     {why}",
            f"sent    {self.call.step.request(self.call.params, self.call.world)}, recorded as {intent}",
            f"do not  {self.words.verb} it again, here or in {self.words.system}'s own screens",
            *notes,
        )
        message = f"UNKNOWN whether {self._which()} is {self.words.done}."
        return Ending(Exit.UNKNOWN, "unknown", message, self._resume(), lines, "unproven")

    def _unverified(self, ruling: Ruling, why: str) -> Ending:
        """The call is known, or not, but the run could not go on to the end."""
        if ruling.state == "rejected":
            message = f"{self.words.refused}: {ruling.why}. What it reads now is not known: {why}."
            return Ending(Exit.REFUSED, "refused", message, self._show(), (), ruling.attribution)
        if ruling.state == "pending":
            message = f"Accepted, and pending when last read: {why}."
            return Ending(Exit.UNKNOWN, "unknown", message, self._resume(), (), ruling.attribution)
        if ruling.state == "unknown":
            return self._unknown(f"{ruling.why}; {why}", ())
        what = f"{self._which()} is {self.words.done}"
        message = f"UNKNOWN whether {what} as confirmed: {ruling.why}, but {why}."
        return Ending(Exit.UNKNOWN, "unknown", message, self._resume(), (), ruling.attribution)

    def _unkept(self, unkept: Unkept) -> Ending:
        """The journal failed after the call was made: what is known stands in the message, which goes to stderr."""
        ruling = unkept.ruling
        message = f"{sentence(unkept.message)} What came of the call: {ruling.state}, {ruling.why}."
        done = self.words.done
        outcome = {"done": done, "observed": done, "rejected": "refused"}.get(ruling.state, "unknown")
        self._see(ruling)
        lines = (f"{self._which()}, {self._name()}, intent {self.call.key}",)
        return Ending(unkept.exit, outcome, message, self._resume(), lines, ruling.attribution)

    def _overtaken(self, other: IntentHeld) -> Ending:
        """Another run's intent came first: nothing was sent; one read says what became of it."""
        sighting = self.call.step.sight(self.call.params, self.call.world)
        if sighting.value is not None:
            self.target = sighting.value
        ending = standing(self.call.step, sighting.value, self.call.effect, self.call.log.journal, self.run)
        return ending or held(self.call.step, other.state)

    # Words

    def _follow_up(self, ruling: Ruling) -> tuple[str, ...]:
        status = (ruling.said or {}).get("status")
        if ruling.state == "observed" and isinstance(status, int) and status >= 500:
            return (
                f"{self.words.system} answered {status} although it is {self.words.done}: {self.words.jobs} may never"
                f" have been queued. Look for them in {self.words.system}.",
            )
        return ()

    def _tell(self, ruling: Ruling, started: float, label: str = "") -> None:
        took = self.call.world.clock.monotonic() - started
        detail = ruling.why
        if ruling.state in ("done", "observed") and isinstance(ruling.fact, Deed):
            detail = ruling.fact.told()
        word = TOLD.get(ruling.state, "FAIL")
        self.call.log.notice(Finished(self.call.id, word, label or self.call.id, detail, took))

    @property
    def words(self) -> Words:
        """How the step that is called speaks."""
        return self.call.step.words

    def _see(self, ruling: Ruling) -> None:
        """The target as the call's answer, or a read after it, showed it."""
        shown = ruling.fact.target() if isinstance(ruling.fact, Deed) else None
        self.target = shown or self.target

    def _name(self) -> str:
        return self.target.named() if self.target is not None else "it"

    def _which(self) -> str:
        """The target by its kind and its id, as the intent has it: `invoice 5f3c9d1e-...`."""
        target = self.call.step.target(self.call.params)
        return " ".join(filter(None, (self.words.noun, str(target.get("lago_id") or target.get("id") or ""))))

    def _resume(self) -> str:
        return f"runbook resume {self.run}"

    def _show(self) -> str:
        return f"runbook audit show {self.run}"


_NOTED = {"rejected": "refused"}
