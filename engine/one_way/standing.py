"""Where a target stands before anything is sent: done already, or held by another run's open intent. Floor 4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.errors import Exit
from engine.facts import Fact
from engine.run.endings import Attribution, Ending
from engine.steps.base import OneWayStep

if TYPE_CHECKING:
    from engine.journal import EffectState, Journal

OPEN = frozenset({"effect.intent", "effect.unknown", "effect.pending"})
DONE = frozenset({"effect.done", "effect.observed"})


def standing(step: OneWayStep[Any], target: Fact | None, key: str, journal: Journal, run: str) -> Ending | None:
    """How a run ends that finds its target like this, or None when it may go on.

    `target` is None when Lago says that there is none: a closed invoice reads like that, and only the journal knows.
    """
    state = journal.effect(key)
    if target is not None and step.state_of(target) == "applied":
        return _already(step, target, state)
    if state is None or state.run == run:
        return None
    if state.type in OPEN:
        return held(step, state)
    words = step.words
    if state.type in DONE and target is None and words.vanished:
        where = f"{words.system} shows a {words.vanished} {words.noun} nowhere"
        message = f"already {words.vanished}, by run {state.run}; {where}; nothing to do"
        return Ending(Exit.DONE, "already_done", message, f"runbook audit show {state.run}", attribution="ours")
    if state.type in DONE and target is not None and step.state_of(target) == "not_applied":
        journal_says = f"the journal says that run {state.run} {words.done} this {words.noun}"
        message = f"UNKNOWN: {journal_says}, but {words.system} shows {words.before}."
        lines = (
            f"Do not {words.verb} it again, here or in {words.system}'s own screens, before somebody found out why.",
        )
        return Ending(Exit.UNKNOWN, "unknown", message, f"runbook audit show {state.run}", lines, "unproven")
    return None


def held(step: OneWayStep[Any], state: EffectState) -> Ending:
    """Another run's intent on the same target is open: whether it took effect is that run's to find out."""
    verb, noun, system = step.words.verb, step.words.noun, step.words.system
    message = f"UNKNOWN: run {state.run} has a {verb} call on this {noun} whose outcome is open."
    lines = (f"This run sent no {verb} call. Do not {verb} the {noun} again, here or in {system}'s own screens.",)
    return Ending(Exit.UNKNOWN, "unknown", message, f"runbook resume {state.run}", lines, "unproven")


def _already(step: OneWayStep[Any], target: Fact, state: EffectState | None) -> Ending:
    attribution: Attribution = "not_ours"
    by, next = "not by this journal", ""
    if state is not None and state.type in OPEN | DONE | {"effect.released"}:
        attribution = "ours" if state.type == "effect.done" else "unproven"
        by, next = f"by run {state.run}", f"runbook audit show {state.run}"
        if state.type in OPEN:
            by, next = f"as run {state.run} meant to, whose outcome is open", f"runbook resume {state.run}"
    message = f"already {step.sealed(target)}, {by}; nothing to do"
    return Ending(Exit.DONE, "already_done", message, next, attribution=attribution)
