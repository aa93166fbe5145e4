"""Policy sets and occasions for tests: the shipped sets, and a recorded draft that they are judged on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import recorded

from engine.folders import SHIPPED_POLICIES
from engine.lago_models import Invoice, InvoiceHistory
from engine.policy.deciding import decide
from engine.policy.decision import Decision
from engine.policy.model import PolicySet
from engine.policy.occasion import Handed, Occasion
from engine.policy_files.reading import read
from engine.source import parse
from engine.sync_runs import LatestSync, SyncRun

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXTS = {path.stem: path.read_text("utf-8") for path in sorted(SHIPPED_POLICIES.glob("*.yaml")) if "." not in path.stem}
ACTIONS = {"billing": "lago.finalize_invoice", "voids": "lago.void_invoice"}


def compiled(text: str) -> PolicySet:
    """The set that a text is; the test fails with what is wrong with it."""
    name = re.search(r"^metadata: \{name: ([\w-]+)", text, re.M)
    assert name is not None
    found, told = read(parse(text.encode(), f"policies/{name[1]}.yaml"))
    assert found is not None, "\n".join(one.plain() for one in told)
    return found


@cache
def shipped(name: str) -> PolicySet:
    """A set that comes with runbook."""
    found, told = read(parse(TEXTS[name].encode(), f"policies/{name}.yaml"))
    assert told == []
    assert found is not None
    return found


def with_params(set: PolicySet, **params: Any) -> PolicySet:
    """The set with other params."""
    return replace(set, params={**set.params, **params})


def handed(fact: Any, change: Mapping[str, Any] | None = None) -> Handed:
    """A fact as the journal has it, with other values at the top of it."""
    return Handed(type(fact).__name__, {**fact.clear(), **(change or {})}, {"step": "x", "kind": type(fact).__name__})


def occasion(
    *,
    invoice: Mapping[str, Any] | None = None,
    customer: Mapping[str, Any] | None = None,
    sync: Mapping[str, Any] | None = None,
    history: Mapping[str, Any] | None = None,
    now: datetime = NOON,
    scenario: str = "finalize_ok",
    **more: Any,
) -> Occasion:
    """A recorded draft at noon, with a fresh sync, changed as given."""
    facts = recorded.facts(scenario, "draft")
    draft = facts["invoice"]
    assert isinstance(draft, Invoice)
    ended = NOON - timedelta(minutes=30)
    run = SyncRun.model_validate(
        {"id": "77", "startedAt": ended - timedelta(minutes=4), "completedAt": ended, "status": "completed"}
    )
    latest = LatestSync(run=run, source="the console")
    values = latest.clear()
    given = {
        "invoice": handed(draft, invoice),
        "customer": handed(facts["customer"], customer),
        "entity": handed(facts["entity"]),
        "sync": Handed("LatestSync", {**values, "run": {**values["run"], **(sync or {})}}, {"step": "sync"}),
        "history": handed(InvoiceHistory.before(draft, []), history),
    }
    return Occasion(
        **{
            "phase": "plan",
            "now": now,
            "action": "lago.finalize_invoice",
            "environment": "production",
            "run": "R1",
            "runbook": "finalize_invoice",
            "mode": "run",
            "operator": "jane",
            "roles": ("billing_admin",),
            "figures_digest": "sha256:1",
            "facts": given,
            **more,
        }
    )


def outcomes(decision: Decision) -> dict[str, str]:
    """What each policy came to that was not met."""
    return {one.id: one.outcome for one in decision.policies if one.outcome not in ("pass", "not_applicable")}


def decided(set: PolicySet, at: Occasion) -> Decision:
    """What one set decides."""
    return decide([set], at)
