"""Exports for tests: of two runs that stand in one another's way, as the command makes them and as a forger would."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import runpy
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from journal_builders import START, opened, whole_run

from engine.commands.exporting import VERIFIER, export_runs
from engine.commands.shell import Format, Shell
from engine.terminal import Terminal
from engine.values import canonical

OUTSIDE = VERIFIER.parent
GOLDEN = Path(__file__).parent / "golden" / "export_v1"
_Claims = Iterator[tuple[str, Any, str]]
claims: Callable[[Path, str | None, int | None], _Claims] = runpy.run_path(str(VERIFIER))["claims"]
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


@cache
def _program(name: str) -> CodeType:
    path = OUTSIDE / name
    return compile(path.read_bytes(), str(path), "exec")


def played(name: str, *words: str) -> tuple[int, str]:
    """A program that is handed out, run in this process as if by itself: its exit code and what it printed."""
    said = io.StringIO()
    out, err = contextlib.redirect_stdout(said), contextlib.redirect_stderr(said)
    with pytest.MonkeyPatch.context() as patch, out, err:
        patch.setattr(sys, "argv", [name, *words])
        try:
            exec(_program(name), {"__name__": "__main__", "__file__": str(OUTSIDE / name)})
        except SystemExit as end:
            return int(end.code or 0), said.getvalue()
    return 0, said.getvalue()


def judged(folder: Path, *more: str) -> tuple[int, str]:
    """What the verifier says of a folder: its exit code and what it printed."""
    return played("verify.py", str(folder), *more)


def judged_records(journal: Path, folder: Path, *more: str) -> tuple[int, str]:
    """What it says of a journal's file, whose records are written to a new folder before, both without our program."""
    written = played("records.py", str(journal), str(folder))
    return judged(folder, *more) if written[0] == 0 else written


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


def bare(folder: Path, count: int) -> Path:
    """The first records of what the first version of the export wrote, and their parts, without pages and tables."""
    folder.mkdir()
    lines = lines_of(GOLDEN)[: count + 1]
    if any(b'"blobs"' in line for line in lines[:count]):
        shutil.copytree(GOLDEN / "blobs", folder / "blobs")
    head = json.loads(GOLDEN.joinpath("manifest.json").read_text())["head"]
    if count < len(lines):  # the next one says what the hash of the last one is
        head = {"seq": 2 + count, "hash": links(lines[count])["prev"]}
    (folder / "manifest.json").write_text(json.dumps({**manifest_of(GOLDEN), "head": head, "files": {}}))
    (folder / "records.jsonl").write_bytes(b"".join(line + b"\n" for line in lines[:count]))
    return folder


def links(line: bytes) -> dict[str, Any]:
    """What a line says of its place, whether it is shown or closed."""
    value: dict[str, Any] = json.loads(line)
    tail = str(value.get("sealed", {}).get("tail"))
    return value if "sealed" not in value else dict(json.loads("{" + tail[tail.rindex('"prev"') :]))


def is_found_right(folder: Path, records: bytes) -> bool:
    """Whether the verifier finds nothing wrong with an export that has these records."""
    (folder / "records.jsonl").write_bytes(records)
    try:
        return all(holds for _, holds, _ in claims(folder, None, None))
    except Exception:  # it says that it cannot be read
        return False


def closed(lines: list[bytes], **changes: Any) -> None:
    """The first closed record, with other parts."""
    at = next(at for at, line in enumerate(lines) if line.startswith(b'{"sealed"'))
    lines[at] = canonical({"sealed": {**json.loads(lines[at])["sealed"], **changes}})


def part_of(lines: Sequence[bytes]) -> dict[str, Any]:
    """The parts of the first closed record."""
    part: dict[str, Any] = next(json.loads(line)["sealed"] for line in lines if line.startswith(b'{"sealed"'))
    return part


def chained(values: Sequence[Mapping[str, Any]], before: str | None = None) -> list[bytes]:
    """Lines of these records, each with the hash of the one before it: what somebody can make who knows how."""
    lines: list[bytes] = []
    for value in values:
        lines.append(_written({**value, "prev": before}))
        before = hashlib.sha256(lines[-1]).hexdigest()
    return lines


def _written(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good export of RUN1, whose records have another run's between them."""
    folder = tmp_path_factory.mktemp("export")
    assert export(interleaved(folder / "journal.db"), folder / "out", "RUN1")[0] == 0
    return folder / "out"


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """The same export, to be spoilt."""
    return Path(shutil.copytree(made, tmp_path / "copy"))
