"""The envelope of a runbook as values: inputs, steps, what to do when it fails. Parameters stay raw here. Floor 1."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import timedelta
from typing import Any, Literal

from engine.plain import dataclass
from engine.source import Node, Source
from engine.values import Money, Month, parse_duration, parse_lago_id

Kind = Literal["step", "check", "policy", "confirm"]


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("`true` or `false` is needed")
    return text == "true"


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise ValueError("a whole number is needed, of 15 digits at the most")
    return int(text)


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("a text is needed")
    return text


# Input types: how their text is read, and the type of their value.
INPUT_TYPES: dict[str, tuple[Callable[[str], Any], type]] = {
    "invoice_id": (parse_lago_id, str),
    "text": (_text, str),
    "month": (Month.parse, Month),
    "money": (Money.parse, Money),
    "duration": (parse_duration, timedelta),
    "flag": (_flag, bool),
    "integer": (_integer, int),
}


def parse_input(type: str, text: str) -> Any:
    """An input's value from its text. Raises ValueError that says what is needed."""
    return INPUT_TYPES[type][0](text)


@dataclass(frozen=True, slots=True)
class Input:
    """One input. `default` is its text or None; `value` what it stands for when it is not given."""

    name: str
    type: str
    optional: bool = False
    default: str | None = None
    help: str = ""

    @property
    def value(self) -> Any:
        """The value of an input that was not given: its default, False for a flag, else None."""
        if self.default is not None:
            return parse_input(self.type, self.default)
        return False if self.type == "flag" else None

    @property
    def flag(self) -> str:
        """Its option on the command line: `--max-sync-age`."""
        return "--" + self.name.replace("_", "-")

    @property
    def metavar(self) -> str:
        """What stands for its value in a help; empty for a flag, which has none."""
        named = {"invoice_id": "ID", "money": "AMOUNT", "month": "YYYY-MM", "flag": ""}
        return named.get(self.type, self.type.upper())

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return not self.optional and self.default is None and self.type != "flag"


@dataclass(frozen=True, slots=True)
class StepDef:
    """One step of a runbook: `kind` says whether `name` is a step's, a check's, those of policy sets, or what must be typed.

    `when` is what must be true for it to be taken (`engine.run.expressions.Condition`); None: it always is.
    """

    id: str
    kind: Kind
    name: str
    title: str | None = None
    section: str | None = None
    with_: Mapping[str, Any] = field(default_factory=dict)
    when: Any = None
    node: Node | None = field(default=None, compare=False, repr=False)

    @property
    def sets(self) -> tuple[str, ...]:
        """Of a step of the kind `policy`: the names of its sets."""
        return tuple(self.name.split()) if self.kind == "policy" else ()


@dataclass(frozen=True, slots=True)
class FailureNote:
    """What to do when something happens: `on` is `STEP.OUTCOME` or `CHECK.VERDICT`."""

    on: str
    say: str


@dataclass(frozen=True, slots=True)
class Runbook:
    """A whole runbook. Prose keys are what `runbook show` prints, not comments."""

    runbook: str
    version: int
    title: str
    summary: str
    subject: str
    inputs: Mapping[str, Input]
    steps: tuple[StepDef, ...]
    source: Source = field(repr=False)
    use_when: str = ""
    prerequisites: tuple[str, ...] = ()
    when_it_fails: tuple[FailureNote, ...] = ()
    undo: str = ""
    audit: str = ""

    def step(self, id: str) -> StepDef | None:
        """The step with this id."""
        return next((step for step in self.steps if step.id == id), None)
