"""Exports for tests: of two runs that stand in one another's way, as the command makes them and as a forger would."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from journal_builders import START, opened, whole_run

from engine.commands.exporting import export_runs
from engine.commands.shell import Format, Shell
from engine.terminal import Terminal

verify: Any = import_module("engine.outside.verify")

OTHER = "lago/billing.example.com/invoice/77aa4f0e-0000-4f0e-9a53-2d1c9be0a1f4/finalize"
SECRET = "Umbrella, whose figures are nobody else's business"


def interleaved(path: Path) -> Path:
    """A journal of three runs: ours and another one side by side, with a part kept beside a record, then a third."""
    with opened(path) as journal:
        journal.append("OTHER1", "run.start", None, START)
        journal.append("RUN1", "run.start", None, START)
        journal.append("OTHER1", "fact", "draft", {"values": {"name": SECRET}})
        journal.append("RUN1", "fact", "draft", {"values": {"fees": ["f" * 40] * 1600, "name": "Acmé \u202e"}})
        key = str(journal.intend("RUN1", "finalize", OTHER, {"request": "PUT /finalize"}).data["effect_key"])
        journal.append("OTHER1", "check.verdict", "synced", {"verdict": "pass", "message": SECRET})
        journal.append("RUN1", "effect.unknown", "finalize", {"why": "no answer"}, key)
        journal.append("OTHER1", "effect.observed", "finalize", {"why": "it reads `finalized`"}, key)
        journal.append("RUN1", "run.end", None, {"exit": 13, "outcome": "unknown", "message": "UNKNOWN, so far."})
        journal.append("OTHER1", "run.end", None, {"exit": 0, "outcome": "already_done", "message": SECRET})
        whole_run(journal, "RUN2")
    return path


def export(
    journal: Path, folder: Path, *runs: str, is_whole: bool = False, format: Format = "plain"
) -> tuple[int, str]:
    """`runbook audit export`, in this process: its exit code and what it printed. Raises what the command raises."""
    out = io.StringIO()
    terminal = Terminal(None, out, io.StringIO(), {})
    shell = Shell(terminal, format, {"journal": str(journal)}, cwd=folder.parent, env={})
    return export_runs(shell, runs, folder, is_whole), out.getvalue()


def judged(path: Path, *more: str) -> tuple[int, str]:
    """What the verifier says of a folder or a file: its exit code and what it printed."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
        patch.setattr(sys, "argv", ["verify.py", str(path), *more])
        code = int(verify.main())
    return code, said.getvalue()


def lines_of(folder: Path) -> list[bytes]:
    """The lines of an export's records."""
    return (folder / "records.jsonl").read_bytes().splitlines()


def manifest_of(folder: Path) -> dict[str, Any]:
    """An export's manifest."""
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return found


def repacked(folder: Path, lines: Sequence[bytes], **changes: Any) -> Path:
    """The export with other lines, and a manifest that fits: what somebody does who knows how it is made."""
    (folder / "records.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    manifest = {**manifest_of(folder), **changes}
    for name, file in manifest["files"].items():
        if (folder / name).exists():
            file["sha256"] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def packed(folder: Path, lines: Sequence[bytes], blobs: Mapping[str, bytes] | None = None, **changes: Any) -> Path:
    """An export made of nothing but lines, without our program: the head is that of the last one."""
    folder.mkdir()
    for name, body in (blobs or {}).items():
        (folder / "blobs").mkdir(exist_ok=True)
        (folder / "blobs" / name).write_bytes(body)
    manifest = {
        "type": "runbook.export",
        "v": 1,
        "log": json.loads(lines[0])["log"],
        "head": {"seq": len(lines), "hash": hashlib.sha256(lines[-1]).hexdigest()},
        "first": 1,
        "runs": [],
        "whole_log": True,
        "journal": {"intact": True, "why": ""},
        "files": {"records.jsonl": {}},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return repacked(folder, lines, **changes)
