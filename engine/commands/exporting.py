"""`audit export`: a folder for an auditor outside, with the records, what they say, and a program to check them. Floor 5."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import engine
from engine.commands.shell import Shell
from engine.errors import Exit, JournalFault, UsageFault
from engine.files.outputs import new_folder
from engine.journal import Record
from engine.journal.excerpt import Excerpt, excerpt
from engine.render import document_html, document_text, spreadsheet
from engine.render.account import Account, Kept
from engine.render.evidence import Evidence
from engine.render.export import exported, guide
from engine.render.report import report

VERIFIER = Path(engine.__file__).parent / "outside" / "verify.py"
MANIFEST = "manifest.json"
TYPE = "runbook.export"


def export_runs(shell: Shell, runs: Sequence[str], folder: Path, is_whole: bool) -> int:
    """Write the export: 0, or 9 where the journal is not intact, which the export then says on every page.

    Raises UsageFault (no run is named, no such run, or the folder is not to be used), JournalFault when the journal
    cannot be read.
    """
    if not runs and not is_whole:
        raise UsageFault("name a run, or give --whole-log for all of them")
    terminal = shell.terminal
    with excerpt(shell.settings.journal, runs, is_whole=is_whole) as taken, new_folder(folder, is_earlier) as made:
        if taken.is_slow and shell.format == "human":
            terminal.err("There are many records from the first of these runs on; it takes a while.\n")
        evidence, accounts = _records(taken, made)
        page = report(evidence, accounts)
        (made / "report.html").write_text(document_html.render(page), "utf-8", newline="\n")
        (made / "report.txt").write_text(document_text.render(page), "utf-8", newline="\n")
        for name, text in (
            ("runs.csv", spreadsheet.runs(accounts)),
            ("events.csv", spreadsheet.events(accounts)),
            ("figures.csv", spreadsheet.figures(accounts)),
            ("README.txt", guide(evidence)),
        ):
            (made / name).write_text(text, "utf-8", newline="")
        (made / "verify.py").write_bytes(VERIFIER.read_bytes())
        manifest = _manifest(taken, evidence, made)
        (made / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8", newline="\n")
    head = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    width, colour = terminal.width, terminal.colour_out
    terminal.out(exported(str(folder), manifest, head, shell.format, width=width, colour=colour))
    return Exit.DONE if evidence.is_intact else JournalFault.exit


def _records(taken: Excerpt, folder: Path) -> tuple[Evidence, list[Account]]:
    """Write the records as they are read, and keep of them what the report tells."""
    kept: dict[str, list[Kept]] = {run: [] for run in taken.runs}
    last, shown, closed, head, ts = taken.first - 1, 0, 0, "", ""
    with (folder / "records.jsonl").open("wb") as file:
        for line in taken.lines():
            file.write(line.text + b"\n")
            last, head, ts = line.seq, line.hash, line.ts or ts
            shown, closed = shown + (line.record is not None), closed + (line.record is None)
            for digest, blob in line.blobs.items():
                (folder / "blobs").mkdir(exist_ok=True)
                (folder / "blobs" / digest).write_bytes(blob)
            if line.record is not None and line.record.run in kept:
                kept[line.record.run].append(_kept(line.record))
    report = taken.report
    evidence = Evidence(
        taken.log, taken.first, last, head, ts, shown, closed, taken.is_whole, report.why, report.first_bad
    )
    return evidence, [Account(run, found) for run, found in kept.items() if found]


def _kept(record: Record) -> Kept:
    host = record.origin.get("host")
    return Kept(record.recorded(), record.hash, host if isinstance(host, str) else "")


def _manifest(taken: Excerpt, evidence: Evidence, folder: Path) -> dict[str, Any]:
    head = {"seq": taken.head[0], "hash": taken.head[1]} if taken.head else None
    return {
        "type": TYPE,
        "v": 1,
        "log": taken.log,
        "head": head,
        "first": taken.first,
        "runs": list(taken.runs),
        "whole_log": taken.is_whole,
        "records": {"shown": evidence.shown, "closed": evidence.closed},
        "journal": {"intact": evidence.is_intact, "why": evidence.why, "first_bad": evidence.first_bad},
        "files": dict(_files(folder)),
    }


def _files(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            body = path.read_bytes()
            yield (
                path.relative_to(folder).as_posix(),
                {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()},
            )


def is_earlier(folder: Path) -> bool:
    """Whether a folder is an earlier export, with no file in it that this one did not write."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        named = {MANIFEST, *manifest["files"]}
        is_export = manifest["type"] == TYPE
    except (OSError, ValueError, TypeError, KeyError):
        return False
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return is_export and found <= named
