"""Ctrl-C and SIGTERM to the real command, at each part of a run: what it says, its exit code, and what the journal keeps."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import forked
import pytest
from forked import Done, Point, Step
from lago_server import RUNBOOK, Result
from patient_lago import Patient

from engine.journal import verify

TOTAL = "636.04 EUR"
LONG = {
    "RUNBOOK_FINALIZE_TIMEOUT": "30",
    "RUNBOOK_SETTLE_WINDOW": "30",
    "RUNBOOK_POLL_INTERVAL": "0.2",
    "RUNBOOK_TAXES_DEADLINE": "30",
    "RUNBOOK_PENDING_DEADLINE": "30",
}


@dataclass
class Running:
    """A command under way in a child of this process; with `is_installed` the installed one, in a process of its own."""

    played: Patient
    total: str = TOTAL
    is_installed: bool = False

    def __post_init__(self) -> None:
        played = self.played
        base = ("run", "finalize_invoice", "--invoice", played.invoice, "--confirm", played.customer)
        words = (*base, "--total", self.total)
        self.process: forked.Child | subprocess.Popen[bytes]
        if not self.is_installed:
            self.process = child = forked.start(words, played.env, played.folder)
            self.out, self.err = child.out, child.err
            return
        self.out, self.err = played.folder / "running.out", played.folder / "running.err"
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [*RUNBOOK, *words],
                env=played.env,
                cwd=played.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )

    def hears(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def until_it_says(self, text: str) -> None:
        """Wait until stderr holds a text."""
        ends = time.monotonic() + 10
        while text not in (said := self.err.read_text()):
            assert time.monotonic() < ends, f"never said {text!r}: {said}"
            code = self.process.poll()
            assert code is None, f"ended with {code}: {said}"
            time.sleep(0.01)

    def end(self, within: float = 20) -> Result:
        """Wait for its end."""
        return Result(self.process.wait(within), self.out.read_text(), self.err.read_text())


def reached(played: Patient, ending: str, nth: int = 1) -> threading.Event:
    """Set when the nth request whose target ends like this arrives; it is then held until the command has gone on."""
    arrived, seen, look = threading.Event(), [0], played.sandbox.before

    def watch(method: str, target: str) -> None:
        look(method, target)
        if target.endswith(ending):
            seen[0] += 1
            if seen[0] == nth:
                arrived.set()
                time.sleep(0.3)

    played.sandbox.before = watch
    return arrived


def resume(played: Patient) -> Result:
    """Take the only run up, with quick waits."""
    (run,) = played.runs
    return played.run("resume", run, RUNBOOK_SETTLE_WINDOW="0.3", RUNBOOK_POLL_INTERVAL="0.05")


def last_types(played: Patient, count: int) -> list[str]:
    """The types of the run's last records."""
    (run,) = played.runs
    return played.types(run)[-count:]


