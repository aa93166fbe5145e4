"""What a decision was taken on: each fact with where it came from, and its values a line each. Floor 5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.events import Recorded
from engine.render.text import hang, pad, safe, style, width

ORDER = ("now", "operator", "run", "plan", "planned")


def facts(record: Recorded, documents: Mapping[str, Any], format: str, *, columns: int, colour: bool) -> str:
    """The documents, for a person or line by line."""
    rows = [(name, list(_leaves(documents[name], name))) for name in _names(documents)]
    if format == "plain":
        return "".join(f"{safe(path)}\t{safe(value)}\n" for _, leaves in rows for path, value in leaves)
    lines = []
    origins = record.data.get("facts") or {}
    for name, leaves in rows:
        lines.append(style(safe(name), "bold", colour) + safe(_origin(origins.get(name) or {})))
        size = min(max((width(path) for path, _ in leaves), default=0), max(columns // 2, 20))
        for path, value in leaves:
            lines += hang(f"  {pad(safe(path), size)}  ", safe(value), columns)
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _names(documents: Mapping[str, Any]) -> list[str]:
    return [name for name in documents if name not in ORDER] + [name for name in ORDER if name in documents]


def _origin(origin: Mapping[str, Any]) -> str:
    """Where a fact came from, behind its name."""
    requests = ", ".join(str(text) for text in (origin.get("requests") or ())[:2])
    told = (str(origin.get("kind") or ""), requests, f"read {str(origin['at'])[:19]}Z" if origin.get("at") else "")
    return "".join(f"  {text}" for text in told if text)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every value below, by the path that an expression reads it under."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}")
    elif isinstance(value, list) and value:
        for at, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{at}]")
    else:
        yield path, _shown(value)


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | Mapping):
        return "none"
    return str(value)
