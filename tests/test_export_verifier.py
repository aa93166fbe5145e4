"""The verifier that lies in every export: what it is, what holds, and what it says that it cannot show."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from export_builders import (
    OTHER,
    OUTSIDE,
    SECRET,
    copy,
    export,
    interleaved,
    judged,
    judged_records,
    lines_of,
    made,
    manifest_of,
    packed,
    repacked,
)
from hypothesis import given
from hypothesis import strategies as st
from journal_builders import small
from journal_forgeries import forged, stored

from engine.commands.exporting import VERIFIER
from engine.journal import verify as verify_journal
from engine.journal.sealing import states_after
from engine.values import canonical

GOLDEN = Path(__file__).parent / "golden"
MANUAL = Path(__file__).parent.parent / "docs" / "auditing.md"
sha256_from: Callable[[str, int, str], str] = runpy.run_path(str(VERIFIER))["sha256_from"]
GOLDEN_HEAD = "5c80ed678f2cb58aa58f6d5169cc50dc6da6843b38ccde463c34d218767ac969"


# What it is


@pytest.mark.parametrize(("name", "most"), [("verify.py", 120), ("records.py", 80)])
def test_it_is_short_enough_to_be_read_before_it_is_believed(name: str, most: int) -> None:
    lines = (OUTSIDE / name).read_text().splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize(
    ("name", "more"), [("verify.py", set()), ("records.py", {"lzma", "sqlite3"})], ids=["verify", "records"]
)
def test_it_needs_nothing_but_an_old_python_and_shares_no_code_with_ours(name: str, more: set[str]) -> None:
    tree = ast.parse((OUTSIDE / name).read_text(), feature_version=(3, 8))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == {"argparse", "hashlib", "json", "pathlib", *more}
    assert imported <= sys.stdlib_module_names


def test_the_manual_tells_the_digests_so_that_they_can_be_had_from_elsewhere(made: Path) -> None:
    for name in ("verify.py", "records.py"):
        digest = hashlib.sha256((OUTSIDE / name).read_bytes()).hexdigest()
        assert digest in MANUAL.read_text(), f"docs/auditing.md must name the SHA-256 of {name}, {digest}"
    assert (made / "verify.py").read_bytes() == VERIFIER.read_bytes()


def test_in_the_folder_of_an_export_it_is_run_without_a_word(made: Path) -> None:
    command = [sys.executable, "-I", "verify.py"]
    done = subprocess.run(command, cwd=made, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "run 'RUN1', by 'jane', exit 13: 'UNKNOWN, so far.'" in done.stdout
    assert "HOLDS: records #3 to #17" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_verdict_that_cannot_be_printed_is_none(made: Path) -> None:
    command = [sys.executable, "-I", "-u", "verify.py"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, cwd=made, env={}, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()) == (
        2,
        ["CANNOT BE READ: OSError: '[Errno 28] No space left on device'"],
    )


@given(st.lists(st.tuples(st.binary(max_size=300), st.integers(0, 4)), max_size=9))
def test_texts_of_which_the_ends_are_known_have_the_hashes_that_they_have(told: list[tuple[bytes, int]]) -> None:
    cut = [(text, min(blocks * 64, len(text) // 64 * 64)) for text, blocks in told]
    states = states_after([text[:at] for text, at in cut])
    ends = [(at, text[at:].decode("latin-1")) for text, at in cut]
    found = [sha256_from(state, at, tail) for state, (at, tail) in zip(states, ends, strict=True)]
    assert found == [hashlib.sha256(text).hexdigest() for text, _ in told]


# What holds


def test_what_the_first_version_of_the_format_wrote_holds_today(tmp_path: Path) -> None:
    part = canonical({"fees": ["f" * 40] * 1600})
    records = (GOLDEN / "journal_v1.jsonl").read_bytes().splitlines()
    folder = packed(tmp_path / "out", records, {hashlib.sha256(part).hexdigest(): part})
    assert judged(folder, "--head", "sha256:" + GOLDEN_HEAD.upper(), "--count", "8")[0] == 0


def test_what_the_first_version_of_the_export_wrote_holds_today() -> None:
    code, said = judged(GOLDEN / "export_v1")
    assert (code, "HOLDS: records #3 to #17" in said) == (0, True), said


def test_of_a_journal_the_records_are_written_and_found_as_we_find_them(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    before = path.read_bytes()
    code, said = judged_records(path, tmp_path / "out", "--head", str(verify_journal(path).head), "--count", "7")
    assert code == 0, said
    assert "records #1 to #7" in said
    assert path.read_bytes() == before


def test_a_head_that_was_noted_elsewhere_is_found_again_by_hash_and_by_number(made: Path) -> None:
    head = manifest_of(made)["head"]
    earlier = hashlib.sha256(lines_of(made)[0]).hexdigest()
    assert judged(made, "--head", head["hash"], "--count", str(head["seq"]))[0] == 0
    code, said = judged(made, "--head", earlier)
    assert code == 0
    assert "or all hashes were computed anew after #3, which was noted.\n" in said
    assert judged(made, "--head", earlier, "--count", "3")[0] == 0
    assert judged(made, "--head", earlier, "--count", "4")[0] == 1


# What is shown of others


def test_the_content_of_other_runs_is_not_in_the_export_and_their_links_are(made: Path) -> None:
    told = b"".join(path.read_bytes() for path in made.rglob("*") if path.is_file())
    assert SECRET.encode() not in told
    assert b"Umbrella" not in told
    closed = [json.loads(line)["sealed"] for line in lines_of(made) if line.startswith(b'{"sealed"')]
    shown = [json.loads("{" + part["tail"][part["tail"].rindex('"prev"') :]) for part in closed]
    runs = {(one["run"], one["type"]) for one in shown}
    assert ("OTHER1", "fact") in runs
    assert ("RUN2", "effect.intent") in runs
    assert "RUN1" not in {run for run, _ in runs}
    assert all('"id"' not in part["tail"] and '"data"' not in part["tail"] for part in closed)


def test_what_another_run_found_of_the_same_effect_is_shown(made: Path) -> None:
    shown = [json.loads(line) for line in lines_of(made) if not line.startswith(b'{"sealed"')]
    found = [(one["run"], one["type"]) for one in shown if str(one["data"].get("effect_key", "")).startswith(OTHER)]
    assert found == [("RUN1", "effect.intent"), ("RUN1", "effect.unknown"), ("OTHER1", "effect.observed")]


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_how_many_are_closed_side_by_side_shows_nowhere(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("engine.journal.excerpt.AT_ONCE", at_once)
    assert export(made.parent / "journal.db", tmp_path / "out", "RUN1")[0] == 0
    assert lines_of(tmp_path / "out") == lines_of(made)


def test_the_whole_log_shows_all_of_them(tmp_path: Path) -> None:
    assert export(interleaved(tmp_path / "journal.db"), tmp_path / "out", is_whole=True)[0] == 0
    assert not any(line.startswith(b'{"sealed"') for line in lines_of(tmp_path / "out"))
    code, said = judged(tmp_path / "out")
    assert (code, said.count("\n", 0, said.index("HOLDS"))) == (0, 3)


# What the chain cannot show, and a head noted elsewhere can

NOT_THERE = (
    "DOES NOT HOLD: what was noted is none of these: it came before, or they are older, cut off or computed anew\n"
)


@pytest.mark.parametrize(
    "noted", [["--head", ""], ["--head", "5c80ed678f2c"], ["--count", "0"], ["--count=-1"], ["--count", "9" * 5000]]
)
def test_a_head_that_compares_nothing_is_refused(made: Path, noted: list[str]) -> None:
    code, said = judged(made, *noted)
    assert (code, said.splitlines()[0].split()[0], "HOLDS" in said) == (2, "usage:", False)
    assert re.search("all 64 hexadecimal digits are needed|number of a record is needed|invalid int value", said)


def cut(folder: Path) -> Path:
    """The last records cut off, the head made to fit."""
    lines = lines_of(folder)[:8]
    head = {"seq": 10, "hash": hashlib.sha256(lines[-1]).hexdigest()}
    return repacked(folder, lines, head=head)


def computed_anew(folder: Path) -> Path:
    """One word of a record changed, and every later hash and the head computed anew by who has the journal."""

    def lie(values: list[dict[str, Any]]) -> None:
        values[3]["data"]["verdict"] = "deny"

    lines = [body for _, body in stored(forged(lie))]
    return packed(folder.parent / "anew", lines)


@pytest.mark.parametrize(("spoil", "count"), [(cut, 17), (computed_anew, 7)], ids=["cut", "computed anew"])
def test_what_is_cut_off_or_computed_anew_is_not_seen_without_a_head_and_no_comfort_is_given(
    copy: Path, spoil: Callable[[Path], Path], count: int
) -> None:
    noted = manifest_of(copy)["head"]["hash"]
    folder = spoil(copy)
    code, said = judged(folder)
    assert code == 0, said
    assert (
        "What it does not show:\n  - Whether records were cut off the end, an older copy was put back, or all" in said
    )
    assert judged(folder, "--head", noted) == (1, NOT_THERE)
    assert judged(folder, "--head", noted, "--count", str(count)) == (1, NOT_THERE)


def test_a_number_alone_shows_what_was_cut_off_and_not_what_was_computed_anew(copy: Path) -> None:
    assert judged(cut(copy), "--count", "17") == (1, NOT_THERE)
    code, said = judged(computed_anew(copy), "--count", "7")
    assert code == 0
    assert "hold it against a head noted elsewhere" in said


def test_a_head_from_before_the_export_cannot_be_compared_and_that_is_said(made: Path) -> None:
    assert judged(made, "--head", "0" * 64, "--count", "2") == (1, NOT_THERE)


def test_what_the_report_says_is_not_judged_and_that_is_said(copy: Path) -> None:
    path = copy / "report.html"
    path.write_text(path.read_text().replace("UNKNOWN, so far.", "Finalized."))
    code, said = judged(repacked(copy, lines_of(copy)))
    assert code == 0
    assert "That the report and the tables say what the records say: the records are the evidence" in said


# What is no export


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"type":"other","v":1}', "\xff", '{"type":"runbook.export","v":1}'])
def test_a_folder_that_holds_no_export_is_told_without_a_traceback(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, "latin-1")
    code, said = judged(tmp_path)
    assert (code in (1, 2), said.count("\n")) == (True, 1)


def test_what_is_nested_too_deep_is_told_without_a_traceback(copy: Path) -> None:
    deep = b"[" * 200_000
    said = judged(repacked(copy, [*lines_of(copy)[:-1], b'{"sealed":' + deep]))
    assert (said[0], said[1].startswith("CANNOT BE READ: record #17: RecursionError: ")) == (1, True)
    (copy / "manifest.json").write_bytes(deep)
    assert judged(copy)[0] == 2


def test_what_is_no_journal_or_no_folder_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("text")
    for name in ("other", "missing"):
        assert judged(tmp_path / name)[0] == 2
        code, said = judged_records(tmp_path / name, tmp_path / "out")
        assert (code, said.startswith("CANNOT BE READ: ")) == (2, True)
    assert not (tmp_path / "missing").exists()
    code, said = judged_records(small(tmp_path / "journal.db"), tmp_path)
    assert (code, said.startswith("CANNOT BE READ: FileExistsError: ")) == (2, True)


def test_names_from_the_records_reach_a_terminal_only_in_plain_characters(tmp_path: Path) -> None:
    def name(values: list[dict[str, Any]]) -> None:
        values[1]["data"]["operator"]["id"] = values[6]["data"]["message"] = "\x1b]0;owned\x07\u202e\n"

    code, said = judged(packed(tmp_path / "out", [body for _, body in stored(forged(name))]))
    assert code == 0
    assert said.isascii()
    assert "\x1b" not in said
    assert r"\x1b]0;owned\x07\u202e\n" in said
