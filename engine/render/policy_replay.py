"""Past decisions beside what they would be today: those that differ, policy by policy, and one line that counts. Floor 5."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.render.scenarios import plural
from engine.render.text import Style, clip, hang, json_line, pad, safe, style, width

MOST_TEXT = 300
_STYLES: dict[str, Style] = {"deny": "bad", "error": "bad", "approve": "warn", "warn": "warn"}

Row = Mapping[str, Any]


def decision(row: Row, runbook: str, format: str, *, columns: int, colour: bool) -> str:
    """One decision; nothing of one that would be the same, but for a program. `row` is its line of JSON."""
    if format == "json":
        return json_line({**row, "runbook": runbook})
    if format == "plain":
        return "".join("\t".join(safe(cell) for cell in cells) + "\n" for cells in _cells(row, runbook))
    if row["same"]:
        return ""
    return "\n".join(_lines(row, runbook, columns, colour)) + "\n\n"


def _lines(row: Row, runbook: str, columns: int, colour: bool) -> Iterator[str]:
    turned = f"{row['then']} -> {row['now']}"
    yield (
        f"{safe(row['run'])}  {row['at'][:16].replace('T', ' ')}  {safe(runbook)}, {safe(row['phase'])}  "
        + style(turned, _STYLES.get(row["now"], "good"), colour)
    )
    size = max((width(safe(one["policy"])) for one in row["changes"]), default=0)
    for one in row["changes"]:
        head = f"    {pad(safe(one['policy']), size)}  {one['then']} -> {one['now']}  "
        yield from hang(head, clip(safe(one["message"]), MOST_TEXT), columns)
    for one in row["sets"]:
        yield from hang("    ", f"{safe(one['set'])} was {_short(one['then'])}, is {_short(one['now'])}", columns)
    for name in row["lacking"]:
        yield from hang("    ", f"the journal does not hold `{safe(name)}`", columns)


def _short(mark: str) -> str:
    digest, _, params = mark.removeprefix("sha256:").partition("/")
    return f"{digest[:12]}, params {params}" if params else digest


def _cells(row: Row, runbook: str) -> Iterator[tuple[str, ...]]:
    word = "same" if row["same"] else "differs"
    yield word, row["run"], f"#{row['seq']}", runbook, row["phase"], row["at"], f"{row['then']} -> {row['now']}"
    for one in row["changes"]:
        yield (
            "policy",
            row["run"],
            f"#{row['seq']}",
            f"{one['set']}/{one['policy']}",
            f"{one['then']} -> {one['now']}",
            one["message"],
        )
    for one in row["sets"]:
        yield "set", row["run"], f"#{row['seq']}", one["set"], one["then"], one["now"]
    for name in row["lacking"]:
        yield "lacking", row["run"], f"#{row['seq']}", name


def summary(
    rows: Sequence[Row], skipped: Mapping[str, str], rested: int, format: str, *, columns: int, colour: bool
) -> str:
    """The last lines. `skipped` are runs whose decisions could not be taken again, each with the reason.

    `rested` is the number of decisions that rest on what OPA answered then.
    """
    differ = sum(not one["same"] for one in rows)
    if format == "json":
        told: dict[str, Any] = {
            "decisions": len(rows),
            "same": len(rows) - differ,
            "differ": differ,
            "opa_not_asked": rested,
        }
        told["skipped"] = dict(skipped)
        return json_line({"v": 1, "type": "policy.replayed", **told})
    if format == "plain":
        lines = [f"skipped\t{safe(run)}\t{safe(why)}" for run, why in skipped.items()]
        return "\n".join([*lines, *_rested(rested), _told(rows, differ)]) + "\n"
    lines = [line for run, why in skipped.items() for line in hang(f"{safe(run)}  ", safe(why), columns)]
    lines += [line for text in _rested(rested) for line in hang("", text, columns)]
    return "\n".join([*lines, *([""] if lines else []), style(_told(rows, differ), "bold", colour)]) + "\n"


def _rested(count: int) -> list[str]:
    return [f"{plural(count, 'decision')} on what OPA answered then; --ask-opa asks it anew"] if count else []


def _told(rows: Sequence[Row], differ: int) -> str:
    runs = len({one["run"] for one in rows})
    if not rows:
        return "no decision of policies since then"
    told = f"{plural(len(rows), 'decision')} of {plural(runs, 'run')}"
    return f"{told}: " + (
        f"{len(rows) - differ} as it was, {differ} would be otherwise" if differ else "all would be the same"
    )
