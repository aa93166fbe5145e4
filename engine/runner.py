"""The one loop: a runbook from the first read to the last record, in the order that `docs/order.md` fixes. Floor 4.

Whatever happens, a run ends with an `Ending` and a `run.end` record. Before an intent an exception decides the exit
code; after it only what is known of the one-way call does.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from engine.checks.base import Here
from engine.consent.applying import moved, policies_moved
from engine.consent.asking import Asking
from engine.consent.clearance import Clearance
from engine.consent.given import Consenting, drift
from engine.consent.planning import Planning
from engine.consent.previewing import Previewing, reviewed
from engine.errors import Denied, Exit, NotConfirmed, Refused, RunbookError, Stale
from engine.events import Finished, Started
from engine.facts import Confirmed, Fact
from engine.http.exchange import NeverSent
from engine.model import StepDef
from engine.one_way.aftermath import Aftermath
from engine.one_way.call import OneWayCall
from engine.one_way.standing import standing
from engine.plain import dataclass
from engine.policy.decision import Decision
from engine.policy_decisions.overriding import record
from engine.policy_decisions.policing import Mandate, Policing
from engine.run.endings import Ending, clauses, plural, sentence
from engine.run.gathering import Gathering, Judged, figures_digest
from engine.run.itinerary import Itinerary
from engine.run.log import RunLog
from engine.steps.base import Effect, OneWayStep, ReadStep, World, WriteStep


class Ended(Exception):
    """The run ends here, as `ending` says."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.message)
        self.ending = ending


