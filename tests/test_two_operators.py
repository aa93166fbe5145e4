"""Two operators, one invoice, one journal: one finalize, and the one who comes second is told who was first."""

from __future__ import annotations

import os
import pwd
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import forked
import pytest
from forked import Point
from lago_server import RUNBOOK, Result
from patient_lago import Patient

from engine.journal import verify

TOTAL = "636.04 EUR"
LAST_READ = "/api/v1/billing_entities/acme"
QUICK = {"RUNBOOK_SETTLE_WINDOW": "0.1", "RUNBOOK_SETTLE_MIN_READS": "2"}


def words(played: Patient) -> tuple[str, ...]:
    """The main job with consent."""
    base = ("run", "finalize_invoice", "--invoice", played.invoice)
    return (*base, "--confirm", played.customer, "--total", TOTAL)


def operators(folder: Path) -> list[dict[str, str]]:
    """Two operators of this account, each with a file of their own."""
    account = pwd.getpwuid(os.getuid()).pw_name
    found = []
    for name in ("jane", "omar"):
        path = folder / f"{name}.yaml"
        path.write_text(f"operators:\n  - id: {name}\n    roles: [billing_admin]\n    os_account: {account}\n")
        path.chmod(0o600)
        found.append({"RUNBOOK_OPERATORS": str(path)})
    return found


