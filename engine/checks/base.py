"""What a check is: Params, and a pure function from them to a verdict. No I/O, no clock of its own. Floor 3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from engine.plain import dataclass

Outcome = Literal["pass", "warn", "deny"]


class Params(BaseModel):
    """Base of a check's parameters; a field's description is its help."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)


P = TypeVar("P", bound=Params)


@dataclass(frozen=True, slots=True)
class Here:
    """The circumstances of a run that a check may know without being handed them.

    `now` is taken once for all checks of a phase; `finalize_timeout` is in seconds; `is_preflight` says that what
    stands for a refreshed value is still the value as first read.
    """

    now: datetime
    operator_id: str
    operator_roles: tuple[str, ...]
    finalize_timeout: float = 90.0
    is_preflight: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`message` is a sentence with the figures in it; `fix` says what to do and is empty on a pass.

    `more` are further lines (one fee, one formula each); `seen` are the figures behind it, for the journal.
    """

    verdict: Outcome
    message: str
    fix: str = ""
    more: tuple[str, ...] = ()
    seen: dict[str, Any] = field(default_factory=dict)


def passed(message: str, *more: str, **seen: Any) -> Verdict:
    """A pass, which says what was checked."""
    return Verdict("pass", message, "", more, seen)


def warned(message: str, fix: str, *more: str, **seen: Any) -> Verdict:
    """A warning: the run goes on, and the person is told."""
    return Verdict("warn", message, fix, more, seen)


def denied(message: str, fix: str, *more: str, **seen: Any) -> Verdict:
    """A denial: the run stops before anything one-way."""
    return Verdict("deny", message, fix, more, seen)


@dataclass(frozen=True, slots=True)
class Check(Generic[P]):
    """One check: its name in a runbook, what it needs, and how it judges.

    `waits_for_write` marks a check whose question makes sense only on refreshed figures (what a refresh changed);
    it is left out while a refresh has not happened.
    """

    name: str
    title: str
    Params: type[P]
    judge: Callable[[P, Here], Verdict]
    waits_for_write: bool = False
