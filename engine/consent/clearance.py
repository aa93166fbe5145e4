"""Whether a run may make its one-way call: the plan that it applies may be used, and whoever must approve has. Floor 4.

Asked before anything is written, before the consent, and once more while the intent is recorded and nobody else can write:
whichever way a run came there, it passes here, since a call cannot be made without a clearance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.approvals.assessment import Assessment, asked_for
from engine.clock import Clock
from engine.errors import Denied, Exit, NotConfirmed, RunbookError, Stale
from engine.journal import Journal
from engine.operators import Operator, everybody, require_kept
from engine.plain import dataclass
from engine.policy.decision import ApprovalNeed, Decision, Override
from engine.run.endings import Ending, sentence
from engine.run.log import RunLog
from engine.values import iso

if TYPE_CHECKING:
    from engine.approvals.papers import Approval, Assessor, Signed
    from engine.consent.applying import Applying
    from engine.plan import Bond, Plan


@dataclass(slots=True)
class Clearance:
    """One run's clearance. `bond` is the plan that it applies, as its first record names it; `applying` the plan itself.

    A run that is taken up again has the bond alone. Approvals in the journal count like those that the command line brought
    along. `decision` is the newest of the policies, `needs` what they ask for, `overrides` what this run was given. `replan`
    is the command that makes a plan, or a new one.
    """

    run: str
    journal: Journal
    clock: Clock
    operator: Operator
    operators: Path
    bond: Bond | None = None
    applying: Applying | None = None
    replan: str = ""
    decision: Decision | None = None
    needs: Sequence[ApprovalNeed] = ()
    overrides: tuple[Override, ...] = ()
    _assessor: Assessor | None = field(default=None, repr=False)

    @property
    def plan(self) -> Plan | None:
        """The plan that is applied; None in a run without one, and in one that is taken up again."""
        return self.applying.plan if self.applying is not None else None

    def take(self, decision: Decision) -> None:
        """What policies decided now. What one asked for that decides before a consent only is asked for until the call."""
        judged = {(one.set, one.id) for one in decision.policies if one.outcome != "not_applicable"}
        before = self.needs if decision.phase == "commit" else ()
        self.needs = (*(need for need in before if (need.set, need.policy) not in judged), *decision.needs)
        self.decision = decision

    def require_usable(self) -> None:
        """Raise Stale when the plan has expired or was used."""
        if self.plan is not None:
            self.plan.require_current(self.clock.now())
        self._require_unused()

    def require_open(self) -> None:
        """Raise Stale when a call was made under the plan: until then it can be rejected, consent or not."""
        self._require_unused(("effect.intent",))

    def _require_unused(self, by: tuple[str, ...] = ("consent.given", "effect.intent")) -> None:
        if self.bond is None:
            return
        for record in self.journal.about(self.bond.mark):
            if record.type in by and record.run != self.run:
                raise Stale(
                    f"the plan was used by run {record.run}, at {record.ts[:19]}Z: a plan is good for one run",
                    hint=f"runbook audit show {record.run}",
                )

    def assess(self, figures_digest: str) -> Assessment:
        """Whether the approvals that there are suffice for these figures. Raises SettingsFault."""
        needs, bond = self.needs, self.bond
        signed = self._signed() if bond is not None else []
        if not signed:
            return Assessment(lacking=tuple(map(asked_for, needs)))
        from engine.approvals.papers import Assessor, Question

        if self._assessor is None:
            require_kept(self.operators)
            self._assessor = Assessor({one.id: one for one in everybody(self.operators)})
        question = Question(needs, bond, figures_digest, self.operator.id, self.clock.now(), self._lifted())
        found = self._assessor.assess(question, signed)
        return found if found.rejected is not None else replace(found, rejected=self._rejected_before())

    def _rejected_before(self) -> Approval | None:
        """A rejection that stands in the journal: it was verified when it was recorded, whatever became of the key since."""
        return next(
            (one.approval for one in self._recorded("approval.rejected") if one.approval.decision == "reject"), None
        )

    def require_not_rejected(self) -> None:
        """Raise Denied when somebody has rejected the plan: no approval changes that."""
        if (one := self._rejected_before()) is not None:
            raise Denied(_rejection(one))

    def _lifted(self) -> frozenset[str]:
        return frozenset(one.policy for one in self.overrides)

    def _signed(self) -> list[Signed]:
        """Every approval and rejection that is known for the plan."""
        found = {(one.body, one.signature): one for one in (self.applying.handed if self.applying else ())}
        for one in self._recorded("approval.given", "approval.rejected"):
            found.setdefault((one.body, one.signature), one)
        return list(found.values())

    def _recorded(self, *types: str) -> Iterator[Signed]:
        """What the journal holds of these types about the plan, and is for it."""
        from engine.approvals.papers import Signed

        for record in self.journal.about(self.bond.mark) if self.bond is not None else ():
            if record.type in types:
                try:
                    yield Signed.of(record.data["approval"], record.data["signature"])
                except (KeyError, TypeError, ValueError):
                    continue  # of another version of this program; it counts for nothing here

    def keep(self, log: RunLog, counting: Sequence[Approval]) -> None:
        """Record what counts of what the command line brought along: it outlives the file. Raises JournalFault."""
        if self.bond is None or self.applying is None:
            return
        types = ("approval.given", "approval.rejected")
        kept = [record.data.get("signature") for record in self.journal.about(self.bond.mark) if record.type in types]
        for one in self.applying.handed:
            if one.signature not in kept and one.approval in counting:
                type = types[one.approval.decision == "reject"]
                log.emit(type, None, plan=self.bond.digest, subject=self.bond.mark, **one.as_record())

    def require(self, figures_digest: str) -> Assessment:
        """Raise Denied (rejected) or NotConfirmed (an approval is missing); else what the run rests on.

        This is what every way to a one-way request comes to right before its intent.
        """
        return self.accept(self.assess(figures_digest))

    def accept(self, found: Assessment) -> Assessment:
        """The same of an assessment that was made already."""
        if found.rejected is not None:
            raise Denied(_rejection(found.rejected))
        if found.lacking:
            raise NotConfirmed("approval missing: " + "; ".join(found.lacking), hint="\n".join(found.set_aside))
        return found

    def ending(self, error: RunbookError, written: str) -> Ending:
        """How a run ends that was not cleared; `written` says what was written until then."""
        lines = tuple(filter(None, (error.hint or "").split("\n")))
        message = f"{sentence(error.message)} {written}"
        if isinstance(error, NotConfirmed):
            next = f"runbook approve {self.applying.name}" if self.applying is not None else self.replan
            return Ending(Exit.NOT_CONFIRMED, "not_confirmed", message, next, lines)
        if isinstance(error, Denied):
            return Ending(Exit.DENIED, "denied", message, self.replan, lines)
        is_command = len(lines) == 1 and lines[0].startswith("runbook ")
        return Ending(
            Exit.STALE, "stale", message, lines[0] if is_command else self.replan, () if is_command else lines
        )

    def barrier(self, figures_digest: str) -> None:
        """What is asked while a consent or an intent is being recorded. Raises Stale, Denied, NotConfirmed, SettingsFault."""
        self._require_unused()
        self.require(figures_digest)

    def told(self, figures_digest: str) -> dict[str, Any]:
        """What the intent's record says of it: the plan, and on whose approval."""
        if self.bond is None:
            return {}
        given = [
            {"approver": one.approver, "at": iso(one.at), **({"reason": one.reason} if one.reason else {})}
            for one in self.assess(figures_digest).given
        ]
        return {"plan": self.bond.digest, "subject": self.bond.mark, **({"approvals": given} if given else {})}


def _rejection(one: Approval) -> str:
    return f"the plan was rejected by {one.approver}, at {iso(one.at)[:19]}Z" + (
        f": {one.reason}" if one.reason else ""
    )
