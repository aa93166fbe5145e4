"""A second person looks at a plan and says yes or no: the same figures as a consent shows, then a signature. Floor 4.

Nothing is read from Lago and no key to it is needed. What is shown is made anew from the facts in the plan, and has to come to
the plan's own figures: a plan that shows one thing and binds another is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from engine.approvals import papers
from engine.approvals.assessment import OPERATOR, asked_for
from engine.approvals.papers import Assessor, Decision, Question, Signed
from engine.clock import Clock
from engine.consent.applying import Applying, require_same_code
from engine.consent.asking import Asking
from engine.consent.clearance import Clearance
from engine.consent.given import Consenting
from engine.errors import Bug, Denied, Exit, Invalid, NotConfirmed, SettingsFault, Stale
from engine.events import Finished, Preview, Said
from engine.facts import Fact
from engine.files import strict_json
from engine.model import Runbook
from engine.operators import Operator, require_kept
from engine.plain import dataclass
from engine.plan import Plan
from engine.policy.decision import ApprovalNeed
from engine.registry import Registry
from engine.run.endings import Ending
from engine.run.gathering import Gathering, figures_digest
from engine.run.itinerary import Itinerary
from engine.run.log import RunLog
from engine.run.opening import offline
from engine.run.recall import kinds, read_inputs
from engine.signatures import signing
from engine.signatures.ssh_keys import PublicKey
from engine.values import iso, show_duration

VERBS: dict[Decision, str] = {"approve": "approve it", "reject": "reject it"}


class _At(Clock):
    """The moment at which the plan was made, for what the plan foresaw then."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


