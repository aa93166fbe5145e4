"""Everything that is wrong with one runbook file, at once and sorted by place. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.checks.base import Check
from engine.diagnostics import Diagnostic, sort
from engine.model import Runbook
from engine.source import Parsed
from engine.steps.base import Step
from engine.validation.consent import Consents
from engine.validation.envelope import envelope
from engine.validation.notes import Notes
from engine.validation.order import failure_notes, one_way_steps, unused_inputs
from engine.validation.wiring import Wiring


def validate(
    parsed: Parsed, steps: Mapping[str, Step[Any]], checks: Mapping[str, Check[Any]]
) -> tuple[Runbook | None, list[Diagnostic]]:
    """The runbook, and everything wrong with it; None when there is an error. Never raises."""
    notes = Notes(parsed.source, list(parsed.diagnostics))
    runbook = None
    if parsed.root is not None:
        runbook = envelope(parsed.root, parsed.source, notes)
        if runbook is not None:
            wiring = Wiring(runbook, steps, checks, notes)
            wiring.all(parsed.root)
            one_way_steps(runbook, steps, notes)
            Consents.of(runbook, steps, notes).all()
            unused_inputs(runbook, parsed.root, wiring.used, notes)
            failure_notes(runbook, parsed.root, steps, notes)
            runbook = _with_values(runbook, wiring.values)
    found = sort(notes.found)
    has_errors = any(one.severity == "error" for one in found)
    return (None if has_errors else runbook), found


def _with_values(runbook: Runbook, values: Mapping[tuple[str, str], Any]) -> Runbook:
    """The runbook with money, months and durations in place of the texts that stand for them."""
    steps = [
        replace(defn, with_={key: values.get((defn.id, key), raw) for key, raw in defn.with_.items()})
        for defn in runbook.steps
    ]
    return replace(runbook, steps=tuple(steps))
