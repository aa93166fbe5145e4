"""`approve` and `reject`: a second person's word on a plan, signed with their SSH key. Floor 5."""

from __future__ import annotations

import shlex
from pathlib import Path

from engine import plan as plans
from engine.approvals.papers import Decision
from engine.commands import running
from engine.commands.planning import load_planned
from engine.commands.shell import Shell
from engine.consent.applying import Applying
from engine.consent.approving import Approving, place_of
from engine.errors import UsageFault
from engine.operators import who
from engine.session.begun import Begun
from engine.values import Money


def approve_plan(
    shell: Shell,
    plan: Path,
    reason: str | None,
    key: Path | None,
    confirm: str | None,
    total: str | None,
    no_input: bool,
) -> int:
    """Approve a plan. Raises UsageFault, Invalid (the plan), Stale (the runbook takes other inputs now)."""
    return _decide(shell, "approve", plan, reason or "", key, confirm, total, no_input)


def reject_plan(
    shell: Shell, plan: Path, reason: str, key: Path | None, confirm: str | None, total: str | None, no_input: bool
) -> int:
    """Reject a plan. Raises UsageFault, also without a reason, Invalid (the plan), Stale."""
    if not reason.strip():
        raise UsageFault("--reason needs a text")
    return _decide(shell, "reject", plan, reason, key, confirm, total, no_input)


def _decide(
    shell: Shell,
    decision: Decision,
    path: Path,
    reason: str,
    key: Path | None,
    confirm: str | None,
    total: str | None,
    no_input: bool,
) -> int:
    plan = plans.read(path)
    if total is not None:
        try:
            Money.parse(total)
        except ValueError as error:
            raise UsageFault(f"`--total {total[:80]}`: {error}") from None
    runbook = load_planned(shell, plan)
    wanted = running.Wanted(confirm, no_input, "read", False)
    session = running.open_session(shell, wanted)
    words = ("runbook", decision, str(path), *(("--reason", reason) if reason else ()))
    texts = {} if total is None else {"total": total}
    consenting = running.consenting_of(shell, wanted, runbook, texts, words)
    flags = [name for name, item in runbook.inputs.items() if item.type == "flag"]
    applying = Applying(plan, shlex.quote(str(path)), plan.replan(flags))

    def make(begun: Begun) -> Approving:
        operator = who(shell.settings.operators)
        return Approving(
            applying=applying,
            decision=decision,
            reason=reason.strip(),
            key=key,
            file=place_of(path, operator.id),
            runbook=runbook,
            registry=shell.registry,
            consenting=consenting,
            clearance=begun.clearance(operator),
            about=begun.about(),
            log=begun.log,
            can_ask=shell.terminal.can_ask,
            look=lambda fact: setattr(begun, "target", fact),
        )

    return session.decide(runbook, consenting, applying, decision, make)
