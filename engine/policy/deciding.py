"""The decision: every policy of every set that is for the action, judged once, on one moment. Pure. Floor 3.

Fixed rules, and no settings: all policies are judged; the worst that counts wins; what cannot be judged is denied, and
nobody lifts that; a one-way action that no set is for is denied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from engine import __version__
from engine.cel import Failed, OverBudget, Program, Trace
from engine.opa.answers import Answered, Question
from engine.plain import dataclass
from engine.policy import rego
from engine.policy.decision import ApprovalNeed, Decision, Override, Ruled, Used
from engine.policy.documents import as_json
from engine.policy.explaining import plain, said, tree
from engine.policy.kinds import Unfit
from engine.policy.model import Approve, Asked, Policy, PolicySet
from engine.policy.occasion import Occasion, schema
from engine.policy.rego import Approving
from engine.values import digest

BOUND = "plan.figures_digest"


def decide(sets: Sequence[PolicySet], occasion: Occasion) -> Decision:
    """What these sets decide on this occasion. Raises nothing: whatever goes wrong within is a denial."""
    matching = [one for one in sets if one.is_for(occasion.action, occasion.environment)]
    judged = [Judging(one, occasion) for one in matching]
    policies = tuple(ruled for one in judged for ruled in one.all())
    used = tuple(_used(one, occasion, one in matching) for one in sets)
    nothing = ""
    if not matching and occasion.action:
        names = ", ".join(f"`{one.name}`" for one in sets) or "none"
        nothing = f"no policy set is for `{occasion.action}` in `{occasion.environment}` (there is {names})"
    return Decision(
        phase=occasion.phase,
        now=occasion.now,
        action=occasion.action,
        environment=occasion.environment,
        digest=digest(
            {
                "sets": [[one.digest, one.params_digest] for one in used],
                "types": {one.name: {name: schema(of) for name, of in one.names.items()} for one in sets},
                "engine": __version__,
            }
        ),
        sets=used,
        policies=policies,
        needs=tuple(need for one in judged for need in one.needs),
        facts={name: dict(handed.origin) for name, handed in occasion.facts.items()},
        given={
            "operator": occasion.operator,
            "roles": list(occasion.roles),
            "runbook": occasion.runbook,
            "mode": occasion.mode,
            "figures_digest": occasion.figures_digest,
            "planned_digest": occasion.planned_digest or occasion.figures_digest,
            **({"rego": {name: one.as_data() for name, one in occasion.answers.items()}} if occasion.answers else {}),
        },
        nothing=nothing,
    )


def _used(set: PolicySet, occasion: Occasion, is_matching: bool) -> Used:
    params = set.params_in(occasion.environment)
    kept = {name: _kept(value) for name, value in params.items()}
    return Used(set.name, set.version, set.path, set.digest, digest(kept), kept, is_matching)


def _kept(value: Any) -> Any:
    """A param as a record keeps it."""
    if isinstance(value, Mapping):
        return {name: _kept(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_kept(item) for item in value]
    return plain(value)


@dataclass
class Judging:
    """One set on one occasion. `values` are what its expressions read, but for what `unfit` and `lost` say."""

    set: PolicySet
    occasion: Occasion
    needs: list[ApprovalNeed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.values, self.unfit = self.occasion.values(self.set)
        self.lost: dict[str, str] = {}
        variables: dict[str, Any] = {}
        self.values["variables"] = variables
        for name, program in self.set.variables.items():
            value, why = self._value(program)
            variables[name] = value
            if self._unfit(program):
                self.unfit.append(Unfit(f"variables.{name}", f"cannot be worked out: {why}"))
            elif why:
                self.lost[f"variables.{name}"] = why

    def all(self) -> list[Ruled]:
        """Every policy of the set and what it came to."""
        if self.set.opa is not None:
            return self._in_rego(self.set.opa)
        return [self._policy(policy) for policy in self.set.policies]

    def _in_rego(self, asked: Asked) -> list[Ruled]:
        """What OPA's answer comes to. It is believed only where all facts that it was asked about are as declared."""
        answer = self.occasion.answers.get(self.set.name, Answered("opa", why="OPA was not asked"))
        if self.unfit:
            answer = Answered(answer.by, why=f"`{self.unfit[0].path}` {self.unfit[0].why}")
        approving, why = None, ""
        if asked.approve is not None:
            bound, why = self._bound(asked.approve)
            approve = asked.approve
            approving = Approving(approve.count, approve.roles, approve.distinct_from, approve.valid_for, bound)
        said = rego.ruled(self.set.name, asked.place, Answered(answer.by, why=why) if why else answer, approving)
        self.needs += said.needs
        return list(said.policies)

    def _policy(self, policy: Policy) -> Ruled:
        if policy.evaluate not in ("both", self.occasion.phase):
            return self._ruled(policy, "not_applicable", message=f"it is for the {policy.evaluate} phase")
        for program in policy.programs:
            # Also where `when` would leave it out: what is missing is no reason to let something pass.
            if why := self._unfit(program):
                return self._failed(policy, program, why)
        if policy.when is not None:
            applies, why = self._value(policy.when)
            if why:
                return self._failed(policy, policy.when, why)
            if not applies:
                return self._ruled(policy, "not_applicable")
        is_met, why = self._value(policy.require)
        if why:
            return self._failed(policy, policy.require, why)
        if is_met:
            return self._ruled(policy, "pass")
        if policy.approve is not None:
            why = self._need(policy)
            if why:
                return self._failed(policy, policy.require, why)
        lifted, refused = self._lifted(policy)
        if lifted is not None:
            self.needs = [need for need in self.needs if need.policy != policy.id]
        trace = policy.require.explain(self.values)
        return self._ruled(
            policy,
            policy.effect,
            message=self._message(policy),
            tree=tree(trace, self._variable),
            overridden=lifted,
            not_lifted=refused,
        )

    def _failed(self, policy: Policy, program: Program, why: str) -> Ruled:
        given = [one for one in self.occasion.overrides if self._is_meant(one, policy)]
        refused = "what could not be judged cannot be lifted" if given else ""
        told = tree(program.explain(self.values), self._variable) if not self._spoiled(program) else None
        return self._ruled(policy, "error", message=policy.title, error=why, tree=told, not_lifted=refused)

    def _ruled(self, policy: Policy, outcome: Any, **more: Any) -> Ruled:
        return Ruled(
            set=self.set.name,
            id=policy.id,
            effect=policy.effect,
            outcome=outcome,
            title=policy.title,
            place=policy.place,
            mode=policy.mode,
            doc=policy.doc,
            may_override=policy.may_override,
            **more,
        )

    def _variable(self, name: str) -> Trace | None:
        """What a variable was worked out from; None where it cannot be believed."""
        program = self.set.variables.get(name)
        return program.explain(self.values) if program is not None and not self._spoiled(program) else None

    def traces(self) -> Iterator[tuple[str, str, Trace]]:
        """What decided, part by part: of variables and policies the name, which expression of it, and what became of it."""
        for name, program in self.set.variables.items():
            if not self._spoiled(program):
                yield f"variables.{name}", "variable", program.explain(self.values)
        for policy in self.set.policies:
            applies = policy.evaluate in ("both", self.occasion.phase)
            if applies and policy.when is not None:
                if not self._spoiled(policy.when):
                    yield policy.id, "when", policy.when.explain(self.values)
                applies = bool(self._value(policy.when)[0])
            if applies and not self._spoiled(policy.require):
                yield policy.id, "require", policy.require.explain(self.values)

    # Values

    def _value(self, program: Program) -> tuple[Any, str]:
        """What an expression comes to, or why it does not."""
        why = self._spoiled(program)
        if why:
            return None, why
        try:
            return program.evaluate(self.values), ""
        except (Failed, OverBudget) as error:
            return None, error.message

    def _spoiled(self, program: Program) -> str:
        """Why an expression cannot be believed: it reads what was not said, or what could not be worked out."""
        if why := self._unfit(program):
            return why
        for path, why in self.lost.items():
            if any(Unfit(path, "").spoils(read) for read in program.reads):
                return f"`{path}` cannot be worked out: {why}"
        return ""

    def _unfit(self, program: Program) -> str:
        """What it reads that was not said, or is not what was declared."""
        found = (one for one in self.unfit if any(one.spoils(read) for read in program.reads))
        return next((f"`{one.path}` {one.why}" for one in found), "")

    def _message(self, policy: Policy) -> str:
        text, why = self._value(policy.message) if policy.message is not None else (policy.title, "")
        return policy.title if why else str(text)

    # Who must approve, who lifts

    def _need(self, policy: Policy) -> str:
        """Note who must approve; why it cannot be told what an approval would be bound to, if so."""
        assert policy.approve is not None
        bound, why = self._bound(policy.approve)
        if why:
            return why
        if policy.mode == "enforce":
            need = policy.approve
            self.needs.append(
                ApprovalNeed(
                    self.set.name, policy.id, need.count, need.roles, need.distinct_from, need.valid_for, bound,
                    self._message(policy),
                )
            )  # fmt: skip
        return ""

    def _bound(self, approve: Approve) -> tuple[dict[str, Any], str]:
        """The paths that an approval is bound to with their values, or why one has none."""
        bound: dict[str, Any] = {BOUND: self.occasion.figures_digest}
        for program in approve.bound_to:
            value, why = self._value(program)
            if why:
                return {}, why
            bound[program.text] = said(value).get("value", digest(_kept(value)))
        return bound, ""

    def _lifted(self, policy: Policy) -> tuple[Override | None, str]:
        """The override that lifts this policy, or why one that was given does not."""
        refused = ""
        for one in self.occasion.overrides:
            if not self._is_meant(one, policy):
                continue
            if set(one.roles) & set(policy.may_override) and one.reason.strip():
                return one, ""
            may = ", ".join(policy.may_override)
            refused = f"{one.operator} may not lift it: that takes the role {may}" if may else "nobody may lift it"
        return None, refused

    def _is_meant(self, override: Override, policy: Policy) -> bool:
        return override.policy in (policy.id, f"{self.set.name}/{policy.id}")


def questions(sets: Sequence[PolicySet], occasion: Occasion) -> Iterator[tuple[str, Question, dict[str, Any]]]:
    """What is to be asked of OPA before this decision: of each set in Rego its name, the question, and the facts as JSON."""
    for one in sets:
        if one.opa is not None and one.is_for(occasion.action, occasion.environment):
            yield one.name, one.opa.question, as_json(occasion.values(one)[0])
