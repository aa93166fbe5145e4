"""What a set of policies decided about one action at one moment: each policy's outcome, and why. Floor 3.

A decision is a value. `as_data` is what the journal keeps of it (`policy.decision`), and it is enough to tell the
decision again, and to take it again with the facts that the same journal holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Literal

from engine.plain import dataclass
from engine.values import iso

Phase = Literal["plan", "commit"]
Result = Literal["pass", "warn", "approve", "deny"]
# `not_applicable`: its `when` is false, or it is for the other phase. `error`: it could not be decided, and so denies.
Outcome = Literal["pass", "warn", "approve", "deny", "error", "not_applicable"]

RANK: dict[Outcome, int] = {"not_applicable": 0, "pass": 0, "warn": 1, "approve": 2, "deny": 3, "error": 3}
RESULTS: tuple[Result, ...] = ("pass", "warn", "approve", "deny")


@dataclass(frozen=True, slots=True)
class ApprovalNeed:
    """What one policy asks of other people before the action may go on.

    `count` different people are needed, each with one of `roles`, and none of them who `distinct_from` names (`operator`).
    An approval holds for `valid_for` seconds. `bound_to` are the paths that it is bound to with their values now, as
    JSON: an approval that was given for other values is none.
    """

    set: str
    policy: str
    count: int
    roles: tuple[str, ...]
    distinct_from: tuple[str, ...]
    valid_for: int
    bound_to: Mapping[str, Any]
    message: str = ""

    def as_data(self) -> dict[str, Any]:
        """For a record."""
        return {
            "set": self.set,
            "policy": self.policy,
            "count": self.count,
            "roles": list(self.roles),
            "distinct_from": list(self.distinct_from),
            "valid_for": self.valid_for,
            "bound_to": dict(self.bound_to),
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Override:
    """A person's word that one policy is not to stop this one run. It counts only where the policy allows it."""

    policy: str
    operator: str
    roles: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Ruled:
    """One policy and what it came to.

    `effect` is what the file says it does when it is not met, `outcome` what it did. `message` is a sentence, `tree`
    the sub-expressions with their values (only where it stands out), `error` why it could not be decided. `may_override`
    are the roles that may. `overridden` says who did: the outcome stands as it was, and no longer counts; `not_lifted` why
    somebody's word does not. Nor does that of a policy whose `mode` is `observe` count.
    """

    set: str
    id: str
    effect: Result
    outcome: Outcome
    title: str
    place: str
    mode: Literal["enforce", "observe"] = "enforce"
    message: str = ""
    doc: str = ""
    error: str = ""
    tree: Mapping[str, Any] | None = None
    may_override: tuple[str, ...] = ()
    overridden: Override | None = None
    not_lifted: str = ""

    @property
    def counts(self) -> Result:
        """What it adds to the decision."""
        if self.mode == "observe" or (self.overridden is not None and self.outcome != "error"):
            return "pass"
        return RESULTS[RANK[self.outcome]]

    def as_data(self) -> dict[str, Any]:
        """For a record: what is empty is left out."""
        said = {
            "message": self.message,
            "doc": self.doc,
            "error": self.error,
            "tree": self.tree,
            "may_override": list(self.may_override),
            "not_lifted": self.not_lifted,
            "overridden": self.overridden
            and {
                "operator": self.overridden.operator,
                "roles": list(self.overridden.roles),
                "reason": self.overridden.reason,
            },
        }
        return {
            "set": self.set,
            "id": self.id,
            "effect": self.effect,
            "outcome": self.outcome,
            "mode": self.mode,
            "title": self.title,
            "place": self.place,
            **{key: value for key, value in said.items() if value},
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Ruled:
        """From a record of any age: what it does not say is left empty."""
        lifted = data.get("overridden")
        return cls(
            set=str(data.get("set", "")),
            id=str(data.get("id", "")),
            effect=data.get("effect", "deny"),
            outcome=data.get("outcome", "error"),
            title=str(data.get("title", "")),
            place=str(data.get("place", "")),
            mode=data.get("mode", "enforce"),
            message=str(data.get("message", "")),
            doc=str(data.get("doc", "")),
            error=str(data.get("error", "")),
            tree=data.get("tree"),
            may_override=tuple(data.get("may_override") or ()),
            overridden=Override(
                str(data.get("id", "")), str(lifted["operator"]), tuple(lifted["roles"]), str(lifted["reason"])
            )
            if lifted
            else None,
            not_lifted=str(data.get("not_lifted", "")),
        )


@dataclass(frozen=True, slots=True)
class Used:
    """One set as it was used: digests of its file, of its parameters, of the types, and whether it was for this action."""

    name: str
    version: str
    place: str
    digest: str
    params_digest: str
    params: Mapping[str, Any]
    is_matching: bool = True

    def as_data(self) -> dict[str, Any]:
        """For a record."""
        return {
            "name": self.name,
            "version": self.version,
            "place": self.place,
            "digest": self.digest,
            "params_digest": self.params_digest,
            "params": dict(self.params),
            "is_matching": self.is_matching,
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """What all policies came to. `now` was taken once, for all of them.

    `digest` binds sets, parameters, types and the engine's version; `facts` tells, for each name that a policy could read,
    where it came from. `nothing` is why there was nothing to decide by, which denies a one-way action.
    """

    phase: Phase
    now: datetime
    action: str
    environment: str
    digest: str
    sets: tuple[Used, ...]
    policies: tuple[Ruled, ...]
    needs: tuple[ApprovalNeed, ...] = ()
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    nothing: str = ""

    @property
    def result(self) -> Result:
        """The worst of what counts: deny > approve > warn > pass."""
        if self.nothing:
            return "deny"
        return RESULTS[max((RESULTS.index(one.counts) for one in self.policies), default=0)]

    def as_data(self) -> dict[str, Any]:
        """The data of the record `policy.decision`, canonical JSON."""
        return {
            "result": self.result,
            "phase": self.phase,
            "now": iso(self.now),
            "action": self.action,
            "environment": self.environment,
            "digest": self.digest,
            "sets": [one.as_data() for one in self.sets],
            "policies": [one.as_data() for one in self.policies],
            "needs": [one.as_data() for one in self.needs],
            "facts": {name: dict(origin) for name, origin in self.facts.items()},
            **({"given": dict(self.given)} if self.given else {}),
            **({"nothing": self.nothing} if self.nothing else {}),
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Decision:
        """From a record, as far as it is needed to tell it: the sets that were used are only told by the record itself."""
        return cls(
            phase=data.get("phase", "plan"),
            now=datetime.fromisoformat(str(data["now"])),
            action=str(data.get("action", "")),
            environment=str(data.get("environment", "")),
            digest=str(data.get("digest", "")),
            sets=(),
            policies=tuple(Ruled.of(one) for one in data.get("policies") or ()),
            facts=data.get("facts") or {},
            given=data.get("given") or {},
            nothing=str(data.get("nothing", "")),
        )
