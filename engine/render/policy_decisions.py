"""What stands around the decisions of a past run: which run it was, and when and on what each was taken. Floor 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.events import Recorded
from engine.render.text import hang, safe, style, wrap

READS = {
    "first": "the first reads",
    "refreshed": "the reads after the refresh",
    "recheck": "the reads right before the call",
}


def heading(records: Sequence[Recorded], format: str, *, columns: int, colour: bool) -> str:
    """Which run it was: the runbook, who ran it, where and when."""
    start = next((one for one in records if one.type == "run.start"), records[0])
    runbook, operator = _map(start.data.get("runbook")), _map(start.data.get("operator"))
    words = [
        f"{runbook.get('name', '')} v{runbook.get('version', '')}",
        str(start.data.get("environment") or ""),
        f"run {start.run}",
        f"by {operator.get('id')}" if operator.get("id") else "",
        f"{start.ts[:16].replace('T', ' ')} UTC",
    ]
    if format != "human":
        return ""
    return "\n".join(style(line, "bold", colour) for line in wrap(safe("  ".join(filter(None, words))), columns)) + "\n"


def occasion(one: Recorded, *, columns: int, colour: bool) -> str:
    """When and on what a decision was taken, and by which policies."""
    data = one.data
    sets = ", ".join(f"{row.get('name')} {row.get('version')}" for row in data.get("sets") or ())
    reads = READS.get(str(data.get("at")), "")
    told = f"#{one.seq}  {str(data.get('now'))[:19]}Z" + (f", on {reads}" if reads else "")
    lines = [*hang("  ", safe(told), columns), *hang("  ", safe(f"{sets}; policies {_short(data)}"), columns)]
    return "\n" + "\n".join(style(line, "dim", colour) for line in lines) + "\n"


def _short(data: Mapping[str, Any]) -> str:
    return str(data.get("digest") or "").removeprefix("sha256:")[:12]


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
