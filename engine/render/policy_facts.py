"""What a decision was taken on: each fact with where it came from, and its values a line each. Floor 5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.events import Recorded
from engine.render.text import hang, pad, safe, style, width

# Columns that a value needs beside its path.
LEAST = 12
ORDER = ("now", "operator", "run", "plan", "planned")


def facts(record: Recorded, documents: Mapping[str, Any], format: str, *, columns: int, colour: bool) -> str:
    """The documents, for a person or line by line."""
    if format == "plain":
        every = (leaf for name in _names(documents) for leaf in _leaves(documents[name], name))
        return "".join(f"{safe(path)}\t{safe(value)}\n" for path, value in every)
    rows = [(name, list(_told(name, documents))) for name in _names(documents)]
    lines = []
    origins = record.data.get("facts") or {}
    for name, leaves in rows:
        first, *more = hang(f"{safe(name)}  ", safe(_origin(origins.get(name) or {})), columns)
        lines += [style(safe(name), "bold", colour) + first[len(safe(name)) :].rstrip(), *more]
        size = min(max((width(path) for path, _ in leaves), default=0), max(columns // 2, 20))
        for path, value in leaves:
            head = f"  {pad(safe(path), size)}  "
            if width(head) > columns - LEAST:  # a path that is there to be copied stays whole
                lines.append(head.rstrip())
                head = " " * (size + 4)
            lines += hang(head, safe(value), columns)
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def _names(documents: Mapping[str, Any]) -> list[str]:
    return [name for name in documents if name not in ORDER] + [name for name in ORDER if name in documents]


def _told(name: str, documents: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The values of one document. What was planned is not told once more where it is as it was planned."""
    if name == "planned":
        planned = {key: value for key, value in documents[name].items() if key != "figures_digest"}
        if same := next((other for other in documents if other != name and documents[other] == planned), None):
            yield name, f"as `{same}`"
            yield f"{name}.figures_digest", str(documents[name].get("figures_digest"))
            return
    yield from _leaves(documents[name], name)


def _origin(origin: Mapping[str, Any]) -> str:
    """Where a fact came from, behind its name."""
    requests = [str(text).partition("?")[0] for text in origin.get("requests") or ()]
    read = f"read {str(origin['at'])[:19]}Z" if origin.get("at") else ""
    return ", ".join(filter(None, (str(origin.get("kind") or ""), *requests[:2], read)))


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
