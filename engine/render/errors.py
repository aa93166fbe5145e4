"""An error on stderr: what, and what to do; for a person, a log or a program. Floor 5."""

from __future__ import annotations

from engine.errors import RunbookError
from engine.render.text import advice, clip, json_line, safe, style, wrap

MOST_SENTENCE = 1200


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
