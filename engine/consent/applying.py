"""A saved plan that is applied: whether it was made for here, and what has moved since it was made. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.consent.given import drift
from engine.errors import SettingsFault, Stale
from engine.plain import dataclass
from engine.run.gathering import figures_digest
from engine.values import jsonable

if TYPE_CHECKING:
    from engine.approvals.papers import Signed
    from engine.plan import Bond, Plan
    from engine.policy.decision import Decision


@dataclass(frozen=True, slots=True)
class Applying:
    """What `apply` is given: the plan, approvals in files, and the commands that apply it again and make it anew.

    `name` is how a command line names the plan's file.
    """

    plan: Plan
    name: str
    replan: str
    handed: Sequence[Signed] = ()

    @property
    def bond(self) -> Bond:
        """The plan as a run's first record names it. Raises Invalid."""
        from engine.approvals.papers import bond_of

        return bond_of(self.plan)


def require_made_for(plan: Plan, about: Mapping[str, Any], replan: str) -> None:
    """Raise where the plan was made for another place, or with other code than is here now.

    `about` is what this command's own first record says. SettingsFault: another Lago or environment; Stale: other
    code.
    """
    for what, mine, variable in (
        ("Lago", "target", "LAGO_API_URL"),
        ("environment", "environment", "RUNBOOK_ENVIRONMENT"),
    ):
        planned = getattr(plan, mine)
        if about[mine] != planned:
            raise SettingsFault(
                f"the plan was made for the {what} {planned}, and here it is {about[mine]}",
                hint=f"Set {variable} to what the plan was made for, or plan it here: {replan}",
            )
    require_same_code(plan, about, replan)


def require_same_code(plan: Plan, about: Mapping[str, Any], replan: str) -> None:
    """Raise Stale where the plan was made with another runbook file, or other code of its own, than is here now."""
    if about["runbook"]["digest"] != plan.runbook.digest:
        raise Stale(
            f"the runbook `{plan.runbook.name}` is another file now than the one that was planned with", hint=replan
        )
    code = [sorted(str(one.get("digest")) for one in some) for some in (plan.extensions, about["extensions"])]
    if code[0] != code[1]:
        raise Stale("steps or checks of its own are other code now than the plan was made with", hint=replan)


def moved(plan: Plan, figures: Mapping[str, Any]) -> tuple[str, ...]:
    """Every figure that is not the plan's any more, with both values; empty when the plan still holds."""
    if figures_digest(figures) == plan.figures_digest:
        return ()
    return tuple(drift(plan.figures, jsonable(figures))) or ("a figure moved that cannot be told apart",)


def policies_moved(plan: Plan, decision: Decision | None) -> tuple[str, ...]:
    """Every policy set that is not the one that judged the plan, or whose params are others; empty when all are."""
    planned: Sequence[Mapping[str, Any]] = plan.decisions[-1].get("sets", ()) if plan.decisions else ()
    before = {str(one.get("name")): (one.get("digest"), one.get("params_digest")) for one in planned}
    now = {one.name: (one.digest, one.params_digest) for one in decision.sets} if decision is not None else {}
    return tuple(
        _policies(name, before.get(name), now.get(name))
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    )


def _policies(name: str, before: tuple[Any, Any] | None, now: tuple[Any, Any] | None) -> str:
    if before is None or now is None:
        return f"policies `{name}`: " + (
            "the plan was made without them" if before is None else "they do not decide any more"
        )
    of = 0 if before[0] != now[0] else 1
    return f"policies `{name}`: {'params ' * of}{_short(before[of])}, now {_short(now[of])}"


def _short(digest: Any) -> str:
    return str(digest).removeprefix("sha256:")[:12]
