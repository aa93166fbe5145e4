"""Which conditions of a policy set were seen true, and which false: a value that a renderer can draw. Floor 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from engine.diagnostics import Span
from engine.plain import dataclass

WORDS = {True: "true", False: "false"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A part of an expression that is true or false: of which policy or variable, as it is written, and where.

    `seen` are the values that it had in some case, `excused` those that no case can show, with the reason.
    """

    owner: str
    text: str
    span: Span
    seen: frozenset[bool] = frozenset()
    excused: Mapping[bool, str] = field(default_factory=dict)

    @property
    def wanted(self) -> list[bool]:
        """The values that should be seen."""
        return [value for value in (True, False) if value not in self.excused]

    @property
    def missing(self) -> list[bool]:
        """The values that should be seen and were not."""
        return [value for value in self.wanted if value not in self.seen]

    @property
    def wrongly_excused(self) -> list[bool]:
        """The values that are said not to be reached, and were."""
        return [value for value in self.excused if value in self.seen]


@dataclass(frozen=True, slots=True)
class ConditionCoverage:
    """All conditions of one set. `path` is the policy file, `tests` the file with its cases; `threshold` is in percent."""

    set: str
    path: str
    tests: str
    conditions: tuple[Condition, ...]
    threshold: int | None = None
    threshold_span: Span | None = None

    @property
    def wanted(self) -> int:
        """How many values should be seen."""
        return sum(len(one.wanted) for one in self.conditions)

    @property
    def missing(self) -> list[Condition]:
        """The conditions of which a value should be seen and was not."""
        return [one for one in self.conditions if one.missing]

    @property
    def seen(self) -> int:
        """How many of those that should be seen were."""
        return self.wanted - sum(len(one.missing) for one in self.conditions)

    @property
    def percent(self) -> int:
        """How much of it was seen, rounded down: 100 is all of it."""
        return 100 * self.seen // self.wanted if self.wanted else 100

    @property
    def is_enough(self) -> bool:
        """Whether the threshold is reached, and nothing is excused that can be seen."""
        is_honest = not any(one.wrongly_excused for one in self.conditions)
        return is_honest and (self.threshold is None or self.percent >= self.threshold)

    def as_json(self) -> dict[str, Any]:
        """One line of `--format json`."""
        rows = [
            {
                "policy": one.owner,
                "condition": one.text,
                "line": one.span.line,
                "col": one.span.col,
                "never": WORDS[value],
            }
            for one in self.missing
            for value in one.missing
        ]
        return {
            "v": 1, "type": "policy.coverage", "set": self.set, "path": self.path, "tests": self.tests,
            "percent": self.percent, "seen": self.seen, "wanted": self.wanted, "missing": rows,
            "not_reached": _rows(self.conditions, "excused"), "seen_all_the_same": _rows(self.conditions, "wrongly_excused"),
            "threshold": self.threshold, "enough": self.is_enough,
        }  # fmt: skip


def _rows(conditions: tuple[Condition, ...], what: str) -> list[dict[str, str]]:
    return [
        {"policy": one.owner, "condition": one.text, "value": WORDS[value], "why": one.excused[value]}
        for one in conditions
        for value in getattr(one, what)
    ]