@dataclass(frozen=True, slots=True)
class Approving:
    """One person before one plan. `key` is the file of the key to sign with, None to take one that the agent holds.

    `about` is what this command's own first record says; `can_ask` whether ssh-keygen may ask for a passphrase; `look` is told
    what the plan is about.
    """

    applying: Applying
    decision: Decision
    reason: str
    key: Path | None
    file: Path
    runbook: Runbook
    registry: Registry
    consenting: Consenting
    clearance: Clearance
    about: Mapping[str, Any]
    log: RunLog
    can_ask: bool
    look: Callable[[Fact], object]

    @property
    def plan(self) -> Plan:
        """The plan that is looked at."""
        return self.applying.plan

    @property
    def operator(self) -> Operator:
        """Who looks at it."""
        return self.clearance.operator

    def decide(self) -> Ending:
        """Show, ask, sign, record, write the file.

        Raises Stale (used, expired, other code), Denied (not this person's to decide), NotConfirmed, Invalid (a plan that
        contradicts itself), SettingsFault (no key, no ssh-keygen), UsageFault (the file cannot be written).
        """
        self._require_usable()
        require_same_code(self.plan, self.about, self.applying.replan)
        needs = papers.needs_of(self.plan)
        self._require_entitled(needs)
        if not self.operator.ssh_keys:
            raise SettingsFault(
                f"the operators file gives {self.operator.id} no key to sign with",
                hint="`ssh_keys` takes the line of your public key, as in ~/.ssh/id_ed25519.pub.",
            )
        require_kept(self.clearance.operators)
        key = self.key or _of_the_agent(self.operator)
        asking = self._asking()
        target = self._target(asking)
        self._show(asking, needs)
        self._ask(asking)
        signed = self._sign(needs, key)
        type = "approval.given" if self.decision == "approve" else "approval.rejected"
        data = {"plan": self.plan.digest, "subject": self.plan.mark, **signed.as_record()}
        self.log.emit_unless(self._require_usable, type, None, **data)
        strict_json.write(self.file, signed.as_data())
        return self._ending(signed, f"{asking.one_way.words.verb} {target.named()}")

    def _require_usable(self) -> None:
        """Raise Stale or Denied when nothing is left to decide on; what was consented to and not sent can be rejected."""
        if self.decision == "approve":
            self.clearance.require_not_rejected()
        try:
            self.plan.require_current(self.clearance.clock.now())
        except Stale as gone:
            raise Stale(gone.message, hint=f"Have it planned anew: {self.applying.replan}") from gone
        return self.clearance.require_usable() if self.decision == "approve" else self.clearance.require_open()

    def _target(self, asking: Asking) -> Fact:
        """What would be acted on. Raises Bug: validation has seen to it that a consent shows it."""
        shown = asking.shown().values()
        target = next((one for one in shown if asking.one_way.key_of(one, asking.gathering.world)), None)
        if target is None:
            raise Bug("the consent does not show what is acted on")
        self.look(target)
        return target

    def _require_entitled(self, needs: Sequence[ApprovalNeed]) -> None:
        """Raise Denied when this is nobody's decision, or not this person's."""
        by = self.operator
        if not needs:
            raise Denied("no policy asks for an approval of this plan", hint=f"runbook apply {self.applying.name}")
        mine = [need for need in needs if set(by.roles) & set(need.roles)]
        asked = "\n".join(map(asked_for, needs))
        if not mine:
            raise Denied(f"the plan is not for {by.id} to decide on, who has none of the roles that may", hint=asked)
        apart = [need for need in mine if not (OPERATOR in need.distinct_from and by.id == self.plan.made_by.id)]
        if self.decision == "approve" and not apart:
            raise Denied(f"the plan was made by {by.id}, and it needs somebody else's approval", hint=asked)

    def _asking(self) -> Asking:
        """The plan's consent made anew from its facts. Raises Invalid."""
        steps, world = self.registry.steps, offline(self.plan.target, _At(self.plan.made_at))
        known: dict[str, Any] = {"run": {"id": self.clearance.run}, **self._facts(kinds(self.runbook, steps))}
        try:
            inputs = read_inputs(self.runbook, self.plan.run, self.plan.inputs)
        except ValueError as error:
            raise Invalid(f"the plan has an input that cannot be read: {error}", hint=self.applying.replan) from None
        known["inputs"] = {**{name: item.value for name, item in self.runbook.inputs.items()}, **inputs}
        gathering = Gathering(self.runbook, steps, self.registry.checks, world, self.log, self.operator, known)
        gathering.find_subject()
        asking = Asking(gathering, self.consenting, Itinerary.of(self.runbook, steps), self.clearance)
        try:
            figures, expected = asking.figures(), asking.expected
        except (KeyError, AttributeError, Bug) as error:
            raise Invalid(f"the plan lacks a fact that its figures are made of: {error}") from error
        is_same = (expected, gathering.subject) == (self.plan.expected, self.plan.subject)
        if not is_same or figures_digest(figures) != self.plan.figures_digest:
            raise Invalid(
                "the plan contradicts itself: its facts do not come to its figures", hint=self.applying.replan
            )
        return asking

    def _facts(self, kinds: Mapping[str, type[Fact]]) -> dict[str, Fact]:
        found = {}
        for step, seen in self.plan.facts.items():
            kind = kinds.get(step)
            if kind is None or kind.__name__ != seen.kind:
                raise Invalid(f"the plan's fact `{step}` is none that `{self.runbook.runbook}` learns there")
            try:
                found[step] = kind.model_validate(self.plan.values_of(step))
            except ValidationError as error:
                place = ".".join(map(str, error.errors()[0]["loc"]))
                raise Invalid(f"the plan's fact `{step}` cannot be read: `{place}`") from error
        return found

    def _show(self, asking: Asking, needs: Sequence[ApprovalNeed]) -> None:
        """Everything that a consent shows, and beside it who planned, what warned and who asks. All of it is recorded."""
        plan = self.plan
        warnings = tuple(f"{one.message} (`{one.step}`)" for one in plan.warned)
        lifted = tuple(f"policy `{one.policy}` is overridden: {one.reason}" for one in plan.overrides)
        refresh = tuple(f"a refresh: {one.request}" for one in plan.requests if one.effect == "write")
        preview: Preview = replace(asking.preview(), warnings=warnings + lifted, refresh_could_change=refresh)
        self.log.emit(
            "consent.asked",
            None,
            expected=plan.expected,
            figures_digest=plan.figures_digest,
            plan=plan.digest,
            subject=plan.mark,
            preview=preview.as_json(),
            warnings=[one.step for one in plan.warned],
        )
        self.log.notice(preview)
        left = show_duration(plan.expires_at - self.clearance.clock.now())
        made = f"{plan.short}, by {plan.made_by.id} for {plan.environment}, at {iso(plan.made_at)[:19]}Z; good for {left} more"
        self.log.notice(Finished("plan", "ok", "plan", made))
        for need in needs:
            self.log.notice(Finished("policy", "wait", "policy", asked_for(need)))
        if not any(one.type == "plan.made" for one in self.clearance.journal.about(plan.mark)):
            self.log.notice(Said("This journal has no record of the plan: what stands above is what the file says."))

    def _ask(self, asking: Asking) -> None:
        """Raise NotConfirmed unless the customer is named by who decides: typed, or by flags with the total."""
        to_type = asking.to_type()
        consenting, expected = self.consenting, self.plan.expected
        consenting.require(expected, to_type, dict.fromkeys(to_type))
        if consenting.by_flags(to_type):
            stands = {name: getattr(value, "plain", str(value)) for name, value in to_type.items()}
            other = [name for name, text in stands.items() if _bare(consenting.values[name]) != _bare(text)]
            if other:
                given = ", ".join(f"`--{name}` {consenting.values[name]}, and it is {stands[name]}" for name in other)
                hint = f"Having seen the figures, name them: {consenting.show(expected, to_type)}"
                raise NotConfirmed(f"the command line names other figures than the plan: {given}", hint=hint)
            return
        if consenting.ask is None:
            raise Bug("nobody can be asked here, and that was not noticed before")
        self.log.flush()
        typed = consenting.ask(f"Type the customer id ({expected}) to {VERBS[self.decision]}, or press Enter to stop: ")
        if typed != expected:
            why = "end of input" if typed is None else "nothing typed" if not typed else "another word was typed"
            self.log.emit("consent.refused", None, why=why, figures_digest=self.plan.figures_digest)
            raise NotConfirmed(f"not {DONE[self.decision]}: {why}")

    def _sign(self, needs: Sequence[ApprovalNeed], key: Path | PublicKey) -> Signed:
        """Sign, and hold the signature against the operators file as whoever applies the plan will."""
        by, now = self.operator, self.clearance.clock.now()
        draft = papers.draft(self.plan, needs, by, self.decision, self.reason, now)
        signed = papers.sign(draft, key, can_ask=self.can_ask)
        question = Question(needs, self.applying.bond, self.plan.figures_digest, "", now)
        found = Assessor({by.id: by}).assess(question, [signed])
        if (self.decision == "reject" and found.rejected is None) or (self.decision == "approve" and not found.given):
            why = "; ".join(found.set_aside) or "it does not verify"
            raise SettingsFault(f"what was signed is of no use: {why}", hint="Sign with a key of yours: --key FILE")
        return signed

    def _ending(self, signed: Signed, act: str) -> Ending:
        plan = f"plan {self.plan.short} of {self.plan.made_by.id}"
        done = f"{DONE[self.decision].capitalize()} by {self.operator.id}: {act}, {plan}"
        if self.decision == "reject":
            return Ending(Exit.DONE, "rejected", f"{done}. Nobody can apply it any more.")
        until = iso(signed.approval.valid_until)[:16].replace("T", " ")
        next = f"runbook apply {self.applying.name} --approval {_quoted(self.file)}"
        return Ending(Exit.DONE, "approved", f"{done}; good until {until} UTC.", next)


DONE: dict[Decision, str] = {"approve": "approved", "reject": "rejected"}


def place_of(plan: Path, approver: str) -> Path:
    """Where an approval goes: beside the plan, under its name and the approver's."""
    return plan.with_name(f"{plan.name.removesuffix('.json')}.{quote(approver, safe='@+')}.approval.json")


def _of_the_agent(by: Operator) -> PublicKey:
    """The first of a person's keys that their agent holds. Raises SettingsFault."""
    held = signing.held_by_agent()
    for key in by.ssh_keys:
        if key in held:
            return key
    raise SettingsFault(
        f"no agent here holds a key that the operators file gives {by.id}",
        hint="ssh-add ~/.ssh/id_ed25519, or name the file of the key: --key FILE",
    )


def _bare(text: str) -> str:
    return text.replace(",", "").strip()


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
