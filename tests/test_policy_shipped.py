"""The sets that come with runbook: what each policy lets pass and what it does not, and that no slip makes one pass."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import recorded
from policed import ACTIONS, NOON, TEXTS, decided, handed, occasion, outcomes, shipped, with_params

from engine.policy.decision import Override
from engine.policy.occasion import Handed, Occasion
from engine.policy_files.reading import read
from engine.source import parse

BILLING = shipped("billing")


def usual(cents: int) -> dict[str, Any]:
    """A history in which this is the usual amount."""
    return {"count": 6, "median_sub_total_including_taxes_amount_cents": cents, "median_total_amount_cents": 0}


FREEZE = [{"name": "ledger migration", "start": NOON - timedelta(hours=1), "end": NOON + timedelta(hours=1)}]


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def test_a_recorded_draft_passes() -> None:
    decision = decided(BILLING, occasion())
    assert (decision.result, outcomes(decision)) == ("pass", {})


def test_each_recorded_draft_passes() -> None:
    passed = []
    for name in recorded.FOLDERS:
        if any(one.name == "draft" for one in recorded.scenario(name).stages):
            facts = recorded.facts(name, "draft")
            if {"invoice", "customer", "entity"} <= facts.keys():
                assert outcomes(decided(BILLING, occasion(scenario=name))) == {}, name
                passed.append(name)
    assert len(passed) > 20


@pytest.mark.parametrize(
    ("policy", "outcome", "change", "says"),
    [
        ("sync-fresh", "deny", {"sync": {"status": "failed"}}, "usage sync 77 is failed"),
        ("sync-fresh", "deny", {"sync": {"completed_at": None, "status": "running"}}, "usage sync 77 is running"),
        ("sync-fresh", "deny", {"sync": {"completed_at": "2026-11-20T11:59:59Z"}}, "the limit is 72 hours"),
        ("period-in-close-month", "deny", {"now": at("2027-01-02T12:00:00Z")}, "another month than 2026-12 and 2027-01"),
        ("period-in-close-month", "deny", {"invoice": {"billing_periods": []}}, "in UTC"),
        ("under-ceiling", "deny", {"invoice": {"total_amount_cents": 10_000_001}}, "100,000.01 EUR is over the ceiling"),
        ("under-ceiling", "error", {"invoice": {"currency": "XAF"}}, "The total is under the ceiling of its currency"),
        ("second-approver", "approve", {"invoice": {"total_amount_cents": 1_000_001}}, "10,000.01 EUR is over 10,000.00"),
        ("second-approver", "error", {"invoice": {"currency": "XAF"}}, "A second person approves"),
        ("midnight", "deny", {"now": at("2026-11-23T23:59:00Z")}, "in UTC it is midnight in less than 120 seconds"),
        ("own-clock", "deny", {"invoice": {"issuing_date": "2026-11-23"}}, "ends on 2026-11-23: Lago finalizes it"),
        ("unchanged-since-plan", "deny", {"planned_digest": "sha256:2"}, "planned were 636.04 EUR"),
        ("unchanged-since-plan", "deny", {"invoice": {"status": "pending"}}, "636.04 EUR, pending"),
        ("usual-amount", "warn", {"history": usual(20_000)}, "far from the usual 200.00 EUR"),
        ("absurd-amount", "deny", {"history": usual(3_000)}, "more than 20 times the usual 30.00 EUR"),
    ],
)  # fmt: skip
def test_what_a_policy_does_not_let_pass(policy: str, outcome: str, change: dict[str, Any], says: str) -> None:
    decision = decided(BILLING, occasion(**change))
    (ruled,) = [one for one in decision.policies if one.id == policy]
    assert (ruled.outcome, says in ruled.message) == (outcome, True), ruled.message
    assert ruled.tree is not None or outcome == "error"


def test_a_freeze_is_told_by_its_name() -> None:
    (ruled,) = [one for one in decided(with_params(BILLING, freeze=FREEZE), occasion()).policies if one.id == "freeze"]
    assert (ruled.outcome, ruled.message) == ("deny", "there is a freeze: ledger migration")


def test_a_month_that_is_being_closed_is_that_of_the_customer_s_zone() -> None:
    tokyo = occasion(scenario="timezone_tokyo")
    assert outcomes(decided(with_params(BILLING, close_month="2026-10"), tokyo)) == {}
    assert outcomes(decided(with_params(BILLING, close_month="2026-09"), tokyo)) == {"period-in-close-month": "deny"}


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Apia"])
def test_the_month_before_is_found_at_every_hour_around_the_ends_of_months(zone: str) -> None:
    program = BILLING.variables["last_month"]
    for month in range(1, 13):
        for hours in range(-40, 41):
            now = datetime(2026, month, 1, 0, 30, tzinfo=UTC) + timedelta(hours=hours)
            there = now.astimezone(ZoneInfo(zone))
            before = there.replace(day=1) - timedelta(days=1)
            assert program.evaluate({"now": now, "variables": {"zone": zone}}) == f"{before:%Y-%m}", now


@pytest.mark.parametrize("name", TEXTS)
def test_a_misspelt_field_is_told_before_anything_runs(name: str) -> None:
    """Each field of a fact that any expression names, misspelt in turn."""
    set = shipped(name)
    programs = [program for policy in set.policies for program in policy.programs] + list(set.variables.values())
    paths = {read for program in programs for read in program.reads if read.partition(".")[0] in set.facts}
    assert len(paths) > 1
    for path in sorted(paths):
        field = path.replace("[]", "").rpartition(".")[2]
        text = re.sub(rf"(?<=\.){field}\b", field[:-1] + field[-1] * 2, TEXTS[name])
        assert text != TEXTS[name]
        found, told = read(parse(text.encode(), f"policies/{name}.yaml"))
        assert found is None, path
        assert {one.code for one in told if one.severity == "error"} <= {"RP010", "RP012"}
        assert any(field in one.message for one in told), path


def leaves(name: str) -> list[tuple[str, str]]:
    """Each policy that denies or asks for approval, with each field of a fact that decides it, in the set of this name."""
    set = shipped(name)
    found = []
    for policy in set.policies:
        reads = {read for program in policy.programs for read in program.reads}
        reads |= {
            deeper
            for read in list(reads)
            if read.startswith("variables.")
            for deeper in set.variables[read.split(".")[1]].reads
        }
        if policy.effect != "warn":
            found += [(policy.id, read) for read in sorted(reads) if read.partition(".")[0] in set.facts]
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_a_fact_that_is_missing_denies_and_never_passes(name: str) -> None:
    for policy, read_ in leaves(name):
        root = read_.partition(".")[0]
        whole = occasion(action=ACTIONS[name])
        gone = {key: value for key, value in whole.facts.items() if key != root}
        decision = decided(shipped(name), replace_facts(whole, gone))
        (ruled,) = [one for one in decision.policies if one.id == policy]
        assert (ruled.outcome, decision.result) == ("error", "deny"), read_


@pytest.mark.parametrize("name", TEXTS)
def test_a_field_that_is_missing_denies_where_a_policy_rests_on_it(name: str) -> None:
    required = [(policy, path) for policy, path in leaves(name) if is_required(name, path)]
    assert len(required) >= 2
    for policy, path in required:
        whole = occasion(action=ACTIONS[name])
        root, *parts = path.replace("[]", "").split(".")
        one = whole.facts[root]
        facts = {**whole.facts, root: Handed(one.model, without(one.values, root, parts), one.origin)}
        decision = decided(shipped(name), replace_facts(whole, facts))
        (ruled,) = [found for found in decision.policies if found.id == policy]
        assert (ruled.outcome, decision.result) == ("error", "deny"), path


def replace_facts(whole: Occasion, facts: dict[str, Handed]) -> Occasion:
    return replace(whole, facts=facts)


def is_required(name: str, path: str) -> bool:
    """Whether the field at the end of a path is always said: one that may be null is for the policy to guard."""
    from engine.cel.types import ListOf, Nullable, Record

    root, *parts = path.replace("[]", "").split(".")
    found: Any = shipped(name).facts[root].type
    for part in parts:
        while isinstance(found, Nullable | ListOf):
            found = found.of if isinstance(found, Nullable) else found.element
        assert isinstance(found, Record)
        found = found.fields[part]
    return not isinstance(found, Nullable)


def without(values: Any, root: str, parts: list[str]) -> Any:
    """The values without the field at the end of a route, in every row on the way."""
    if root == "sync":
        return {**values, "run": without(values["run"], "", [{"startedAt": "started_at"}.get(parts[0], parts[0])])}
    if isinstance(values, list):
        return [without(row, "", parts) for row in values]
    if len(parts) == 1:
        return {key: value for key, value in values.items() if key != parts[0]}
    return {key: without(value, "", parts[1:]) if key == parts[0] else value for key, value in values.items()}


LIFT = Override("sync-fresh", "jane", ("finance_lead",), "the sync of tonight is late, agreed with finance")


@pytest.mark.parametrize(
    ("override", "result", "why"),
    [
        (LIFT, "pass", ""),
        (replace(LIFT, roles=("billing_admin",)), "deny", "jane may not lift it: that takes the role finance_lead"),
        (replace(LIFT, reason=" "), "deny", "jane may not lift it: that takes the role finance_lead"),
        (replace(LIFT, policy="midnight"), "deny", ""),
    ],
)
def test_an_override_lifts_where_it_may_and_nothing_else(override: Override, result: str, why: str) -> None:
    decision = decided(BILLING, occasion(sync={"status": "failed"}, overrides=(override,)))
    (ruled,) = [one for one in decision.policies if one.id == "sync-fresh"]
    assert (decision.result, ruled.outcome, ruled.not_lifted) == (result, "deny", why)


def test_what_could_not_be_judged_is_lifted_by_nobody() -> None:
    lift = replace(LIFT, policy="under-ceiling")
    decision = decided(BILLING, occasion(invoice={"currency": "XAF"}, overrides=(lift,)))
    (ruled,) = [one for one in decision.policies if one.id == "under-ceiling"]
    assert (decision.result, ruled.not_lifted) == ("deny", "what could not be judged cannot be lifted")


def test_an_approval_is_bound_to_the_invoice_and_to_its_figures() -> None:
    (need,) = decided(BILLING, occasion(invoice={"total_amount_cents": 2_000_000})).needs
    assert (need.policy, need.count, need.roles, need.valid_for) == (
        "second-approver",
        1,
        ("billing_approver",),
        14_400,
    )
    assert set(need.bound_to) == {"invoice.lago_id", "plan.figures_digest"}
    assert need.bound_to["plan.figures_digest"] == "sha256:1"


def test_one_byte_of_a_policy_a_param_or_a_type_is_another_digest() -> None:
    whole = decided(BILLING, occasion()).digest
    other = read(parse(TEXTS["billing"].replace("  owner: finance\n", "  owner: Finance\n").encode(), "billing.yaml"))[
        0
    ]
    assert other is not None
    assert (
        len({whole, decided(other, occasion()).digest, decided(with_params(BILLING, usual_from=4), occasion()).digest})
        == 3
    )
    assert decided(BILLING, occasion(now=NOON + timedelta(minutes=1))).digest == whole


def test_an_action_that_no_set_is_for_is_denied() -> None:
    decision = decided(BILLING, occasion(action="lago.void_invoice"))
    assert (decision.result, decision.policies) == ("deny", ())
    assert decision.nothing == "no policy set is for `lago.void_invoice` in `production` (there is `billing`)"


def test_handing_another_fact_under_a_name_denies() -> None:
    whole = occasion()
    facts = {**whole.facts, "sync": handed(recorded.facts("finalize_ok", "draft")["customer"])}
    assert outcomes(decided(BILLING, replace_facts(whole, facts))) == {"sync-fresh": "error"}
