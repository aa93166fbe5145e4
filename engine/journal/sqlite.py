"""The only importer of apsw: a connection whose settings were read back, faults in plain words, a new file. Floor 2.

Every setting is asked for again after it was made, because SQLite answers a failed change by going on as before.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw

from engine.errors import JournalFault
from engine.journal import files
from engine.journal.schema import APPLICATION_ID, FORMAT, TABLES

LEAST_SQLITE = (3, 51, 3)
BUSY_SECONDS = 10.0


def require_sqlite(version: str | None = None) -> None:
    """Refuse an SQLite whose write-ahead log can corrupt a file that several processes write (before 3.51.3).

    Raises JournalFault.
    """
    version = version or apsw.sqlite_lib_version()
    if tuple(int(part) for part in version.split(".")[:3]) < LEAST_SQLITE:
        raise JournalFault(
            f"SQLite {version} can corrupt a journal that several processes write",
            hint="install an apsw of 3.51.3 or later: pip install --upgrade apsw",
        )


class JournalBroken(JournalFault):
    """The journal's bytes are not what was written: damage or a change, not a lack of rights or room."""


@contextmanager
def faults(path: Path, doing: str) -> Iterator[None]:
    """What SQLite or the system says, as a JournalFault: what, why, and what to do. `doing` is "written"..."""
    try:
        yield
    except apsw.Error as error:
        why, hint = _explain(error, path)
        kind = JournalBroken if isinstance(error, apsw.NotADBError | apsw.CorruptError) else JournalFault
        raise kind(f"the journal {path} cannot be {doing}: {why}", hint=hint) from error
    except OSError as error:
        why, hint = error.strerror or str(error), f"see who may write it: ls -l {path}"
        raise JournalFault(f"the journal {path} cannot be {doing}: {why}", hint=hint) from error


def _explain(error: apsw.Error, path: Path) -> tuple[str, str]:
    match error:
        case apsw.BusyError() | apsw.LockedError():
            return "it is locked by another process", f"see which one, and wait or end it: fuser {path}"
        case apsw.ReadOnlyError() | apsw.CantOpenError() | apsw.PermissionsError():
            return "it, or its folder, is read-only for you", f"see who may write both: ls -ld {path.parent} {path}"
        case apsw.NotADBError():
            return "it is not a database", _MOVE
        case apsw.CorruptError():
            return "it is damaged", f"runbook audit verify names the first bad record. {_MOVE}"
        case apsw.FullError():
            return "the disk is full", f"make room: df -h {path.parent}"
        case apsw.IOError():
            return f"the disk fails ({error})", f"check the disk and its free space: df -h {path.parent}"
        case _:
            return str(error), "runbook audit verify says whether it is whole"


_MOVE = "Keep it for the auditor, move it away or restore a copy; nothing was changed"


def write_connection(path: Path, busy_seconds: float) -> apsw.Connection:
    """A connection that can write, every setting read back. The file exists and is a journal. Raises JournalFault."""
    require_sqlite()
    with faults(path, "opened"):
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            if db.readonly("main"):
                raise apsw.ReadOnlyError("opened read-only")
            db.set_busy_timeout(int(busy_seconds * 1000))
            require_journal(db, path)
            settle(db, path)
        except BaseException:
            abandon(db)
            raise
    return db


def read_connection(path: Path, busy_seconds: float) -> apsw.Connection:
    """A connection that cannot write, beside writers or on a read-only medium. Raises JournalFault."""
    require_sqlite()
    with faults(path, "read"):
        try:
            return _readable(path, "mode=ro", busy_seconds)
        except (apsw.CantOpenError, apsw.ReadOnlyError):
            # Without a write-ahead log to be read, and no place for one, the file alone is all there is.
            log = path.with_name(path.name + "-wal")
            if not path.exists() or (log.exists() and log.stat().st_size) or os.access(path.parent, os.W_OK):
                raise
            return _readable(path, "immutable=1", busy_seconds)


def _readable(path: Path, how: str, busy_seconds: float) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    db = apsw.Connection(f"file:{quote(str(path))}?{how}", flags=flags)
    try:
        db.set_busy_timeout(int(busy_seconds * 1000))
        set_and_check(db, path, "query_only", 1)
        require_journal(db, path)
    except BaseException:
        db.close()
        raise
    return db


