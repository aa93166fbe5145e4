"""The panel above a consent: every line, every sum, what changes and how sure that is, what cannot be undone. Floor 5."""

from __future__ import annotations

from engine.events import Change, Line, Preview
from engine.render.text import Style, cut, pad, safe, style, width, wrap

MOST_LINES = 12
MARKS = {"certain": " ", "computed": "~", "unknown": "?"}


def panel(preview: Preview, columns: int, colour: bool, *, is_folded: bool = True) -> list[str]:
    """The lines of the panel, none wider than `columns`."""
    lines = ["", "  " + style(f"next  {safe(preview.action)}", "bold", colour) + "  "
             + style(safe(preview.irreversible), "bad", colour), ""]  # fmt: skip
    lines += _pairs(preview.subject, columns)
    lines += ["", *_items(preview.lines, columns, is_folded=is_folded), *_sums(preview, columns, colour)]
    if preview.deductions:
        lines += ["", "  Lago may deduct, beyond this total:", *_pairs(preview.deductions, columns)]
    else:
        lines += ["", "  Lago may deduct nothing: no coupon, credit note or prepaid credit is left."]
    lines += ["", "  What changes  (~ computed, ? not known before)"]
    for change in preview.changes:
        lines += _change(change, columns)
    lines += ["", "  Then Lago does"]
    lines += [line for text in preview.afterwards for line in wrap(safe(text), columns - 6, indent="    ! ")[:1]
              + wrap(safe(text), columns - 6, indent="      ")[1:]]  # fmt: skip
    if preview.refresh_could_change:
        lines += ["", "  Before that"]
        lines += [line for text in preview.refresh_could_change for line in wrap(safe(text), columns, indent="    ")]
    lines += ["", *wrap("request  " + safe(preview.request), columns, indent="  "), ""]
    return lines


def _pairs(pairs: tuple[tuple[str, str], ...], columns: int) -> list[str]:
    size = min(max((width(safe(label)) for label, _ in pairs), default=0), columns // 2)
    lines: list[str] = []
    for label, value in pairs:
        head = "    " + pad(cut(safe(label), size), size) + "  "
        rest = wrap(safe(value)[:400], columns - width(head))
        lines += [(head if at == 0 else " " * width(head)) + line for at, line in enumerate(rest)]
    return lines


def _items(items: tuple[Line, ...], columns: int, *, is_folded: bool) -> list[str]:
    if not items:
        return ["    no line items"]
    shown = items[:MOST_LINES] if is_folded and len(items) > MOST_LINES else items
    amounts = max(width(safe(item.amount)) for item in items)
    units = min(max(width(safe(item.units)) for item in items), 12)
    periods = max(width(safe(item.period)) for item in items)
    room = max(12, columns - 4 - amounts - units - periods - 6)
    lines = [
        "    " + pad(cut(safe(item.name), room), room) + "  " + pad(cut(safe(item.units), units), units, right=True)
        + "  " + pad(safe(item.period), periods) + "  " + pad(safe(item.amount), amounts, right=True)
        for item in shown
    ]  # fmt: skip
    left = len(items) - len(shown)
    if left:
        lines.append(f"    ... and {left} more line items; `--format plain` shows all {len(items)}")
    return lines


def _sums(preview: Preview, columns: int, colour: bool) -> list[str]:
    amounts = max((width(safe(value)) for _, value in preview.sums), default=0)
    rule = " " * (columns - amounts) + "-" * amounts
    lines = [rule]
    for at, (label, value) in enumerate(preview.sums):
        kind: Style = "bold" if at == len(preview.sums) - 1 else "plain"
        room = columns - amounts - 6
        text = "    " + pad(cut(safe(label), room), room, right=False) + "  " + pad(safe(value), amounts, right=True)
        lines.append(style(text, kind, colour))
    return lines


def _change(change: Change, columns: int) -> list[str]:
    mark = MARKS[change.certainty]
    head = f"    {mark} {pad(safe(change.field), 13)} "
    text = f"{safe(change.before)} -> {safe(change.after)}"
    if change.why:
        text += f", {safe(change.why)}"
    rest = wrap(text, columns - width(head))
    return [(head if at == 0 else " " * width(head)) + line for at, line in enumerate(rest)]
