"""Writing a journal: one record, one durable commit; after any failed commit nothing more from this process. Floor 2.

What `append` returned is on the disk. What it did not return may be there all the same (a power cut after the write),
so a record without an answer is treated as written: an intent that may exist is read, never sent again.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from engine.clock import Clock
from engine.errors import Bug, Denied, JournalFault, NotConfirmed, RunbookError, SettingsFault, Stale
from engine.events import TYPES, Recorded
from engine.journal import chain, effects, files, ids, origin, packing, sqlite
from engine.journal.effects import IntentHeld
from engine.journal.reading import Reader
from engine.journal.verify import require_tail
from engine.values import iso

Unless = Callable[[], None]

LEAST_FREE = 16 * 1024 * 1024
TAIL = 64

# By path, for the whole process: after a failed flush the kernel may call the next one a success, on any connection.
_poisoned: dict[Path, str] = {}


# What whoever writes may raise from within a transaction: no failure of the journal, and nothing of it stays.
Refusals = (Bug, Denied, NotConfirmed, SettingsFault, Stale)


class _Locked(JournalFault):
    """Another process writes and does not end; this one has not begun."""


class Journal(Reader):
    """A journal opened for writing. One object serves one thread of one process."""

    def __init__(self, path: Path, db: apsw.Connection, clock: Clock, free_bytes: Callable[[Path], int]) -> None:
        super().__init__(path, db)
        self._clock = clock
        self._free_bytes = free_bytes
        self._pid = os.getpid()
        self._tail = secrets.randbits(80)
        self._introduced: set[str] = set()
        self._introducing = ""
        self._is_checked = False

    @classmethod
    def open(  # type: ignore[override]
        cls,
        path: Path,
        clock: Clock,
        *,
        shared: bool | None = None,
        busy_seconds: float = sqlite.BUSY_SECONDS,
        free_bytes: Callable[[Path], int] = files.free_bytes,
    ) -> Journal:
        """Open the journal, or make it. Its newest records are verified before anything is written.

        `shared` makes a missing folder one of a group (2770); None goes by the folder as it is. A write that waits
        longer than `busy_seconds` for another process gives up. Raises JournalFault, and has then changed nothing.
        """
        with sqlite.faults(path, "opened"):
            path = files.locate(path)
            files.require_folder(path.parent, shared)
            _refuse_poisoned(path)
            if not os.path.lexists(path):
                is_shared = files.is_shared(path.parent) if shared is None else shared
                with sqlite.new_file(path, is_shared) as db:
                    if db is not None:
                        cls(path, db, clock, free_bytes)._first()
            path = files.locate(path)
            files.require_file(path)
        db = sqlite.write_connection(path, busy_seconds)
        try:
            require_tail(db, path, TAIL)
        except BaseException:
            sqlite.abandon(db)
            raise
        return cls(path, db, clock, free_bytes)

    def append(
        self,
        run: str,
        type: str,
        step: str | None,
        data: Mapping[str, Any],
        effect_key: str | None = None,
        unless: Unless | None = None,
    ) -> Recorded:
        """Make one event durable. `effect_key` is the intent's key with its attempt, for whatever speaks of an effect.

        `data` may hold `actor`, which the pipeline binds; it goes into the envelope. `unless` may look into the journal
        and raise one of `Refusals`: no other process writes in between. Raises JournalFault, IntentHeld (a release of
        what is not open), Bug (a type that is none, or an outcome without an intent), and what `unless` raises.
        """
        if type not in TYPES or type in ("effect.intent", "log.open"):
            raise Bug(f"`{type}` cannot be appended")
        told = {**data, "effect_key": effect_key} if effect_key is not None else data
        with self._commit():
            if unless is not None:
                unless()
            if type.startswith("effect."):
                self._require_intent(type, effect_key)
            return self._put(run, type, step, told).recorded()

    def intend(
        self, run: str, step: str, effect: str, data: Mapping[str, Any], unless: Unless | None = None
    ) -> Recorded:
        """Make the intent of a one-way request durable: only after this may it be sent, once.

        `data` gets `effect_key` (`effect#n`), `attempt` (n) and, if it has none, `request_id`: the record's own id.
        `unless` is as in `append`. Raises IntentHeld when an earlier attempt is open or the effect is settled, what
        `unless` raises, and JournalFault, also when there is no room left for the outcome (16 MB).
        """
        if "#" in effect or not effect:
            raise Bug(f"`{effect}` cannot be an effect")
        self._require_room()
        with self._commit():
            attempts = self._attempts(effect)
            holding = effects.holds(attempts)
            if holding is not None:
                raise IntentHeld(holding)
            if unless is not None:
                unless()
            attempt = len(attempts) + 1
            told = {**data, "effect_key": f"{effect}#{attempt}", "attempt": attempt}
            return self._put(run, "effect.intent", step, told).recorded()

    def pack(self, records: int = packing.RECORDS) -> None:
        """Put older records together (`packing`) when there are enough. Where that fails all stays as it is: never raises."""
        with suppress(RunbookError, apsw.Error, ImportError):
            while packing.is_due(self._db, records):
                with self._commit():
                    packing.pack(self._db, records)

    def _require_intent(self, type: str, key: str | None) -> None:
        try:
            effect, attempt = effects.split(key or "")
        except ValueError as error:
            raise Bug(f"`{type}`: {error}") from error
        state = self._attempts(effect).get(attempt)
        if state is None:
            raise Bug(f"`{type}` without an intent for {key}")
        if type == "effect.released" and not state.is_open:
            raise IntentHeld(state)

    def _require_room(self) -> None:
        with sqlite.faults(self.path, "written"):
            free = self._free_bytes(self.path.parent)
        if free < LEAST_FREE:
            raise JournalFault(
                f"only {free // 1024} KiB are free for the journal {self.path}, and an outcome must fit too",
                hint=f"free at least 16 MiB: df -h {self.path.parent}",
            )

    def _first(self) -> None:
        """The record that begins a log. The caller commits."""
        log = ids.new_log_id()
        self._db.execute("INSERT INTO head VALUES(?, 0, x'')", (log,))
        self._put("", "log.open", None, {"format": 1})

    def _put(self, run: str, type: str, step: str | None, data: Mapping[str, Any]) -> chain.Record:
        """Add one record inside the open transaction."""
        ((log, last, head),) = sqlite.rows(self._db, "SELECT log, seq, hash FROM head")
        self._tail += 1
        id = ids.uuid7(self._clock, self._tail)
        told = {key: value for key, value in data.items() if key != "actor"}
        if type == "effect.intent":
            told.setdefault("request_id", id)
        is_known = run in self._introduced
        envelope = {
            "v": 1,
            "log": log,
            "seq": last + 1,
            "id": id,
            "prev": head.hex() or None,
            "ts": iso(self._clock.now()),
            "mono_us": int(self._clock.monotonic() * 1_000_000),
            "type": type,
            "run": run,
            "step": step,
            "actor": data.get("actor") or {"os_account": origin.os_account()},
            "origin": origin.short() if is_known else origin.full(),
            "data": told,
        }
        try:
            body, blobs = chain.compose(envelope)
            record = chain.read(body, blobs)
            texts = (run, type, record.effect_key or "", record.subject or "")
            "".join(texts).encode()
        except (TypeError, ValueError) as error:
            raise Bug(f"`{type}` of step `{step}` cannot be recorded: {error}") from error
        for name, blob in blobs.items():
            self._db.execute("INSERT OR IGNORE INTO blob VALUES(?, ?)", (name, blob))
        row = (record.seq, run, type, record.effect_key, record.subject, body, bytes.fromhex(record.hash))
        self._db.execute("INSERT INTO event VALUES(?, ?, ?, ?, ?, ?, ?)", row)
        self._db.execute("UPDATE head SET seq=?, hash=?", (record.seq, bytes.fromhex(record.hash)))
        self._introducing = run
        return record

    @contextmanager
    def _commit(self) -> Iterator[None]:
        """One transaction. A refusal of ours leaves no trace; a failure of SQLite or the disk ends all writing."""
        _refuse_poisoned(self.path)
        if os.getpid() != self._pid:
            raise Bug("a journal cannot be written after a fork; open it again")
        try:
            with sqlite.faults(self.path, "written"):
                self._begin()
                yield
                self._db.execute("COMMIT")
                self._introduced.add(self._introducing)
                if not self._is_checked:
                    sqlite.require_wal(self._db, self.path)
                    self._is_checked = True
        except (IntentHeld, _Locked, *Refusals):
            self._roll_back()
            raise
        except Exception as error:
            why = error.message if isinstance(error, RunbookError) else f"{type(error).__name__}: {error}"
            _poisoned[self.path] = why
            self._roll_back()
            if isinstance(error, JournalFault):
                raise
            raise JournalFault(
                f"the journal {self.path} cannot be written: {why}", hint="runbook audit verify"
            ) from error
        except BaseException:
            self._roll_back()
            raise

    def _begin(self) -> None:
        """Take the one place of a writer. Waiting in vain for it changed nothing, so it may be tried again."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except apsw.BusyError as error:
            why = "another process has kept it locked"
            raise _Locked(f"the journal {self.path} cannot be written: {why}", hint=f"fuser {self.path}") from error

    def _roll_back(self) -> None:
        with suppress(apsw.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Move what is in the write-ahead log into the file, if nobody is in the way, and close. Never raises."""
        with suppress(apsw.Error):
            if os.getpid() != self._pid:
                return
            if self.path in _poisoned:
                sqlite.abandon(self._db)
                return
            self._db.set_busy_timeout(0)
            with suppress(apsw.Error):
                self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            self._db.close()


def _refuse_poisoned(path: Path) -> None:
    why = _poisoned.get(path)
    if why is not None:
        raise JournalFault(
            f"the journal failed earlier in this process, which writes nothing more to it: {why}",
            hint="put right what it names, then start again: what is under way is read, never sent again",
        )
