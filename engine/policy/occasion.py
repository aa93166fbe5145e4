"""What policies are judged on: facts as they were read, who acts, on what, and the moment. Floor 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from engine.cel.types import Nullable, Record, Type
from engine.opa.answers import Answered
from engine.plain import dataclass
from engine.policy.decision import Override, Phase
from engine.policy.kinds import Kind, Unfit, document
from engine.policy.model import PLANNED, PolicySet


@dataclass(frozen=True, slots=True)
class Handed:
    """One fact as the journal records it: the name of its model, its clear fields, and where they came from."""

    model: str
    values: Mapping[str, Any]
    origin: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One decision to be taken. `action` is the one-way step, empty where there is none.

    `facts` go by the names that the runbook hands them under; `planned` are the same as they were planned or confirmed,
    and before that as they are now, as is `planned_digest`. `answers` are OPA's, by the names of the sets in Rego.
    """

    phase: Phase
    now: datetime
    action: str
    environment: str
    run: str
    runbook: str
    mode: str
    operator: str
    roles: tuple[str, ...]
    figures_digest: str
    facts: Mapping[str, Handed]
    planned: Mapping[str, Handed] | None = None
    planned_digest: str = ""
    overrides: tuple[Override, ...] = ()
    answers: Mapping[str, Answered] = field(default_factory=dict)

    def values(self, set: PolicySet) -> tuple[dict[str, Any], list[Unfit]]:
        """The names that this set's policies may read, with their values, but for variables; and what does not fit."""
        values: dict[str, Any] = {
            "now": self.now,
            "operator": {"id": self.operator, "roles": list(self.roles)},
            "run": {
                "id": self.run,
                "runbook": self.runbook,
                "environment": self.environment,
                "action": self.action,
                "phase": self.phase,
                "mode": self.mode,
            },
            "plan": {"figures_digest": self.figures_digest},
            "params": set.params_in(self.environment),
        }
        unfit: list[Unfit] = []
        for name, kind in set.facts.items():
            values[name] = _document(kind, self.facts.get(name), name, unfit)
        if set.mirrors is not None:
            kind = set.facts[set.mirrors]
            planned = self.facts if self.planned is None else self.planned
            found = _document(kind, planned.get(set.mirrors), PLANNED, unfit)
            values[PLANNED] = found | {"figures_digest": self.planned_digest or self.figures_digest}
        return values, unfit


def _document(kind: Kind, handed: Handed | None, name: str, unfit: list[Unfit]) -> dict[str, Any]:
    """A document that fits the type whatever came: what is not there is noted, and stands as null."""
    if handed is None:
        found, why = None, [Unfit(name, "is not there")]
    elif handed.model != kind.step_gives.__name__:
        found, why = None, [Unfit(name, f"is no {kind.name}")]
    else:
        found, why = document(kind, handed.values, name)
    unfit += why
    return found if found is not None else dict.fromkeys(kind.type.fields)


def schema(type: Type, seen: frozenset[str] = frozenset()) -> Any:
    """A type as JSON, for a digest: two engines that understand a field otherwise do not have the same."""
    if isinstance(type, Record):
        if type.name in seen:
            return type.name
        return {name: schema(field, seen | {type.name}) for name, field in type.fields.items()}
    if isinstance(type, Nullable):
        return {"null or": schema(type.of, seen)}
    if (words := getattr(type, "values", None)) is not None:
        return sorted(words)
    if (element := getattr(type, "element", None) or getattr(type, "value", None)) is not None:
        return {str(type).partition(" of ")[0]: schema(element, seen)}
    return str(type)
