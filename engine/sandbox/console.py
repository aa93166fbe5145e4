"""The simulated billing console: its newest sync run, fresh or as it is wanted. Floor 5."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from engine.sandbox.routing import as_json
from engine.sandbox.scenario import Reply

PATH = "/api/admin/sync/status"

# What the newest run can look like (`--sync`).
STATES = {
    "fresh": "completed half an hour ago",
    "stale": "completed three days ago",
    "running": "still running",
    "failed": "failed",
    "errors": "completed with errors",
    "empty": "there never was one",
    "401": "the console refuses us",
    "garbage": "the console answers with something else",
}


def status(state: str, now: Callable[[], datetime]) -> Reply:
    """The answer to `GET /api/admin/sync/status` in this state."""
    if state == "401":
        return as_json(401, {"error": "unauthorized"})
    if state == "garbage":
        return Reply(200, (("content-type", "text/html"),), b"<html><body>Sign in</body></html>")
    if state == "empty":
        return as_json(200, [])
    ended = now() - (timedelta(days=3) if state == "stale" else timedelta(minutes=30))
    newest: dict[str, Any] = {
        "id": "sync-77",
        "startedAt": _stamp(ended - timedelta(minutes=4)),
        "completedAt": None if state == "running" else _stamp(ended),
        "status": state if state in ("running", "failed") else "completed",
        "errors": ["customer cus_hooli: address refused"] if state == "errors" else [],
        "records": 412,
    }
    before = {**newest, "id": "sync-76", "status": "completed", "errors": []}
    before |= {"startedAt": _stamp(ended - timedelta(days=1)), "completedAt": _stamp(ended - timedelta(hours=23))}
    return Reply(200, (("content-type", "application/json"),), json.dumps([newest, before]).encode())


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
