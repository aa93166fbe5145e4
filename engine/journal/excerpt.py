"""The part of a log that is handed to somebody outside: from the first record of the chosen runs to the head. Floor 2.

Everything up to the head is in it, because only so can it be held against a head that was noted elsewhere. The chosen
runs are shown whole, and so is every record about the same one-way effects or the same plans, whichever run wrote it: who
approved what, and with which signature, stands in runs of the approvers. The rest shows its links alone
(`engine/journal/sealing.py`), or is shown whole too where the whole log is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import apsw

from engine.journal import chain, effects, files, packing, runs, sealing, sqlite
from engine.journal.chain import Record
from engine.journal.verify import NoJournal, Report, check
from engine.plain import dataclass

_EFFECTS = "SELECT DISTINCT effect_key FROM event WHERE run=? AND effect_key IS NOT NULL"
_PLANS = "SELECT DISTINCT subject FROM event WHERE run=? AND subject >= 'plan:' AND subject < 'plan;'"
# From the first record of the first run about it: of packed runs not every record that names a plan stands by itself.
_OF_PLAN = "SELECT min(seq) FROM event WHERE run IN (SELECT run FROM event WHERE subject=?)"
_ABOUT = "SELECT min(seq) FROM event WHERE effect_key >= ?1 || '#' AND effect_key < ?1 || '$'"
_ALL_RUNS = "SELECT run FROM event WHERE type='run.start' ORDER BY seq"

# So many records are closed side by side (`engine/journal/sealing.py`): more would not be faster.
AT_ONCE = 500
# About so many are exported in five seconds.
MANY = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One record as it is exported, without the line end. `record` is None where its content stays closed or is none.

    `hash` is over its stored bytes, `ts` its time where it can be read. `blobs` are the parts kept beside a record
    that is shown, by digest, as far as they are there.
    """

    seq: int
    text: bytes
    hash: str
    ts: str
    record: Record | None
    blobs: dict[str, bytes]


_Found = tuple[Line, Record | None]  # and the record to be closed, which gives the line its text


def _closed(found: Sequence[_Found]) -> Iterator[Line]:
    sealed = iter(sealing.seal([record for _, record in found if record is not None]))
    yield from (line if record is None else replace(line, text=next(sealed).line()) for line, record in found)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One moment's state of a log: which runs are shown, where it begins, and what a check of all of it found.

    `head` is the number and the hash (hex) that the journal itself holds for its newest record; None when it holds
    none, or several.
    """

    log: str
    runs: tuple[str, ...]
    first: int
    head: tuple[int, str] | None
    is_whole: bool
    report: Report
    effects: frozenset[str]
    plans: frozenset[str]
    _db: apsw.Connection

    @property
    def is_slow(self) -> bool:
        """Whether there are so many records that somebody who waits should know."""
        return self.head is not None and self.head[0] - self.first > MANY

    def lines(self) -> Iterator[Line]:
        """Every record from `first` on, in order. Ends early where the file cannot be read further."""
        found: list[_Found] = []
        try:
            for seq, run, body in packing.every(self._db, self.first):
                found.append(self._line(seq, run, body))
                if len(found) == AT_ONCE:
                    yield from _closed(found)
                    found = []
        except (apsw.Error, ValueError):
            if self.report.is_intact:
                raise
        yield from _closed(found)

    def _line(self, seq: int, run: str, body: bytes) -> _Found:
        try:
            record = chain.read(body)
        except ValueError:
            return Line(seq, sealing.unreadable(body).line(), chain.hash_of(body), "", None, {}), None
        if not (self.is_whole or record.run in self.runs or run in self.runs or self._is_about(record)):
            return Line(seq, b"", record.hash, record.ts, None, {}), record
        blobs = self._blobs(record)
        with suppress(ValueError):  # a part is missing or was changed: the record shows what it holds itself
            record = chain.read(body, blobs)
        return Line(seq, body, record.hash, record.ts, record, blobs), None

    def _is_about(self, record: Record) -> bool:
        if record.subject in self.plans:
            return True
        return record.effect_key is not None and record.effect_key.rpartition("#")[0] in self.effects

    def _blobs(self, record: Record) -> dict[str, bytes]:
        names = tuple(str(name) for name in record.blobs.values())
        marks = ",".join("?" * len(names))
        return dict(sqlite.rows(self._db, f"SELECT digest, body FROM blob WHERE digest IN ({marks})", names))


@contextmanager
def excerpt(
    path: Path, prefixes: Sequence[str], *, is_whole: bool = False, busy_seconds: float = sqlite.BUSY_SECONDS
) -> Iterator[Excerpt]:
    """Take out the runs that begin with these ids (every run where none is named), within one read of the file.

    A journal that is not intact is taken out all the same, and `report` says what is wrong with it. Raises NoJournal,
    UsageFault (no such run, or several), JournalFault when the file cannot be read at all.
    """
    path = files.locate(path)
    if not path.exists():
        raise NoJournal(f"there is no journal at {path}", hint="the first run makes one")
    db = sqlite.read_connection(path, busy_seconds)
    try:
        with sqlite.faults(path, "read"):
            db.execute("BEGIN")
            yield _of(db, prefixes, is_whole)
    finally:
        db.close()


def _of(db: apsw.Connection, prefixes: Sequence[str], is_whole: bool) -> Excerpt:
    report = check(db)
    heads = list(sqlite.rows(db, "SELECT log, seq, hash FROM head"))
    head = (heads[0][1], heads[0][2].hex()) if len(heads) == 1 else None
    every = [str(run) for (run,) in sqlite.rows(db, _ALL_RUNS)]
    chosen = {runs.find(db, prefix) for prefix in prefixes} if prefixes else set(every)
    shown = tuple(run for run in every if run in chosen)
    about = {_effect(key) for run in shown for (key,) in sqlite.rows(db, _EFFECTS, (run,))}
    starts = [next(sqlite.rows(db, "SELECT min(seq) FROM event WHERE run=?", (run,)))[0] for run in shown]
    plans = {str(plan) for run in shown for (plan,) in sqlite.rows(db, _PLANS, (run,))}
    starts += [next(sqlite.rows(db, _OF_PLAN, (plan,)))[0] for plan in plans]
    starts += [next(sqlite.rows(db, _ABOUT, (effect,)))[0] for effect in about]
    first = 1 if is_whole else min((start for start in starts if start), default=1)
    log = str(heads[0][0]) if heads else report.log or ""
    return Excerpt(log, shown, first, head, is_whole, report, frozenset(about), frozenset(plans), db)


def _effect(key: str) -> str:
    try:
        return effects.split(key)[0]
    except ValueError:
        return key
