"""`operator_has_role`: whoever runs this may. Floor 3.

Passes when the operators file gives this operator the role.
Warns never.
Denies when it does not, saying which roles the operator has.
Why: Finalizing is for few, and whoever may not do it should find out before anything is read.

```yaml
- {id: operator, check: operator_has_role, with: {role: billing_admin}}
```

```text
DENY  `amir` does not have the role `billing_admin` (has: `support`,
      `auditor`)
      Ask whoever keeps the operators file, or have somebody with the role
      run this.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed


class OperatorHasRole(Params):
    """The role that is needed."""

    role: str = Field(description="the role that the operators file must give to whoever runs this")


def judge(params: OperatorHasRole, here: Here) -> Verdict:
    """Pass when the operators file gives the role to this operator; a role that is no exact match is none."""
    if params.role in here.operator_roles:
        return passed(f"`{here.operator_id}` has the role `{params.role}`", role=params.role)
    has = ", ".join(f"`{role}`" for role in here.operator_roles) or "none"
    return denied(
        f"`{here.operator_id}` does not have the role `{params.role}` (has: {has})",
        "Ask whoever keeps the operators file, or have somebody with the role run this.",
        role=params.role,
    )


CHECK = Check(
    name="operator_has_role",
    title="You are an operator with the role that is needed",
    Params=OperatorHasRole,
    judge=judge,
)
