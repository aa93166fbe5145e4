"""Which steps and checks a runbook may name: what the loader, the runner and every page about them look into. Floor 4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from engine.errors import RunbookError, SettingsFault
from engine.plain import dataclass
from engine.policy_files.library import Policies

if TYPE_CHECKING:
    from engine.checks.base import Check
    from engine.diagnostics import Diagnostic
    from engine.extensions import Extensions, Kind
    from engine.model import Runbook
    from engine.settings import Settings
    from engine.source import Node
    from engine.steps.base import Effect, Step


@dataclass(frozen=True, slots=True)
class Registry:
    """Steps, checks and policy sets by the names that a runbook gives them; `own` are those that did not come with runbook."""

    steps: Mapping[str, Step[Any]]
    checks: Mapping[str, Check[Any]]
    own: Extensions | None = None
    policies: Policies = field(default_factory=Policies)

    def effect_of(self, kind: str, name: str) -> Effect:
        """What a step of a runbook does to the world: a check and a consent only read."""
        from engine.steps.base import Effect

        return self.steps[name].effect if kind == "step" else Effect.READ

    def in_the_way(self, root: Node | None) -> list[Diagnostic]:
        """What is wrong with the extensions that a runbook file needs, by the names that stand in it."""
        if self.own is None or root is None:
            return []
        steps = root.at("steps")
        rows = steps.value if steps is not None and isinstance(steps.value, list) else []
        kinds: tuple[Kind, ...] = ("step", "check")
        found = ((kind, row.at(kind)) for row in rows for kind in kinds)
        return self.own.faults((kind, node.value) for kind, node in found if node and isinstance(node.value, str))

    def code_behind(self, runbook: Runbook) -> list[dict[str, Any]]:
        """The extensions whose code a run of this runbook executes, for its journal: name, version, digest, what it gives."""
        if self.own is None:
            return []
        kinds: Mapping[str, Kind] = {"step": "step", "check": "check"}
        named = {(kinds[defn.kind], defn.name) for defn in runbook.steps if defn.kind in kinds}
        return [
            {"kind": one.kind, "name": one.name, "version": one.version, "digest": one.digest, "gives": names}
            for one, names in self.own.behind(named)
        ]

    def own_code(self) -> tuple[list[str], list[RunbookError]]:
        """For `runbook config`: a sentence for each extension that can be used, and what is wrong with any. Loads all."""
        if self.own is None:
            return [], []
        found, faults = self.own.everything()
        told = [
            f"the {one.kind} {one.label} gives {', '.join(names) or 'nothing'} ({one.path}, {one.digest})"
            for one, names in found
        ]
        wrong = (SettingsFault(f"{one.path}:{one.span.line}: {one.message}", hint=one.help) for one in faults)
        return told, list(wrong)


def here(settings: Callable[[], Settings]) -> Registry:
    """What comes with runbook and what extensions offer. The settings are asked for when a runbook needs an extension."""
    from engine.checks import REGISTRY as CHECKS
    from engine.extensions import Extensions, Offered
    from engine.steps import REGISTRY as STEPS

    own = Extensions(settings, {"step": STEPS, "check": CHECKS})
    return Registry(
        Offered("step", STEPS, own), Offered("check", CHECKS, own), own, Policies(lambda: settings().policies)
    )


def built_in() -> Registry:
    """The steps and checks that come with runbook."""
    from engine.checks import REGISTRY as CHECKS
    from engine.steps import REGISTRY as STEPS

    return Registry(STEPS, CHECKS)
