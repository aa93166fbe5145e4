"""How a run ends: exit code, outcome, one sentence, the next command. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from engine.errors import Exit
from engine.facts import Fact
from engine.plain import dataclass

# `finalized`, `closed` and `voided` are what the shipped one-way steps come to; a step of one's own says its own word.
Outcome = Literal[
    "finalized", "closed", "voided", "already_done", "pending", "denied", "not_confirmed", "stale", "unreachable",
    "not_sent", "refused", "unknown", "not_as_confirmed", "would_write", "invalid", "error", "done", "approved", "rejected",
]  # fmt: skip

Attribution = Literal["ours", "not_ours", "unproven"]


@dataclass(frozen=True, slots=True)
class Ending:
    """The last word of a run. `message` is one sentence; `lines` stand before it; `next` is a command or empty."""

    exit: Exit
    outcome: Outcome | str
    message: str
    next: str = ""
    lines: tuple[str, ...] = ()
    attribution: Attribution | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def as_data(self, target: Fact | None) -> dict[str, Any]:
        """The data of `run.end`."""
        return {
            "exit": int(self.exit),
            "outcome": self.outcome,
            "invoice": None,
            **(target.report() if target is not None else {}),
            "attribution": self.attribution,
            "next": self.next or None,
            "message": self.message,
            **({"lines": list(self.lines)} if self.lines else {}),
            **self.extra,
        }


def state_of(target: Fact | None, noun: str = "invoice") -> str:
    """How a sentence tells the target's state: `the invoice reads draft`."""
    return f"the {target.NOUN} reads `{target.reads()}`" if target is not None else f"the {noun} was not read"


def plural(count: int, noun: str) -> str:
    """`1 check`, `2 checks`, `2 policies`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun[:-1] + 'ies' if noun.endswith('cy') else noun + 's'}"


def clauses(*parts: str) -> str:
    """The parts that are there as one sentence: `The draft was refreshed; nothing was finalized.`"""
    return sentence("; ".join(filter(None, parts)))


def sentence(text: str) -> str:
    """The text as a sentence: a capital first, a full stop last. A path, a host or a command in front stays as it is."""
    if text.partition(" ")[0].rstrip(",;:").isalpha():
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
