"""An error on stderr: what, and what to do; for a person, a log or a program. Floor 5."""

from __future__ import annotations

import json

from engine.errors import RunbookError
from engine.render.text import safe, style, wrap


def render(error: RunbookError, format: str, *, width: int = 80, colour: bool = False) -> str:
    """The error with a line end."""
    if format == "json":
        body = {"v": 1, "type": "error", "code": error.code, "exit": int(error.exit), "message": error.message}
        return json.dumps({**body, "help": error.hint}, ensure_ascii=True, separators=(",", ":")) + "\n"
    if format == "plain":
        tail = f" (help: {safe(error.hint)})" if error.hint else ""
        return f"error: {safe(error.message)}{tail}\n"
    lines = wrap(safe(error.message), width - 7)
    text = [style("error: ", "bad", colour) + lines[0], *("       " + line for line in lines[1:])]
    if error.hint:
        # A command to copy stays whole on its line, however long.
        text += [f" help: {line}" if at == 0 else f"       {line}" for at, line in enumerate(_hint(error.hint, width))]
    return "\n".join(text) + "\n"


def _hint(hint: str, width: int) -> list[str]:
    before, colon, command = hint.partition(": runbook ")
    if colon and "\n" not in command:
        return [*wrap(safe(before + ":"), width - 7), "  runbook " + safe(command)]
    return [line for part in hint.split("\n") for line in wrap(safe(part), width - 7)]
