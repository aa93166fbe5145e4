"""A policy's test file as values: cases, what they are judged on, and what is expected (`docs/policy-tests.md`). Floor 5."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.diagnostics import Span
from engine.opa.answers import Answered
from engine.plain import dataclass
from engine.policy.model import PolicySet
from engine.policy.occasion import Occasion


@dataclass(frozen=True, slots=True)
class Expected:
    """What a policy, or all of them, should come to, and what its message should hold; `span` is where that stands."""

    outcome: str
    span: Span
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One case: the set with the case's own params, the occasion that it is judged on, what should come of it.

    `answered` is what OPA says in this case, of a set in Rego; None asks the real one.
    """

    name: str
    span: Span
    set: PolicySet
    occasion: Occasion
    expect: Mapping[str, Expected]
    result: Expected | None = None
    answered: Answered | None = None


@dataclass(frozen=True, slots=True)
class Excused:
    """A condition that no case can see true, or false, and why not: the policy, the condition as it is written, which.

    `within` is the expression that it is a part of, `when` or `require`; empty for all of them.
    """

    policy: str
    within: str
    condition: str
    value: bool
    why: str
    span: Span


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A whole test file. `threshold` is the least coverage in percent, or None where none is asked."""

    path: Path
    shown: str
    set: PolicySet
    cases: tuple[Case, ...]
    threshold: int | None = None
    threshold_span: Span | None = None
    excused: tuple[Excused, ...] = ()

    @property
    def names(self) -> list[str]:
        """What the cases are called."""
        return [case.name for case in self.cases]


RESULT = "result"
OUTCOMES = ("pass", "warn", "approve", "deny", "error", "not_applicable")
RESULTS: Mapping[str, Any] = dict.fromkeys(("pass", "warn", "approve", "deny"))
