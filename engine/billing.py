"""The billing console's sync runs, over HTTP or from a file of the same shape. Floor 2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from engine.clock import Clock
from engine.errors import Unreachable
from engine.http.answers import MOST_BYTES, parse
from engine.http.exchange import Fetched, Heard, Request
from engine.http.wire import Wire, reads_only
from engine.sync_runs import LatestSync, SyncRun
from engine.values import Secret

PATH = "/api/admin/sync/status"
SHAPE = "a JSON array of sync runs, newest first: id, startedAt, completedAt, status, errors"


class SyncSource(Protocol):
    """Where the newest sync run can be read."""

    def latest_sync(self) -> Fetched[LatestSync]:
        """The newest run; none when the list is empty. Raises Unreachable."""


class Console:
    """The billing console. `header` is `Authorization` or `Cookie`, or None where it asks for nothing."""

    def __init__(
        self,
        url: str,
        header: str | None,
        secret: Secret | None,
        *,
        clock: Clock,
        tell: Callable[[str], object] = str,
        heard: Callable[[Heard], object] = id,
    ) -> None:
        self._wire = Wire(url, header, secret, clock, reads_only, tell=tell, heard=heard)
        self._clock = clock

    def latest_sync(self) -> Fetched[LatestSync]:
        """`GET /api/admin/sync/status`. Raises Unreachable: not reached, not let in, or not of that shape."""
        reply = self._wire.read(PATH)
        place = self._wire.place
        if reply.status in (401, 403):
            raise Unreachable(
                f"the billing console at {place} refused us ({reply.status})",
                hint="Check BILLING_CONSOLE_TOKEN or BILLING_CONSOLE_COOKIE.",
            )
        if 300 <= reply.status < 400:
            raise Unreachable(
                f"the billing console at {place} leads elsewhere ({reply.status}), as to a page to sign in",
                hint="Check BILLING_CONSOLE_URL, and BILLING_CONSOLE_TOKEN or BILLING_CONSOLE_COOKIE.",
            )
        if reply.status != 200:
            raise Unreachable(
                f"the billing console at {place} answered {reply.status}", hint="Check BILLING_CONSOLE_URL."
            )
        latest = _newest(reply.body, f"the billing console at {place}")
        request = Request("GET", self._wire.target(PATH))
        return Fetched(latest, (request,), self._clock.now(), reply.seconds)


class SyncFile:
    """A JSON file of the same shape, for a console that cannot be reached from here."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def latest_sync(self) -> Fetched[LatestSync]:
        """Read the file. Raises Unreachable: it cannot be read, or is not of that shape."""
        rows = parse(self._read())
        if rows is None:
            raise Unreachable(f"{self._path} is not JSON", hint=f"It should hold {SHAPE}.")
        return Fetched(_newest(rows, str(self._path)), (), self._clock.now(), 0.0)

    def _read(self) -> bytes:
        try:
            with self._path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise Unreachable(
                f"{self._path} cannot be read: {error.strerror}", hint="BILLING_SYNC_FILE names it."
            ) from error
        if len(content) > MOST_BYTES:
            raise Unreachable(f"{self._path} is too large", hint=f"It should hold {SHAPE}.")
        return content


def _newest(rows: Any, source: str) -> LatestSync:
    """The first run: newest first is the console's word. Raises Unreachable for another shape."""
    wrong = Unreachable(f"{source} did not answer with sync runs", hint=f"It should be {SHAPE}.")
    if not isinstance(rows, list):
        raise wrong
    if not rows:
        return LatestSync(run=None, source=source)
    try:
        return LatestSync(run=SyncRun.model_validate(rows[0]), source=source)
    except ValidationError as error:
        raise wrong from error
