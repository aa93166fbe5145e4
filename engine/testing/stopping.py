"""Ctrl-C ends the tests and not only the run under way, and what has been played until then is still told. Floor 5."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any


class Stopping:
    """Around the tests, in a `with`: a Ctrl-C in it ends the block and no more; afterwards `is_stopped` says so."""

    def __init__(self) -> None:
        self.is_stopped = False
        self._before: Any = None

    def __enter__(self) -> Stopping:
        self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        signal.signal(signal.SIGINT, self._before)
        return kind is KeyboardInterrupt

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.is_stopped = True
        raise KeyboardInterrupt

    def look(self) -> None:
        """Raise KeyboardInterrupt if a run has kept one to itself, for which it is an ending like any other."""
        if self.is_stopped:
            raise KeyboardInterrupt
