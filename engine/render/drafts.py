"""The drafts to choose from: by customer, with period, total and age; ids whole, for they are there to be copied. Floor 5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from engine.plain import dataclass
from engine.render.text import cut, json_line, safe, style, table


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
    """All drafts in the order given. All drafts have the same number, so that the id is what tells them apart."""
    if format == "json":
        return "".join(json_line({"v": 1, "type": "draft", **asdict(row)}) for row in rows)
    if format == "plain":
        return "".join("\t".join(safe(cell) for cell in asdict(row).values()) + "\n" for row in rows)
    if not rows:
        return "no drafts\n"
    cells = [("CUSTOMER", "PERIOD", "TOTAL", "AGE"), *((row.customer, row.period, row.total, row.age) for row in rows)]
    title, *lines = table(cells, right=(2, 3), limit=width, wide=1)
    shown = [style(title, "dim", colour)]
    for row, line in zip(rows, lines, strict=True):
        name = cut(safe(row.name), width - len(row.lago_id) - 4)
        shown += [line, style(f"  {safe(row.lago_id)}  {name}".rstrip(" "), "dim", colour)]
    count = f"{len(rows)} draft{'' if len(rows) == 1 else 's'}"
    return "\n".join([*shown, "", f"{count}.   runbook run finalize_invoice --invoice ID --dry-run"]) + "\n"
