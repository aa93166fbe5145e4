"""What was heard in one run, kept in memory until it can be written without anything real in it. Floor 5."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path

from engine.billing import PATH as SYNC
from engine.http.exchange import Heard
from engine.plain import dataclass
from engine.recording.allowed import looks_like_a_value
from engine.recording.scrubbing import Scrubber
from engine.recording.stages import READS, stages
from engine.recording.writing import texts, write_all


@dataclass
class Recorder:
    """Listens in on one run. `hear` only keeps; everything that could fail comes after the run."""

    exchanges: list[Heard] = field(default_factory=list)
    scrubber: Scrubber = field(default_factory=Scrubber)

    def hear(self, heard: Heard) -> None:
        """Keep an exchange."""
        self.exchanges.append(heard)

    @property
    def writes(self) -> list[Heard]:
        """The writes that were heard, in order."""
        return [one for one in self._lago if one.request.method not in READS]

    @property
    def _lago(self) -> list[Heard]:
        return [one for one in self.exchanges if not one.request.target.endswith(SYNC)]

    @property
    def is_empty(self) -> bool:
        """Whether Lago said nothing."""
        return not self._lago

    def write(self, folder: Path, title: str, at: datetime, secrets: tuple[str, ...], sync: bytes | None) -> int:
        """Write the recording. Answers the number of its stages. Raises Bug and UsageFault, and then has written nothing.

        `sync` is the list of sync runs where it came from a file.
        """
        made = stages([self.scrubber.exchange(one) for one in self._lago])
        files = texts(folder.name, title, made, at)
        for one in self.exchanges:
            if one.request.target.endswith(SYNC) and one.status == 200:
                sync = one.content
        if sync is not None:
            files["sync.json"] = self.sync(sync)
        real = [*secrets, *filter(looks_like_a_value, self.scrubber.inventions.real)]
        write_all(folder, files, real)
        return len(made)

    def sync(self, content: bytes) -> str:
        """The newest sync run alone, as `BILLING_SYNC_FILE` has it: when it ran and how it ended."""
        try:
            rows = json.loads(content)
        except ValueError:
            return "null\n"
        if not isinstance(rows, list):
            return "null\n"
        kept = ("id", "startedAt", "completedAt", "status", "errors")
        newest = [{name: row[name] for name in kept if name in row} for row in rows[:1] if isinstance(row, Mapping)]
        scrubbed = [self.scrubber.value(row) for row in newest]
        return json.dumps(scrubbed, indent=2) + "\n"
