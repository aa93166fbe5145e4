"""The bench runs and measures what it says; how fast anything is, no test asserts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.expressions import report as expressions_report
from bench.run import report
from bench.server import LAGO_TAKES

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.campaign  # a round of everything takes as long as many tests


@pytest.fixture(scope="module")
def found() -> Any:
    """One round of everything."""
    command = [sys.executable, "bench/run.py", "--rounds", "1", "--runs", "1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_every_peer_makes_the_calls_that_it_is_said_to_make(found: Any) -> None:
    for table in ("peers", "as_lago"):
        calls = {name: peer["calls"] for name, peer in found[table].items() if peer["calls"]}
        run = calls.pop("runbook run")
        assert calls == {"bare script, 7 calls": 7, "bare script": run, "runbook run --dry-run": 9}


def test_a_server_that_takes_a_lago_s_time_is_slower_by_just_that(found: Any) -> None:
    at_once, as_lago = (found[table]["bare script, 7 calls"]["wall_least"] for table in ("peers", "as_lago"))
    assert as_lago - at_once > 0.9 * (5 * LAGO_TAKES["GET"] + 2 * LAGO_TAKES["PUT"])


def test_what_is_measured_is_there(found: Any) -> None:
    assert all(peer["wall_least"] > 0 and peer["peak_bytes"] > 10**6 for peer in found["peers"].values())
    assert found["imports"]["--help"]["modules"] < found["imports"]["run"]["modules"]
    told = found["journal"]["told"]
    assert told["(all)"] == sum(size for name, size in told.items() if not name.startswith("("))
    assert found["journal"]["records"] > 40
    assert found["journal"]["file"] > 0


def test_the_tables_name_every_peer_and_every_goal(found: Any) -> None:
    lines = report(found).splitlines()
    for name in (*found["peers"], "runbook --help / python -c pass", "runbook run / bare script", "journal, bytes"):
        assert any(line.startswith(name) for line in lines), name


def test_the_bench_of_expressions_measures_ours_where_no_other_engine_is() -> None:
    command = [sys.executable, "bench/expressions.py", "--rounds", "1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert {column: times["least"] > 0 for column, times in told["engines"]["ours"].items()} == {
        "compile": True,
        "20": True,
        "9999": True,
    }
    assert {part: seconds > 0 for part, seconds in told["import"].items()} == {"library": True, "own": True}
    assert [line.split()[0] for line in expressions_report(told).splitlines() if line.startswith("ours")] == ["ours"]
