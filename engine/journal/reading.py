"""Reading a journal: runs, records, what became of an effect. Works beside writers and without the right to write.

Floor 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import apsw

from engine.events import Recorded
from engine.journal import chain, effects, files, packing, runs, sqlite
from engine.journal.effects import EffectState
from engine.journal.runs import RunSummary
from engine.journal.verify import NoJournal, is_unbroken

_ROW = "SELECT seq, body FROM event"


class Reader:
    """A journal opened for reading. Close it, or use it in a `with`."""

    def __init__(self, path: Path, db: apsw.Connection) -> None:
        self.path = path
        self._db = db

    @classmethod
    def open(cls, path: Path, *, busy_seconds: float = sqlite.BUSY_SECONDS) -> Reader:
        """Open without the right to write. Raises NoJournal, JournalFault."""
        path = files.locate(path)
        if not path.exists():
            raise NoJournal(f"there is no journal at {path}", hint="the first run makes one")
        return Reader(path, sqlite.read_connection(path, busy_seconds))

    @property
    def log(self) -> str:
        """The log's id, which every record names."""
        with self._reading():
            return str(next(sqlite.rows(self._db, "SELECT log FROM head"))[0])

    def records(self, run: str) -> list[chain.Record]:
        """All records of a run, with envelope, bytes and hash, in order. Raises UsageFault, JournalFault."""
        with self._reading():
            found = runs.find(self._db, run)
            packed = [self._record(*row) for row in packing.of_run(self._db, found)]
            return packed + list(self._read(" WHERE run=? AND length(body) > 0 ORDER BY seq", (found,)))

    def run(self, run: str) -> list[Recorded]:
        """All records of the run with this id, or the only one that begins so. Raises UsageFault, JournalFault."""
        return [record.recorded() for record in self.records(run)]

    def find_run(self, prefix: str) -> str:
        """The whole id of the one run that begins with `prefix`. Raises UsageFault, JournalFault."""
        with self._reading():
            return runs.find(self._db, prefix)

    def runs(self, subject: str | None = None, limit: int = 50) -> list[RunSummary]:
        """The newest runs first; `subject` is a whole one (`lago:invoice:ID`) or its last part. Raises JournalFault."""
        with self._reading():
            found = []
            for place in runs.places(self._db, subject, limit):
                first = next(self._read(" WHERE seq=?", (place.start,)))
                last, release = (
                    next(self._read(" WHERE seq=?", (seq,))) if seq else None for seq in (place.end, place.release)
                )
                found.append(runs.summarize(first, last, place.subject, release))
            return found

    def about(self, subject: str) -> list[Recorded]:
        """The records that name this subject themselves, in order; of a run whose records are packed the last of them."""
        with self._reading():
            return [record.recorded() for record in self._read(" WHERE subject=? ORDER BY seq", (subject,))]

    def effect(self, effect: str) -> EffectState | None:
        """What became of a one-way effect (`lago/host/invoice/ID/finalize`); None without an intent."""
        with self._reading():
            return effects.newest(self._attempts(effect))

    def is_unbroken(self, since: int) -> bool:
        """Whether everything from record `since` to the newest is as it was written. Raises JournalFault."""
        with self._reading():
            return is_unbroken(self._db, since)

    def _attempts(self, effect: str) -> dict[int, EffectState]:
        # `$` follows `#`: the range holds every attempt of this effect, and nothing of another.
        where = " WHERE effect_key >= ?1 || '#' AND effect_key < ?1 || '$' ORDER BY seq"
        return effects.fold(self._read(where, (effect,)))

    def _read(self, where: str, bindings: tuple[str | int, ...]) -> Iterator[chain.Record]:
        for seq, body in sqlite.rows(self._db, _ROW + where, bindings):
            yield self._record(seq, body or packing.body_of(self._db, seq))

    def _record(self, seq: int, body: bytes) -> chain.Record:
        try:
            return chain.read(body, {})
        except ValueError:
            return self._with_blobs(seq, body)

    def _with_blobs(self, seq: int, body: bytes) -> chain.Record:
        try:
            names = chain.read(body).blobs.values()
            marks = ",".join("?" * len(names))
            found = dict(
                sqlite.rows(self._db, f"SELECT digest, body FROM blob WHERE digest IN ({marks})", tuple(names))
            )
            return chain.read(body, found)
        except ValueError as error:
            raise _broken(self.path, f"record #{seq}: {error}") from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One moment's state, so that no record is missed or met twice while somebody packs them."""
        try:
            with sqlite.faults(self.path, "read"), sqlite.moment(self._db):
                yield
        except ValueError as error:
            raise _broken(self.path, str(error)) from error

    def close(self) -> None:
        """Nothing more will be read."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _broken(path: Path, why: str) -> sqlite.JournalBroken:
    return sqlite.JournalBroken(
        f"the journal {path} is broken: {why}", hint="runbook audit verify; keep it for the auditor and restore a copy"
    )
