"""`check_invoice` on the recordings: every check of a draft, and not one write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lago_server import Played


def review(played: Played, *more: str, **env: str) -> tuple[int, str]:
    """The exit code and the last line of a review."""
    done = played.run("run", "check_invoice", "--invoice", played.invoice, *more, **env)
    assert played.player.writes == []
    return done.code, done.last_line


@pytest.mark.parametrize(
    ("scenario", "code", "says"),
    [
        ("finalize_ok", 0, "Reviewed the draft of cus_hooli for 636.04 EUR: 9 checks passed."),
        ("zero_fees_skipped", 4, "Denied: 1 check denied (`will_be_issued`)."),
        ("draft_taxes_pending", 4, "Denied: 1 check denied (`tax_ready`)."),
    ],
)
def test_a_draft_is_told_what_finalizing_would_object_to(tmp_path: Path, scenario: str, code: int, says: str) -> None:
    with Played(scenario, tmp_path) as played:
        ended, last = review(played, RUNBOOK_TAXES_DEADLINE="0.1")
        assert (ended, says in last) == (code, True), last


def test_the_expected_total_counts_although_nothing_is_refreshed(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        assert review(played, "--total", "636.04 EUR")[0] == 0
        code, last = review(played, "--total", "636.05 EUR")
        assert (code, "Denied: 1 check denied (`total_matches`)." in last) == (4, True)


def test_what_is_no_draft_is_no_success(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path, start="finalized") as played:
        code, last = review(played)
        assert (code, "`invoice_is_draft`" in last) == (4, True)


def test_json_says_which_invoice_was_reviewed(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = played.run("run", "check_invoice", "--invoice", played.invoice, "--format", "json")
        end = json.loads(done.out.splitlines()[-1])
        assert (end["exit"], end["outcome"], end["invoice"]["lago_id"]) == (0, "done", played.invoice)
