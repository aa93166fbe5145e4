"""What has become of a one-way effect: a fold over its records, and the rule that lets the next attempt begin. Floor 2.

An attempt is open from its intent until `not_sent`, `rejected` or `released` is its newest record; `done` or
`observed` settles the effect for good, whatever is written after it. A new attempt needs every earlier one closed
and none settled. Leases and clocks have no say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.errors import Exit, RunbookError
from engine.events import Recorded
from engine.journal.chain import Record
from engine.plain import dataclass

CLOSED = frozenset({"effect.not_sent", "effect.rejected", "effect.released"})
SETTLED = frozenset({"effect.done", "effect.observed"})


@dataclass(frozen=True, slots=True)
class EffectState:
    """The newest word on an effect. `run`, `operator` and `intent` are of the attempt that it is about.

    `type`, `seq`, `ts` and `data` are of the record that counts: the newest one, but a later word never takes back
    `done` or `observed`.
    """

    effect: str
    attempt: int
    key: str
    run: str
    operator: str
    type: str
    seq: int
    ts: str
    data: Mapping[str, Any]
    intent: Recorded

    @property
    def is_settled(self) -> bool:
        """Done, by us or as it was found: never again."""
        return self.type in SETTLED

    @property
    def is_closed(self) -> bool:
        """Known not to have been done, or given up by a person: a new attempt may begin."""
        return self.type in CLOSED

    @property
    def is_open(self) -> bool:
        """Neither: it can only be read, or resolved by a person."""
        return not self.is_closed and not self.is_settled


class IntentHeld(RunbookError):
    """No new attempt may begin, or an open one be released: `state` says which record stands against it."""

    exit = Exit.UNKNOWN
    code = "RB013"

    def __init__(self, state: EffectState) -> None:
        by = f"run {state.run}" + (f" of {state.operator}" if state.operator else "")
        word = state.type.removeprefix("effect.")
        super().__init__(
            f"{by} holds {state.effect}: `{word}` in record #{state.seq} of {state.ts}",
            hint="nothing to do; it is settled" if state.is_settled else f"runbook resume {state.run}",
        )
        self.state = state


def split(key: str) -> tuple[str, int]:
    """`lago/host/invoice/id/finalize#2` as the effect and the attempt. Raises ValueError."""
    effect, mark, number = key.rpartition("#")
    if not mark or not effect or "#" in effect or not number.isascii() or not number.isdigit() or number[0] == "0":
        raise ValueError(f"`{key}` is no effect key")
    return effect, int(number)


def fold(records: Iterable[Record]) -> dict[int, EffectState]:
    """The attempts of one effect, from all of its records in order of `seq`. Raises ValueError for a broken rule."""
    attempts: dict[int, EffectState] = {}
    for record in records:
        step(attempts, record)
    return attempts


def step(attempts: dict[int, EffectState], record: Record) -> None:
    """Take one more record of the effect in. Raises ValueError, in words that follow "record #7: ".

    Records that only mention the effect (`reconcile.read`, `operator.resolve`) change nothing.
    """
    if not record.type.startswith("effect."):
        return
    if record.effect_key is None:
        raise ValueError(f"`{record.type}` without an effect key")
    effect, attempt = split(record.effect_key)
    state = attempts.get(attempt)
    if record.type == "effect.intent":
        holding = holds(attempts)
        if holding is not None:
            word = holding.type.removeprefix("effect.")
            raise ValueError(f"a second intent for {effect}, while record #{holding.seq} says `{word}`")
        if attempt != len(attempts) + 1:
            raise ValueError(f"attempt {attempt} for {effect}, where {len(attempts) + 1} is next")
        operator = record.actor.get("id", "")
        attempts[attempt] = EffectState(
            effect,
            attempt,
            record.effect_key,
            record.run,
            operator if isinstance(operator, str) else "",
            record.type,
            record.seq,
            record.ts,
            record.data,
            record.recorded(),
        )
    elif state is None:
        raise ValueError(f"`{record.type}` without an intent for {record.effect_key}")
    elif not state.is_settled or record.type in SETTLED:
        attempts[attempt] = replace(state, type=record.type, seq=record.seq, ts=record.ts, data=record.data)


def holds(attempts: Mapping[int, EffectState]) -> EffectState | None:
    """The attempt that stands against a new one: a settled one first, else an open one, else none."""
    return next((state for state in attempts.values() if state.is_settled), None) or next(
        (state for state in attempts.values() if state.is_open), None
    )


def newest(attempts: Mapping[int, EffectState]) -> EffectState | None:
    """What is to be known of the effect: the attempt that holds it, else the last one, None without any."""
    return holds(attempts) or (attempts[max(attempts)] if attempts else None)
