"""The journal in bad days: whatever is wrong with the disk or the file, it says so and writes nothing."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest
from journal_builders import EFFECT, as_nobody, begin, behind, clock, opened, small

from engine.errors import Exit, JournalFault
from engine.journal import IntentHeld, Journal, JournalBroken, Reader, verify, writing
from engine.journal import files as journal_files
from engine.journal import sqlite as journal_sqlite
from engine.journal.writing import LEAST_FREE


@contextmanager
def another_process() -> Iterator[None]:
    """What follows happens as if in a new process, which knows nothing of an earlier failure."""
    before = dict(writing._poisoned)
    writing._poisoned.clear()
    yield
    writing._poisoned.update(before)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that an account without rights can reach and, at first, write."""
    folder = Path(tempfile.mkdtemp(prefix="journal"))
    folder.chmod(0o755)
    if os.getuid() == 0:
        os.chown(folder, 65534, 65534)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def contents(path: Path) -> dict[str, bytes]:
    """Every file of the folder, byte for byte."""
    return {found.name: found.read_bytes() for found in path.parent.iterdir()}


# What is no journal, or no longer one


def garbage(path: Path) -> None:
    path.write_bytes(b"Dear diary, " * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def another_database(path: Path) -> None:
    behind(path, "CREATE TABLE notes(text)")


def newer(path: Path) -> None:
    behind(small(path), "PRAGMA user_version=2")


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
    (newer, "is of format 2, from a newer version of runbook"),
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


# Where it may lie


def test_two_names_for_one_journal_are_refused(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    (tmp_path / "link.db").symlink_to(path)
    with pytest.raises(JournalFault, match="is a symlink"):
        opened(tmp_path / "link.db")
    os.link(path, tmp_path / "hard.db")
    for name in ("hard.db", "journal.db"):
        with pytest.raises(JournalFault, match="has a second name"):
            opened(tmp_path / name)
    with pytest.raises(JournalFault, match="is a symlink"):
        verify(tmp_path / "link.db")


def test_a_folder_reached_through_a_symlink_is_one_and_the_same(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "name").symlink_to("real")
    with opened(tmp_path / "name" / "journal.db") as one, opened(tmp_path / "real" / "journal.db") as other:
        assert one.path == other.path
        begin(one, "A")
        assert begin(other, "B").seq == 3


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o757])
def test_a_folder_that_everyone_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(JournalFault, match="everyone may write the journal's folder"):
        opened(tmp_path / "journal.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("mode", "folder"), [(0o666, 0o700), (0o602, 0o700), (0o660, 0o700), (0o662, 0o2770)])
def test_a_file_that_others_may_write_is_refused_unless_its_folder_is_a_groups(
    tmp_path: Path, mode: int, folder: int
) -> None:
    path = small(tmp_path / "journal.db")
    path.chmod(mode)
    tmp_path.chmod(folder)
    with pytest.raises(JournalFault, match="others may write the journal"):
        opened(path)
    tmp_path.chmod(0o2770)
    path.chmod(0o660)
    opened(path).close()


def test_a_shared_journal_needs_a_folder_of_a_group(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(JournalFault, match="is not one of a group") as fault:
        opened(tmp_path / "journal.db", shared=True)
    assert fault.value.hint == f"chgrp GROUP {tmp_path}; chmod 2770 {tmp_path}"


def test_what_is_no_place_for_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "journal.db").mkdir()
    for place in (tmp_path / "file" / "journal.db", tmp_path / "journal.db", tmp_path / ("x" * 300)):
        with pytest.raises(JournalFault) as fault:
            opened(place)
        assert fault.value.hint


MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /home rw - nfs4 server:/home rw
31 22 0:41 / /mnt/my\\040share rw - cifs //server/share rw
32 30 0:42 / /home/local rw - btrfs /dev/sdb rw
33 22 0:43 / /mnt/remote rw - fuse.sshfs server: rw
34 22 0:44 / /mnt/crypt rw - fuse.gocryptfs crypt rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", None),
        ("/var/lib", None),
        ("/home/jane", "nfs4"),
        ("/homework", None),
        ("/home/local/jane", None),
        ("/mnt/my share/runbook", "cifs"),
        ("/mnt/remote", "fuse.sshfs"),
        ("/mnt/crypt", None),
    ],
)
def test_network_file_systems_are_known_by_their_mount(tmp_path: Path, folder: str, kind: str | None) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert journal_files.network_file_system(Path(folder), mounts) == kind


def test_a_journal_on_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(journal_files, "network_file_system", lambda folder: "nfs4")
    with pytest.raises(JournalFault, match=r"lies on a network file system \(nfs4\), where locks do not hold"):
        opened(tmp_path / "journal.db")
    assert list(tmp_path.iterdir()) == []


# Rights


def test_a_read_only_file_is_a_journal_fault(open_folder: Path) -> None:
    path = open_folder / "journal.db"
    as_nobody(lambda: small(path) and None)
    path.chmod(0o400)
    before = path.read_bytes()
    with pytest.raises(JournalFault, match="cannot be opened: it, or its folder, is read-only for you"):
        as_nobody(lambda: opened(path) and None)
    assert path.read_bytes() == before


def test_a_read_only_folder_is_a_journal_fault(open_folder: Path) -> None:
    path = open_folder / "journal.db"
    as_nobody(lambda: small(path) and None)
    open_folder.chmod(0o555)
    before = contents(path)
    with pytest.raises(JournalFault, match="cannot be opened: it, or its folder, is read-only for you"):
        as_nobody(lambda: opened(path) and None)
    assert contents(path) == before


def test_a_folder_in_which_nothing_can_be_made_is_a_journal_fault(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    for name in ("journal.db", "runbook/journal.db"):
        with pytest.raises(JournalFault, match="cannot be made: Permission denied"):
            as_nobody(lambda name=name: opened(open_folder / name) and None)  # type: ignore[misc]
    assert list(open_folder.iterdir()) == []


def test_a_journal_of_another_account_is_a_journal_fault(open_folder: Path) -> None:
    path = open_folder / "journal.db"
    as_nobody(lambda: small(path) and None)
    path.chmod(0o000)
    for act in (lambda: opened(path), lambda: Reader.open(path), lambda: verify(path)):
        with pytest.raises(JournalFault, match="read-only for you"):
            as_nobody(lambda act=act: act() and None)  # type: ignore[misc]


def test_a_journal_on_a_read_only_medium_can_be_read_and_verified(open_folder: Path) -> None:
    path = open_folder / "journal.db"
    as_nobody(lambda: small(path) and None)
    path.chmod(0o444)
    open_folder.chmod(0o555)
    assert as_nobody(lambda: verify(path)).count == 7

    def runs() -> list[str]:
        with Reader.open(path) as reader:
            return [run.run for run in reader.runs()]

    assert as_nobody(runs) == ["RUN1"]
    assert [found.name for found in open_folder.iterdir()] == ["journal.db"]


# The disk

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

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return File(self, name, flags)

    def passes(self) -> None:
        self.count += 1
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

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.passes()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        self._disk.passes()
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
        [sys.executable, "-c", program, str(path)], preexec_fn=limit, capture_output=True, text=True, check=True
    ).stdout.split()
    acknowledged = int(told[0])
    assert told[1:] == ["9", "poisoned"]
    assert acknowledged > 5
    report = verify(path)
    assert report.is_intact
    assert report.count >= acknowledged
    with opened(path) as journal:
        assert journal.append("RUN1", "run.end", None, {}).seq == report.count + 1


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


def test_a_forked_process_cannot_write_through_its_parents_connection(tmp_path: Path) -> None:
    from engine.errors import Bug

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
