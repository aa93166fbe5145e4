"""`plan NAME`: a runbook's inputs, and where its plan goes and how long it holds. Floor 6."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import click

from engine.line.runbooks import Runbooks
from engine.line.shared import FILE, leave, overriding, shared, shell_of

if TYPE_CHECKING:
    from engine.model import Runbook


class Plans(Runbooks):
    """`plan`."""

    def of(self, name: str, runbook: Runbook) -> Callable[..., Any]:
        @shared
        @overriding(runbook.inputs)
        @click.option("-o", "--output", metavar="FILE", type=FILE, default="plan.json", help="Default: plan.json.")
        @click.option("--refresh", is_flag=True, help="Allow the one refresh of the draft, and plan on its figures.")
        @click.option("--valid-for", metavar="DURATION", help="How long the plan holds; default: 4h, at most 30d.")
        @click.option("--detailed-exitcode", is_flag=True, help="Exit 20 if applying it would write.")
        @click.pass_context
        def plan(ctx: click.Context, /, **given: Any) -> NoReturn:
            from engine.commands.planning import Wanted, plan_runbook
            from engine.commands.running import reasons_of

            reason = given.get("reason") if "reason" in runbook.inputs else given.pop("reason")
            reasons = reasons_of(given.pop("overrides"), reason, is_own="reason" in runbook.inputs)
            own = ("output", "refresh", "valid_for", "detailed_exitcode")
            wanted = Wanted(**{one: given.pop(one) for one in own}, overrides=reasons)
            leave(shell_of(ctx).do(plan_runbook, runbook, given, wanted))

        return plan
