"""The journal in bad days: whatever is wrong with the disk or the file, it says so and writes nothing."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from journal_builders import EFFECT, as_nobody, begin, behind, clock, opened, small

from engine.errors import Bug, Exit, JournalFault
from engine.journal import (
    Journal,
    JournalBroken,
    Reader,
    verify,
)
from engine.journal import sqlite as journal_sqlite

# What is no journal, or no longer one


def garbage(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def another_database(path: Path) -> None:
    behind(path, "CREATE TABLE notes(text)")


def newer(path: Path) -> None:
    behind(small(path), "PRAGMA user_version=3")


def without_the_rule(path: Path) -> None:
    behind(small(path), "DROP INDEX one_intent")


def cut(path: Path) -> None:
    small(path)
    os.truncate(path, path.stat().st_size - 4096)


def cut_inside_the_header(path: Path) -> None:
    small(path)
    os.truncate(path, 60)


def without_its_newest_record(path: Path) -> None:
    behind(small(path), "DELETE FROM event WHERE seq=7")


def with_a_changed_record(path: Path) -> None:
    behind(small(path), "UPDATE event SET body=CAST(replace(body, 'pass', 'deny') AS BLOB) WHERE seq=4")


def without_a_head(path: Path) -> None:
    behind(small(path), "DELETE FROM head")


def with_a_broken_page(path: Path) -> None:
    small(path)
    page = sqlite_root(path, "event")
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


def sqlite_root(path: Path, table: str) -> int:
    return int(behind(path, "SELECT rootpage FROM sqlite_master WHERE name=?", table)[0][0])


BROKEN: list[tuple[Callable[[Path], None], str]] = [
    (garbage, "it is not a database"),
    (empty, "is empty: its content is gone"),
    (another_database, "is a database, but not a journal"),
    (newer, "is of format 3, from a newer version of runbook"),
    (without_the_rule, "somebody changed them"),
    (cut, "it is damaged"),
    (cut_inside_the_header, "60 bytes are no whole pages"),
    (without_its_newest_record, "record #7: it is missing"),
    (with_a_changed_record, "record #4: its bytes, or the hash beside them, were changed"),
    (without_a_head, "there are 0 heads"),
    (with_a_broken_page, "cannot be"),
]


@pytest.mark.parametrize(("ruin", "why"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_journal_is_refused_and_left_as_it_is(tmp_path: Path, ruin: Callable[[Path], None], why: str) -> None:
    path = tmp_path / "journal.db"
    ruin(path)
    before = path.read_bytes()
    with pytest.raises(JournalFault) as fault:
        opened(path)
    assert why in fault.value.message
    assert str(path) in fault.value.message
    assert fault.value.hint
    assert fault.value.exit is Exit.JOURNAL
    assert path.read_bytes() == before


@pytest.mark.parametrize("ruin", [ruin for ruin, _ in BROKEN], ids=lambda value: value.__name__)
def test_verify_has_a_word_for_every_broken_journal(tmp_path: Path, ruin: Callable[[Path], None]) -> None:
    path = tmp_path / "journal.db"
    ruin(path)
    if ruin in (another_database, newer):
        with pytest.raises(JournalFault):
            verify(path)
    else:
        assert verify(path).why


def test_a_journal_cut_off_anywhere_is_never_taken_for_whole(tmp_path: Path) -> None:
    whole = small(tmp_path / "whole.db").read_bytes()
    path = tmp_path / "journal.db"
    for length in range(0, len(whole), 997):
        path.write_bytes(whole[:length])
        with pytest.raises(JournalFault):
            opened(path)
        assert path.read_bytes() == whole[:length]
    path.write_bytes(whole)
    opened(path).close()


def test_a_page_of_noise_anywhere_raises_nothing_but_a_journal_fault(tmp_path: Path) -> None:
    whole = small(tmp_path / "whole.db").read_bytes()
    path = tmp_path / "journal.db"
    silent = 0
    for page in range(len(whole) // 4096):
        noise = bytes((page * 37 + at * 101) % 256 for at in range(4096))
        path.write_bytes(whole[: page * 4096] + noise + whole[(page + 1) * 4096 :])
        try:
            report = verify(path)
            silent += report.is_intact
        except JournalFault:
            continue
    assert silent == 0


def test_a_journal_taken_away_without_its_write_ahead_log_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = opened(path)
    begin(journal)
    kept = tmp_path / "kept"
    shutil.copy(tmp_path / "journal.db-wal", kept)
    journal.close()
    path.unlink()
    kept.rename(tmp_path / "journal.db-wal")
    with pytest.raises(JournalFault, match="is missing, but its write-ahead log is there"):
        opened(path)
    assert not path.exists()


def test_an_sqlite_with_the_write_ahead_log_defect_is_refused() -> None:
    for version in ("3.51.2", "3.7.17", "3.50.7"):
        with pytest.raises(JournalFault, match="can corrupt a journal"):
            journal_sqlite.require_sqlite(version)
    for version in ("3.51.3", "3.52.0", "4.0.0"):
        journal_sqlite.require_sqlite(version)


def test_a_setting_that_does_not_hold_is_a_fault(tmp_path: Path) -> None:
    db = apsw.Connection(":memory:")
    with pytest.raises(JournalFault, match="SQLite keeps `journal_mode` at memory, not wal"):
        journal_sqlite.settle(db, tmp_path / "journal.db")


def test_a_commit_that_did_not_go_to_the_write_ahead_log_is_a_fault(tmp_path: Path, monkeypatch: Any) -> None:
    path = small(tmp_path / "journal.db")
    behind(path, "PRAGMA journal_mode=delete")
    assert path.read_bytes()[18:20] == b"\x01\x01"
    monkeypatch.setattr(journal_sqlite, "settle", lambda db, path: None)
    journal = opened(path)
    with pytest.raises(JournalFault, match=r"is not in write-ahead mode \(bytes 18-19 are 0101\)"):
        begin(journal, "RUN2")
    with pytest.raises(JournalFault, match="failed earlier in this process"):
        begin(journal, "RUN3")


def test_a_journal_that_somebody_took_out_of_write_ahead_mode_is_put_back(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    behind(path, "PRAGMA journal_mode=delete")
    with opened(path) as journal:
        assert begin(journal, "RUN2").seq == 8
    assert path.read_bytes()[18:20] == b"\x02\x02"


# Locks


def test_a_journal_that_another_process_keeps_locked_is_a_fault_and_can_be_tried_again(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    program = (
        "import sys, sqlite3\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "sys.stdout.write('locked\\n'); sys.stdout.flush()\n"
        "sys.stdin.read()\n"
    )
    with opened(path, busy_seconds=0.2) as journal:
        holder = subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        started = time.monotonic()
        with pytest.raises(JournalFault, match="another process has kept it locked"):
            begin(journal, "RUN2")
        with pytest.raises(JournalFault, match="another process has kept it locked"):
            journal.intend("RUN2", "finalize", EFFECT + "x", {})
        assert 0.2 < time.monotonic() - started < 5
        assert verify(path).count == 7
        assert len(journal.runs()) == 1
        holder.communicate("")
        assert begin(journal, "RUN2").seq == 8


def test_a_journal_that_another_process_holds_for_itself_alone_cannot_be_opened(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    program = (
        "import sys, sqlite3\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA locking_mode=exclusive').fetchall()\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "sys.stdout.write('locked\\n'); sys.stdout.flush()\n"
        "sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    for kind in (Journal, Reader):
        with pytest.raises(JournalFault, match="it is locked by another process") as fault:
            opened(path, busy_seconds=0.2) if kind is Journal else Reader.open(path, busy_seconds=0.2)
        assert fault.value.exit is Exit.JOURNAL
    holder.communicate("")
    opened(path).close()


def test_a_folder_that_another_process_keeps_locked_is_a_fault(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(journal_sqlite, "BUSY_SECONDS", 0.1)
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        with pytest.raises(JournalFault, match="so no journal can be made in it"):
            opened(tmp_path / "journal.db")
    finally:
        os.close(folder)
    opened(tmp_path / "journal.db").close()


def test_a_forked_process_cannot_write_through_its_parents_connection(tmp_path: Path) -> None:

    with opened(tmp_path / "journal.db") as journal:
        begin(journal)
        with pytest.raises(Bug, match="after a fork"):
            as_nobody(lambda: journal.append("RUN1", "fact", "draft", {}) and None, uid=os.getuid())
        assert journal.append("RUN1", "fact", "draft", {}).seq == 3


def test_ctrl_c_inside_a_transaction_leaves_no_half_record(tmp_path: Path, monkeypatch: Any) -> None:
    with opened(tmp_path / "journal.db") as journal:
        begin(journal)
        whole = journal._put

        def interrupted(*arguments: Any) -> Any:
            whole(*arguments)
            raise KeyboardInterrupt

        monkeypatch.setattr(journal, "_put", interrupted)
        with pytest.raises(KeyboardInterrupt):
            journal.intend("RUN1", "finalize", EFFECT, {})
        monkeypatch.undo()
        assert journal.effect(EFFECT) is None
        assert journal.intend("RUN1", "finalize", EFFECT, {}).seq == 3
    assert verify(tmp_path / "journal.db").is_intact


def test_a_second_run_of_the_same_name_is_refused_by_the_database(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        begin(journal)
        with pytest.raises(JournalFault, match="UNIQUE constraint failed"):
            begin(journal)


def test_the_database_itself_knows_the_rule_of_one_intent(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    row = behind(path, "SELECT run, type, effect_key, subject, body, hash FROM event WHERE type='effect.intent'")[0]
    with pytest.raises(sqlite3.IntegrityError, match="effect_key"):
        behind(path, "INSERT INTO event VALUES(8, ?, ?, ?, ?, ?, ?)", *row)


def test_broken_and_unable_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    garbage(path)
    with pytest.raises(JournalBroken):
        Journal.open(path, clock())
    with_a_changed_record(tmp_path / "changed.db")
    with pytest.raises(JournalBroken):
        Journal.open(tmp_path / "changed.db", clock())
