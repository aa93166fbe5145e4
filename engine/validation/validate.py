"""Everything that is wrong with one runbook file, at once and sorted by place. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.checks.base import Check
from engine.diagnostics import Diagnostic, sort
from engine.model import Runbook
from engine.policy_files.library import Policies
from engine.source import Node, Parsed
from engine.steps.base import Step
from engine.validation.conditions import conditions
from engine.validation.consent import Consents
from engine.validation.envelope import envelope
from engine.validation.expressions import Expressions
from engine.validation.notes import Notes
from engine.validation.order import failure_notes, one_way_steps, unused_inputs
from engine.validation.policies import policy_steps
from engine.validation.wiring import Wiring


def validate(
    parsed: Parsed,
    steps: Mapping[str, Step[Any]],
    checks: Mapping[str, Check[Any]],
    policies: Policies | None = None,
) -> tuple[Runbook | None, list[Diagnostic]]:
    """The runbook, and everything wrong with it; None when there is an error. Never raises.

    `policies` are the sets that it may name; those that come with runbook where nothing is said.
    """
    notes = Notes(parsed.source, list(parsed.diagnostics))
    sets = Policies() if policies is None else policies
    runbook = None
    if parsed.root is not None:
        runbook = envelope(parsed.root, parsed.source, notes)
        if runbook is not None:
            expressions = Expressions(runbook, notes)
            wiring = Wiring(runbook, steps, checks, notes, sets, expressions)
            wiring.all(parsed.root)
            one_way_steps(runbook, steps, notes)
            Consents.of(runbook, steps, notes).all()
            policy_steps(runbook, steps, sets, notes)
            unused_inputs(runbook, parsed.root, wiring.used | expressions.used, notes)
            conditions(runbook, steps, notes)
            failure_notes(runbook, parsed.root, steps, notes)
            runbook = _with_values(runbook, parsed.root, wiring.values, expressions)
    found = sort(notes.found)
    has_errors = any(one.severity == "error" for one in found)
    return (None if has_errors else runbook), found


def _with_values(
    runbook: Runbook, root: Node, values: Mapping[tuple[str, str], Any], expressions: Expressions
) -> Runbook:
    """The runbook with money, months, durations and what expressions were compiled to in place of their texts."""
    steps = []
    for defn in runbook.steps:
        with_ = defn.node.at("with") if defn.node is not None else None
        made = expressions.made(with_) if with_ is not None else {}
        given = {key: values.get((defn.id, key), raw) for key, raw in made.items()}
        steps.append(replace(defn, with_=given, when=expressions.conditions.get(defn.id)))
    subject = root.at("subject")
    about = expressions.made(subject) if subject is not None else runbook.subject
    return replace(runbook, steps=tuple(steps), subject=about)
