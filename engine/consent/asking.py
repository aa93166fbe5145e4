"""The question before a one-way call: figures are shown, somebody consents to them, and both are kept. Floor 4."""

from __future__ import annotations

from typing import Any

from engine.consent.clearance import Clearance
from engine.consent.given import Consenting
from engine.errors import Bug, NotConfirmed
from engine.events import Finished, Preview, moment
from engine.facts import Confirmed, Fact
from engine.model import StepDef
from engine.plain import dataclass
from engine.references import find, resolve
from engine.run.gathering import Gathering, Judged, figures_digest, figures_of
from engine.run.itinerary import Itinerary
from engine.steps.base import OneWayStep


@dataclass(frozen=True, slots=True)
class Asking:
    """One runbook's consent, over what its run knows at the moment."""

    gathering: Gathering
    consenting: Consenting
    way: Itinerary
    clearance: Clearance

    @property
    def defn(self) -> StepDef:
        """The runbook's `confirm`."""
        if self.way.consent is None:
            raise Bug("this runbook asks for no consent")
        return self.way.consent

    @property
    def one_way(self) -> OneWayStep[Any]:
        """What is consented to."""
        if self.way.one_way is None:
            raise Bug("this runbook has nothing to consent to")
        return self.way.one_way

    @property
    def expected(self) -> str:
        """What must be typed."""
        return str(resolve(self.defn.name, self.gathering.known))

    def figures(self) -> dict[str, Any]:
        """Everything that the consent binds, as it is known now, by step id."""
        live = {id: self.gathering.known[id] for id in self.way.live if id in self.gathering.known}
        return figures_of(live, self.way.one_way, self.gathering.world)

    def shown(self) -> dict[str, Fact]:
        """The facts that the consent shows, by the names that the runbook gives them."""
        return {name: resolve(raw, self.gathering.known) for name, raw in self.defn.with_.items()}

    def preview(self) -> Preview:
        """What the call would do, as values."""
        world = self.gathering.world
        shown = Confirmed(facts=self.shown(), figures_digest=figures_digest(self.figures()), at=world.clock.now())
        return self.one_way.preview(shown, world)

    def require(self) -> None:
        """Raise NotConfirmed when consent cannot be had here: nothing must be written then."""
        self.consenting.require(self.expected, self.to_type(), self.gathering.runbook.inputs)

    def to_type(self) -> dict[str, Any]:
        """The values that a consent without a terminal must name, whether the runbook has inputs for them or not."""
        return self.way.one_way.to_type(self.shown()) if self.way.one_way else {}

    def ask(self, judged: list[Judged]) -> Confirmed:
        """Show the figures and take the consent, which is durable and out of this process before anything happens.

        Raises NotConfirmed: another word, nothing, other values on the command line, or nobody reads the output.
        """
        log, id = self.gathering.log, self.defn.id
        expected, bound, preview = self.expected, figures_digest(self.figures()), self.preview()
        log.emit(
            "consent.asked",
            id,
            expected=expected,
            figures_digest=bound,
            preview=preview.as_json(),
            warnings=[one.defn.id for one in judged if one.verdict.verdict == "warn"],
        )
        log.notice(preview)
        how = self._consented(expected, bound)
        plan = {"plan": self.clearance.bond.digest, "subject": self.clearance.bond.mark} if self.clearance.bond else {}
        facts = self.shown()
        steps = {name: ".".join(find(raw)[0].path) for name, raw in self.defn.with_.items()}
        given = log.emit_unless(
            lambda: self.clearance.barrier(bound),
            "consent.given",
            id,
            how=how,
            typed=expected,
            figures_digest=bound,
            operator=self.gathering.operator.id,
            facts={name: {"step": steps[name], "kind": type(fact).__name__} for name, fact in facts.items()},
            **plan,
        )
        if not log.flush():
            raise NotConfirmed("the output has gone: nobody can have seen what was confirmed")
        log.notice(Finished(id, "ok", id, "confirmed by " + self.gathering.operator.id))
        confirmed = Confirmed(facts=facts, figures_digest=bound, at=moment(given.ts))
        self.gathering.known[id] = confirmed
        return confirmed

    def _consented(self, expected: str, bound: str) -> str:
        """How consent was given: by `flags`, `typed`, or by the `plan` that the operator made."""
        if self.consenting.by_flags(self.to_type()):
            self.consenting.require_same(self.to_type(), self.gathering.known["inputs"])
            return "flags"
        if self.consenting.ask is None and self.consenting.by_plan:
            return "plan"
        if self.consenting.ask is None:
            raise Bug("nobody can be asked here, and that was not noticed before")
        self.gathering.log.flush()
        typed = self.consenting.ask(self._question(expected))
        if typed == expected:
            return "typed"
        why = "end of input" if typed is None else "nothing typed" if not typed else "another word was typed"
        self.gathering.log.emit("consent.refused", self.defn.id, why=why, figures_digest=bound)
        raise NotConfirmed(f"not confirmed: {why}")

    def _question(self, expected: str) -> str:
        of = find(self.defn.name)[0].path[0].replace("_", " ")
        return f"Type the {of} id ({expected}) to {self.one_way.words.verb}, or press Enter to stop: "
