"""A run for a program: each record as one JSON object a line, after it is durable, in the journal's order. Floor 5."""

from __future__ import annotations

import json
from collections.abc import Callable

from engine.events import Notice, Recorded


class JsonLines:
    """A renderer. Text beyond ASCII is escaped, so that nothing raw reaches a terminal that shows it."""

    def __init__(self, out: Callable[[str], None]) -> None:
        self._out = out

    def record(self, event: Recorded) -> None:
        """One line."""
        self._out(json.dumps(event.as_json(), ensure_ascii=True, separators=(",", ":")) + "\n")

    def notice(self, notice: Notice) -> None:
        """What is not kept is not told to programs."""

    def flush(self) -> None:
        """Every line has left as it was written."""

    def close(self) -> None:
        """Nothing is held back."""
