"""Diagnostics of files: with excerpt and caret for a person, one line for a log, JSON lines for a program. Floor 5."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.diagnostics import Diagnostic
from engine.render.text import cut, hang, json_line, safe, style, width, wrap


def render(
    found: Sequence[Diagnostic],
    format: str,
    line_of: Callable[[str, int], str],
    *,
    colour: bool = False,
    columns: int = 80,
) -> str:
    """Every diagnostic; `line_of(path, number)` gives a file's line."""
    if format == "json":
        return "".join(json_line(one.as_json()) for one in found)
    if format == "plain":
        return "".join(safe(one.plain()) + "\n" for one in found)
    return "\n".join(_drawn(one, line_of(one.path, one.span.line), colour, columns) for one in found)


def footer(found: Sequence[Diagnostic], *, colour: bool = False, columns: int = 80) -> str:
    """Where a person reads more of these codes, as one command to copy; codes that would not fit on its line are left out."""
    command = "to read more: runbook explain"
    for code in dict.fromkeys(one.code for one in found):
        command = f"{command} {code}" if len(command) + len(code) < columns else command
    return style(command, "dim", colour) + "\n" if found else ""


def _drawn(one: Diagnostic, line: str, colour: bool, columns: int) -> str:
    code = f"{one.severity}[{one.code}]"
    gutter = " " * len(str(one.span.line))
    first, *more = hang(code + ": ", safe(one.message), columns)
    head = style(code, "bad" if one.severity == "error" else "warn", colour) + first[len(code) :]
    lines = [head, *more, f"{gutter}--> {safe(one.path)}:{one.span.line}:{one.span.col}"]
    if line.strip():
        lines += [f"{gutter} |", *_excerpt(one, line, gutter, colour, columns)]
    if one.help:
        body = wrap(safe(one.help), columns - len(gutter) - 9)
        lines += [f"{gutter} = help: {body[0]}", *(f"{gutter}         {rest}" for rest in body[1:])]
    return "\n".join(lines) + "\n"


def _excerpt(one: Diagnostic, line: str, gutter: str, colour: bool, columns: int) -> list[str]:
    room = columns - len(gutter) - 4
    start, end = one.span.col - 1, max(one.span.end_col - 1, one.span.col)
    near = max(0, start - 4 * room)  # as much as could be shown: a line may be as long as its file
    before, marked = safe(line[near:start]), safe(line[start : min(end, start + room)]) or " "
    shown, skipped = before + marked + safe(line[end : end + room]), 0
    if near or width(shown) > room:
        start, beyond = 0, width(before) - room // 3
        if before.isascii():
            start = skipped = max(0, beyond)
        while skipped < beyond:
            skipped += width(before[start])
            start += 1
        shown = cut(("…" if skipped else "") + shown[start:], room)
        skipped -= 1 if skipped else 0
    col = max(0, width(before) - skipped)
    marks = "^" * max(1, min(width(marked), room - col))
    label = f" {safe(one.label)}" if one.label and col + len(marks) + len(one.label) + 1 <= room else ""
    number = str(one.span.line)
    return [f"{number} | {shown}".rstrip(), f"{gutter} | " + " " * col + style(marks + label, "bad", colour)]
