"""What a Rego document comes to: conftest's names, only ever stricter, and a denial wherever it is not as agreed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.opa.answers import Answered
from engine.policy import rego
from engine.policy.decision import ApprovalNeed
from engine.policy.rego import Approving

PLACE = "policies/close.yaml:4"
APPROVING = Approving(2, ("cfo",), ("operator",), 3600, {"invoice.lago_id": "5f3c"})


def said(document: Any, approving: Approving | None = APPROVING) -> rego.Said:
    return rego.ruled("close", PLACE, rego.kept(Answered("opa", document)), approving)


def outcomes(document: Any, approving: Approving | None = APPROVING) -> dict[str, tuple[str, str]]:
    return {one.id: (one.outcome, one.error or one.message) for one in said(document, approving).policies}


def test_conftests_names_are_levels_and_each_rule_has_a_verdict_of_its_own() -> None:
    document = {
        "deny": ["no tax", {"msg": "no customer", "code": 7}],
        "violation_sync": [{"msg": "sync is old"}],
        "warn": ["large"],
        "warn_late": [],
        "helper": {"ratio": "0.1"},
        "allow": False,
    }
    assert outcomes(document) == {
        "deny": ("deny", "no tax; no customer"),
        "violation_sync": ("deny", "sync is old"),
        "warn": ("warn", "large"),
        "warn_late": ("pass", ""),
    }


def test_an_approval_that_rego_asks_for_is_what_the_policy_file_says_and_may_name_its_own_roles() -> None:
    document = {"approve": ["over the limit", {"msg": "new customer", "roles": ["ceo"], "count": 1}]}
    found = said(document)
    assert [(one.id, one.outcome) for one in found.policies] == [("approve", "approve")]
    first = ApprovalNeed(
        set="close",
        policy="approve",
        count=2,
        roles=("cfo",),
        distinct_from=("operator",),
        valid_for=3600,
        bound_to={"invoice.lago_id": "5f3c"},
        message="over the limit",
    )
    assert found.needs == (first, replace(first, count=1, roles=("ceo",), message="new customer"))


@pytest.mark.parametrize(
    ("document", "id", "why"),
    [
        (None, "rego", "its document is null, not an object of rules"),
        (True, "rego", "its document is true, not an object of rules"),
        ([], "rego", "its document is a list, not an object of rules"),
        (
            {},
            "rego",
            "its package has no rule `deny`, `violation`, `warn`, `approve`; there is nothing",
        ),
        (
            {"denied": ["no"], "allow": True},
            "rego",
            "its package has no rule `deny`, `violation`, `warn`, `approve`; there is `allow`, `denied`",
        ),
        ({"deny": True}, "deny", "it is true, not a set of messages; write `deny contains msg if ...`"),
        (
            {"deny": {"no tax": True}},
            "deny",
            "it is an object, not a set of messages; write `deny contains msg if ...`",
        ),
        ({"deny": "no"}, "deny", "it is a text, not a set of messages; write `deny contains msg if ...`"),
        ({"deny": None}, "deny", "it is null, not a set of messages; write `deny contains msg if ...`"),
        ({"deny": [3]}, "deny", "an entry of it is a number; it must be a text, or an object with `msg`"),
        (
            {"deny": [{"message": "no"}]},
            "deny",
            "an entry of it is an object; it must be a text, or an object with `msg`",
        ),
        ({"deny": [{"msg": 3}]}, "deny", "an entry of it is an object; it must be a text, or an object with `msg`"),
        ({"deny": ["x" * 300_000]}, "rego", "its document is larger than 256 KiB"),
        ({"approve": [{"msg": "x", "roles": []}]}, "approve", "`roles` of an entry must be a list of roles"),
        ({"approve": [{"msg": "x", "count": 0}]}, "approve", "`count` of an entry must be a whole number from 1 to 20"),
        (
            {"approve": [{"msg": "x", "count": True}]},
            "approve",
            "`count` of an entry must be a whole number from 1 to 20",
        ),
    ],
    ids=lambda one: str(one)[:40],
)
def test_what_is_not_as_agreed_denies_and_nobody_may_override_it(document: Any, id: str, why: str) -> None:
    (policy,) = said(document).policies
    assert (policy.id, policy.outcome, policy.counts, policy.error) == (id, "error", "deny", why)
    assert policy.may_override == ()


def test_an_approval_that_nobody_was_named_for_denies() -> None:
    why = "it asks for an approval, and the policy file has no `approve:` that says whose"
    assert outcomes({"approve": ["large"]}, None) == {"approve": ("error", why)}
    assert outcomes({"approve": []}, None) == {"approve": ("pass", "")}


def test_no_answer_denies_with_the_reason() -> None:
    (policy,) = rego.ruled("close", PLACE, Answered("opa", why="no answer in 5 s"), None).policies
    assert (policy.id, policy.outcome, policy.error) == ("rego", "error", "no answer in 5 s")


def test_one_rule_that_is_not_as_agreed_leaves_the_others_what_they_are() -> None:
    assert outcomes({"deny": True, "warn": ["large"]}) == {
        "deny": ("error", "it is true, not a set of messages; write `deny contains msg if ...`"),
        "warn": ("warn", "large"),
    }


def test_a_message_that_is_empty_counts_all_the_same() -> None:
    assert outcomes({"deny": [""]}) == {"deny": ("deny", "(no message)")}


def test_a_record_keeps_the_rules_that_count_and_nothing_else_of_the_package() -> None:
    answer = Answered("opa", {"deny": [], "customers": ["all of them"]}, decision_id="4ca6")
    assert rego.kept(answer) == Answered("opa", {"deny": []}, decision_id="4ca6")
