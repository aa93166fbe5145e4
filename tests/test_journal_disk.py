"""A journal on a disk that is full or fails, at any moment: the process stops writing and nothing is lost."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest
from journal_builders import EFFECT, begin, opened

from engine.errors import Exit, JournalFault
from engine.journal import (
    IntentHeld,
    Journal,
    verify,
    writing,
)
from engine.journal import files as journal_files
from engine.journal.writing import LEAST_FREE


@contextmanager
def another_process() -> Iterator[None]:
    """What follows happens as if in a new process, which knows nothing of an earlier failure."""
    before = dict(writing._poisoned)
    writing._poisoned.clear()
    yield
    writing._poisoned.update(before)


FULL = apsw.FullError("database or disk is full")
BROKEN_DISK = apsw.IOError("disk I/O error")


class Disk(apsw.VFS):
    """A file system on which the `at`-th write or flush fails, and with it every later one if it `stays` so."""

    def __init__(self) -> None:
        super().__init__("failing", "unix")
        self.at = -1
        self.count = 0
        self.error: apsw.Error = FULL
        self.stays = True
        self.done: list[str] = []

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return File(self, name, flags)

    def passes(self, what: str) -> None:
        self.count += 1
        self.done.append(what)
        if self.count == self.at or (self.stays and 0 <= self.at < self.count):
            raise self.error

    def fail(self, at: int, error: apsw.Error, stays: bool) -> None:
        self.at, self.error, self.stays, self.count = at, error, stays, 0

    def heal(self) -> None:
        self.at = -1


class File(apsw.VFSFile):
    """A file on such a disk."""

    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._disk = disk
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "").name

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.passes(f"write {self._name}")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        self._disk.passes(f"flush {self._name}")
        super().xSync(flags)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """The disk that every journal of this test lies on."""
    made = Disk()
    apsw.set_default_vfs("failing")
    yield made
    apsw.set_default_vfs("unix")
    made.unregister()


def operations(disk: Disk, path: Path) -> int:
    """How many writes and flushes one intent takes."""
    with opened(path) as journal:
        begin(journal)
        disk.fail(10_000, FULL, False)
        journal.intend("RUN1", "finalize", EFFECT, {})
        count = disk.count
        disk.heal()
    return count


@pytest.mark.parametrize("error", [FULL, BROKEN_DISK], ids=["full", "broken"])
@pytest.mark.parametrize("stays", [True, False], ids=["for good", "once"])
def test_a_disk_that_fails_at_any_moment_of_an_intent_stops_the_process(
    tmp_path: Path, disk: Disk, error: apsw.Error, stays: bool
) -> None:
    moments = operations(disk, tmp_path / "count.db")
    assert moments > 5
    for at in range(1, moments + 1):
        path = tmp_path / f"{at}.db"
        journal = opened(path)
        begin(journal)
        disk.fail(at, error, stays)
        with pytest.raises(JournalFault) as fault:
            journal.intend("RUN1", "finalize", EFFECT, {})
        assert fault.value.exit is Exit.JOURNAL
        assert fault.value.hint
        disk.heal()
        refuses_everything(journal)
        journal.close()
        with another_process(), opened(path) as journal:
            assert [record.type for record in journal.run("RUN1")][:1] == ["run.start"]
            assert journal.append("RUN1", "fact", "draft", {}).type == "fact"
        assert verify_on(disk, path).is_intact


def refuses_everything(journal: Journal) -> None:
    """This process writes nothing more to this journal, on whatever connection."""
    for again in (
        lambda: journal.append("RUN1", "fact", "draft", {}),
        lambda: journal.intend("RUN1", "finalize", EFFECT, {}),
        lambda: opened(journal.path),
    ):
        with pytest.raises(JournalFault, match="failed earlier in this process"):
            again()


def verify_on(disk: Disk, path: Path) -> Any:
    """Verify, with SQLite's own way to the disk again."""
    apsw.set_default_vfs("unix")
    try:
        return verify(path)
    finally:
        apsw.set_default_vfs("failing")


def test_the_last_thing_before_an_answer_is_a_flush(tmp_path: Path, disk: Disk) -> None:
    with opened(tmp_path / "journal.db") as journal:
        disk.done.clear()
        begin(journal)
        assert disk.done[-1] == "flush journal.db-wal"
        assert "write journal.db-wal" in disk.done
        disk.done.clear()
        journal.intend("RUN1", "finalize", EFFECT, {})
        assert disk.done[-1] == "flush journal.db-wal"
        assert set(disk.done) == {"write journal.db-wal", "flush journal.db-wal"}


