"""What a run costs in the journal: bytes of the file and of each of its parts, and the time of one durable record."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import apsw


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes that one more run adds to the file in the long run, its records, and what takes how many bytes of a run.

    `told` counts the records as the JSON that they stand for, `tables` what is in use of the file. `is_packed` says that
    runs enough were made for the older ones to be packed, so that `file` is what stays of a run for good. `loose` is what
    the newest records take meanwhile, whatever the number of runs.
    """

    runs: int
    file: float
    records: float
    is_packed: bool
    loose: int
    told: dict[str, float]
    tables: dict[str, float]
    append_median: float
    append_worst: float


def cost(path: Path, finalize: Callable[[], object], runs: int) -> Cost:
    """Finalize so many times into one journal, and measure from one packing to the last one."""
    finalize()
    marks = [_Mark.of(path, 0)]
    packings: list[_Mark] = []
    for number in range(1, runs + 1):
        finalize()
        marks.append(_Mark.of(path, number))
        if marks[-1].packed != marks[-2].packed:
            packings.append(marks[-1])
    before, after = (packings[0], packings[-1]) if len(packings) > 1 else (marks[0], marks[-1])
    between = after.runs - before.runs
    middle, worst = _append(path.parent / "appended" / "journal.db")
    return Cost(
        runs=between,
        file=(after.tables.total() - before.tables.total()) / between,
        records=(after.last - before.last) / between,
        is_packed=len(packings) > 1,
        loose=_loose(path),
        told={name: size / between for name, size in _told(path, before.last, after.last).most_common()},
        tables={name: (size - before.tables[name]) / between for name, size in after.tables.most_common()},
        append_median=middle,
        append_worst=worst,
    )


@dataclass(frozen=True, slots=True)
class _Mark:
    """The journal after so many runs: its last record, the last one that is packed, bytes in use of each table."""

    runs: int
    last: int
    packed: int
    tables: Counter[str]

    @classmethod
    def of(cls, path: Path, runs: int) -> _Mark:
        ((packed,),) = _read(path).execute("SELECT coalesce(max(last), 0) FROM pack")
        tables = _tables(path)
        tables["event"] -= _loose(path) if packed else 0
        return cls(runs, _last(path), int(str(packed)), tables)


def _loose(path: Path) -> int:
    """Bytes of the rows that hold a record: how many there are varies by a run or two from one packing to the next."""
    row = "sum(length(body) + length(run) + length(type) + coalesce(length(effect_key || subject), 0) + 45)"
    ((size,),) = _read(path).execute(f"SELECT {row} FROM event WHERE length(body) > 0")
    return int(str(size))


def _last(path: Path) -> int:
    ((seq,),) = _read(path).execute("SELECT seq FROM head")
    return int(str(seq))


def _read(path: Path) -> apsw.Connection:
    return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)


def _tables(path: Path) -> Counter[str]:
    """Bytes in use of each table and index, without what is free in their pages."""
    sql = "SELECT name, sum(pgsize - unused) FROM dbstat GROUP BY name"
    return Counter({str(name): int(str(size)) for name, size in _read(path).execute(sql)})


def _told(path: Path, after: int, last: int) -> Counter[str]:
    """Bytes of the records' JSON by type, and of the facts' values among them."""
    from engine.journal import Reader
    from engine.values import canonical

    found: Counter[str] = Counter()
    with Reader.open(path) as journal:
        for run in journal.runs(limit=10_000):
            for record in journal.records(run.run):
                if not after < record.seq <= last:
                    continue
                found[record.type] += len(record.body)
                found["(all)"] += len(record.body)
                if "values" in record.data:
                    found["(facts' values)"] += len(canonical(record.data["values"]))
    return found


def _append(path: Path, times: int = 200) -> tuple[float, float]:
    """Median and 99th percentile of seconds that one record of half a kilobyte takes until it is durable."""
    from engine.clock import HeldClock
    from engine.journal import Journal

    data = {"check": "customer_matches", "fix": "", "message": "the invoice is for acme-corp" * 4, "verdict": "pass"}
    took = []
    with Journal.open(path, HeldClock(datetime(2026, 11, 23, 12, tzinfo=UTC))) as journal:
        for _ in range(times):
            started = time.perf_counter()
            journal.append("RUN", "check.verdict", "right_customer", data)
            took.append(time.perf_counter() - started)
    return median(took), sorted(took)[int(times * 0.99)]
