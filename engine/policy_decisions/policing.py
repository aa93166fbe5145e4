"""When a run's policies decide, on what, and what comes of it: on the first reads, after the refresh, at the recheck. Floor 4.

The decision itself is pure (`engine/policy`). Here its facts are taken from what the run has read, in the form that the
journal keeps them in, and it is recorded before anything follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from engine.consent.asking import Asking
from engine.events import Decided, Word
from engine.facts import Fact
from engine.model import StepDef
from engine.opa.answers import Answered, Ask
from engine.plain import dataclass
from engine.policy import rego
from engine.policy.deciding import decide, questions
from engine.policy.decision import Decision, Phase
from engine.policy.model import PolicySet
from engine.policy.occasion import Handed, Occasion
from engine.references import find
from engine.run.endings import plural
from engine.run.gathering import Gathering, figures_digest

WORDS: dict[str, Word] = {"pass": "ok", "warn": "warn", "approve": "wait", "deny": "DENY"}


@dataclass(frozen=True, slots=True)
class Mandate:
    """By what a run's policies decide: the sets that its runbook names, compiled, and the environment.

    `mode` is `run`, `plan` or `preview`. `ask` asks OPA what sets in Rego say; None where there are none.
    """

    sets: Sequence[PolicySet] = ()
    environment: str = ""
    mode: str = "run"
    ask: Ask | None = None


@dataclass(slots=True)
class Policing:
    """One run's policies. Where a saved plan is applied, `planned` is what stands in it."""

    asking: Asking
    mandate: Mandate
    run: str
    _before: dict[str, Handed] = field(default_factory=dict)

    @property
    def gathering(self) -> Gathering:
        """What the run knows."""
        return self.asking.gathering

    @property
    def defn(self) -> StepDef | None:
        """The step at which policies decide, where the runbook has one."""
        return next((defn for defn in self.asking.way.before if defn.kind == "policy"), None)

    def decide(self, phase: Phase, at: str) -> Decision | None:
        """Judge all policies on what is known now, and record it; None where the runbook has none.

        `at` is the reads that it rests on: `first`, `refreshed`, `recheck`. Raises JournalFault.
        """
        defn = self.defn
        if defn is None:
            return None
        handed = {name: self._handed(raw) for name, raw in defn.with_.items()}
        gathering, plan = self.gathering, self.asking.clearance.plan
        operator, world = gathering.operator, gathering.world
        planned: Mapping[str, Handed] | None = None
        planned_digest = ""
        if plan is not None:
            planned = {name: self._planned(raw, handed[name]) for name, raw in defn.with_.items()}
            planned_digest = plan.figures_digest
        elif phase == "commit":
            planned, planned_digest = self._before, self._confirmed()
        occasion = Occasion(
            phase=phase,
            now=world.clock.now(),
            action=self.asking.way.call.name if self.asking.way.call is not None else "",
            environment=self.mandate.environment,
            run=self.run,
            runbook=gathering.runbook.runbook,
            mode=self.mandate.mode,
            operator=operator.id,
            roles=operator.roles,
            figures_digest=figures_digest(self.asking.figures()),
            facts=handed,
            planned=planned,
            planned_digest=planned_digest,
            overrides=self.asking.clearance.overrides,
        )
        decision = decide(self.mandate.sets, replace(occasion, answers=self._answers(occasion)))
        gathering.log.emit("policy.decision", defn.id, **decision.as_data(), at=at)
        if phase == "plan":
            self._before = handed
        self.asking.clearance.take(decision)
        return decision

    def _answers(self, occasion: Occasion) -> dict[str, Answered]:
        """What OPA says of these facts, for each set in Rego: a read, whose answer stands in the record of the decision."""
        ask = self.mandate.ask
        if ask is None:
            return {}
        return {
            name: rego.kept(ask(question, facts)) for name, question, facts in questions(self.mandate.sets, occasion)
        }

    def tell(self, decision: Decision | None, *, in_full: bool) -> None:
        """Show it: one line, and below it each policy that stands out. Without `in_full` a quiet one is left for later."""
        if decision is None or self.defn is None or (not in_full and decision.result != "deny"):
            return
        self.gathering.log.notice(
            Decided(self.defn.id, WORDS[decision.result], "policy", told(decision), decision.as_data())
        )

    def denial(self, decision: Decision | None) -> str:
        """What the last line says of a denial; empty where there is none."""
        if decision is None or decision.result != "deny":
            return ""
        if decision.nothing:
            return decision.nothing
        names = [one.id for one in decision.policies if one.counts == "deny"]
        return f"{plural(len(names), 'policy')} denied ({', '.join(f'`{name}`' for name in names)})"

    def _handed(self, raw: Any) -> Handed:
        """What a name under `with:` stands for now, as the journal has it."""
        step = find(raw)[0].path[0]
        fact = self.gathering.known[step]
        assert isinstance(fact, Fact)
        return Handed(type(fact).__name__, fact.clear(), self.gathering.origin(step))

    def _planned(self, raw: Any, now: Handed) -> Handed:
        plan = self.asking.clearance.plan
        assert plan is not None
        step = find(raw)[0].path[0]
        try:
            return Handed(plan.facts[step].kind, plan.values_of(step), {"step": step})
        except KeyError:
            return Handed("nothing that was planned", {}, now.origin)

    def _confirmed(self) -> str:
        consent = self.asking.way.consent
        confirmed = self.gathering.known.get(consent.id) if consent is not None else None
        return str(getattr(confirmed, "figures_digest", ""))


def told(decision: Decision) -> str:
    """`5 policies: 3 passed, 1 warned, 1 denied`; what does not apply, or only is observed, is counted as such."""
    if decision.nothing:
        return decision.nothing
    counts = dict.fromkeys(("passed", "warned", "to be approved", "denied", "observed", "lifted", "not applicable"), 0)
    words = {"pass": "passed", "warn": "warned", "approve": "to be approved", "deny": "denied", "error": "denied"}
    for one in decision.policies:
        if one.outcome == "not_applicable":
            counts["not applicable"] += 1
        elif one.outcome != "pass" and one.mode == "observe":
            counts["observed"] += 1
        elif one.counts == "pass" and one.outcome != "pass":
            counts["lifted"] += 1
        else:
            counts[words[one.outcome]] += 1
    found = [f"{count} {word}" for word, count in counts.items() if count]
    return f"{plural(len(decision.policies), 'policy')}: {', '.join(found)}"
