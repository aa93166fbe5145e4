"""`plan` and `apply`: a dry run that is kept, and the run that does what was planned. Floor 5."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine import plan as plans
from engine.approvals import papers
from engine.commands import running
from engine.commands.shell import Shell
from engine.consent.applying import Applying
from engine.consent.planning import Planning
from engine.errors import Invalid, Stale, UsageFault
from engine.files import strict_json
from engine.model import Runbook
from engine.plain import dataclass
from engine.plan import LONGEST_VALID, VALID_FOR, Plan
from engine.steps.base import Effect
from engine.values import parse_duration


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks for beside the inputs; `valid_for` is a duration as typed."""

    output: Path
    refresh: bool
    valid_for: str | None
    detailed_exitcode: bool
    overrides: Mapping[str, str] = field(default_factory=dict)


def plan_runbook(shell: Shell, runbook: Runbook, given: Mapping[str, Any], wanted: Wanted) -> int:
    """Make a plan. Raises UsageFault for inputs that cannot be read, and for a file that is no plan and in the way."""
    if not any(shell.registry.effect_of(step.kind, step.name) is Effect.ONE_WAY for step in runbook.steps):
        raise UsageFault(
            f"`{runbook.runbook}` does nothing that cannot be undone, so there is nothing to plan",
            hint=f"runbook run {runbook.runbook} ...",
        )
    inputs, texts = running.read_inputs(runbook, given, "plan")
    planning = Planning(_valid_for(wanted.valid_for), lambda plan: keep(plan, wanted.output))
    _require_free(wanted.output)
    asked = running.Wanted(
        None, True, "write" if wanted.refresh else "read", wanted.detailed_exitcode, wanted.overrides
    )
    session = running.open_session(shell, asked)
    consenting = running.consenting_of(shell, asked, runbook, texts, ("runbook", "plan", runbook.runbook))
    return session.run(runbook, inputs, consenting, running.REACHES[asked.reach], planning=planning)


def apply_plan(
    shell: Shell,
    plan: Path,
    approvals: Sequence[Path],
    confirm: str | None,
    total: str | None,
    no_input: bool,
    previews: bool,
    overrides: Sequence[str] = (),
    reason: str | None = None,
) -> int:
    """Apply a plan. Raises UsageFault, Invalid (the plan or an approval), Stale (the runbook takes other inputs now)."""
    found = plans.read(plan)
    handed = [papers.read(path) for path in approvals]
    for path, one in zip(approvals, handed, strict=True):
        if one.approval.plan != found.digest:
            raise Invalid(f"{path} is an approval of another plan than {plan}", hint="Name the plan's own approvals.")
    runbook = load_planned(shell, found)
    given = {**found.inputs, **({} if total is None else {"total": total})}
    inputs, texts = running.read_inputs(runbook, given, "plan")
    asked = running.Wanted(
        confirm, no_input, "read" if previews else "one-way", False, running.reasons_of(overrides, reason)
    )
    session = running.open_session(shell, asked)
    words = ("runbook", "apply", str(plan), *(word for path in approvals for word in ("--approval", str(path))))
    typed = {} if total is None else {"total": texts["total"]}
    consenting = running.consenting_of(shell, asked, runbook, typed, words)
    flags = [name for name, item in runbook.inputs.items() if item.type == "flag"]
    applying = Applying(found, shlex.quote(str(plan)), found.replan(flags), handed)
    return session.run(runbook, inputs, consenting, running.REACHES[asked.reach], applying=applying)


def load_planned(shell: Shell, plan: Plan) -> Runbook:
    """The runbook of a plan. Raises UsageFault (there is none such here), Invalid, Stale (it takes other inputs now)."""
    runbook = shell.load(plan.runbook.name)
    unknown = sorted(set(plan.inputs) - set(runbook.inputs))
    if unknown:
        raise Stale(f"the plan was given `{unknown[0]}`, which `{runbook.runbook}` no longer takes")
    needed = [name for name, item in runbook.inputs.items() if item.is_required]
    if lacking := [f"`{name}`" for name in needed if name not in plan.inputs]:
        raise Invalid(f"the plan has no {', '.join(lacking)}, which `{runbook.runbook}` needs", hint="Plan it anew.")
    return runbook


def keep(plan: Plan, path: Path) -> str:
    """Write a plan; how a command line names its place. Raises UsageFault."""
    strict_json.write(path, plan.as_data())
    return shlex.quote(str(path))


def _require_free(path: Path) -> None:
    """Raise UsageFault unless a plan can be put there: nothing is there, or an older plan."""
    if path.is_dir() or not (path.parent or Path()).is_dir():
        raise UsageFault(f"{path} cannot be a plan's file", hint="Name a file in a folder that is there: -o plan.json")
    if path.exists() and not plans.is_plan(path):
        raise UsageFault(f"{path} is there already, and is no plan", hint="Name another file: -o plan.json")


def _valid_for(text: str | None) -> timedelta:
    if text is None:
        return VALID_FOR
    try:
        found = parse_duration(text)
    except ValueError as error:
        raise UsageFault(f"`--valid-for {text[:40]}`: {error}") from None
    if not timedelta(0) < found <= LONGEST_VALID:
        raise UsageFault(f"`--valid-for {text}`: more than nothing and at most 30d is needed")
    return found
