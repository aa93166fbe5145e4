"""Every recorded scenario once more, in two commands: planned by reading, then applied, and it ends as a run of it would."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lago_server import RUNBOOK, Played, Result
from test_recordings import ROWS, Row, newest_of

from engine.journal import Reader, verify

# What a refresh changes after the plan was made: a run shows it before it asks, a plan was of other figures.
MOVED = {"late_event_refreshed", "late_event_old_total", "draft_taxes_pending", "draft_taxes_failed"}


def again_from_the_start(played: Played) -> None:
    """What was planned is applied to the world as it was then: reading moves a recording on."""
    played.player.__post_init__()
    played.player._read = set()
    played.player.log.clear()


# One of each way to end; the others belong to the longer runs.
ALWAYS = {
    "finalize_ok",
    "late_event_refreshed",
    "tax_changed_after_review",
    "late_event",
    "two_at_once",
    "deleted_draft",
}
SCENARIOS = [pytest.param(row, marks=() if str(row) in ALWAYS else pytest.mark.campaign, id=str(row)) for row in ROWS]


@pytest.mark.parametrize("row", SCENARIOS)
def test_a_plan_is_applied_as_a_run_would_end(row: Row, tmp_path: Path) -> None:
    flags = [word for word in row.more if word.startswith("--")]
    with Played(row.scenario, tmp_path) as played:
        planned = played.run("plan", "finalize_invoice", "--invoice", played.invoice, *flags, **row.env)
        if row.exit == 4 and row.label not in MOVED:
            assert planned.code == 4, planned.out
            assert row.says in planned.last_line
            return
        assert planned.code == 0, planned.out + planned.err
        assert played.player.writes == []
        again_from_the_start(played)
        done = played.run("apply", "plan.json", **row.env)
        told = f"{done.out}\n{done.err}"
        writes = [seen.target.rpartition("/")[2] for seen in played.player.writes]
        if str(row) in MOVED:
            assert done.code == 6, told
            assert "The figures are not those of the plan." in done.last_line
            assert writes == ["refresh"]
            return
        assert done.code == row.exit, told
        assert row.says in done.last_line, told
        assert writes == list(row.writes)
        assert newest_of(played) == row.newest
        assert played.player.failures == []


def test_of_two_that_apply_one_plan_at_once_one_sends(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        assert played.run("plan", "finalize_invoice", "--invoice", played.invoice).code == 0
        again_from_the_start(played)
        played.player.refreshes_again = True
        started = [
            subprocess.Popen(
                [*RUNBOOK, "apply", "plan.json"],
                env=played.env,
                cwd=played.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        results = [Result(one.wait(60), *(text or "" for text in one.communicate())) for one in started]
        told = "\n".join(f"{one.code}: {one.out[-900:]}{one.err}" for one in results)
        assert played.player.count("/finalize") == 1, told
        assert sorted(one.code for one in results)[0] == 0, told
        with Reader.open(played.journal) as journal:
            runs = [one.out.split("\t")[1] for one in results]
            given = [run for run in runs for one in journal.run(run) if one.type == "consent.given"]
        assert len(given) == 1, told
        assert verify(played.journal).is_intact
