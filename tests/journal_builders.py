"""Journals for tests: one made with a held clock, a small run in it, and a hand on the file behind its back."""

from __future__ import annotations

import os
import pickle
import sqlite3
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.clock import Clock, HeldClock
from engine.events import Recorded
from engine.journal import Journal

EFFECT = "lago/billing.example.com/invoice/5f3c9d1e-77aa-4f0e-9a53-2d1c9be0a1f4/finalize"
SUBJECT = "lago:invoice:5f3c9d1e-77aa-4f0e-9a53-2d1c9be0a1f4"
START = {
    "runbook": {"name": "finalize_invoice", "version": 1, "digest": "sha256:00"},
    "operator": {"id": "jane", "roles": ["billing_admin"], "os_account": "jane", "how": "operators file"},
    "environment": "billing.example.com",
    "mode": "run",
}
NOBODY = 65534


def clock() -> Clock:
    """A clock that begins on a day in November 2026."""
    return HeldClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))


def opened(path: Path, **options: Any) -> Journal:
    """The journal at `path`, made if it is not there."""
    return Journal.open(path, clock(), **options)


def begin(journal: Journal, run: str = "RUN1", **more: Any) -> Recorded:
    """A run's first record."""
    return journal.append(run, "run.start", None, {**START, **more})


def whole_run(journal: Journal, run: str = "RUN1", effect: str = EFFECT) -> str:
    """A small run from its beginning to its end. Answers the intent's key."""
    begin(journal, run)
    journal.append(run, "fact", "draft", {"subject": SUBJECT, "values": {"number": "ACM-DRAFT", "name": "Acmé \u202e"}})
    journal.append(run, "check.verdict", "is_draft", {"check": "invoice_is_draft", "verdict": "pass"})
    key = str(journal.intend(run, "finalize", effect, {"request": "PUT /finalize"}).data["effect_key"])
    journal.append(run, "effect.done", "finalize", {"attribution": "ours"}, key)
    invoice = {"lago_id": SUBJECT.rpartition(":")[2], "status": "finalized"}
    journal.append(run, "run.end", None, {"exit": 0, "outcome": "finalized", "invoice": invoice})
    return key


def small(path: Path) -> Path:
    """A closed journal of seven records: `log.open` and one whole run."""
    with opened(path) as journal:
        whole_run(journal)
    return path


def behind(path: Path, sql: str, *bindings: Any) -> list[Any]:
    """Run SQL on a closed journal's file, as somebody with another program would."""
    with sqlite3.connect(path) as db:
        found = db.execute(sql, bindings).fetchall()
    db.close()
    return found


def bodies(path: Path) -> list[bytes]:
    """The stored bytes of every record of a closed journal."""
    return [row[0] for row in behind(path, "SELECT body FROM event ORDER BY seq")]


def as_nobody(act: Callable[[], Any], *, uid: int = NOBODY, gid: int = NOBODY) -> Any:
    """What `act` answers or raises in a process of an account without rights. An ordinary account stays what it is."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(gid)
                os.setuid(uid)
            try:
                answer: tuple[str, Any] = ("answered", act())
            except Exception as error:
                answer = ("raised", error)
            with os.fdopen(write, "wb") as pipe:
                pickle.dump(answer, pipe)
            code = 0
        except BaseException:
            traceback.print_exc()
        os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    kind, value = pickle.loads(told)
    if kind == "raised":
        raise value
    return value
