"""How a run ends: exit code, outcome, one sentence, the next command. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.errors import Exit
from engine.facts import Fact
from engine.lago_models import Invoice
from engine.lago_rules import ui_status
from engine.values import Money

Outcome = Literal[
    "finalized", "closed", "already_done", "pending", "denied", "not_confirmed", "stale", "unreachable", "not_sent",
    "refused", "unknown", "not_as_confirmed", "would_write", "invalid", "error", "done",
]  # fmt: skip

Attribution = Literal["ours", "not_ours", "unproven"]


@dataclass(frozen=True, slots=True)
class Ending:
    """The last word of a run. `message` is one sentence; `lines` stand before it; `next` is a command or empty."""

    exit: Exit
    outcome: Outcome
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
            "invoice": report(target),
            "attribution": self.attribution,
            "next": self.next or None,
            "message": self.message,
            **({"lines": list(self.lines)} if self.lines else {}),
            **self.extra,
        }


def report(target: Fact | None) -> dict[str, Any] | None:
    """What the last record says of the invoice: as it was last read."""
    if not isinstance(target, Invoice):
        return None
    return {
        "lago_id": target.lago_id,
        "number": target.number,
        "status": target.status,
        "ui_status": ui_status(target),
        "currency": target.currency,
        "total_amount_cents": target.total_amount_cents,
    }


def name_of(target: Fact | None) -> str:
    """How a sentence calls the target: `ACM-013-001 for 636.04 EUR`."""
    if not isinstance(target, Invoice):
        return "it"
    return f"{target.number} for {Money(target.total_amount_cents, target.currency)}"


def draft_of(target: Fact | None) -> str:
    """How a sentence calls a draft, whose number tells nothing: `the draft of cus_hooli for 636.04 EUR`."""
    if not isinstance(target, Invoice):
        return "it"
    return f"the draft of {target.customer.external_id} for {Money(target.total_amount_cents, target.currency)}"


def state_of(target: Fact | None) -> str:
    """How a sentence tells the target's state: `the invoice reads draft`."""
    return f"the invoice reads `{ui_status(target)}`" if isinstance(target, Invoice) else "the invoice was not read"


def plural(count: int, noun: str) -> str:
    """`1 check`, `2 checks`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def sentence(text: str) -> str:
    """The text as a sentence: a capital first, a full stop last."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
