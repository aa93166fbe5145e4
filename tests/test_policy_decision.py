"""A decision as a value: the worst that counts wins, and what does not count is kept all the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from engine.policy.decision import Decision, Override, Ruled

BY_JANE = Override("limit", "jane", ("finance_lead",), "agreed on the phone")


def ruled(outcome: Any, **more: Any) -> Ruled:
    """A policy that came to this."""
    return Ruled("billing", "limit", "deny", outcome, "A limit", "policies/billing.yaml:7", **more)


def decided(*policies: Ruled, nothing: str = "") -> Decision:
    """A decision of these policies."""
    return Decision("plan", datetime(2026, 11, 23, tzinfo=UTC), "a", "e", "sha256:0", (), policies, nothing=nothing)


@pytest.mark.parametrize(
    ("outcomes", "result"),
    [
        ([], "pass"),
        (["not_applicable"], "pass"),
        (["pass", "warn"], "warn"),
        (["approve", "warn", "pass"], "approve"),
        (["approve", "deny"], "deny"),
        (["warn", "error", "approve"], "deny"),
    ],
)
def test_the_worst_wins(outcomes: list[str], result: str) -> None:
    assert decided(*map(ruled, outcomes)).result == result


def test_what_is_only_observed_does_not_count_and_is_kept() -> None:
    decision = decided(ruled("deny", mode="observe"), ruled("warn"))
    assert decision.result == "warn"
    assert [one["outcome"] for one in decision.as_data()["policies"]] == ["deny", "warn"]


def test_an_override_lifts_what_was_decided_and_never_an_error() -> None:
    assert decided(ruled("deny", overridden=BY_JANE)).result == "pass"
    assert decided(ruled("error", overridden=BY_JANE)).result == "deny"


def test_nothing_to_decide_by_is_a_denial() -> None:
    assert decided(nothing="no set is for this").result == "deny"
