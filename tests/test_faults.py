"""What an answer to finalize means, produced at a real socket: outcome, exit code, finalize count, newest record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from lago_server import Played
from test_recordings import newest_of

TOTAL = "636.04 EUR"
SHORT = {"RUNBOOK_FINALIZE_TIMEOUT": "0.6"}


@dataclass(frozen=True)
class Case:
    """A fault on the finalize call and what must come of it; `scenario` is the plain one unless another shows more."""

    fault: str
    exit: int
    newest: str
    says: str
    attribution: str = "unproven"


CASES = [
    Case("reset-before", 13, "effect.unknown", "UNKNOWN"),
    Case("reset-after", 0, "effect.observed", "not proven"),
    Case("lost-before", 13, "effect.unknown", "UNKNOWN"),
    Case("lost-after", 0, "effect.observed", "not proven"),
    Case("hang-before", 13, "effect.unknown", "UNKNOWN"),
    Case("hang-after", 0, "effect.observed", "not proven"),
    Case("slow", 0, "effect.done", "Finalized ACM-013-001", "ours"),
    Case("drip-headers", 0, "effect.observed", "not proven"),
    Case("drip-body", 0, "effect.observed", "not proven"),
    Case("truncated", 0, "effect.observed", "not proven"),
    Case("html", 13, "effect.unknown", "UNKNOWN"),
    Case("foreign", 13, "effect.unknown", "UNKNOWN"),
    Case("429", 10, "effect.rejected", "now the invoice reads `draft`"),
    Case("500-before", 10, "effect.rejected", "now the invoice reads `draft`"),
    Case("500-after", 0, "effect.observed", "not proven"),
    Case("502", 13, "effect.unknown", "UNKNOWN"),
    Case("503-after", 0, "effect.observed", "not proven"),
    Case("404", 13, "effect.unknown", "UNKNOWN"),
    Case("401", 10, "effect.rejected", "now the invoice reads `draft`", "ours"),
    Case("redirect", 13, "effect.unknown", "UNKNOWN"),
    Case("bomb", 0, "effect.observed", "not proven"),
]


def last_record(out: str) -> dict[str, object]:
    """The last line of `--format json`."""
    found: dict[str, object] = json.loads(out.splitlines()[-1])
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
def test_an_answer_to_finalize_means_what_the_table_says(case: Case, tmp_path: Path) -> None:
    timeout = {} if case.fault in ("slow", "bomb") else SHORT
    with Played("finalize_ok", tmp_path, faults=[f"finalize:{case.fault}"]) as played:
        done = played.finalize(TOTAL, "--format", "json", **timeout)
        end = last_record(done.out)
        told = f"{done.out[-1500:]}\n{done.err}"
        assert done.code == case.exit, told
        assert (end["type"], end["exit"], end["attribution"]) == ("run.end", case.exit, case.attribution), told
        assert case.says in str(end["message"]), told
        assert played.player.count("/finalize") == 1
        assert newest_of(played) == case.newest


def test_never_connected_is_7_and_a_later_resume_asks_anew_and_may_send(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path, is_installed=True) as played:
        reads = [0]

        def stop_after_the_recheck(method: str, target: str) -> None:
            reads[0] += target.endswith("/billing_entities/acme")
            if reads[0] == 3:
                played.sandbox.refuse()

        played.sandbox.before = stop_after_the_recheck
        done = played.finalize(TOTAL)
        assert done.code == 7, done.out + done.err
        assert newest_of(played) == "effect.not_sent"
        assert played.player.count("/finalize") == 0
        assert "nothing was finalized" in done.last_line
        run = done.last_line.rpartition(" ")[2]
    with Played("finalize_ok", tmp_path / "again") as again:
        journal = {"RUNBOOK_JOURNAL": str(played.journal)}
        unasked = again.run("resume", run, **journal)
        assert (unasked.code, again.player.writes) == (5, []), unasked.out + unasked.err
        asked = again.run("resume", run, "--confirm", again.customer, "--total", TOTAL, **journal)
        assert asked.code == 0, asked.out + asked.err
        assert again.player.count("/finalize") == 1
        assert newest_of(played) == "effect.done"


@pytest.mark.parametrize(
    ("fault", "exit", "says"),
    [
        ("reset-before", 7, "refresh got no answer"),
        ("reset-after", 7, "refresh got no answer"),
        ("hang-after", 7, "refresh got no answer"),
        ("truncated", 7, "refresh got no answer"),
        ("html", 7, "is not this invoice"),
        ("foreign", 7, "is not this invoice"),
        ("500-before", 7, "refresh failed"),
        ("502", 7, "refresh failed"),
        ("401", 7, "refused the key"),
        ("404", 10, "refused to refresh"),
        ("429", 10, "refused to refresh"),
    ],
)
def test_a_refresh_is_sent_once_whatever_comes_of_it(fault: str, exit: int, says: str, tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path, faults=[f"refresh:{fault}"]) as played:
        done = played.finalize(TOTAL, **SHORT)
        assert done.code == exit, done.out + done.err
        assert says in done.last_line
        assert (played.player.count("/refresh"), played.player.count("/finalize")) == (1, 0)
        assert newest_of(played) is None


@pytest.mark.parametrize("fault", ["reset-before@2", "500-before@3", "502@1", "html@*", "truncated@2"])
def test_reads_are_tried_again_and_a_read_that_stays_bad_is_7(fault: str, tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path, faults=[f"reads:{fault}"]) as played:
        done = played.finalize(TOTAL, RUNBOOK_FINALIZE_TIMEOUT="5")
        stays_bad = fault.endswith("@*")
        assert done.code == (7 if stays_bad else 0), done.out + done.err
        assert played.player.count("/finalize") == (0 if stays_bad else 1)


@pytest.mark.parametrize(
    ("sync", "exit"),
    [("stale", 4), ("running", 4), ("failed", 4), ("errors", 4), ("empty", 4), ("401", 7), ("garbage", 7)],
)
def test_the_newest_sync_run_decides(sync: str, exit: int, tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path, sync=sync) as played:
        done = played.finalize(TOTAL)
        assert done.code == exit, done.out + done.err
        assert played.player.writes == []
