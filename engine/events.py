"""What a run says while it goes on: durable records, passing notices, and the preview of a one-way step. Floor 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field
from datetime import datetime
from typing import Any, Literal, Protocol

from engine.plain import dataclass

Word = Literal["ok", "warn", "DENY", "FAIL", "????", "skip", "wait", "----"]

TYPES = (
    "run.start",
    "run.resume",
    "fact",
    "check.verdict",
    "policy.decision",
    "step.skipped",
    "consent.asked",
    "consent.given",
    "consent.refused",
    "effect.intent",
    "effect.not_sent",
    "effect.rejected",
    "effect.pending",
    "effect.done",
    "effect.unknown",
    "effect.observed",
    "effect.released",
    "reconcile.read",
    "drift.detected",
    "operator.resolve",
    "plan.made",
    "approval.given",
    "approval.rejected",
    "override.given",
    "run.end",
    "log.open",
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event after its record is durable. `data` holds the type's own fields, canonical JSON."""

    seq: int
    ts: str
    type: str
    run: str
    step: str | None
    data: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The line of `--format json`; the envelope's keys come first and a type's fields cannot replace them."""
        head = {"v": 1, "seq": self.seq, "ts": self.ts, "type": self.type, "run": self.run, "step": self.step}
        return {**head, **{key: value for key, value in self.data.items() if key not in head}}


@dataclass(frozen=True, slots=True)
class Started:
    """A step begins."""

    step: str
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A step ended. `more` are lines below it: a check's sentence and its fix."""

    step: str
    word: Word
    label: str
    detail: str
    seconds: float | None = None
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """Policies decided: one line, and all that stands out. `data` is what the record `policy.decision` holds."""

    step: str
    word: Word
    label: str
    detail: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step goes on waiting; `seconds` since it began."""

    step: str
    label: str
    detail: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence between steps."""

    text: str


Certainty = Literal["certain", "computed", "unknown"]
LAGO = "Lago"


@dataclass(frozen=True, slots=True)
class Line:
    """One line item: name and units as Lago has them, the period in the customer's zone, the amount as text."""

    name: str
    units: str
    period: str
    amount: str


@dataclass(frozen=True, slots=True)
class Change:
    """One field that the one-way step changes: before, after, how sure that is, and why."""

    field: str
    before: str
    after: str
    certainty: Certainty
    why: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a one-way step would do, as values that a person consents to. All texts are ready to print but not made safe.

    `deductions` is what the call may take beyond the sums, None where it takes nothing by its nature; `restored` is
    what it gives back and what it does not. `system` is who does what comes `afterwards`.
    """

    action: str
    request: str
    irreversible: str
    subject: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    sums: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]
    deductions: tuple[tuple[str, str], ...] | None
    afterwards: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    refresh_could_change: tuple[str, ...] = ()
    restored: tuple[tuple[str, str], ...] = ()
    system: str = LAGO

    def as_json(self) -> dict[str, Any]:
        """For the journal's `consent.asked` and for `--format json`. Where nothing is said of the system, it is Lago."""
        found = asdict(self)
        if self.system == LAGO:
            del found["system"]
        return found


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a run: what, where, and which run."""

    runbook: str
    version: int
    environment: str
    host: str
    run: str
    mode: str
    operator: str
    is_production: bool = False
    notes: tuple[str, ...] = field(default_factory=tuple)


Notice = Header | Started | Finished | Decided | Waiting | Said | Preview


class Renderer(Protocol):
    """A fold over events. It must never stop a run: a broken pipe is its own affair."""

    def record(self, event: Recorded) -> None:
        """A durable record."""

    def notice(self, notice: Notice) -> None:
        """Something that passes and is not kept."""

    def flush(self) -> None:
        """Everything said so far has left this process."""

    def close(self) -> None:
        """Nothing more will be said."""


class Listener(Protocol):
    """What the runner speaks to: appends first, then tells the renderer."""

    def emit(self, type: str, step: str | None = None, **data: Any) -> Recorded:
        """Make an event durable, then show it. Raises JournalFault."""

    def notice(self, notice: Notice) -> None:
        """Show something that is not kept."""


def moment(text: str) -> datetime:
    """A record's `ts` as a datetime in UTC."""
    return datetime.fromisoformat(text)