@dataclass(slots=True)
class Runner:
    """One run. `reach` is the strongest effect it may have: a preview reaches READ, a real run ONE_WAY.

    `asked` is the write that was last sent, `refreshed` says that Lago did all of them. `clearance` says whether it may
    make its call; with `planning` a preview becomes a plan.
    """

    gathering: Gathering
    consenting: Consenting
    reach: Effect
    run: str
    clearance: Clearance
    planning: Planning | None = None
    mandate: Mandate = field(default_factory=Mandate)
    target: Fact | None = None
    asked: WriteStep[Any] | None = None
    refreshed: bool = False
    way: Itinerary = field(init=False)
    asking: Asking = field(init=False)
    policing: Policing = field(init=False)

    def __post_init__(self) -> None:
        self.way = Itinerary.of(self.gathering.runbook, self.gathering.steps)
        self.asking = Asking(self.gathering, self.consenting, self.way, self.clearance)
        self.policing = Policing(self.asking, self.mandate, self.run)

    @property
    def after(self) -> tuple[StepDef, ...]:
        """The steps after the call."""
        return self.way.after

    @property
    def world(self) -> World:
        """What the steps may touch."""
        return self.gathering.world

    @property
    def log(self) -> RunLog:
        """Where everything that happens is said."""
        return self.gathering.log

    @property
    def one_way(self) -> OneWayStep[Any] | None:
        """The step of this runbook that cannot be undone, or None."""
        return self.way.one_way

    def go(self) -> Ending:
        """Run to the end. Raises RunbookError only before an intent; KeyboardInterrupt and Terminated likewise."""
        try:
            return self._go()
        except Ended as ended:
            return ended.ending

    def _go(self) -> Ending:
        self._require_operator()
        record(self.clearance.overrides, self.log.journal.run(self.run), self.log)
        self._require_usable()
        self._first_reads()
        writes = self.way.writes
        judged = self._judge(is_preflight=bool(writes))
        goes_on = self.reach is not Effect.READ and bool(writes)
        decision = self.policing.decide("plan", "first")
        self._report(judged, in_full=not goes_on)
        self.policing.tell(decision, in_full=not goes_on)
        self._hold_to_plan("first")
        self._stop_if_denied(judged, decision)
        if self.way.consent is None:
            return reviewed(judged, self.target)
        self._stop_unless_cleared(tells=not goes_on)
        if self.reach is Effect.ONE_WAY:
            self.asking.require()
        if goes_on:
            self._write(writes)
            judged = self._judge(is_preflight=False)
            decision = self.policing.decide("plan", "refreshed")
            self._report(judged, in_full=True)
            self.policing.tell(decision, in_full=True)
            self._hold_to_plan("refreshed")
            self._stop_if_denied(judged, decision)
            self._stop_unless_cleared(tells=True)
        if self.reach is not Effect.ONE_WAY:
            return Previewing(self.asking, self.clearance, judged, self.target, self.refreshed, self.planning).end()
        confirmed = self.asking.ask(judged)
        self._recheck(confirmed)
        return self._finish(confirmed)

    # What comes before the first write

    def _require_operator(self) -> None:
        """Checks that need nothing read come first: who may not run this makes no request."""
        judged = self.gathering.judge(self.way.who, self.here(is_preflight=True), "operator")
        for one in judged:
            self.gathering.tell(one)
        self._stop_if_denied(judged)

    def _first_reads(self) -> None:
        for at, defn in enumerate(self.way.before):
            step = self.gathering.steps.get(defn.name) if defn.kind == "step" else None
            if isinstance(step, ReadStep):
                try:
                    if not self.gathering.takes(defn, "first"):
                        self.gathering.tell_skipped(defn)
                        continue
                    if self.target is not None:  # what this is about comes alone: it may end here
                        self.gathering.read_ahead(self.way.before[at:], "first")
                    fact = self.gathering.read(defn, "first")
                except Denied as gone:
                    raise Ended(self._gone(gone)) from gone
                self._look_at(fact)
            elif isinstance(step, WriteStep):
                params = self.gathering.params(defn, step.Params)
                self.gathering.known[defn.id] = getattr(params, step.renews)

    def _look_at(self, fact: Fact) -> None:
        """The target of the one-way step, as soon as it is read: done already, or another run's open intent."""
        if self.one_way is None:
            self.target = self.gathering.known.get(self.way.about)
            return
        if self.one_way.key_of(fact, self.world) is None:
            return
        self.target = fact
        ending = self._standing()
        if ending is not None:
            raise Ended(ending)

    def _standing(self) -> Ending | None:
        """What the target as last read, and the journal, say against going on; None when nothing does."""
        key = self.one_way.key_of(self.target, self.world) if self.one_way and self.target else None
        if self.one_way is None or key is None:
            return None
        return standing(self.one_way, self.target, key, self.log.journal, self.run)

    def _gone(self, gone: Denied) -> Ending:
        """What was asked for is not there; the journal may know why: a run closed it, or one is still open."""
        if self.one_way is not None:
            for value in self.gathering.known["inputs"].values():
                key = self.one_way.key_of(value, self.world) if isinstance(value, str) else None
                ending = standing(self.one_way, None, key, self.log.journal, self.run) if key else None
                if ending is not None:
                    return ending
        return Ending(Exit.DENIED, "denied", f"{sentence(gone.message)} Nothing was written.", lines=_hint(gone))

    # The plan and its approvals

    def _require_usable(self) -> None:
        try:
            self.clearance.require_usable()
        except Stale as used:
            raise Ended(self.clearance.ending(used, "Nothing was written.")) from used

    def _hold_to_plan(self, phase: str) -> None:
        """A plan is applied to the figures that it was made of, under the policies that judged it, and to no others."""
        plan = self.clearance.plan
        found = moved(plan, self.asking.figures()) if plan is not None else ()
        if found:
            self.log.emit("drift.detected", "plan", phase=phase, moved=list(found))
            self.log.notice(Finished("plan", "FAIL", "plan", "the figures moved since the plan was made", None, found))
            raise Ended(self._stale("The figures are not those of the plan."))
        others = policies_moved(plan, self.clearance.decision) if plan is not None else ()
        if others:
            self.log.notice(
                Finished("plan", "FAIL", "plan", "other policies than the plan was made under", None, others)
            )
            raise Ended(self._stale("The policies are not those that judged the plan."))

    def _stop_unless_cleared(self, *, tells: bool) -> None:
        """Stop where an approval is missing; keep and tell on whose the run goes on. A plan is made to be approved."""
        if self.planning is not None or (self.reach is not Effect.ONE_WAY and self.clearance.bond is None):
            return
        found = self.clearance.assess(figures_digest(self.asking.figures()))
        self.clearance.keep(self.log, (*found.given, *filter(None, [found.rejected])))
        try:
            self.clearance.accept(found)
        except (NotConfirmed, Denied) as error:
            raise Ended(self.clearance.ending(error, self.written)) from error
        for one in found.given if tells else ():
            why = f": {one.reason}" if one.reason else ""
            self.log.notice(Finished("approval", "ok", "approval", f"approved by {one.approver}{why}"))

    # Judging

    def here(self, *, is_preflight: bool) -> Here:
        """The circumstances of this moment, for the checks."""
        operator = self.gathering.operator
        return Here(
            now=self.world.clock.now(),
            operator_id=operator.id,
            operator_roles=operator.roles,
            finalize_timeout=self.world.finalize_timeout,
            is_preflight=is_preflight,
        )

    def _judge(self, *, is_preflight: bool) -> list[Judged]:
        """All checks before the consent. On the draft as first read, those that need a refresh wait for it."""
        checks = (defn for defn in self.way.checks if defn not in self.way.who)
        defns = [defn for defn in checks if not (is_preflight and self._waits(defn))]
        phase = "refreshed" if self.refreshed else "first"
        return self.gathering.judge(defns, self.here(is_preflight=is_preflight), phase)

    def _waits(self, defn: StepDef) -> bool:
        """Whether a check makes sense only after the refresh; in a preview it runs unless it compares with one."""
        if not self.gathering.checks[defn.name].waits_for_write:
            return False
        if self.reach is not Effect.READ:
            return True
        params = self.gathering.params(defn, self.gathering.checks[defn.name].Params)
        values = [getattr(params, name) for name in type(params).model_fields]
        facts = [id(value) for value in values if isinstance(value, Fact)]
        return len(facts) != len(set(facts))

    def _report(self, judged: list[Judged], *, in_full: bool) -> None:
        """Every verdict; or, when the same checks will run again, one line unless something stands out."""
        loud = [one for one in judged if one.verdict.verdict == "deny"]
        if in_full or loud:
            for one in judged:
                self.gathering.tell(one)
            for defn in self.way.checks:
                if defn.id in self.gathering.skipped:
                    self.gathering.tell_skipped(defn)
            return
        warned = sum(one.verdict.verdict == "warn" for one in judged)
        detail = f"{plural(len(judged), 'check')} on the draft as read: " + (
            f"{len(judged) - warned} passed, {warned} warned" if warned else "all passed"
        )
        self.log.notice(Finished("checks", "warn" if warned else "ok", "checks", detail))

    def _stop_if_denied(self, judged: list[Judged], decision: Decision | None = None) -> None:
        denied = [one for one in judged if one.verdict.verdict == "deny"]
        names = ", ".join(f"`{one.defn.name}`" for one in denied)
        by_check = f"{plural(len(denied), 'check')} denied ({names})" if denied else ""
        verdict = " and ".join(filter(None, (by_check, self.policing.denial(decision))))
        if not verdict:
            return
        message = f"Not {self.one_way.words.done}: {verdict}. {self.written}" if self.one_way else f"Denied: {verdict}."
        lines = tuple(note for one in denied for note in self.gathering.notes(f"{one.defn.id}.deny"))
        raise Ended(Ending(Exit.DENIED, "denied", message, lines=lines))

    @property
    def written(self) -> str:
        """What the last line says was written before any call."""
        done = self.way.did if self.refreshed else self.asked.sent if self.asked else ""
        return clauses(done, self._nothing()) if done else "Nothing was written."

    def _nothing(self) -> str:
        return f"nothing was {self.one_way.words.done}" if self.one_way else "nothing else was written"

    # Writing what can be repeated, and reading again

    def _write(self, writes: list[tuple[StepDef, WriteStep[Any]]]) -> None:
        """Each write once; then the reads again, what a write renewed under the write's own id."""
        for defn, step in writes:
            self.log.notice(Started(defn.id, self.gathering.title(defn), defn.id))
            params = self.gathering.params(defn, step.Params)
            before = getattr(params, step.renews)
            self.asked = step
            started = self.world.clock.monotonic()
            answer = step.send(params, self.world)
            self.asked = None if isinstance(answer, NeverSent) else step
            self.gathering.take_answer(defn.id, step.request(params, self.world), answer)
            try:
                step.require_done(params, answer)
            except Refused as refused:
                self.target, now = self.gathering.left_as(defn)
                message = f"{refused.message}; now {now}. {sentence(self._nothing())}"
                raise Ended(Ending(Exit.REFUSED, "refused", message, lines=_hint(refused))) from refused
            self.refreshed = True
            fact = self._expect_found(lambda defn=defn: self.gathering.reread(defn, "refreshed"))
            self.target = fact if self.target is before else self.target
            took = self.world.clock.monotonic() - started
            self.log.notice(Finished(defn.id, "ok", defn.id, fact.summary(), took))
            self._look_at(fact)
        self._read_again("refreshed")

    def _read_again(self, phase: str) -> None:
        again = self._again()
        for at, defn in enumerate(again):
            if self.gathering.takes(defn, phase):
                self.gathering.read_ahead(again[at:], phase)
                self._expect_found(lambda defn=defn: self.gathering.read(defn, phase, quiet=True))

    def _again(self) -> list[StepDef]:
        """The reads that are repeated, in order; what a write renewed is read again under the write's id."""
        renewed = self.way.renewed if self.refreshed else set()
        return [defn for defn, step in self.way.reads if step.repeats and defn.id not in renewed]

    def _expect_found(self, read: Any) -> Any:
        """A thing that was there before and is gone now is the world moving, not a bad id."""
        try:
            return read()
        except Denied as gone:
            raise Ended(self._stale(f"{sentence(gone.message)}")) from gone

    # Recheck

    def _recheck(self, confirmed: Confirmed) -> None:
        """The reads that the consent rests on, once more, right before the call; any figure that moved voids it."""
        started = self.world.clock.monotonic()
        self.log.notice(Started("recheck", "Nothing moved since you confirmed", "recheck"))
        before = self.asking.figures()
        writes = [defn for defn, _ in self.way.writes]
        self.gathering.read_ahead([*writes, *self._again()], "recheck")
        for defn in writes:
            self._expect_found(lambda defn=defn: self.gathering.reread(defn, "recheck"))
        self._read_again("recheck")
        after = self.asking.figures()
        took = self.world.clock.monotonic() - started
        self.target = next(
            (fact for fact in self.asking.shown().values() if type(fact) is type(self.target)), self.target
        )
        if figures_digest(after) != confirmed.figures_digest:
            moved = tuple(drift(before, after)) or ("the date of issue moved",)
            self.log.emit("drift.detected", "recheck", phase="recheck", moved=list(moved))
            self.log.notice(
                Finished("recheck", "FAIL", "recheck", "the figures moved since you confirmed", took, moved)
            )
            raise Ended(self._stale("The figures moved since they were confirmed."))
        decision = self.policing.decide("commit", "recheck")
        self.policing.tell(decision, in_full=False)
        self._stop_if_denied([], decision)
        self._stop_unless_cleared(tells=False)
        assert self.way.consent is not None
        self.gathering.known[self.way.consent.id] = confirmed.model_copy(update={"facts": self.asking.shown()})
        self.log.notice(Finished("recheck", "ok", "recheck", "nothing moved since you confirmed", took))

    def _stale(self, why: str) -> Ending:
        other = self._standing()
        if other is not None:
            verb = self.one_way.words.done if self.one_way else "wrote"
            did = clauses(self.way.did, f"this run {verb} nothing") if self.refreshed else "Nothing was written."
            return Ending(Exit.STALE, "stale", f"Stale: {why} {did[:-1]}: {other.message.rstrip('.')}.", other.next)
        message = f"Stale: {why} {self.written}"
        return Ending(Exit.STALE, "stale", message, self.clearance.replan or self.consenting.again())

    # The call and what comes after

    def _finish(self, confirmed: Confirmed) -> Ending:
        assert self.way.call is not None
        assert self.one_way is not None
        self.log.notice(Started(self.way.call.id, self.gathering.title(self.way.call), self.way.call.id))
        params = self.gathering.params(self.way.call, self.one_way.Params)
        keys = (self.one_way.key_of(fact, self.world) for fact in confirmed.facts.values())
        bound = confirmed.figures_digest
        key, barrier = next(filter(None, keys)), lambda: self.clearance.barrier(bound)
        call = OneWayCall(self.way.call.id, self.one_way, params, key, self.world, self.log, barrier)
        after = Aftermath(self.gathering, call, self.after, self.here, self.run, self.way.did, self.target)
        told = self.clearance.told(bound)
        ending = after.perform(figures_digest=bound, operator=self.gathering.operator.id, **told)
        self.target = after.target
        return ending


def _hint(error: RunbookError) -> tuple[str, ...]:
    return (error.hint,) if error.hint else ()