@pytest.mark.parametrize(("number", "exit", "says"), [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM")])
@pytest.mark.parametrize(
    ("ending", "nth", "refreshes", "written"),
    [
        ("/billing_entities/acme", 1, 0, "Nothing was written."),
        ("/refresh", 1, 1, "A refresh was sent; nothing was finalized."),
        ("/billing_entities/acme", 3, 1, "The draft was refreshed; nothing was finalized."),
    ],
)
def test_before_the_call_a_signal_ends_the_run_and_nothing_one_way_is_sent(
    number: signal.Signals, exit: int, says: str, ending: str, nth: int, refreshes: int, written: str, tmp_path: Path
) -> None:
    with Patient("finalize_ok", tmp_path, settings=LONG) as played:
        arrived = reached(played, ending, nth)
        running = Running(played, is_installed=ending == "/refresh")
        assert arrived.wait(20)
        running.hears(number)
        done = running.end()
        played.wait_for(refreshes)
        assert done.code == exit, done.out + done.err
        assert says in done.last_line
        assert written in done.last_line
        assert (played.player.count("/refresh"), played.player.count("/finalize")) == (refreshes, 0)
        assert (last_types(played, 1), played.newest) == (["run.end"], None)
        assert verify(played.journal).is_intact


def test_the_first_ctrl_c_while_the_answer_is_due_tells_and_the_second_leaves_it_unknown(tmp_path: Path) -> None:
    with Patient("finalize_ok", tmp_path, faults=["finalize:hang-after"], settings=LONG) as played:
        arrived = reached(played, "/finalize")
        running = Running(played, is_installed=True)
        assert arrived.wait(20)
        running.hears(signal.SIGINT)
        running.until_it_says("The request is on its way; waiting up to 30 s for the answer.")
        time.sleep(0.3)
        assert running.process.poll() is None
        running.hears(signal.SIGINT)
        done = running.end()
        assert done.code == 13, done.out + done.err
        (run,) = played.runs
        assert "UNKNOWN" in done.last_line
        assert f"runbook resume {run}" in done.last_line
        assert (last_types(played, 3), played.newest) == (
            ["effect.intent", "effect.unknown", "run.end"],
            "effect.unknown",
        )
        ended = resume(played)
        assert ended.code == 0, ended.out + ended.err
        assert (played.player.count("/finalize"), played.newest) == (1, "effect.observed")
        assert verify(played.journal).is_intact


def test_an_answer_that_comes_after_the_first_ctrl_c_counts(tmp_path: Path) -> None:
    with Patient("finalize_ok", tmp_path, faults=["finalize:slow"], settings=LONG) as played:
        arrived = reached(played, "/finalize")
        running = Running(played)
        assert arrived.wait(20)
        running.hears(signal.SIGINT)
        done = running.end()
        assert done.code == 0, done.out + done.err
        assert "Press Ctrl-C again to leave it." in done.err
        assert (played.player.count("/finalize"), played.newest) == (1, "effect.done")


def test_sigterm_while_the_answer_is_due_leaves_it_unknown_at_once(tmp_path: Path) -> None:
    with Patient("finalize_ok", tmp_path, faults=["finalize:hang-after"], settings=LONG) as played:
        arrived = reached(played, "/finalize")
        running = Running(played)
        assert arrived.wait(20)
        running.hears(signal.SIGTERM)
        done = running.end()
        assert done.code == 13, done.out + done.err
        assert (last_types(played, 3), played.newest) == (
            ["effect.intent", "effect.unknown", "run.end"],
            "effect.unknown",
        )
        assert resume(played).code == 0
        assert (played.player.count("/finalize"), played.newest) == (1, "effect.observed")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("scenario", "total", "waits", "ends"),
    [
        ("answer_lost_then_done", "207.22 EUR", "effect.unknown", "effect.observed"),
        ("provider_taxes", "300.08 USD", "effect.pending", "effect.done"),
    ],
    ids=["settling", "pending"],
)
def test_a_signal_while_it_waits_for_the_outcome_is_13_and_resume_ends_it(
    scenario: str, total: str, waits: str, ends: str, number: signal.Signals, tmp_path: Path
) -> None:
    with Patient(scenario, tmp_path, settings={**LONG, "RUNBOOK_POLL_INTERVAL": "2"}) as played:
        running = Running(played, total)
        deadline = time.monotonic() + 20
        while played.newest != waits and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.2)
        running.hears(number)
        done = running.end(within=4)
        assert done.code == 13, done.out + done.err
        (run,) = played.runs
        assert f"runbook resume {run}" in done.last_line
        assert (last_types(played, 1), played.newest) == (["run.end"], waits)
        assert resume(played).code == 0
        assert (played.player.count("/finalize"), played.newest) == (1, ends)
        assert verify(played.journal).is_intact


QUICK = {"RUNBOOK_SETTLE_WINDOW": "0.04", "RUNBOOK_SETTLE_MIN_READS": "2", "RUNBOOK_POLL_INTERVAL": "0.01"}


def moments(folder: Path) -> list[Step]:
    """Every moment of an undisturbed run."""
    with Patient("finalize_ok", folder, settings=QUICK) as played:
        return run_and_signal(played, None, signal.SIGINT).steps


def run_and_signal(played: Patient, point: Point | None, number: int) -> Done:
    """The run in a child, which gets a signal at a moment."""
    words = ("run", "finalize_invoice", "--invoice", played.invoice, "--confirm", played.customer, "--total", TOTAL)
    return forked.run(words, played.env, played.folder, point, number)


def must_end_as_told(folder: Path, point: Point, number: signal.Signals) -> None:
    """A run that gets a signal at `point`: 130 or 143 while nothing one-way was sent, else the truth about the call."""
    stopped = 130 if number == signal.SIGINT else 143
    with Patient("finalize_ok", folder, settings=QUICK) as played:
        done = run_and_signal(played, point, number)
        played.wait_for(len(done.sent))
        told = f"{number.name} {point}: {done.result}"
        assert played.unsafe == [], told
        assert played.player.count("/finalize") == any("/finalize" in line for line in done.sent), told
        if played.newest in (None, "effect.not_sent"):
            assert (done.result.code, played.player.count("/finalize")) == (stopped, 0), told
        else:
            assert done.result.code == 13 or (done.result.code, played.newest) == (0, "effect.done"), told
        if played.runs:
            assert last_types(played, 1) == ["run.end"], told
            assert verify(played.journal).is_intact


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_around_the_intent_sends_nothing_or_tells_what_came_of_it(
    number: signal.Signals, tmp_path: Path
) -> None:
    steps = moments(tmp_path / "whole")
    (at,) = (k for k, step in enumerate(steps) if (step.point.moment, step.about) == ("after", "effect.intent"))
    last = len(steps)
    for k in sorted({*range(0, at, 70), *range(at - 1, at + 9), *range(last - 4, last)}):
        must_end_as_told(tmp_path / str(steps[k].point), steps[k].point, number)


@pytest.mark.campaign
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_moment(number: signal.Signals, tmp_path: Path) -> None:
    for step in moments(tmp_path / "whole"):
        must_end_as_told(tmp_path / str(step.point), step.point, number)
