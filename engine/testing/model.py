"""A test file as values: scenarios, the commands of each, and what is expected of them (`docs/testing.md`). Floor 5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from engine.diagnostics import Span
from engine.model import Runbook
from engine.plain import dataclass
from engine.sandbox.scenario import Scenario

CommandName = Literal["run", "resume", "resolve"]

# How far a run may go: `run` all the way, `preview` only reads, `preview_with_refresh` reads and the refresh.
MODES = ("run", "preview", "preview_with_refresh")
WORDS = ("applied", "not_applied", "reissue")


@dataclass(frozen=True, slots=True)
class Placed:
    """A value of the file with its place, for what is said when it does not come true."""

    value: Any
    span: Span


@dataclass(frozen=True, slots=True)
class Operator:
    """Whom the operators file names for this account."""

    id: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Consent:
    """How somebody consents: `typed` on a terminal (an empty text is Enter), `confirm` as `--confirm`, or not at all."""

    typed: str | None = None
    confirm: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check should come to, in the phase that is named, else the last time it was asked."""

    verdict: str
    span: Span
    phase: str = ""
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What should come of one command. None is not looked at; `sends` always is: a write that is not stated fails."""

    span: Span
    exit: Placed
    outcome: Placed | None = None
    attribution: Placed | None = None
    says: tuple[Placed, ...] = ()
    screen: tuple[Placed, ...] = ()
    checks: Mapping[str, Verdict] = field(default_factory=dict)
    sends: tuple[Placed, ...] = ()
    reads: tuple[Placed, ...] | None = None
    records: tuple[Placed, ...] = ()
    no_records: tuple[Placed, ...] = ()
    effect: Placed | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a scenario. `after` is in seconds; `gone_at` the step at whose beginning Lago goes away."""

    name: CommandName
    span: Span
    expect: Expected
    mode: str = "run"
    inputs: Mapping[str, str] = field(default_factory=dict)
    consent: Consent = Consent()
    operator: Operator | None = None
    sync: str = "fresh"
    sync_file: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    gone_at: str = ""
    after: float = 0.0
    word: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario of a test file: a recording from a stage on, a clock, and the commands in it, in order."""

    name: str
    span: Span
    recording: Scenario
    start: str
    clock: datetime
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Unreached:
    """An outcome that no scenario can reach, and why not."""

    item: str
    why: str
    span: Span


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A whole test file. `threshold` is the least coverage in percent, or None where none is asked."""

    path: Path
    shown: str
    runbook: Runbook
    cases: tuple[Case, ...]
    threshold: Placed | None = None
    unreached: tuple[Unreached, ...] = ()
