"""Where a journal may lie, who may write it, and what is said to whoever may not."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from journal_builders import as_nobody, begin, opened, small

from engine.errors import JournalFault
from engine.journal import (
    Reader,
    is_shared,
    verify,
)
from engine.journal import files as journal_files


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


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_private_journal_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "state" / "runbook" / "journal.db"
    before = os.umask(umask)
    try:
        with opened(path) as journal:
            begin(journal)
            modes = {name.name: stat.S_IMODE(name.stat().st_mode) for name in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600}
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]
    assert not is_shared(path.parent)
    assert [name.name for name in path.parent.iterdir()] == ["journal.db"]


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_journal_in_a_folder_of_a_group_is_the_groups(tmp_path: Path, umask: int) -> None:
    tmp_path.chmod(0o2770)
    path = tmp_path / "journal.db"
    before = os.umask(umask)
    try:
        with opened(path) as journal:
            begin(journal)
            modes = {name.name: stat.S_IMODE(name.stat().st_mode) for name in tmp_path.iterdir()}
            groups = {name.stat().st_gid for name in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"journal.db": 0o660, "journal.db-wal": 0o660, "journal.db-shm": 0o660}
    assert groups == {tmp_path.stat().st_gid}
    assert is_shared(tmp_path)


def test_two_accounts_of_one_group_write_one_journal(open_folder: Path) -> None:
    open_folder.chmod(0o2770)
    path = open_folder / "journal.db"

    def run(name: str) -> int:
        os.umask(0o077)
        with opened(path) as journal:
            seq = begin(journal, name).seq
            assert {stat.S_IMODE(found.stat().st_mode) for found in open_folder.iterdir()} == {0o660}
        return seq

    assert [
        as_nobody(lambda: run("JANE")),
        as_nobody(lambda: run("BEN"), uid=65533),
        as_nobody(lambda: run("ANN")),
    ] == [
        2,
        3,
        4,
    ]
    assert verify(path).count == 4


def test_a_shared_folder_is_made_when_it_is_asked_for(tmp_path: Path) -> None:
    with opened(tmp_path / "group" / "journal.db", shared=True):
        assert stat.S_IMODE((tmp_path / "group").stat().st_mode) == 0o2770
        assert stat.S_IMODE((tmp_path / "group" / "journal.db").stat().st_mode) == 0o660


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
