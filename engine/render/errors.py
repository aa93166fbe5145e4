"""An error on stderr: what, and what to do; for a person, a log or a program. Floor 5."""

from __future__ import annotations

from engine.errors import RunbookError
from engine.render.text import advice, clip, hang, json_line, safe, style, wrap

MOST_SENTENCE = 1200


def warning(message: str, hint: str, format: str, *, width: int = 80, colour: bool = False) -> str:
    """Something that stops nothing, with a line end: what, and what to do."""
    if format == "json":
        return json_line({"v": 1, "type": "warning", "message": message, "help": hint})
    if format == "plain":
        return f"warning: {safe(message)} (help: {safe(hint)})\n"
    first, *rest = hang("warning: ", clip(safe(f"{message}. {hint}"), MOST_SENTENCE), width)
    return "\n".join([first.replace("warning: ", style("warning: ", "warn", colour), 1), *rest]) + "\n"


def render(error: RunbookError, format: str, *, width: int = 80, colour: bool = False) -> str:
    """The error with a line end."""
    if format == "json":
        body = {"v": 1, "type": "error", "code": error.code, "exit": int(error.exit), "message": error.message}
        return json_line({**body, "help": error.hint})
    if format == "plain":
        tail = f" (help: {safe(error.hint.replace(chr(10), ' '))})" if error.hint else ""
        return f"error: {safe(error.message)}{tail}\n"
    lines = wrap(clip(safe(error.message), MOST_SENTENCE), width - 7)
    text = [style("error: ", "bad", colour) + lines[0], *("       " + line for line in lines[1:])]
    if error.hint:
        lines = advice(error.hint, width - 7)
        text += [f" help: {line}" if at == 0 else f"       {line}" for at, line in enumerate(lines)]
    return "\n".join(text) + "\n"
