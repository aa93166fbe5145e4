"""Values of the expression language as plain JSON, and back. Read by the oracle's process too: it imports nothing of ours.

A bool, an int, a string, null and a list stand for themselves; the rest is told apart by a key:
`{"double": "1.5"}`, `{"timestamp": "2026-10-31T23:00:00+00:00"}`, `{"duration": 1500000}` in microseconds, `{"map": {...}}`.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any


def plain(value: Any) -> Any:
    """A value as JSON. Raises TypeError for what is no value of the language."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return {"double": "nan" if math.isnan(value) else repr(value)}
    if isinstance(value, datetime):
        return {"timestamp": value.astimezone(UTC).isoformat()}
    if isinstance(value, timedelta):
        return {"duration": value // timedelta(microseconds=1)}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {"map": {key: plain(one) for key, one in value.items()}}
    raise TypeError(f"{type(value).__name__} is no value of the language")


def value(told: Any) -> Any:
    """The value that this JSON stands for. A timestamp is in UTC, a list a list."""
    if isinstance(told, list):
        return [value(one) for one in told]
    if not isinstance(told, dict):
        return told
    ((kind, inner),) = told.items()
    if kind == "double":
        return float(inner)
    if kind == "timestamp":
        return datetime.fromisoformat(inner)
    if kind == "duration":
        return timedelta(microseconds=inner)
    return {key: value(one) for key, one in inner.items()}


def canonical(told: Any) -> str:
    """The same text for equal values only: 1, true and 1.0 are three, and the order of a map's keys is nothing."""
    return json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
