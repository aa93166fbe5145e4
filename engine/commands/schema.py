"""`schema`: the JSON Schemas of runbook files, with the steps and checks there are here, and of policy files. Floor 5."""

from __future__ import annotations

from pathlib import Path

from engine.commands.shell import Shell
from engine.errors import Exit
from engine.render.text import json_line, safe


def show_schema(shell: Shell, output: Path | None, kind: str) -> int:
    """Print the schema, or write it to a file. Raises UsageFault when it cannot be written."""
    from engine.files.written import write
    from engine.schema import document, policy_document

    text = policy_document() if kind == "policy" else document(shell.registry)
    if output is None:
        shell.terminal.out(text)
        return Exit.DONE
    write(output, text)
    if shell.format == "json":
        shell.terminal.out(json_line({"v": 1, "type": "schema", "path": str(output)}))
    else:
        name = safe(output.name)
        what = "policy file" if kind == "policy" else "runbook"
        told = f"Written to {safe(output)}. A {what} beside it begins with"
        shell.terminal.out(f"{told}\n# yaml-language-server: $schema={name}\n")
    return Exit.DONE