def rows(db: apsw.Connection, sql: str, bindings: tuple[str | int | None, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, one by one. Raises apsw.Error."""
    return iter(db.execute(sql, bindings))


@contextmanager
def moment(db: apsw.Connection) -> Iterator[None]:
    """Everything read within is of one moment. Raises apsw.Error."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("ROLLBACK")


def require_journal(db: apsw.Connection, path: Path) -> None:
    """Refuse what is not a journal of this format, before anything is changed. Raises JournalFault, apsw.Error."""
    application, version = db.pragma("application_id"), db.pragma("user_version")
    size, log = path.stat().st_size, path.with_name(path.name + "-wal")
    if size == 0:
        raise JournalBroken(f"the journal {path} is empty: its content is gone", hint=_MOVE)
    # A part of a page can be a checkpoint that was cut short, which the write-ahead log then makes good.
    if size % db.pragma("page_size") and not (log.exists() and log.stat().st_size):
        raise JournalBroken(f"the journal {path} is cut off: {size} bytes are no whole pages", hint=_MOVE)
    if application != APPLICATION_ID:
        raise JournalFault(f"{path} is a database, but not a journal", hint="set RUNBOOK_JOURNAL to another file")
    if version > FORMAT:
        raise JournalFault(
            f"the journal {path} is of format {version}, from a newer version of runbook (this one: {FORMAT})",
            hint="upgrade runbook; nothing was changed",
        )
    present = dict(rows(db, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    if present != TABLES.get(version):
        raise JournalBroken(
            f"the tables of the journal {path} are not those of format {version}: somebody changed them",
            hint=_MOVE,
        )


def settle(db: apsw.Connection, path: Path) -> None:
    """Make the settings that a durable commit needs. Raises JournalFault when one does not hold, apsw.Error."""
    set_and_check(db, path, "journal_mode", "wal")
    set_and_check(db, path, "synchronous", 2)
    set_and_check(db, path, "wal_autocheckpoint", 0)
    set_and_check(db, path, "trusted_schema", 0)
    set_and_check(db, path, "cell_size_check", 1)
    if sys.platform == "darwin":
        set_and_check(db, path, "fullfsync", 1)
        set_and_check(db, path, "checkpoint_fullfsync", 1)
    db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)


def set_and_check(db: apsw.Connection, path: Path, setting: str, value: Any) -> None:
    """Set a pragma, fetch its row (an error hides in a row that nobody fetches), and ask again. Raises JournalFault."""
    db.pragma(setting, value)
    found = db.pragma(setting)
    if found != value:
        raise JournalFault(
            f"the journal {path} cannot be trusted: SQLite keeps `{setting}` at {found}, not {value}",
            hint="check the disk and who may write the folder",
        )


def require_wal(db: apsw.Connection, path: Path) -> None:
    """Read from the file itself that commits go to a write-ahead log: bytes 18 and 19 are 2.

    The connection's own word is not enough: it answers `wal` even when writing that into the file failed.
    Raises JournalFault.
    """
    is_whole, found = db.read("main", 0, 18, 2)
    if not is_whole or found != b"\x02\x02":
        raise JournalFault(
            f"the journal {path} is not in write-ahead mode (bytes 18-19 are {found.hex()})",
            hint="check the disk; what was written last may not be durable",
        )


def abandon(db: apsw.Connection) -> None:
    """Close without writing anything more: what is in the write-ahead log stays there for the next process."""
    with suppress(apsw.Error):
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        db.close(True)


@contextmanager
def new_file(path: Path, shared: bool) -> Iterator[apsw.Connection | None]:
    """Make a journal under a passing name, with what the caller writes in it, then give it its name at once.

    So there is never half a journal. Yields None when another process was faster. Raises JournalFault.
    """
    require_sqlite()
    with faults(path, "made"), files.held(path.parent, BUSY_SECONDS):
        if os.path.lexists(path):
            yield None
            return
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            hint = f"the journal was removed without it: restore the journal, or move {log.name} away"
            raise JournalFault(f"the journal {path} is missing, but its write-ahead log is there", hint=hint)
        passing = path.with_name(f".{path.name}.new")
        for suffix in ("", "-journal", "-wal", "-shm"):
            passing.with_name(passing.name + suffix).unlink(missing_ok=True)
        os.close(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        passing.chmod(0o660 if shared else 0o600)
        db = apsw.Connection(str(passing), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            set_and_check(db, path, "synchronous", 3)
            db.execute("BEGIN EXCLUSIVE")
            for sql in TABLES[FORMAT].values():
                db.execute(sql)
            db.pragma("application_id", APPLICATION_ID)
            db.pragma("user_version", FORMAT)
            yield db
            db.execute("COMMIT")
            settle(db, path)
            require_wal(db, path)
        finally:
            db.close()
        passing.rename(path)
        files.sync_folder(path.parent)