def test_an_intent_whose_commit_failed_after_the_write_is_there_and_holds(tmp_path: Path, disk: Disk) -> None:
    moments = operations(disk, tmp_path / "count.db")
    journal = opened(tmp_path / "journal.db")
    begin(journal)
    disk.fail(moments, BROKEN_DISK, False)
    with pytest.raises(JournalFault):
        journal.intend("RUN1", "finalize", EFFECT, {})
    journal.close()
    with another_process(), opened(tmp_path / "journal.db") as journal:
        begin(journal, "RUN2")
        with pytest.raises(IntentHeld):
            journal.intend("RUN2", "finalize", EFFECT, {})


def test_a_disk_that_fails_on_the_outcome_leaves_the_intent_open(tmp_path: Path, disk: Disk) -> None:
    path = tmp_path / "journal.db"
    journal = opened(path)
    begin(journal)
    key = journal.intend("RUN1", "finalize", EFFECT, {}).data["effect_key"]
    disk.fail(1, FULL, True)
    with pytest.raises(JournalFault, match="the disk is full"):
        journal.append("RUN1", "effect.done", "finalize", {}, key)
    disk.heal()
    journal.close()
    with another_process(), opened(path) as journal:
        state = journal.effect(EFFECT)
        assert state is not None
        assert (state.type, state.is_open) == ("effect.intent", True)
        journal.append("RUN1", "effect.observed", "finalize", {}, key)


def test_a_disk_that_fails_while_a_journal_is_made_leaves_none(tmp_path: Path, disk: Disk) -> None:
    disk.fail(10_000, FULL, False)
    opened(tmp_path / "count.db").close()
    moments = disk.count
    made = 0
    for at in range(1, moments + 1):
        path = tmp_path / f"{at}.db"
        disk.fail(at, FULL, False)
        try:
            opened(path).close()
        except JournalFault:
            assert not path.exists()
        else:
            made += 1
        disk.heal()
        opened(path).close()
        assert verify_on(disk, path).count == 1
    assert made < moments // 2


def test_a_folder_that_cannot_be_flushed_is_a_fault(tmp_path: Path, monkeypatch: Any) -> None:
    def fail(folder: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(journal_files, "sync_folder", fail)
    with pytest.raises(JournalFault, match="cannot be made: Input/output error"):
        opened(tmp_path / "journal.db")


def test_no_intent_without_room_for_its_outcome(tmp_path: Path) -> None:
    room = LEAST_FREE - 1
    with opened(tmp_path / "journal.db", free_bytes=lambda folder: room) as journal:
        begin(journal)
        with pytest.raises(JournalFault, match="only 16383 KiB are free") as fault:
            journal.intend("RUN1", "finalize", EFFECT, {})
        assert fault.value.exit is Exit.JOURNAL
        assert journal.effect(EFFECT) is None
        journal.append("RUN1", "run.end", None, {"exit": 9})
        room = LEAST_FREE
        assert journal.intend("RUN1", "finalize", EFFECT, {}).seq == 4


def test_how_much_is_free_is_asked_of_the_file_system(tmp_path: Path) -> None:
    assert 0 < journal_files.free_bytes(tmp_path) <= shutil.disk_usage(tmp_path).free


def test_a_limit_on_file_sizes_stops_a_real_process_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    opened(path).close()
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from engine.clock import Clock
        from engine.errors import JournalFault
        from engine.journal import Journal
        journal = Journal.open(Path(sys.argv[1]), Clock())
        try:
            while True:
                seq = journal.append("RUN1", "fact", "draft", {"values": "x" * 2000}).seq
        except JournalFault as fault:
            sys.stdout.write(f"{seq} {fault.exit.value}")
        try:
            journal.append("RUN1", "run.end", None, {})
        except JournalFault as fault:
            sys.stdout.write(" poisoned")
        """
    )

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    told = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    ).stdout.split()
    acknowledged = int(told[0])
    assert told[1:] == ["9", "poisoned"]
    assert acknowledged > 5
    report = verify(path)
    assert report.is_intact
    assert report.count >= acknowledged
    with opened(path) as journal:
        assert journal.append("RUN1", "run.end", None, {}).seq == report.count + 1
