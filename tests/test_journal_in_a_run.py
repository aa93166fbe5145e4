"""A journal that cannot be used stops a run before anything is sent; one that fails after the call hides nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import forked
import pytest
from full_disk import full_from
from lago_server import Played, Result
from test_recordings import newest_of

from engine.clock import Clock, HeldClock
from engine.consent.given import Consenting
from engine.errors import Exit
from engine.journal import Reader, verify
from engine.library import load
from engine.registry import built_in
from engine.run.interrupts import Interrupts
from engine.session.command import Session, defaults
from engine.settings import load as load_settings
from engine.steps.base import Effect
from engine.values import Money

TOTAL = "636.04 EUR"


def on_a_full_disk(played: Played, at: str, *args: str) -> Result:
    """The command, on a disk that is full from the first record of this type on."""
    return forked.run(args, played.env, played.folder, before=lambda: full_from(at)).result


def main_job(played: Played) -> tuple[str, ...]:
    return ("run", "finalize_invoice", "--invoice", played.invoice, "--confirm", played.customer, "--total", TOTAL)


@pytest.mark.parametrize(
    "at", ["run.start", "check.verdict", "fact", "consent.asked", "consent.given", "effect.intent"]
)
def test_a_disk_that_is_full_up_to_the_intent_means_nothing_was_sent(at: str, tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = on_a_full_disk(played, at, *main_job(played))
        assert done.code == 9, done.out + done.err
        assert "journal" in done.err
        assert played.player.count("/finalize") == 0
        assert verify(played.journal).is_intact


def test_a_disk_that_is_full_for_the_outcome_is_15_on_stderr_and_resume_ends_it(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = on_a_full_disk(played, "effect.done", *main_job(played))
        assert done.code == 15, done.out + done.err
        assert "ACM-013-001" in done.err
        assert "done" in done.err
        assert played.player.count("/finalize") == 1
        assert newest_of(played) == "effect.intent"
        with Reader.open(played.journal) as journal:
            run = journal.runs()[0].run
        assert f"runbook resume {run}" in done.err
        ended = played.run("resume", run)
        assert ended.code == 0, ended.out + ended.err
        assert (newest_of(played), played.player.count("/finalize")) == ("effect.observed", 1)


def test_a_disk_that_is_full_for_an_unknown_outcome_is_13(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path, faults=["finalize:lost-before"]) as played:
        done = on_a_full_disk(played, "effect.unknown", *main_job(played))
        assert done.code == 13, done.out + done.err
        assert played.player.count("/finalize") == 1


@pytest.mark.parametrize("at", ["run.end"])
def test_a_disk_that_is_full_for_the_last_record_is_15(at: str, tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = on_a_full_disk(played, at, *main_job(played))
        assert done.code == 15, done.out + done.err
        assert newest_of(played) == "effect.done"


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def newer(path: Path) -> None:
    db = apsw.Connection(str(path))
    (version,) = next(db.execute("PRAGMA user_version"))
    db.execute(f"PRAGMA user_version={version + 1}")
    db.close()


def one_byte_changed(path: Path) -> None:
    db = apsw.Connection(str(path))
    for (sql,) in list(db.execute("SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type='trigger'")):
        db.execute(sql)
    db.execute("UPDATE event SET body = CAST(replace(CAST(body AS TEXT), 'jane', 'jone') AS BLOB) WHERE seq = 2")
    db.close()


@pytest.mark.parametrize("spoil", [garbage, newer, one_byte_changed])
def test_a_journal_that_is_not_as_it_was_left_is_9_and_is_not_touched(
    spoil: Callable[[Path], None], tmp_path: Path
) -> None:
    with Played("finalize_ok", tmp_path) as played:
        assert played.run("run", "finalize_invoice", "--invoice", played.invoice, "--dry-run").code == 0
        spoil(played.journal)
        before = played.journal.read_bytes()
        done = played.run(*main_job(played))
        assert done.code == 9, done.out + done.err
        assert "journal" in done.err
        assert played.player.writes == []
        assert played.journal.read_bytes() == before


@pytest.mark.campaign  # it waits as long as a run does: ten seconds
def test_a_journal_that_another_process_holds_is_9(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        assert played.run("run", "finalize_invoice", "--invoice", played.invoice, "--dry-run").code == 0
        holder = apsw.Connection(str(played.journal))
        holder.execute("BEGIN IMMEDIATE")
        done = played.run(*main_job(played))
        holder.execute("ROLLBACK")
        holder.close()
        assert done.code == 9, done.out + done.err
        assert played.player.count("/finalize") == 0


class Jumping(Clock):
    """Wall time that can jump; monotonic time goes on as ever."""

    def __init__(self, start: datetime) -> None:
        self._held = HeldClock(start)
        self.jump = timedelta(0)

    def now(self) -> datetime:
        return self._held.now() + self.jump


@pytest.mark.parametrize("days", [0, 365, -365])
def test_a_jump_of_the_wall_clock_while_the_answer_is_due_moves_no_deadline(
    days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Played("answer_lost_then_done", tmp_path) as played:
        clock = Jumping(datetime(2026, 11, 23, 12, tzinfo=UTC))

        def jump_at_the_call(method: str, target: str) -> None:
            clock.jump = timedelta(days=days) if target.endswith("/finalize") else clock.jump

        played.sandbox.before = jump_at_the_call
        monkeypatch.setattr(Session, "_hold_clock", lambda self: None)
        runbook = load("finalize_invoice", (), built_in())
        inputs: dict[str, Any] = {**defaults(runbook), "invoice": played.invoice, "total": Money(20722, "EUR")}
        typed = Consenting(None, played.customer, {"invoice": played.invoice, "total": "207.22 EUR"}, ("runbook",))
        quiet = _Quiet()
        settings = load_settings({}, played.env, tmp_path, tmp_path)
        one = Session(settings, built_in(), quiet, Interrupts(lambda text: None), quiet.faults.append, clock=clock)
        assert one.run(runbook, inputs, typed, Effect.ONE_WAY) is Exit.DONE
        with Reader.open(played.journal) as journal:
            run = journal.runs()[0].run
            reads = [record.data["status"] for record in journal.run(run) if record.type == "reconcile.read"]
        assert reads == ["draft", "finalized"]
        assert played.player.count("/finalize") == 1
        assert verify(played.journal).is_intact


class _Quiet:
    """A renderer that says nothing."""

    def __init__(self) -> None:
        self.faults: list[Any] = []

    def record(self, event: Any) -> None: ...
    def notice(self, notice: Any) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...
