"""Take up a run where its records end: settle what is unknown by reading, then go on. It sends only with new consent.

Floor 4. While an intent is open nothing here can send: only a run whose newest record is `not_sent`, or that never
came to an intent, goes through the whole order again, consent included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from engine.errors import Exit, Invalid, NotConfirmed, SettingsFault, Unreachable
from engine.facts import Fact
from engine.one_way.aftermath import Aftermath
from engine.one_way.call import OneWayCall
from engine.plain import dataclass
from engine.run.endings import Ending
from engine.run.gathering import Gathering
from engine.run.recall import Recalled, kinds
from engine.runner import Runner
from engine.steps.base import OneWayStep, Ruling

Word = Literal["applied", "not_applied", "reissue"]


@dataclass(slots=True)
class Resumption:
    """One run taken up again. `runner` is the same run from the beginning, for when nothing is open."""

    gathering: Gathering
    recalled: Recalled
    runner: Runner
    target: Fact | None = None

    def resume(self) -> Ending:
        """Read what came of the call and go on; or start over with new consent when nothing was sent."""
        newest = self.recalled.newest
        if newest is None or newest.type == "effect.not_sent":
            ending = self.runner.go()
            self.target = self.runner.target
            return ending
        self.gathering.log.interrupts.hold()
        after = self._aftermath()
        self.target = after.target
        if newest.type == "effect.released":
            return self._released(after)
        return self._kept(after, lambda: after.conclude(self.recalled.ruling(after.call.step)))

    def _kept(self, after: Aftermath, conclude: Callable[[], Ending]) -> Ending:
        ending = conclude()
        self.target = after.target
        return ending

    def _released(self, after: Aftermath) -> Ending:
        sighting = after.call.step.sight(after.call.params, after.call.world)
        self.target = sighting.value or self.target
        noun = after.call.step.words.noun
        message = f"Released: this run's call was given up by a person; the {noun} reads `{sighting.status}`."
        return Ending(Exit.REFUSED, "refused", message, self._anew(), attribution="unproven")

    def resolve(self, word: Word, reason: str, confirm: str) -> Ending:
        """A person's word on what reading cannot settle. One read comes first, and it overrules the word.

        Raises NotConfirmed (the customer typed is not this run's), Unreachable (it cannot be read now).
        """
        newest = self.recalled.newest
        if newest is None or newest.type not in ("effect.intent", "effect.unknown", "effect.pending"):
            state = newest.type.removeprefix("effect.") if newest else "never sent"
            message = f"Nothing to resolve: what came of this run's call is recorded ({state})."
            return Ending(Exit.DONE, "already_done", message, f"runbook audit show {self.recalled.run}")
        after = self._aftermath()
        call, noun = after.call, after.call.step.words.noun
        self.target = after.target
        expected = str(call.step.target(call.params).get("customer"))
        if confirm != expected:
            raise NotConfirmed(
                f"`--confirm {confirm}` is not this {noun}'s customer", hint=f"The customer is `{expected}`."
            )
        sighting = call.look()
        self.target = sighting.value or self.target
        decided = sighting.state in ("applied", "undone", "failed", "pending")
        if not decided and sighting.state == "unreadable":
            raise Unreachable(f"the {noun} cannot be read now: {sighting.why}", hint="Try again; nothing was recorded.")
        if word == "applied" and not decided:
            message = f"Not resolved: `--applied` needs a read that agrees, and the {noun} reads `{sighting.status}`."
            return Ending(Exit.UNKNOWN, "unknown", message, f"runbook resume {self.recalled.run}")
        call.log.emit(
            "operator.resolve",
            call.id,
            effect_key=call.key,
            word=word,
            reason=reason,
            operator=self.gathering.operator.id,
            reads=sighting.status,
            overruled=decided and not (word == "applied" and sighting.state == "applied"),
        )
        if decided:
            return self._kept(after, lambda: after.conclude(self.recalled.ruling(call.step)))
        by = self.gathering.operator.id
        if word == "not_applied":
            ruling = Ruling("rejected", f"{by} says that it did not take effect: {reason}")
            call.record(ruling)
            return self._kept(after, lambda: after.conclude(ruling))
        call.release(by, reason)
        words = call.step.words
        message = f"Released by {by}, and this command sent nothing: the next run may {words.verb} this {words.noun}."
        return Ending(Exit.DONE, "unknown", message, self._anew(), attribution="unproven")

    def _anew(self) -> str:
        """The command that begins a run of its own; the plan of this one is spent."""
        clearance = self.runner.clearance
        return clearance.replan if clearance.bond is not None else self.runner.consenting.again()

    def _aftermath(self) -> Aftermath:
        """The run from its intent on, made again from its records."""
        gathering, recalled = self.gathering, self.recalled
        intent = recalled.intent
        assert intent is not None
        host_key = str(recalled.effect)
        runbook = gathering.runbook
        facts = recalled.facts(kinds(runbook, gathering.steps))
        confirmed = recalled.confirmed(facts)
        defn = next((defn for defn in runbook.steps if defn.id == intent.step), None)
        step = gathering.steps.get(defn.name) if defn else None
        if defn is None or confirmed is None or not isinstance(step, OneWayStep):
            raise Invalid(
                f"`{runbook.runbook}` no longer has the step `{intent.step}` that run {recalled.run} sent",
                hint="Put the runbook's version of that day back in place, then resume.",
            )
        gathering.known.update(facts)
        consent = next(other for other in runbook.steps if other.kind == "confirm")
        gathering.known[consent.id] = confirmed
        keys: list[Any] = [step.key_of(fact, gathering.world) for fact in confirmed.facts.values()]
        if host_key not in keys:
            raise SettingsFault(
                f"run {recalled.run} was about {host_key}, which is not at LAGO_API_URL",
                hint="Set LAGO_API_URL to the Lago that the run was against.",
            )
        params = gathering.params(defn, step.Params)
        barrier = lambda: self.runner.clearance.barrier(confirmed.figures_digest)  # noqa: E731
        call = OneWayCall(defn.id, step, params, host_key, gathering.world, gathering.log, barrier)
        call.key, call.attempt = str(intent.data["effect_key"]), int(intent.data["attempt"])
        target = next((fact for fact in confirmed.facts.values() if step.key_of(fact, gathering.world)), None)
        return Aftermath(
            gathering, call, self.runner.after, self.runner.here, recalled.run, self.runner.way.did, target
        )
