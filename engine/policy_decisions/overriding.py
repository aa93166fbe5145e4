"""A person's word that one policy is not to stop this one run: what was given, by whom it counts, and its record. Floor 4.

Whether it lifts anything is the policy's to say (`override: {roles, reason}`). It is for this run, and for the run that
applies the plan in which it stands, since whoever approves that plan has seen it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.errors import UsageFault
from engine.events import Finished, Recorded
from engine.operators import Operator
from engine.policy.decision import Override
from engine.policy.model import PolicySet
from engine.run.log import RunLog

if TYPE_CHECKING:
    from engine.plan import Plan


def given(
    by: Operator, reasons: Mapping[str, str], plan: Plan | None, before: Iterable[Recorded]
) -> tuple[Override, ...]:
    """The overrides of a run: given now, standing in the plan that it applies, or given earlier in the same run.

    Those of a plan count as the word of whoever applies it, with their roles: the plan's maker did not sign it.
    """
    planned = {one.policy: one.reason for one in plan.overrides} if plan is not None else {}
    mine = tuple(Override(policy, by.id, by.roles, reason) for policy, reason in {**planned, **reasons}.items())
    return (
        *mine,
        *(_again(one) for one in before if one.type == "override.given" and one.data["policy"] not in reasons),
    )


def require_known(overrides: Iterable[Override], sets: Sequence[PolicySet]) -> None:
    """Raise UsageFault for one that no policy of these sets goes by; what those of a set in Rego are called is not known."""
    if any(one.opa is not None for one in sets):
        return
    names = [name for one in sets for policy in one.policies for name in (policy.id, f"{one.name}/{policy.id}")]
    for one in overrides:
        if one.policy not in names:
            from engine.validation.notes import nearest

            near = nearest(one.policy, names)
            raise UsageFault(f"no policy of this runbook is called `{one.policy}`", hint=near or "See `runbook show`.")


def _again(record: Recorded) -> Override:
    data = record.data
    return Override(str(data["policy"]), str(data["operator"]), tuple(data["roles"]), str(data["reason"]))


def record(overrides: Iterable[Override], before: Iterable[Recorded], log: RunLog) -> None:
    """Keep those that the run has no record of yet, and show all. Raises JournalFault."""
    kept = {_again(one) for one in before if one.type == "override.given"}
    for one in overrides:
        if one not in kept:
            log.emit(
                "override.given",
                None,
                policy=one.policy,
                operator=one.operator,
                roles=list(one.roles),
                reason=one.reason,
            )
        said = f"`{one.policy}` is not to stop this run: {one.operator}, {one.reason}"
        log.notice(Finished("override", "warn", "override", said))
