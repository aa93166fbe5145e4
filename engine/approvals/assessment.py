"""What an assessment of approvals comes to, and how a policy's asking for them is told. Floor 3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.plain import dataclass
from engine.policy.decision import ApprovalNeed

if TYPE_CHECKING:  # a run without a plan reads no approval, and does not wait for what reads one
    from engine.approvals.papers import Approval

OPERATOR = "operator"
"""Under `distinct_from`: who made the plan, and who applies it."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """Whether approvals suffice. `given` are those that count, `set_aside` why others do not, `lacking` what is missing.

    `rejected` is the rejection that voids the plan, if somebody who may approve it has rejected it.
    """

    given: tuple[Approval, ...] = ()
    lacking: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    rejected: Approval | None = None

    @property
    def suffices(self) -> bool:
        """Nothing is missing and nobody has rejected it."""
        return not self.lacking and self.rejected is None


def asked_for(need: ApprovalNeed, have: int = 0) -> str:
    """What a policy asks for, in words: `second-approver` needs 1 of role billing_approver, not who runs it."""
    count = f"{need.count - have} more" if have else str(need.count)
    apart = ", and not who made or applies the plan" if OPERATOR in need.distinct_from else ""
    why = f": {need.message}" if need.message else ""
    return f"`{need.policy}` needs {count} of {either(need.roles)}{apart}{why}"


def either(roles: Sequence[str]) -> str:
    """`role billing_approver or finance_lead`."""
    return f"role {' or '.join(roles)}"
