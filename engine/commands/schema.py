"""`schema`: the JSON Schema of runbook files, with the steps and checks that can be named here. Floor 5."""

from __future__ import annotations

from pathlib import Path

from engine.commands.shell import Shell
from engine.errors import Exit
from engine.render.text import json_line, safe


def show_schema(shell: Shell, output: Path | None) -> int:
    """Print the schema, or write it to a file. Raises UsageFault when it cannot be written."""
    from engine.files.written import write
    from engine.schema import document

    text = document(shell.registry)
    if output is None:
        shell.terminal.out(text)
        return Exit.DONE
    write(output, text)
    if shell.format == "json":
        shell.terminal.out(json_line({"v": 1, "type": "schema", "path": str(output)}))
    else:
        name = safe(output.name)
        told = f"Written to {safe(output)}. A runbook beside it begins with"
        shell.terminal.out(f"{told}\n# yaml-language-server: $schema={name}\n")
    return Exit.DONE
