"""Which steps and checks a runbook may name: what the loader, the runner and every page about them look into. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.checks.base import Check
    from engine.steps.base import Effect, Step


@dataclass(frozen=True, slots=True)
class Registry:
    """Steps and checks by the names that a runbook gives them."""

    steps: Mapping[str, Step[Any]]
    checks: Mapping[str, Check[Any]]

    def effect_of(self, kind: str, name: str) -> Effect:
        """What a step of a runbook does to the world: a check and a consent only read."""
        from engine.steps.base import Effect

        return self.steps[name].effect if kind == "step" else Effect.READ


def built_in() -> Registry:
    """The steps and checks that come with runbook."""
    from engine.checks import REGISTRY as CHECKS
    from engine.steps import REGISTRY as STEPS

    return Registry(STEPS, CHECKS)
