"""The panel above a consent: every line, every sum, what changes and how sure that is, what cannot be undone. Floor 5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.events import Change, Line, Preview
from engine.render.text import Style, clip, cut, hang, pad, safe, style, width, wrap

MOST_LINES = 12
MOST_NAME = 3
LEAST_NAME = 16
MOST_VALUE = 400
MOST_UNITS = 12
CERTAINTY: dict[str, Style] = {"certain": "good", "computed": "plain", "unknown": "warn"}


def panel(preview: Preview, columns: int, colour: bool, *, is_folded: bool = True) -> list[str]:
    """The lines of the panel, none wider than `columns`; 40 is the least."""
    head = f"  next  {cut(safe(preview.action), columns // 3)}  "
    lines = ["", *hang(head, clip(safe(preview.irreversible), MOST_VALUE), columns), ""]
    lines[1] = style(head.rstrip(), "bold", colour) + "  " + style(lines[1][len(head) :], "bad", colour)
    lines += _pairs(preview.subject, columns)
    lines += ["", *_items(preview.lines, columns, colour, is_folded=is_folded), *_sums(preview.sums, columns, colour)]
    if preview.deductions:
        lines += ["", _title("Lago may deduct, beyond this total:", colour), *_pairs(preview.deductions, columns)]
    elif preview.deductions is not None:
        none = "Lago may deduct nothing: no coupon, credit note or prepaid credit is left."
        lines += ["", *wrap(none, columns, indent="  ")]
    lines += ["", _title("What changes", colour)]
    lines += [line for change in preview.changes for line in _change(change, columns, colour)]
    if preview.restored:
        lines += ["", _title("What the invoice took", colour), *_pairs(preview.restored, columns)]
    lines += _marked(f"Then {safe(preview.system)} does", preview.afterwards, columns, colour)
    lines += _marked("Before that", preview.refresh_could_change, columns, colour)
    lines += _marked("Warnings", preview.warnings, columns, colour)
    return [*lines, "", *hang("  request  ", safe(preview.request), columns), ""]


def _title(text: str, colour: bool) -> str:
    return "  " + style(text, "bold", colour)


def _marked(title: str, texts: Sequence[str], columns: int, colour: bool) -> list[str]:
    if not texts:
        return []
    return ["", _title(title, colour), *(line for text in texts for line in hang("    ! ", safe(text), columns))]


def _pairs(pairs: Sequence[tuple[str, str]], columns: int) -> list[str]:
    size = min(max((width(safe(label)) for label, _ in pairs), default=0), columns // 2)
    return [
        line
        for label, value in pairs
        for line in hang("    " + pad(cut(safe(label), size), size) + "  ", clip(safe(value), MOST_VALUE), columns)
    ]


def _items(items: Sequence[Line], columns: int, colour: bool, *, is_folded: bool) -> list[str]:
    """The line items; a period that all of them share stands above them once."""
    if not items:
        return ["    no line items"]
    shown = items[:MOST_LINES] if is_folded else items
    shared = len({item.period for item in items}) == 1
    periods = 0 if shared else min(max(width(safe(item.period)) for item in items), 24)
    amounts = max(width(safe(item.amount)) for item in items)
    units = min(max(width(safe(item.units)) for item in items), MOST_UNITS)
    room = columns - 4 - amounts - units - 4 - (periods + 2 if periods else 0)
    count = f"{len(items)} line item{'' if len(items) == 1 else 's'}"
    title = f"{count}, {safe(items[0].period)}" if shared and items[0].period else count
    lines = [_title(clip(title, columns - 2), colour)]
    for item in shown:
        number = pad(cut(safe(item.units), units), units, right=True)
        span = pad(cut(safe(item.period), periods), periods)
        amount = pad(safe(item.amount), amounts, right=True)
        if room < LEAST_NAME:  # a narrow terminal: the name above its figures
            under = f"    {span}".rstrip(" ")
            lines += [*_named(safe(item.name), columns - 4), *([under] if periods else [])]
            lines.append(pad(f"{number}  {amount}", columns, right=True))
            continue
        first, *rest = _named(safe(item.name), room)
        lines += ["  ".join(filter(None, (pad(first, room + 4), number, span, amount))), *rest]
    if len(shown) < len(items):
        text = f"... and {len(items) - len(shown)} more; `--dry-run --format plain` shows all {len(items)}"
        lines += wrap(text, columns, indent="    ")
    return lines


def _named(name: str, room: int) -> list[str]:
    lines = wrap(name, room)
    if len(lines) > MOST_NAME:
        lines = [*lines[: MOST_NAME - 1], cut(lines[MOST_NAME - 1] + " …", room)]
    return ["    " + line for line in lines]


def _sums(sums: Sequence[tuple[str, str]], columns: int, colour: bool) -> list[str]:
    amounts = max((width(safe(value)) for _, value in sums), default=0)
    lines = [" " * (columns - amounts) + "-" * amounts]
    room = columns - amounts - 6
    for at, (label, value) in enumerate(sums):
        text = "    " + pad(clip(safe(label), room), room) + "  " + pad(safe(value), amounts, right=True)
        lines.append(style(text, "bold" if at == len(sums) - 1 else "plain", colour))
    return lines


def _change(change: Change, columns: int, colour: bool) -> list[str]:
    """What a field becomes, and on the right how sure that is; why stands below."""
    head = f"    {pad(cut(safe(change.field), 13), 13)}  "
    word = f"  {change.certainty:>8}"
    first, *rest = hang(head, clip(f"{safe(change.before)} -> {safe(change.after)}", MOST_VALUE), columns - len(word))
    lines = [pad(first, columns - len(word)) + style(word, CERTAINTY[change.certainty], colour), *rest]
    if change.why:
        lines += wrap(clip(safe(change.why), MOST_VALUE), columns - len(word), indent=" " * width(head))
    return lines


def rows(preview: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A preview as its `as_json` keeps it, in rows of what and text: all of it, for a pipe and for an auditor."""
    found = [("next", f"{preview.get('action')}: {preview.get('irreversible')}")]
    found += [("subject", f"{label}: {value}") for label, value in preview.get("subject") or ()]
    for item in preview.get("lines") or ():
        found.append(("line", f"{item['name']}; {item['units']} units; {item['period']}; {item['amount']}"))
    found += [("sum", f"{label}: {value}") for label, value in preview.get("sums") or ()]
    found += [("may_deduct", f"{label}: {value}") for label, value in preview.get("deductions") or ()]
    found += [("may_deduct", "nothing")] if preview.get("deductions") in ([], ()) else []
    found += [("took", f"{label}: {value}") for label, value in preview.get("restored") or ()]
    for change in preview.get("changes") or ():
        why = f" ({change['why']})" if change["why"] else ""
        found.append(
            ("change", f"{change['field']}: {change['before']} -> {change['after']}, {change['certainty']}{why}")
        )
    found += [("then", text) for text in preview.get("afterwards") or ()]
    found += [("before", text) for text in preview.get("refresh_could_change") or ()]
    found += [("warning", text) for text in preview.get("warnings") or ()]
    return [*found, ("request", str(preview.get("request")))]
