"""A policy set as it was read and compiled: what it is for, what it reads, and its policies. Floor 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from engine.cel import Program
from engine.cel.types import STRING, TIMESTAMP, ListOf, Record, Type
from engine.opa.answers import Question
from engine.plain import dataclass
from engine.policy.kinds import Kind, type_of

Effect = Literal["warn", "approve", "deny"]
Mode = Literal["enforce", "observe"]
When = Literal["plan", "commit", "both"]

OPERATOR = Record("operator", {"id": STRING, "roles": ListOf(STRING)})
RUN = Record(
    "run", {"id": STRING, "runbook": STRING, "environment": STRING, "action": STRING, "phase": STRING, "mode": STRING}
)
PLAN = Record("plan", {"figures_digest": STRING})
# What every policy may name beside its facts, its params and its variables.
SURROUNDINGS: dict[str, Type] = {"now": TIMESTAMP, "operator": OPERATOR, "run": RUN, "plan": PLAN}
PLANNED = "planned"
RESERVED = frozenset({*SURROUNDINGS, PLANNED, "params", "variables", "true", "false", "null", "in"})


def planned_type(kind: Kind) -> Record:
    """The type of `planned`: the fact as it was planned, and the digest of the figures that were planned with it."""
    fact = type_of(kind.model)
    return Record(f"planned {fact.name}", {**fact.fields, "figures_digest": STRING})


@dataclass(frozen=True, slots=True)
class Approve:
    """What an approval must be; `bound_to` are paths that it is bound to, each compiled."""

    count: int
    roles: tuple[str, ...]
    distinct_from: tuple[str, ...]
    valid_for: int
    bound_to: tuple[Program, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule: where `when` holds, `require` must be true, else it has its `effect`.

    `may_override` are the roles that may lift it for one run; none where nobody may.
    """

    id: str
    title: str
    place: str
    effect: Effect
    require: Program
    when: Program | None = None
    message: Program | None = None
    doc: str = ""
    mode: Mode = "enforce"
    evaluate: When = "both"
    may_override: tuple[str, ...] = ()
    approve: Approve | None = None

    @property
    def programs(self) -> tuple[Program, ...]:
        """What decides: `when` and `require`."""
        return (self.require,) if self.when is None else (self.when, self.require)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a set in Rego asks OPA, and what an approval must be that Rego asks for; `place` is where the file says so."""

    question: Question
    approve: Approve | None
    place: str


@dataclass(frozen=True, slots=True)
class PolicySet:
    """One file. `actions` and `environments` say what it is for: empty means all of them.

    `facts` are what a runbook must hand it, by name; `mirrors` is the fact that `planned` shows as it was planned.
    `params` are the values of every environment that says nothing of its own in `by_environment`. With `opa` the policies
    are in Rego, and here are none.
    """

    name: str
    title: str
    version: str
    owner: str
    path: str
    digest: str
    actions: tuple[str, ...]
    environments: tuple[str, ...]
    facts: Mapping[str, Kind]
    mirrors: str | None
    param_types: Mapping[str, Type]
    params: Mapping[str, Any]
    by_environment: Mapping[str, Mapping[str, Any]]
    variables: Mapping[str, Program]
    policies: tuple[Policy, ...]
    text: str = field(default="", repr=False)
    opa: Asked | None = None

    def is_for(self, action: str, environment: str) -> bool:
        """Whether this set decides about such an action there."""
        return (not self.actions or action in self.actions) and (
            not self.environments or environment in self.environments
        )

    def params_in(self, environment: str) -> dict[str, Any]:
        """The params as they are in an environment."""
        return {**self.params, **self.by_environment.get(environment, {})}

    @property
    def names(self) -> dict[str, Type]:
        """Everything that an expression of a policy may name."""
        return names_of(self.facts, self.mirrors, self.param_types, {n: p.type for n, p in self.variables.items()})


def names_of(
    facts: Mapping[str, Kind], mirrors: str | None, params: Mapping[str, Type], variables: Mapping[str, Type]
) -> dict[str, Type]:
    """The same before there is a set: types by name."""
    names: dict[str, Type] = {**SURROUNDINGS, **{name: kind.type for name, kind in facts.items()}}
    if mirrors is not None:
        names[PLANNED] = planned_type(facts[mirrors])
    return names | {"params": Record("params", dict(params)), "variables": Record("variables", dict(variables))}
