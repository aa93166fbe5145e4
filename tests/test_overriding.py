"""Overrides: a person's word that one policy is not to stop this run, with a reason, in the journal and on every screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lago_server import Played, Result

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
            "any",
            "--reason",
            "Billed twice, ticket 4711",
            "-n",
        )
        assert [one["reason"] for one in given(played, result)] == ["Billed twice, ticket 4711"]
