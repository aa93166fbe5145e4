"""The journal's file and folder: who may read and write them, what they lie on, how they come to be. Floor 2.

Nothing here opens the database file once SQLite may have it open in this process: closing any other descriptor of
it would drop SQLite's POSIX locks.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import JournalFault

MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|ncpfs|afs|ceph|9p|drvfs|lustre|gpfs|beegfs|glusterfs|davfs|coda|orangefs"
    r"|fuse\.(sshfs|s3fs|gcsfuse|rclone|glusterfs|davfs2?|cephfs?|ceph-fuse|blobfuse2?|goofys|juicefs|smbnetfs|vmhgfs-fuse)"
)


def is_shared(folder: Path) -> bool:
    """Whether this is a folder of a group (2770), whose journal the group may write. False when it is missing."""
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return bool(mode & stat.S_ISGID) and bool(mode & stat.S_IWGRP) and not mode & stat.S_IWOTH


def locate(path: Path) -> Path:
    """The journal's one true path. Raises JournalFault when the file is a symlink or has a second name.

    SQLite finds the write-ahead log by the name; under two names one file has two of them.
    """
    folder = Path(os.path.realpath(path.expanduser().parent))
    found = folder / path.name
    try:
        status = found.lstat()
    except FileNotFoundError:
        return found
    except OSError as error:
        raise JournalFault(f"the journal {found} cannot be opened: {error.strerror}", hint=_who(folder)) from error
    if stat.S_ISLNK(status.st_mode):
        raise JournalFault(
            f"the journal {found} is a symlink", hint=f"set RUNBOOK_JOURNAL to {os.path.realpath(found)}"
        )
    if not stat.S_ISREG(status.st_mode):
        raise JournalFault(f"the journal {found} is not a file", hint="set RUNBOOK_JOURNAL to a file")
    if status.st_nlink > 1:
        raise JournalFault(f"the journal {found} has a second name (a hard link)", hint="remove the other name")
    return found


def _who(folder: Path) -> str:
    return f"see who may enter and write it: ls -ld {folder}"


def require_folder(folder: Path, shared: bool | None) -> None:
    """Make the folder and those above it (0700, or 2770 when `shared`), and refuse one that is not fit.

    Raises JournalFault: it cannot be made, everyone may write it, it lies on a network file system, or it is to be
    shared and its group may not write it.
    """
    try:
        _make(folder, 0o2770 if shared else 0o700)
        mode = folder.stat().st_mode
    except OSError as error:
        raise JournalFault(
            f"the journal's folder {folder} cannot be made: {error.strerror}", hint=_who(folder)
        ) from error
    if mode & stat.S_IWOTH:
        raise JournalFault(f"everyone may write the journal's folder {folder}", hint=f"chmod o-w {folder}")
    if shared and not is_shared(folder):
        raise JournalFault(
            f"the journal's folder {folder} is not one of a group", hint=f"chgrp GROUP {folder}; chmod 2770 {folder}"
        )
    kind = network_file_system(folder)
    if kind:
        raise JournalFault(
            f"the journal's folder {folder} lies on a network file system ({kind}), where locks do not hold",
            hint="set RUNBOOK_JOURNAL to a file on a disk of this machine",
        )


def _make(folder: Path, mode: int) -> None:
    if folder.is_dir():
        return
    _make(folder.parent, 0o700)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if mode != 0o700:
            folder.chmod(mode)
    sync_folder(folder.parent)


def require_file(path: Path) -> None:
    """Refuse a journal that others than its owner, or than the group of a shared folder, may write.

    Raises JournalFault.
    """
    mode = path.stat().st_mode
    others = stat.S_IWOTH if is_shared(path.parent) else stat.S_IWOTH | stat.S_IWGRP
    if mode & others:
        hint = f"chmod 600 {path}, or share its folder: chmod 2770 {path.parent}"
        raise JournalFault(f"others may write the journal {path} ({stat.S_IMODE(mode):04o})", hint=hint)


def sync_folder(folder: Path) -> None:
    """Make a new name in `folder` durable. Raises OSError: SQLite itself ignores it when this fails."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def held(folder: Path, seconds: float) -> Iterator[None]:
    """One process at a time makes a journal in this folder. Raises JournalFault when another one takes too long."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    deadline = time.monotonic() + seconds
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    why = f"another process keeps the folder {folder} locked, so no journal can be made in it"
                    raise JournalFault(why, hint=f"fuser {folder}") from None
                time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def free_bytes(folder: Path) -> int:
    """How much an ordinary account may still write on the file system of `folder`."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def network_file_system(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that `folder` lies on, else None; None also where there is no such table."""
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    best, kind = -1, ""
    for line in lines:
        left, _, right = line.partition(" - ")
        fields, tail = left.split(), right.split()
        if len(fields) < 5 or not tail:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
        if folder.is_relative_to(point) and len(Path(point).parts) >= best:
            best, kind = len(Path(point).parts), tail[0]
    return kind if _NETWORK.fullmatch(kind) else None
