"""What came of a scenario of `runbook test`, and of all of them together: values that a renderer can draw. Floor 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from engine.diagnostics import Span
from engine.plain import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was expected: what, both sides as text, and where the expectation stands."""

    what: str
    expected: str
    actual: str
    span: Span
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """A scenario or case that is to be played: its name, its file, and where it stands in it."""

    name: str
    path: str
    span: Span


@dataclass(frozen=True, slots=True)
class Result:
    """One scenario. `story` is what its commands said on their screens."""

    runbook: str
    name: str
    path: str
    span: Span
    seconds: float
    differences: tuple[Difference, ...]
    story: str

    @property
    def is_passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.differences

    def as_json(self) -> dict[str, Any]:
        """One line of `--format json`."""
        rows = [
            {
                "what": one.what,
                "expected": one.expected,
                "actual": one.actual,
                "line": one.span.line,
                "col": one.span.col,
            }
            for one in self.differences
        ]
        return {
            "v": 1, "type": "test.scenario", "runbook": self.runbook, "scenario": self.name, "path": self.path,
            "line": self.span.line, "passed": self.is_passed, "seconds": f"{self.seconds:.3f}", "differences": rows,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which outcomes of a runbook's checks and writes its scenarios have shown.

    `outcomes` has for each step its words; `seen` and `excused` (with the reason) are `STEP.WORD`. `wrongly_excused`
    were seen all the same. `threshold` is in percent, None where none is asked.
    """

    runbook: str
    path: str
    outcomes: Mapping[str, tuple[str, ...]]
    seen: frozenset[str]
    excused: Mapping[str, str] = field(default_factory=dict)
    wrongly_excused: tuple[tuple[str, Span], ...] = ()
    threshold: int | None = None
    threshold_span: Span | None = None

    @property
    def wanted(self) -> list[str]:
        """What should be seen: every outcome but the excused ones."""
        every = [f"{step}.{word}" for step, words in self.outcomes.items() for word in words]
        return [item for item in every if item not in self.excused]

    @property
    def missing(self) -> list[str]:
        """What should be seen and was not."""
        return [item for item in self.wanted if item not in self.seen]

    @property
    def percent(self) -> int:
        """How much of it was seen, rounded down: 100 is all of it."""
        wanted = len(self.wanted)
        return 100 * (wanted - len(self.missing)) // wanted if wanted else 100

    @property
    def is_enough(self) -> bool:
        """Whether the threshold is reached, and nothing is excused that can be seen."""
        return not self.wrongly_excused and (self.threshold is None or self.percent >= self.threshold)

    def as_json(self) -> dict[str, Any]:
        """One line of `--format json`."""
        return {
            "v": 1, "type": "test.coverage", "runbook": self.runbook, "path": self.path, "percent": self.percent,
            "seen": len(self.wanted) - len(self.missing), "wanted": len(self.wanted), "missing": self.missing,
            "not_reached": dict(self.excused), "seen_all_the_same": [item for item, _ in self.wrongly_excused],
            "threshold": self.threshold, "enough": self.is_enough,
        }  # fmt: skip
