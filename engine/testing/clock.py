"""A clock on which waiting takes no time, and wall time stands still but for what is waited. Floor 5."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from engine.clock import Clock


class SkippingClock(Clock):
    """Wall time from `start` on: a sleep moves it, and monotonic time with it, and returns at once.

    Windows and deadlines of minutes so pass in no time, and what is said of the time is the same on a slow machine. What
    is waited for at a socket takes its real time on the monotonic clock, for that is the other side's affair.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self._skipped = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._skipped)

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        self._skipped += max(0.0, seconds)
