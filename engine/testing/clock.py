"""A clock on which waiting takes no time, and everything else the time that it takes. Floor 5."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from engine.clock import Clock


class SkippingClock(Clock):
    """Wall time from `start` on. A sleep moves it, and monotonic time with it, and returns at once.

    Windows and deadlines of minutes so pass in no time. What is waited for at a socket takes its real time, for that
    is the other side's affair.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self._origin = time.monotonic()
        self._skipped = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic() - self._origin)

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        self._skipped += max(0.0, seconds)
