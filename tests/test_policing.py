"""Policies in a run: when they decide, what they stop, and what is kept and shown of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lago_server import Played, Result

TOTAL = "636.04 EUR"


def own(folder: Path, text: str) -> dict[str, str]:
    """A `billing` set of one's own, in a folder that counts first."""
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "billing.yaml").write_text(text, "utf-8")
    return {"RUNBOOK_POLICIES": str(folder / "policies")}


def one(policy: str, more: str = "") -> str:
    """A set with one policy, over the invoice."""
    head = 'apiVersion: policy/v1\nkind: PolicySet\nmetadata: {name: billing, version: "1"}\nfacts: {invoice: lago.Invoice}\n'
    return f"{head}{more}policies:\n  - {policy}\n"


NEVER = one("{id: never, require: invoice.total_amount_cents < 0, effect: deny, evaluate: commit, title: Not today}")
ALWAYS = one("{id: small, require: invoice.total_amount_cents < 10000, effect: EFFECT, title: It is small}")


def lines(done: Result) -> list[dict[str, Any]]:
    """What `--format json` said of decisions."""
    found = [json.loads(line) for line in done.out.splitlines()]
    return [line for line in found if line["type"] == "policy.decision"]


def test_they_decide_on_the_first_reads_after_the_refresh_and_right_before_the_call(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = played.finalize(TOTAL, "--format", "json")
    assert done.code == 0, done.out + done.err
    found = lines(done)
    assert [(one["at"], one["phase"], one["result"]) for one in found] == [
        ("first", "plan", "pass"), ("refreshed", "plan", "pass"), ("recheck", "commit", "pass"),
    ]  # fmt: skip
    assert {one["digest"] for one in found} == {found[0]["digest"]}
    assert [(used["name"], used["is_matching"]) for used in found[0]["sets"]] == [("billing", True)]
    assert found[0]["facts"]["invoice"]["step"] == "refreshed"
    assert found[0]["facts"]["sync"]["requests"] == ["GET /api/admin/sync/status"]


def test_a_denial_on_the_first_reads_writes_nothing(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = played.finalize(TOTAL, **own(tmp_path, ALWAYS.replace("EFFECT", "deny")))
        assert (done.code, played.player.writes) == (4, [])
    assert "Not finalized: 1 policy denied (`small`). Nothing was written." in done.last_line


def test_a_denial_right_before_the_call_sends_nothing(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = played.finalize(TOTAL, **own(tmp_path, NEVER))
        assert done.code == 4, done.out + done.err
        assert [seen.target.rpartition("/")[2] for seen in played.player.writes] == ["refresh"]
    assert "1 policy denied (`never`). The draft was refreshed; nothing was finalized." in done.last_line


def test_a_warning_stops_nothing_and_an_observed_denial_neither(tmp_path: Path) -> None:
    for more in ("warn", "deny, mode: observe"):
        with Played("finalize_ok", tmp_path) as played:
            done = played.finalize(TOTAL, "-n", **own(tmp_path, ALWAYS.replace("EFFECT", more)))
            assert done.code == 0, done.out + done.err
        assert "It is small" in done.out


def test_a_missing_approval_ends_it_without_a_write(tmp_path: Path) -> None:
    text = ALWAYS.replace("effect: EFFECT", "effect: approve, approve: {roles: [billing_approver]}")
    with Played("finalize_ok", tmp_path) as played:
        done = played.finalize(TOTAL, **own(tmp_path, text))
        assert (done.code, played.player.writes) == (5, []), done.out + done.err
    assert "approval missing: `small` needs 1 of role billing_approver" in done.last_line.lower()


def test_a_set_for_another_environment_leaves_nothing_to_decide_by(tmp_path: Path) -> None:
    text = ALWAYS.replace("EFFECT", "deny").replace("facts:", "applies_to: {environments: [production]}\nfacts:")
    with Played("finalize_ok", tmp_path) as played:
        done = played.finalize(TOTAL, **own(tmp_path, text))
        assert (done.code, played.player.writes) == (4, [])
    assert "no policy set is for `lago.finalize_invoice` in `127.0.0.1`" in done.out


def test_a_policy_file_that_is_wrong_ends_a_run_before_any_read(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = played.finalize(TOTAL, **own(tmp_path, ALWAYS.replace("total_amount_cents", "total_cents")))
        assert (done.code, played.player.log) == (3, []), done.out + done.err
    assert "invoice has no field" in done.err or "total_cents" in done.err


@pytest.mark.parametrize("format", ["human", "plain"])
def test_what_denied_is_shown_with_its_parts_and_where_they_came_from(tmp_path: Path, format: str) -> None:
    with Played("finalize_ok", tmp_path, sync="stale", settings={"COLUMNS": "80"}) as played:
        done = played.finalize(TOTAL, "-n", "--max-sync-age", "9d", "--format", format)
    assert done.code == 4, done.out + done.err
    told = done.out.split("policy", 1)[1] if format == "human" else done.out
    assert "false" in told
    assert "params.max_sync_age" in told
    assert "GET /api/admin/sync/status" in told
    assert "policies/billing.yaml" in told
    assert '--override sync-fresh --reason "..."' in " ".join(told.split())


EACH = """apiVersion: policy/v1
kind: PolicySet
metadata: {name: billing, version: "1"}
facts: {invoice: lago.Invoice, sync: SyncRun}
params: {limit_cents: {EUR: 50000}, max_sync_age: 10m}
policies:
  - id: fresh
    title: The sync is fresh
    require: sync.completedAt != null && now - sync.completedAt <= params.max_sync_age
    effect: deny
    message: '"the last sync ended at " + string(sync.completedAt == null ? now : sync.completedAt)'
    override: {roles: [finance_lead], reason: required}
    doc: https://wiki.example.com/sync
  - id: second
    title: A second person looks at it
    require: invoice.total_amount_cents <= params.limit_cents[invoice.currency]
    effect: approve
    approve: {roles: [billing_approver]}
  - id: few-fees
    title: It has few fees
    require: size(invoice.fees) <= 3
    effect: warn
  - {id: tried, title: Being tried out, require: invoice.total_amount_cents < 0, effect: deny, mode: observe}
  - {id: has-fees, title: It has fees, require: size(invoice.fees) > 0, effect: deny}
"""


def test_the_whole_screen_of_a_run_that_policies_stop(tmp_path: Path, screen: Callable[[str, str], None]) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = played.finalize(TOTAL, "-n", "--format", "human", **own(tmp_path, EACH))
    assert done.code == 4, done.out + done.err
    told = done.out[done.out.index("  DENY  policy") :]
    told = re.sub(r"\d\d:\d\d:\d\d(\.\d+)?Z", "12:00:00Z", told).replace(played.invoice, "INVOICE")
    screen("human_policies_stop", told.replace(str(tmp_path), "."))
