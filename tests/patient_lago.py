"""A Lago for several runs on one invoice: a refresh may come again, and a second finalize is answered and counted.

A recorded scenario allows each write once. Where runs are killed, race or are taken up again a refresh may come twice,
and a second finalize must not be stopped by the player, or a test could not see it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Self

from lago_server import Played, scenario

from engine.journal import JournalBroken, NoJournal, Reader
from engine.sandbox.player import UNEXPECTED, Player
from engine.sandbox.routing import Router, as_json
from engine.sandbox.scenario import Key, Reply

# A player changes nothing of its scenario, and reading one costs more than a run.
_scenario = cache(scenario)


class PatientPlayer(Player):
    """Answers a write that comes again: a refresh with the invoice as it reads now, a finalize as the first time."""

    def _write_reply(self, key: Key, *, moves: bool) -> Reply | None:
        expected = Player._write_reply(self, key, moves=moves)
        if expected is None or expected.status != UNEXPECTED:
            return expected
        invoice, _, call = key[1].rpartition("/")
        if call == "refresh":
            return self.stages[self._at].find(("GET", invoice, ()))
        for stage in self.stages:
            if stage.is_ours and (reply := stage.find(key)) is not None:
                return reply
        return as_json(405, {"status": 405, "error": "Method Not Allowed", "code": "is_not_draft"})


@dataclass
class Patient(Played):
    """`Played` for several runs. `unsafe` names each finalize that came without an intent in the journal."""

    unsafe: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        Played.__post_init__(self)
        self.player = PatientPlayer(_scenario(self.name))
        self.sandbox.router = Router([self.player])
        self.sandbox.before = self._look_at_the_journal

    def __enter__(self) -> Self:
        Played.__enter__(self)
        return self

    @property
    def effect(self) -> str:
        """The effect's key without its attempt."""
        return f"lago/127.0.0.1/invoice/{self.invoice}/finalize"

    @property
    def newest(self) -> str | None:
        """The newest record of the effect, None without an intent."""
        return newest(self.journal, self.effect)

    @property
    def runs(self) -> list[str]:
        """The runs that began, oldest first."""
        try:
            with Reader.open(self.journal) as journal:
                return [run.run for run in reversed(journal.runs())]
        except (NoJournal, JournalBroken):
            return []

    def types(self, run: str) -> list[str]:
        """The types of a run's records."""
        with Reader.open(self.journal) as journal:
            return [record.type for record in journal.run(run)]

    def wait_for(self, writes: int, seconds: float = 5.0) -> None:
        """Until so many writes have been taken in: a process that was killed may have left one on its way."""
        ends = time.monotonic() + seconds
        while len(self.player.writes) < writes and time.monotonic() < ends:
            time.sleep(0.002)

    def _look_at_the_journal(self, method: str, target: str) -> None:
        if method == "PUT" and target.endswith("/finalize"):
            state = newest(self.journal, self.effect)
            if state not in ("effect.intent", "effect.unknown"):  # unknown: the command left while it was on its way
                self.unsafe.append(f"{method} {target} while the journal's newest is {state}")


def newest(journal: Path, effect: str) -> str | None:
    """The newest record of an effect in a journal that may not exist yet."""
    try:
        with Reader.open(journal) as reader:
            state = reader.effect(effect)
    except NoJournal:
        return None
    return state.type if state else None
