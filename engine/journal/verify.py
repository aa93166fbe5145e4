"""Whether a journal is as it was written: every byte, every link, every rule, and where the first fault is. Floor 2.

What this cannot show stands in `docs/journal.md`: records cut off the end together with the head, a whole older copy
put in place, or a chain computed anew. That needs a word kept elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw

from engine.errors import JournalFault
from engine.journal import chain, effects, files, packing, sqlite
from engine.journal.effects import EffectState
from engine.plain import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """`count` records are good, up to the one whose hash is `head` (hex; None without any).

    `why` is empty when all is well. `first_bad` is the number of the first bad record, None when the fault lies in no
    one record. `since` is the record that the check began with.
    """

    count: int
    first_bad: int | None
    why: str
    head: str | None
    log: str | None = None
    since: int = 1

    @property
    def is_intact(self) -> bool:
        """Nothing wrong was found."""
        return not self.why


class NoJournal(JournalFault):
    """There is no journal at this path: nothing was ever recorded there, or it was taken away."""


_ROWS = "SELECT seq, run, type, effect_key, subject, body, hash FROM event"


class _Bad(Exception):
    def __init__(self, seq: int | None, why: str) -> None:
        super().__init__(why)
        self.seq = seq
        self.why = why


def verify(path: Path, *, since: int = 1, busy_seconds: float = sqlite.BUSY_SECONDS) -> Report:
    """Check the journal, from record `since` on; the whole of it also for its pages and for the rules of effects.

    Reads one moment's state, beside writers. Raises NoJournal, and JournalFault when it may not be read, is locked, is
    no journal or of a newer format; anything wrong with its content is in the Report.
    """
    path = files.locate(path)
    if not path.exists():
        raise NoJournal(f"there is no journal at {path}", hint="the first run makes one")
    before = path.stat()
    report = _verify(path, since, busy_seconds)
    after = path.stat()
    if report.why and (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        # Read without locks, on a medium that somebody else can write: what was wrong may be no more than that.
        report = _verify(path, since, busy_seconds)
    return report


def _verify(path: Path, since: int, busy_seconds: float) -> Report:
    try:
        db = sqlite.read_connection(path, busy_seconds)
    except sqlite.JournalBroken as broken:
        return Report(0, None, broken.message, None, None, since)
    try:
        with sqlite.faults(path, "read"):
            db.execute("BEGIN")
            return check(db, since)
    except sqlite.JournalBroken as broken:
        return Report(0, None, broken.message, None, None, since)
    finally:
        db.close()


def require_tail(db: apsw.Connection, path: Path, length: int) -> None:
    """Refuse a journal whose newest `length` records or head are not right. Raises JournalFault."""
    with sqlite.faults(path, "read"):
        db.execute("BEGIN")
        try:
            last = next(sqlite.rows(db, "SELECT max(seq) FROM event"))[0] or 0
            report = check(db, max(1, last - length + 1), is_tail=True)
        finally:
            db.execute("ROLLBACK")
    if report.why:
        where = f"record #{report.first_bad}: " if report.first_bad else ""
        raise sqlite.JournalBroken(
            f"the journal {path} is broken: {where}{report.why}",
            hint="keep it for the auditor, move it away or restore a copy; nothing was changed",
        )


def check(db: apsw.Connection, since: int = 1, *, is_tail: bool = False) -> Report:
    """Check what one transaction sees. Raises apsw.Error only when not even the first record can be read."""
    walk = _Walk(db, since)
    try:
        walk.all()
        if since == 1 and not is_tail:
            walk.pages()
    except _Bad as bad:
        return walk.report(bad.seq, bad.why)
    except (apsw.Error, ValueError, TypeError, AttributeError) as error:
        return walk.report(walk.next, f"it cannot be read: {error}")
    return walk.report(None, "")


def is_unbroken(db: apsw.Connection, since: int) -> bool:
    """Whether the records from `since` to the head are as they were written. Raises apsw.Error."""
    with sqlite.moment(db):
        return check(db, since).is_intact


class _Walk:
    def __init__(self, db: apsw.Connection, since: int) -> None:
        self.db = db
        self.since = since
        self.next = since
        self.prev: str | None = None
        self.log: str | None = None
        self.runs: set[str] = set()
        self.attempts: dict[str, dict[int, EffectState]] = {}

    def report(self, seq: int | None, why: str) -> Report:
        return Report(self.next - self.since, seq, why, self.prev, self.log, self.since)

    def all(self) -> None:
        packed = packing.packed_up_to(self.db)
        if self.since <= packed:  # a pack is checked as a whole
            sql = "SELECT coalesce(max(first), 1) FROM pack WHERE first <= ?"
            ((self.since,),) = sqlite.rows(self.db, sql, (self.since,))
            self.next = self.since
            for (seq,) in sqlite.rows(self.db, "SELECT seq FROM event WHERE seq < 1"):
                raise _Bad(seq, "it is no number")
        if self.since > 1:
            self.prev = self.hash_before()
        heads = list(sqlite.rows(self.db, "SELECT log, seq, hash FROM head"))
        if len(heads) != 1:
            raise _Bad(None, f"there are {len(heads)} heads, where one must be")
        self.log, last, head = heads[0]
        if packed:
            for pack in sqlite.rows(self.db, "SELECT * FROM pack WHERE first >= ? ORDER BY first", (self.since,)):
                self.pack(*pack)
        lowest = self.next if self.next > 1 else -(2**63)
        for row in sqlite.rows(self.db, f"{_ROWS} WHERE seq >= ? ORDER BY seq", (lowest,)):
            self.row(*row)
        if last >= self.next:
            raise _Bad(self.next, f"it is missing: the head says that there are {last} records")
        if last != self.next - 1 or head.hex() != (self.prev or ""):
            raise _Bad(
                None, f"the head says #{last} with another hash or number than the last record, #{self.next - 1}"
            )
        if last == 0:
            raise _Bad(1, "it is missing: a log begins with `log.open`")

    def hash_before(self) -> str:
        if packing.is_kept(self.db):
            for (hash,) in sqlite.rows(self.db, "SELECT hash FROM pack WHERE last=?", (self.since - 1,)):
                return str(hash.hex())
        for (body,) in sqlite.rows(self.db, "SELECT body FROM event WHERE seq=?", (self.since - 1,)):
            return chain.hash_of(body)
        raise _Bad(self.since - 1, "it is missing")

    def pack(self, first: int, last: int, hash: bytes, packed: bytes) -> None:
        """The records of one pack, the rows that stayed of them, and that each that had to stay is there."""
        if first != self.next:
            raise _Bad(self.next, "it is missing: the packs leave it out")
        try:
            bodies = packing.apart(packed)
        except ValueError as error:
            raise _Bad(None, f"records #{first} to #{last}: {error}") from None
        span = "WHERE seq BETWEEN ? AND ? ORDER BY seq"
        stayed = {row[0]: row for row in sqlite.rows(self.db, f"{_ROWS} {span}", (first, last))}
        runs = set()
        for body in bodies:
            row = stayed.pop(self.next, None)
            record = self.record(self.next, body, row[1:5] if row else None)
            runs.add(record.run)
            if row is not None and (row[5], row[6].hex()) != (b"", record.hash):
                raise _Bad(record.seq, "the row that stayed of it, or the hash in it, was changed")
            if row is None and (record.type in ("run.start", "run.end") or record.effect_key is not None):
                raise _Bad(record.seq, "its row is missing")
        told = sqlite.rows(self.db, "SELECT run FROM packed WHERE first=?", (first,))
        if self.next != last + 1 or self.prev != hash.hex() or stayed or {run for (run,) in told} != runs:
            raise _Bad(None, f"records #{first} to #{last}: what stands beside their pack was changed")

    def row(
        self, seq: int, run: str, type: str, key: str | None, subject: str | None, body: bytes, hash: bytes
    ) -> None:
        if seq != self.next:
            raise _Bad(self.next if seq > self.next else seq, "it is missing" if seq > self.next else "it is no number")
        if chain.hash_of(body) != hash.hex():
            raise _Bad(seq, "its bytes, or the hash beside them, were changed")
        self.record(seq, body, (run, type, key, subject))

    def record(self, seq: int, body: bytes, columns: tuple[Any, ...] | None) -> chain.Record:
        try:
            record = chain.read(body, _Blobs(self.db))
            self.link(record)
            if columns is not None:
                self.columns(record, *columns)
            self.rules(record)
        except ValueError as error:
            raise _Bad(seq, str(error)) from None
        self.prev = record.hash
        self.next += 1
        return record

    def link(self, record: chain.Record) -> None:
        if record.seq != self.next:
            raise ValueError(f"it is record #{record.seq} in the place of #{self.next}")
        if record.log != self.log:
            raise ValueError(f"it is of log {record.log}, not {self.log}")
        if record.prev != self.prev:
            raise ValueError(
                f"it does not follow from record #{record.seq - 1} as that stands: one of both was changed"
            )
        if (record.type == "log.open") != (record.seq == 1):
            raise ValueError("`log.open` must be the first record, and no other")

    def columns(self, record: chain.Record, run: str, type: str, key: str | None, subject: str | None) -> None:
        for name, column, told in (
            ("run", run, record.run),
            ("type", type, record.type),
            ("effect_key", key, record.effect_key),
            ("subject", subject, record.subject),
        ):
            if column != told:
                raise ValueError(f"the column `{name}` says `{column}`, the record `{told}`")

    def rules(self, record: chain.Record) -> None:
        if record.type == "run.start":
            if record.run in self.runs:
                raise ValueError(f"run {record.run} starts a second time")
            self.runs.add(record.run)
        if self.since == 1 and record.type.startswith("effect."):
            key = record.effect_key or ""
            known = self.attempts.setdefault(key.rpartition("#")[0], {})
            effects.step(known, replace(record, data={"effect_key": record.effect_key}, body=b""))

    def pages(self) -> None:
        found = [row[0] for row in sqlite.rows(self.db, "PRAGMA integrity_check(1)")]
        if found != ["ok"]:
            raise _Bad(None, f"the database is damaged: {found[0]}")


class _Blobs(dict[str, bytes]):
    """The parts of records kept beside them, fetched when they are asked for."""

    def __init__(self, db: apsw.Connection) -> None:
        super().__init__()
        self._db = db

    def __contains__(self, name: object) -> bool:
        return bool(self._rows(name))

    def __getitem__(self, name: str) -> bytes:
        return bytes(self._rows(name)[0][0])

    def _rows(self, name: Any) -> list[tuple[Any, ...]]:
        return list(sqlite.rows(self._db, "SELECT body FROM blob WHERE digest=?", (name,)))
