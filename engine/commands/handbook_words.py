"""What every runbook's page says of runbook itself: how checks decide, what is sent once at most, what is kept. Floor 5."""

from __future__ import annotations

from engine.errors import Exit
from engine.render.document import Kind
from engine.steps.base import Effect

WORST: dict[Effect, tuple[str, Kind]] = {
    Effect.READ: ("It only reads", "good"),
    Effect.WRITE: ("It writes what can be written again", "warn"),
    Effect.ONE_WAY: ("It cannot be undone", "bad"),
}
MARKS: dict[str, tuple[str, Kind]] = {
    "read": ("reads", "dim"),
    "write": ("writes", "warn"),
    "one-way": ("ONE WAY", "bad"),
    "manual": ("by hand", "warn"),
    "check": ("check", "plain"),
    "policy": ("policies", "plain"),
    "confirm": ("confirm", "warn"),
}

# Codes of other commands than `run` and `resume`, and those that only a one-way request can lead to.
NEVER = (Exit.TESTS_FAILED, Exit.PARTLY)
ONE_WAY_ONLY = (
    Exit.NOT_CONFIRMED, Exit.STALE, Exit.PENDING, Exit.UNKNOWN, Exit.NOT_AS_CONFIRMED, Exit.UNRECORDED, Exit.WOULD_WRITE,
)  # fmt: skip

DECIDES_READS = (
    "Every check that can run does run, so that all that speaks against it is told at once. A denial ends the run with exit"
    " code 4; a warning stops nothing. Each verdict is kept, passes too, and a check that fails denies."
)
DECIDES = (
    "Every check that can run does run before the run stops, so that all that speaks against it is told at once. Where a write"
    " comes before the consent they are judged twice: on the figures as first read, and on those after it. A denial before the"
    " request ends the run with exit code 4, and the one-way request is not sent. A denial after it means done, but not as"
    " confirmed: exit code 14. A warning stops nothing; it is shown above the question. Each verdict is kept, passes too, and a"
    " check that fails denies."
)
AT_MOST_ONCE = (
    "Reads are tried again; a write is sent once. The one-way request is sent once at most: what it is about to do is on the"
    " disk before it leaves, a second one for the same effect is refused while an earlier one is open or done, and an outcome"
    " that is not known is settled by reading or by a person's word, never by sending again. Right before it, everything that"
    " the consent rests on is read once more; had it moved, the consent would be void."
)
JOURNAL = (
    "Every run, dry runs too, writes a hash-chained journal under the operator's name. `runbook audit show RUN` tells one run,"
    " `runbook audit verify` checks the chain, `runbook audit export RUN` hands it to somebody outside."
)
IN_CLEAR = (
    "In clear, because an auditor needs them: ids, external ids, the customer's name, currency, amounts, dates, status,"
    " verdicts, the operator. Never: e-mail, address, tax number, phone, keys, cookies, tokens."
)
# A type of record, what it keeps, and what a runbook must have for it to be written.
KEPT = (
    (
        "run.start",
        "who, how that is known, on which machine, against which Lago, with which inputs; this file's SHA-256",
        "",
    ),
    ("fact", "each read: its requests, when, what it learned, and the SHA-256 of that", ""),
    ("check.verdict", "each verdict with the figures behind it", ""),
    ("step.skipped", "each step that its condition left out", "when"),
    ("consent.asked", "all that was shown above the question, and the SHA-256 of the figures", "confirm"),
    (
        "consent.given",
        "what was typed, by whom and how, bound to those figures; or `consent.refused` and why",
        "confirm",
    ),
    ("effect.intent", "the exact request and its id, on the disk before it leaves", "call"),
    (
        "effect.done",
        "what was answered; or `not_sent`, `rejected`, `pending`, `unknown`, `observed`, `released`",
        "call",
    ),
    ("reconcile.read", "each read to learn what came of it", "call"),
    ("operator.resolve", "a person's word on what reading could not settle, with the reason", "call"),
    ("drift.detected", "what was done otherwise than confirmed", "call"),
    ("run.end", "the outcome, the exit code, and how things stand then", ""),
)
