"""The drafts to choose from: by customer, with period, total and age; ids whole, for they are there to be copied. Floor 5."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from engine.render.text import cut, safe, style, table


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One draft. `total` and `age` are ready to print; `issuing_date` is when Lago means to issue it by itself."""

    lago_id: str
    customer: str
    name: str
    issuing_date: str
    period: str
    total: str
    age: str


def listing(rows: Sequence[DraftRow], format: str, *, width: int = 80, colour: bool = False) -> str:
    """All drafts, by customer."""
    if format == "json":
        return "".join(json.dumps({"v": 1, "type": "draft", **asdict(row)}) + "\n" for row in rows)
    if format == "plain":
        return "".join("\t".join(safe(cell) for cell in asdict(row).values()) + "\n" for row in rows)
    if not rows:
        return "no drafts\n"
    lines: list[str] = []
    sizes = table([(row.customer, row.period, row.total, row.age) for row in rows], right=(2, 3), limit=width - 2)
    for row, line in zip(rows, sizes, strict=True):
        lines.append(line)
        lines.append(style(f"  {row.lago_id}  {cut(safe(row.name), max(8, width - 40))}", "dim", colour))
    count = f"{len(rows)} draft{'' if len(rows) == 1 else 's'}"
    return "\n".join([*lines, "", f"{count}.   runbook run finalize_invoice --invoice ID --dry-run"]) + "\n"
