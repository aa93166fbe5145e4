"""A scenario played as a state machine, by the one rule that the recordings have. Floor 5.

Reads are answered from the present stage of reads. The next write that is neither foreign nor a probe is answered and
moves the scenario on to the reads after it; any other write fails the run (599). A read that is repeated in the same
stage first moves on to the next stage of reads, if there is one before the next such write: that is how others'
changes, a provider's answer and a late apply come to pass. A read that the present stage lacks is looked up in the
next one. A request's `X-Request-Id` is answered back instead of the recorded one.
"""

from __future__ import annotations

import threading
from dataclasses import field

from engine.plain import dataclass
from engine.sandbox.scenario import Key, Reply, Scenario, Stage, key_of

READS = ("GET", "HEAD")
UNEXPECTED = 599


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived, in the order of arrival."""

    method: str
    target: str
    request_id: str | None
    stage: str
    status: int | None

    @property
    def is_write(self) -> bool:
        """Whether it was anything but a read."""
        return self.method not in READS


@dataclass
class Player:
    """One scenario being played. Its log is the truth about what was sent: `writes`, `reads`, `failures`.

    `start` names the stage of reads that it begins at, else the first. Raises ValueError when there is none such.
    `refreshes_again` is for people who practise: who stopped at the figures may run it again, and the refresh that was
    answered last is answered the same once more, as Lago does where nothing has changed. A test wants it to fail.
    """

    scenario: Scenario
    start: str = ""
    refreshes_again: bool = False
    log: list[Seen] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _at: int = field(init=False, default=0)
    _read: set[Key] = field(init=False, default_factory=set)
    _lock: threading.RLock = field(init=False, default_factory=threading.RLock)

    def __post_init__(self) -> None:
        reads: dict[str, int] = {}
        for at, stage in enumerate(self.stages):
            if stage.kind == "reads":
                reads.setdefault(stage.name, at)
        if self.start and self.start not in reads:
            raise ValueError(f"`{self.scenario.name}` has no stage of reads `{self.start}`; it has {', '.join(reads)}")
        self._at = reads[self.start] if self.start else min(reads.values(), default=0)

    @property
    def stages(self) -> list[Stage]:
        """The scenario's stages."""
        return self.scenario.stages

    @property
    def stage(self) -> str:
        """The name of the present stage of reads."""
        return self.stages[self._at].name

    @property
    def writes(self) -> list[Seen]:
        """Every write that arrived."""
        return [seen for seen in self.log if seen.is_write]

    def count(self, ending: str) -> int:
        """How many writes arrived whose target ends like this, as `/finalize`."""
        return sum(seen.target.endswith(ending) for seen in self.writes)

    @property
    def unplayed(self) -> Stage | None:
        """The next write that a run was expected to send and has not."""
        return next((stage for stage in self.stages[self._at + 1 :] if stage.is_ours), None)

    def answer(self, method: str, target: str, request_id: str | None = None, *, moves: bool = True) -> Reply | None:
        """The answer to a request; None is an answer that never arrives. `moves=False`: a write that does not get there."""
        with self._lock:
            key, stage = key_of(method, target), self.stage
            reply = self._read_reply(key) if method.upper() in READS else self._write_reply(key, moves=moves)
            self.log.append(Seen(method.upper(), target, request_id, stage, reply.status if reply else None))
            if reply is not None and reply.status == UNEXPECTED:
                self.failures.append(f"{method} {target} in stage `{stage}`")
            return reply

    def peek(self, method: str, target: str) -> Reply | None:
        """What the present stage would answer, without it counting as a read."""
        return self.stages[self._at].find(key_of(method, target))

    def _read_reply(self, key: Key) -> Reply:
        if key in self._read:
            later = self._next_reads(self._at, up_to_write=True)
            if later is not None:
                self._go(later)
        self._read.add(key)
        reply = self.stages[self._at].find(key)
        if reply is None:
            later = self._next_reads(self._at, up_to_write=False)
            reply = self.stages[later].find(key) if later is not None else None
        return reply or _unexpected("no such read was recorded")

    def _write_reply(self, key: Key, *, moves: bool) -> Reply | None:
        at = next((at for at, stage in enumerate(self.stages) if at > self._at and stage.is_ours), None)
        if at is None or not _is_this(self.stages[at], key):
            last = next((stage for stage in reversed(self.stages[: self._at]) if stage.is_ours), None)
            if self.refreshes_again and last and key[1].endswith("/refresh") and (again := last.find(key)):
                return again
            return _unexpected("no such write was recorded here")
        write = self.stages[at]
        later = self._next_reads(at, up_to_write=True)
        if write.clients_saw and later is not None:
            reply = self.stages[later].find(("GET", key[1].rpartition("/")[0], ()))
        else:
            reply = write.find(key)
        if moves and later is not None:
            self._go(later)
        return reply

    def _go(self, at: int) -> None:
        self._at = at
        self._read = set()

    def _next_reads(self, at: int, *, up_to_write: bool) -> int | None:
        for later in range(at + 1, len(self.stages)):
            stage = self.stages[later]
            if stage.kind == "reads":
                return later
            if up_to_write and stage.is_ours:
                return None
        return None


def _is_this(stage: Stage, key: Key) -> bool:
    if stage.calls:
        return stage.find(key) is not None
    if stage.clients_saw:
        return key[0] == "PUT" and key[1].endswith("/finalize")
    method, _, path = stage.request.partition(" ")
    return key[0] == method and key[1].endswith(path)


def _unexpected(why: str) -> Reply:
    return Reply(UNEXPECTED, (("content-type", "text/plain"),), why.encode())
