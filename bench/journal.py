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
    """Bytes that one more run adds to the file, its records, and how many bytes each kind of thing takes of a run.

    `told` counts a record as the JSON that it stands for, `stored` what is kept of it; `tables` are the file's pages.
    """

    runs: int
    file: float
    records: float
    told: dict[str, float]
    tables: dict[str, float]
    append_median: float
    append_worst: float


def cost(path: Path, finalize: Callable[[], object], runs: int) -> Cost:
    """Finalize so many times into one journal. The first run makes the file, so it is not counted."""
    finalize()
    before, first = path.stat().st_size, _last(path)
    tables = _tables(path)
    for _ in range(runs):
        finalize()
    last = _last(path)
    grown = _tables(path)
    middle, worst = _append(path.parent / "appended" / "journal.db")
    return Cost(
        runs=runs,
        file=(path.stat().st_size - before) / runs,
        records=(last - first) / runs,
        told={name: size / runs for name, size in _told(path, first).most_common()},
        tables={name: (size - tables.get(name, 0)) / runs for name, size in grown.most_common()},
        append_median=middle,
        append_worst=worst,
    )


def _last(path: Path) -> int:
    ((seq,),) = _read(path).execute("SELECT seq FROM head")
    return int(str(seq))


def _read(path: Path) -> apsw.Connection:
    return apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)


def _tables(path: Path) -> Counter[str]:
    """Bytes in use of each table and index, without what is free in their pages."""
    sql = "SELECT name, sum(pgsize - unused) FROM dbstat GROUP BY name"
    return Counter({str(name): int(str(size)) for name, size in _read(path).execute(sql)})


def _told(path: Path, after: int) -> Counter[str]:
    """Bytes of the records' JSON by type, and of the facts' values among them."""
    from engine.journal import Reader
    from engine.values import canonical

    found: Counter[str] = Counter()
    with Reader.open(path) as journal:
        for run in journal.runs(limit=10_000):
            for record in journal.records(run.run):
                if record.seq <= after:
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