def together(played: Patient, is_installed: bool = False) -> list[Result]:
    """Both at once, each in a process of its own: a child of this one, or the installed command."""
    if not is_installed:
        children = [
            forked.start(words(played), {**played.env, **env}, played.folder) for env in operators(played.folder)
        ]
        return [child.end().result for child in children]
    started = [
        subprocess.Popen(
            [*RUNBOOK, *words(played)],
            env={**played.env, **env},
            cwd=played.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for env in operators(played.folder)
    ]
    done = []
    for process in started:
        out, err = process.communicate(timeout=60)
        done.append(Result(process.returncode, out, err))
    return done


def run_of(result: Result) -> str:
    """The run that a command was."""
    return result.out.split("\t")[1]


def in_step(played: Patient, phases: set[int]) -> None:
    """Let the two go on only together after the last read of these phases (1 first, 2 refreshed, 3 recheck)."""
    barrier, lock, arrived = threading.Barrier(2), threading.Lock(), [0]
    look = played.sandbox.before

    def wait(method: str, target: str) -> None:
        look(method, target)
        if target == LAST_READ:
            with lock:
                arrived[0] += 1
                phase = (arrived[0] + 1) // 2
            if phase in phases:
                barrier.wait(20)

    played.sandbox.before = wait


def one_finalize(played: Patient, results: list[Result]) -> tuple[Result, Result]:
    """Exactly one was sent, by the one whose intent it was; answers winner and loser."""
    told = "\n".join(f"{one.code}: {one.out[-900:]}{one.err[-300:]}" for one in results)
    assert played.player.count("/finalize") == 1, told
    assert played.unsafe == [], told
    assert played.newest == "effect.done", told
    assert verify(played.journal).is_intact
    (winner,) = (one for one in results if "effect.intent" in played.types(run_of(one)))
    (loser,) = (one for one in results if one is not winner)
    assert winner.code == 0, told
    assert "Finalized ACM-013-001 for 636.04 EUR." in winner.last_line, told
    return winner, loser


def test_two_that_came_to_the_call_together_send_one_and_the_other_names_its_run(tmp_path: Path) -> None:
    for at in range(2):
        with Patient("finalize_ok", tmp_path / str(at), settings=QUICK) as played:
            in_step(played, {1, 2, 3})
            winner, loser = one_finalize(played, together(played))
            assert loser.code in (0, 13), loser.out
            assert run_of(winner) in loser.last_line, loser.out[-900:]


@pytest.mark.parametrize("phases", [set(), {1}, {1, 2}], ids=["freely", "after the reads", "after the refresh"])
def test_two_that_start_together_finalize_once(phases: set[int], tmp_path: Path) -> None:
    for at in range(2):
        with Patient("finalize_ok", tmp_path / str(at), settings=QUICK) as played:
            in_step(played, phases)
            winner, loser = one_finalize(played, together(played, is_installed=not phases))
            assert loser.code in (0, 6, 13), loser.out
            assert run_of(winner) in loser.last_line, loser.out[-900:]


def overtaken(played: Patient, phase: int) -> tuple[Result, Result]:
    """One is held after the last read of a phase until the other has come to its end; answers first and second."""
    held, go_on, lock, arrived = threading.Event(), threading.Event(), threading.Lock(), [0]
    look = played.sandbox.before

    def hold(method: str, target: str) -> None:
        look(method, target)
        if target == LAST_READ:
            with lock:
                arrived[0] += 1
                is_held = arrived[0] == phase
            if is_held:
                held.set()
                assert go_on.wait(30)

    played.sandbox.before = hold
    slow, quick = operators(played.folder)
    second: list[Result] = []
    thread = threading.Thread(target=lambda: second.append(played.run(*words(played), **slow)))
    thread.start()
    assert held.wait(30)
    first = played.run(*words(played), **quick)
    go_on.set()
    thread.join(60)
    return first, second[0]


@pytest.mark.parametrize(("phase", "exit"), [(1, 0), (2, 6), (3, 0)])
def test_who_is_overtaken_sends_nothing_one_way_and_is_told_by_whom(phase: int, exit: int, tmp_path: Path) -> None:
    with Patient("finalize_ok", tmp_path, settings=QUICK) as played:
        first, second = overtaken(played, phase)
        winner, loser = one_finalize(played, [first, second])
        assert winner is first
        assert loser.code == exit, loser.out[-900:]
        assert run_of(first) in loser.last_line, loser.out[-900:]
        assert "nothing was finalized" not in loser.last_line
        assert ("consent.given" in played.types(run_of(loser))) == (phase > 1)


def left_open(played: Patient, moment: str) -> str:
    """A run that is killed right after its intent, or when its request has left. Answers its id."""
    with Patient("finalize_ok", played.folder / "whole", settings=QUICK) as whole:
        steps = forked.run(words(whole), whole.env, whole.folder).steps
    if moment == "intended":
        kill = next(Point("after", "record", step.point.nth) for step in steps if step.about == "effect.intent")
    else:
        kill = next(
            replace(step.point, moment="after")
            for step in steps
            if step.about.startswith("PUT") and "/finalize" in step.about
        )
    killed = forked.run(words(played), played.env, played.folder, kill)
    assert killed.was_killed
    played.wait_for(len(killed.sent))
    (run,) = played.runs
    return run


def test_while_another_run_s_intent_is_open_nothing_is_sent_not_even_a_refresh(tmp_path: Path) -> None:
    with Patient("finalize_ok", tmp_path, settings=QUICK) as played:
        first = left_open(played, "intended")
        second = played.finalize(TOTAL)
        assert second.code == 13, second.out + second.err
        assert f"runbook resume {first}" in second.last_line
        assert f"run {first}" in second.last_line
        assert (played.player.count("/refresh"), played.player.count("/finalize")) == (1, 0)
        assert played.newest == "effect.intent"


def test_another_run_s_open_intent_on_what_is_finalized_by_now_is_0_and_names_that_run(tmp_path: Path) -> None:
    with Patient("finalize_ok", tmp_path, settings=QUICK) as played:
        first = left_open(played, "sent")
        second = played.finalize(TOTAL)
        assert second.code == 0, second.out + second.err
        assert f"run {first}" in second.last_line
        assert "already finalized as ACM-013-001" in second.last_line
        assert [seen.target.rpartition("/")[2] for seen in played.player.writes] == ["refresh", "finalize"]
        assert played.newest == "effect.intent"
