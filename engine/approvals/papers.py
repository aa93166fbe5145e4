"""Approvals: what a second person signed, and the one rule that says whether what was signed suffices. Floor 3.

An approval is bound to a plan and to the plan's figures, so that a refresh without news keeps it and any other figure
voids it. Whom a signature is of is known by the keys of the operators file, as it is at the moment of asking.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, ValidationError

from engine.approvals.assessment import OPERATOR, Assessment, asked_for, either
from engine.errors import Invalid
from engine.files import strict_json
from engine.files.strict_json import Part
from engine.operators import Operator
from engine.plain import dataclass
from engine.plan import SKEW, Bond, Digest, Lifted, Plan, Word
from engine.policy.decision import ApprovalNeed
from engine.signatures.ssh_keys import PublicKey, signer
from engine.values import canonical, iso, jsonable, show_duration

MOST_BYTES = 256 * 1024

Decision = Literal["approve", "reject"]


class Approval(Part):
    """What an approver signs. Times are UTC; `bound_to` are the values that the policies bind it to, by their paths.

    `overrides` are those of the plan, since whoever approves has seen them.
    """

    v: Literal[1]
    type: Literal["runbook.approval"]
    decision: Decision
    plan: Digest
    figures_digest: Digest
    subject: Word
    expected: Word
    approver: Word
    roles: tuple[str, ...]
    reason: str = ""
    at: AwareDatetime
    valid_until: AwareDatetime
    bound_to: dict[str, Any] = Field(default_factory=dict)
    overrides: tuple[Lifted, ...] = ()


class _Need(Part):
    """What a policy asked for when the plan was made, as the plan tells it."""

    set: Word
    policy: Word
    count: Annotated[int, Field(ge=1, le=100)]
    roles: Annotated[tuple[Word, ...], Field(min_length=1)]
    distinct_from: tuple[Word, ...]
    valid_for: Annotated[int, Field(gt=0, le=10**10)]
    bound_to: dict[str, Any]
    message: str = ""


class _File(Part):
    approval: dict[str, Any]
    signature: str


@dataclass(frozen=True, slots=True)
class Signed:
    """An approval with the signature over its canonical JSON, which `body` is."""

    approval: Approval
    body: bytes
    signature: str

    @classmethod
    def of(cls, data: Mapping[str, Any], signature: str) -> Signed:
        """From a record or a file. Raises ValueError (pydantic's) when it is none."""
        body = canonical(data)
        return cls(Approval.model_validate_json(body, strict=True), body, signature)

    def as_data(self) -> dict[str, Any]:
        """What stands in a file."""
        return {"approval": json.loads(self.body), "signature": self.signature}

    def as_record(self) -> dict[str, Any]:
        """What stands in a record: the same, and for who reads it the fingerprint of the key. Raises ValueError."""
        return {**self.as_data(), "key": signer(self.signature).fingerprint}


def draft(
    plan: Plan, needs: Sequence[ApprovalNeed], by: Operator, decision: Decision, reason: str, now: datetime
) -> Approval:
    """What an approver is to sign: it holds as long as every policy that asked for it lets it, and no longer than the plan."""
    ends = [plan.expires_at, *(now + timedelta(seconds=need.valid_for) for need in needs)]
    return Approval(
        v=1,
        type="runbook.approval",
        decision=decision,
        plan=plan.digest,
        figures_digest=plan.figures_digest,
        subject=plan.subject,
        expected=plan.expected,
        approver=by.id,
        roles=by.roles,
        reason=reason,
        at=now,
        valid_until=min(ends),
        bound_to={path: value for need in needs for path, value in need.bound_to.items()},
        overrides=plan.overrides,
    )


def sign(approval: Approval, key: Path | PublicKey, *, can_ask: bool) -> Signed:
    """Sign it with the approver's key. Raises SettingsFault."""
    from engine.signatures import signing

    body = canonical(approval.model_dump(exclude_none=True, exclude_defaults=True))
    return Signed(approval, body, signing.sign(body, key, can_ask=can_ask))


def read(path: Path) -> Signed:
    """Read an approval file strictly. Raises UsageFault, Invalid. Whose it is is not looked at yet."""
    found = strict_json.read(path, _File, "an approval", MOST_BYTES)
    strict_json.as_value(path, canonical(found.approval), Approval, "an approval")
    return Signed.of(found.approval, found.signature)


def bond_of(plan: Plan) -> Bond:
    """The plan as approvals are held against it. Raises Invalid."""
    return Bond.of(plan, (role for need in needs_of(plan) for role in need.roles))


def needs_of(plan: Plan) -> list[ApprovalNeed]:
    """What the policies asked for when the plan was made. Raises Invalid for a plan whose decision tells none."""
    if not plan.decisions:
        return []
    needs = plan.decisions[-1].get("needs", [])
    try:
        if not isinstance(needs, list):
            raise TypeError("`needs` is no list")
        told = [_Need.model_validate_json(canonical(need), strict=True) for need in needs]
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "needs"
        raise Invalid(f"the plan does not tell what its policies ask for: `{place}`: {first['msg'].lower()}") from None
    except (TypeError, ValueError) as error:
        raise Invalid(f"the plan does not tell what its policies ask for: {error}") from None
    return [ApprovalNeed(**dict(need)) for need in told]


@dataclass(frozen=True, slots=True)
class Question:
    """What approvals have to suffice for: these needs, this plan and its figures as they are now, at this moment.

    `plan` is None for a run without one, which no approval can be for. `operator` runs it; `overrides` are those of this
    run.
    """

    needs: Sequence[ApprovalNeed]
    plan: Bond | None
    figures_digest: str
    operator: str
    now: datetime
    overrides: frozenset[str] = frozenset()


@dataclass(slots=True)
class Assessor:
    """Judges approvals by the operators file as it is. What it has verified once it knows."""

    operators: Mapping[str, Operator]
    _known: dict[tuple[bytes, str], str] = field(default_factory=dict)

    def assess(self, question: Question, signed: Iterable[Signed]) -> Assessment:
        """Whether these suffice: the one rule, which every way to a one-way request asks right before its intent.

        Of one person the newest approval counts. Raises SettingsFault when nothing can be verified here.
        """
        good: list[Approval] = []
        aside: list[str] = []
        for paper in sorted(signed, key=lambda paper: paper.approval.at):
            said = paper.approval
            if why := self._stands_against(paper, question):
                aside.append(f"the {_NOUN[said.decision]} by {said.approver} does not count: {why}")
            else:
                good.append(said)
        rejected = next((one for one in good if one.decision == "reject" and self._may_reject(one, question)), None)
        approvals = {one.approver: one for one in good if one.decision == "approve"}
        lacking: list[str] = []
        given: dict[str, Approval] = {}
        for need in question.needs:
            fitting = []
            for one in approvals.values():
                if why := self._does_not_fit(one, need, question):
                    aside.append(f"the approval by {one.approver} does not count for `{need.policy}`: {why}")
                else:
                    fitting.append(one)
                    given[one.approver] = one
            if len(fitting) < need.count:
                lacking.append(asked_for(need, len(fitting)))
        return Assessment(tuple(given.values()), tuple(lacking), tuple(dict.fromkeys(aside)), rejected)

    def _stands_against(self, one: Signed, question: Question) -> str:
        """Why an approval counts for nothing here, or nothing."""
        approval, plan = one.approval, question.plan
        if plan is None or approval.plan != plan.digest:
            return "it is for another plan"
        if approval.figures_digest != question.figures_digest:
            return "it is for other figures than those that stand now"
        if approval.approver not in self.operators:
            return f"the operators file names no `{approval.approver}`"
        if why := self._signature(one, self.operators[approval.approver]):
            return why
        if approval.decision == "reject":
            return ""
        if approval.at > question.now + SKEW:
            return f"it was given {show_duration(approval.at - question.now)} from now: a clock is wrong"
        if question.now >= approval.valid_until:
            return f"it was good until {iso(approval.valid_until)[:19]}Z"
        if unseen := sorted(question.overrides - {lifted.policy for lifted in approval.overrides}):
            return f"whoever gave it has not seen that {', '.join(f'`{name}`' for name in unseen)} is overridden"
        return ""

    def _signature(self, one: Signed, by: Operator) -> str:
        from engine.signatures import signing

        found = (one.body, one.signature)
        if found not in self._known:
            try:
                signing.verify(one.body, one.signature, by.ssh_keys)
                self._known[found] = ""
            except ValueError as error:
                self._known[found] = str(error)
        return self._known[found]

    def _does_not_fit(self, one: Approval, need: ApprovalNeed, question: Question) -> str:
        plan, roles = question.plan, self.operators[one.approver].roles
        if not set(roles) & set(need.roles):
            return f"it needs {either(need.roles)}"
        if OPERATOR in need.distinct_from and one.approver == question.operator:
            return "it needs somebody else than who runs it"
        if OPERATOR in need.distinct_from and plan is not None and one.approver == plan.made_by:
            return "it needs somebody else than who made the plan"
        if question.now >= one.at + timedelta(seconds=need.valid_for):
            return f"it is older than {show_duration(timedelta(seconds=need.valid_for))}"
        other = [path for path, value in jsonable(need.bound_to).items() if one.bound_to.get(path, _MISSING) != value]
        return f"`{other[0]}` is not what it was when it was given" if other else ""

    def _may_reject(self, one: Approval, question: Question) -> bool:
        roles = {role for need in question.needs for role in need.roles}
        roles |= set(question.plan.rejecters if question.plan else ())
        return bool(roles & set(self.operators[one.approver].roles))


_NOUN = {"approve": "approval", "reject": "rejection"}
_MISSING = object()
