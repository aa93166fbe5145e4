"""A sandbox with all that a run against it needs: an operators file, a journal, the environment to export. Floor 5."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from types import TracebackType

from engine.operators import account
from engine.sandbox.catalogue import CATALOGUE, DEMO, Entry, player_of
from engine.sandbox.faults import Fault
from engine.sandbox.server import Sandbox

# The recordings were made on this day; dates of issue are relative to it.
CLOCK = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Practice:
    """A running sandbox, in a `with`. Every start is fresh: what was finalized before is a draft again."""

    def __init__(
        self,
        entries: Sequence[Entry] = CATALOGUE,
        *,
        port: int = 0,
        faults: Sequence[Fault] = (),
        sync: str = "fresh",
    ) -> None:
        self.entries = tuple(entries)
        self.players = [player_of(entry) for entry in entries]
        started = monotonic()
        self.sandbox = Sandbox(
            self.players,
            now=lambda: CLOCK + timedelta(seconds=monotonic() - started),
            port=port,
            faults=faults,
            sync=sync,
        )
        self._folder = tempfile.TemporaryDirectory(prefix="runbook-sandbox-")
        self.folder = Path(self._folder.name)

    @classmethod
    def for_demo(cls) -> Practice:
        """Only the draft that the demo finalizes."""
        return cls([entry for entry in CATALOGUE if entry.scenario == DEMO])

    def __enter__(self) -> Practice:
        text = f"operators:\n  - id: you\n    roles: [billing_admin]\n    os_account: '{account()}'\n"
        self.operators.write_text(text)
        self.operators.chmod(0o600)
        self.sandbox.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sandbox.stop()
        self._folder.cleanup()

    @property
    def operators(self) -> Path:
        """The operators file, which names whoever runs the sandbox."""
        return self.folder / "operators.yaml"

    @property
    def env(self) -> dict[str, str]:
        """What to export."""
        return {
            "LAGO_API_URL": self.sandbox.url,
            "LAGO_API_KEY": "sandbox",
            "BILLING_CONSOLE_URL": self.sandbox.url,
            "RUNBOOK_OPERATORS": str(self.operators),
            "RUNBOOK_JOURNAL": str(self.folder / "journal" / "journal.db"),
            "RUNBOOK_CLOCK": CLOCK.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "RUNBOOK_ENVIRONMENT": "sandbox",
        }
