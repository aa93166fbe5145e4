"""Wall time, which may be held by `RUNBOOK_CLOCK`, and monotonic time, which no setting and no jump moves. Floor 0."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time; deadlines use `monotonic`, records use `now`."""

    def now(self) -> datetime:
        """The present moment, in UTC, to the microsecond."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only ever rise."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; a signal's exception ends it early."""
        if seconds > 0:
            time.sleep(seconds)


class HeldClock(Clock):
    """Wall time starts at `start` (RFC 3339, `RUNBOOK_CLOCK`) and runs on with monotonic time."""

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self._origin = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._origin)
