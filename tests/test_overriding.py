"""Overrides: a person's word that one policy is not to stop this run, with a reason, in the journal and on every screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import signers
from lago_server import Played, Result
from signers import Person

from engine import plan as plans
from engine.commands.running import reasons_of
from engine.errors import UsageFault
from engine.journal import Reader

WHY = ("--override", "sync-fresh", "--reason", "the sync is broken, ticket 4711")


@pytest.fixture
def ok(tmp_path: Path) -> Iterator[Played]:
    with Played("finalize_ok", tmp_path) as played:
        yield played


def records(played: Played, result: Result) -> list[Any]:
    with Reader.open(played.journal) as journal:
        return journal.run(result.out.split("\t")[1])


def given(played: Played, result: Result) -> list[dict[str, Any]]:
    return [dict(one.data) for one in records(played, result) if one.type == "override.given"]


def test_an_override_needs_a_reason_and_a_reason_an_override() -> None:
    assert reasons_of([], None) == {}
    assert reasons_of(["a", "b"], " why ") == {"a": "why", "b": "why"}
    for policies, reason in ((["a"], None), (["a"], "  "), ([], "why")):
        with pytest.raises(UsageFault, match=r"--(override|reason)"):
            reasons_of(policies, reason)
    assert reasons_of([], "the runbook's own", is_own=True) == {}


def test_an_override_is_the_first_thing_that_a_run_records(ok: Played) -> None:
    result = ok.finalize("636.04 EUR", *WHY)
    assert result.code == 0, result.out
    assert given(ok, result) == [
        {"policy": "sync-fresh", "operator": "jane", "roles": ["billing_admin"], "reason": WHY[3]}
    ]
    types = [one.type for one in records(ok, result)]
    assert types.index("override.given") < types.index("fact")
    assert f"jane: sync-fresh, {WHY[3]}" in result.out
    shown = ok.run("audit", "show", result.out.split("\t")[1]).out
    assert f"jane overrides the policy `sync-fresh`: {WHY[3]}" in shown
    assert ok.run("audit", "export", result.out.split("\t")[1], "-o", "evidence").code == 0
    assert "`sync-fresh` by jane" in (ok.folder / "evidence" / "report.html").read_text().replace(
        "<code>", "`"
    ).replace("</code>", "`")


def test_an_override_in_a_plan_counts_as_the_word_of_who_applies_it(ok: Played) -> None:
    planned = ok.run("plan", "finalize_invoice", "--invoice", ok.invoice, *WHY)
    assert planned.code == 0, planned.out
    assert [(one.policy, one.reason) for one in plans.read(ok.folder / "plan.json").overrides] == [(WHY[1], WHY[3])]
    assert len(given(ok, planned)) == 1
    applied = ok.run("apply", "plan.json")
    assert applied.code == 0, applied.out
    assert [(one["policy"], one["operator"]) for one in given(ok, applied)] == [("sync-fresh", "jane")]


def test_a_runbook_s_own_reason_is_the_reason(tmp_path: Path) -> None:
    with Played("voided_with_coupon_and_wallet", tmp_path, start="finalized") as played:
        result = played.run(
            "run",
            "void_invoice",
            "--invoice",
            played.invoice,
            "--override",
            "freeze",
            "--reason",
            "Billed twice, ticket 4711",
            "-n",
        )
        assert [one["reason"] for one in given(played, result)] == ["Billed twice, ticket 4711"]


def test_a_policy_that_does_not_exist_is_not_overridden_in_silence(ok: Played) -> None:
    result = ok.finalize("636.04 EUR", "--override", "sync-fres", "--reason", "the sync is broken")
    assert (result.code, ok.player.log) == (2, [])
    assert "no policy of this runbook is called `sync-fres`" in result.last_line.replace("No policy", "no policy")
    assert "did you mean `sync-fresh`" in result.out


HEAD = """\
apiVersion: policy/v1
kind: PolicySet
metadata: {name: billing, version: "1", owner: tests, title: A freeze}
applies_to: {actions: [lago.finalize_invoice]}
facts: {}
types:
  freeze: [{name: string, start: timestamp, end: timestamp}]
params:
  freeze: [{name: migration, start: 2026-11-01T00:00:00Z, end: 2026-12-01T00:00:00Z}]
policies:
"""
PAGE = (Path(__file__).parent.parent / "docs" / "plans-and-approvals.md").read_text()
# As the page shows it.
POLICY = HEAD + next(part for part in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "break_glass" in part)
FREEZE = ("--override", "freeze-window", "--reason", "the bank needs it today")


@pytest.fixture
def frozen(ok: Played) -> Played:
    """A freeze that only somebody with break_glass may pass, and then with a second person."""
    ok.player.refreshes_again = True
    (ok.folder / "policies").mkdir()
    (ok.folder / "policies" / "billing.yaml").write_text(POLICY)
    return ok


def test_an_override_by_who_may_not_changes_nothing(frozen: Played) -> None:
    assert frozen.finalize("636.04 EUR").code == 4
    result = frozen.finalize("636.04 EUR", *FREEZE)
    assert (result.code, frozen.player.writes) == (4, [])
    assert "may not lift it: that takes the role break_glass" in result.out


def test_an_emergency_is_a_role_a_reason_and_a_second_person(frozen: Played, tmp_path: Path) -> None:
    key = signers.key(tmp_path, "ann")
    ann = Person("ann", ("finance_lead",), [key])
    jane = Person("jane", ("billing_admin", "break_glass"))
    signers.operators(frozen.folder / "operators.yaml", jane, ann)
    assert frozen.finalize("636.04 EUR", *FREEZE).code == 5
    planned = frozen.run("plan", "finalize_invoice", "--invoice", frozen.invoice, *FREEZE)
    assert planned.code == 0, planned.out
    signers.operators(frozen.folder / "operators.yaml", ann, jane)
    consent = ("--confirm", "cus_hooli", "--total", "636.04 EUR")
    approved = frozen.run("approve", "plan.json", "--key", str(key.file), *consent)
    assert approved.code == 0, approved.out
    assert "policy `freeze-window` is overridden: the bank needs it today" in approved.out
    signers.operators(frozen.folder / "operators.yaml", jane, ann)
    result = frozen.run("apply", "plan.json")
    assert result.code == 0, result.out
    assert given(frozen, result)[0]["reason"] == "the bank needs it today"


def test_an_override_that_no_approver_has_seen_is_no_way_in(frozen: Played, tmp_path: Path) -> None:
    key = signers.key(tmp_path, "ann")
    ann = Person("ann", ("finance_lead",), [key])
    jane = Person("jane", ("billing_admin", "break_glass"))
    policy = frozen.folder / "policies" / "billing.yaml"
    signers.operators(frozen.folder / "operators.yaml", jane, ann)
    policy.write_text(POLICY.replace("2026-11-01T00:00", "2026-11-23T12:30"))
    assert frozen.run("plan", "finalize_invoice", "--invoice", frozen.invoice).code == 0
    signers.operators(frozen.folder / "operators.yaml", ann, jane)
    consent = ("--confirm", "cus_hooli", "--total", "636.04 EUR")
    assert frozen.run("approve", "plan.json", "--key", str(key.file), *consent).code == 0
    signers.operators(frozen.folder / "operators.yaml", jane, ann)
    # The freeze has begun meanwhile.
    result = frozen.run("apply", "plan.json", *FREEZE, RUNBOOK_CLOCK="2026-11-23T12:30:01Z")
    assert result.code == 5, result.out
    assert "whoever gave it has not seen that `freeze-window` is overridden" in result.out
