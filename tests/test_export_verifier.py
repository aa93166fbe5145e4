"""The verifier that lies in every export: it sees what the chain can show, and says what it cannot."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from export_builders import (
    OTHER,
    SECRET,
    export,
    interleaved,
    judged,
    lines_of,
    manifest_of,
    packed,
    repacked,
    verify,
)
from hypothesis import given
from hypothesis import strategies as st
from journal_builders import small
from journal_forgeries import FORGERIES, a_number_for_a_name, forged, stored

from engine.commands.exporting import VERIFIER
from engine.journal import verify as verify_journal
from engine.journal.chain import read
from engine.journal.sealing import seal, states_after, unreadable
from engine.values import canonical

GOLDEN = Path(__file__).parent / "golden"
MANUAL = Path(__file__).parent.parent / "docs" / "auditing.md"
GOLDEN_HEAD = "5c80ed678f2cb58aa58f6d5169cc50dc6da6843b38ccde463c34d218767ac969"
Lines = list[bytes]


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


# What it is


def test_it_needs_nothing_but_an_old_python_and_shares_no_code_with_ours() -> None:
    tree = ast.parse(VERIFIER.read_text(), feature_version=(3, 8))
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
    assert imported == {"argparse", "hashlib", "json", "lzma", "pathlib", "re", "sqlite3", "struct", "sys"}
    assert imported <= sys.stdlib_module_names


def test_the_manual_tells_its_digest_so_that_it_can_be_had_from_elsewhere(made: Path) -> None:
    digest = hashlib.sha256(VERIFIER.read_bytes()).hexdigest()
    assert digest in MANUAL.read_text(), f"docs/auditing.md must name the verifier's SHA-256, {digest}"
    assert (made / "verify.py").read_bytes() == VERIFIER.read_bytes()


def test_in_the_folder_of_an_export_it_is_run_without_a_word(made: Path) -> None:
    command = [sys.executable, "-I", "verify.py"]
    done = subprocess.run(command, cwd=made, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "run 'RUN1': from record #3 on, 5 of them, by 'jane', exit 13: 'UNKNOWN, so far.'" in done.stdout
    assert "HOLDS: records #3 to #17" in done.stdout


@given(st.lists(st.tuples(st.binary(max_size=300), st.integers(0, 4)), max_size=9))
def test_texts_of_which_the_ends_are_known_have_the_hashes_that_they_have(told: list[tuple[bytes, int]]) -> None:
    cut = [(text, min(blocks * 64, len(text) // 64 * 64)) for text, blocks in told]
    states = states_after([text[:at] for text, at in cut])
    found = [verify.continued(state, at, text[at:]) for state, (text, at) in zip(states, cut, strict=True)]
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


def test_it_reads_a_journal_itself_and_finds_the_head_that_we_find(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    code, said = judged(path, "--head", str(verify_journal(path).head), "--count", "7")
    assert code == 0
    assert "records #1 to #7" in said
    assert "files of the export" not in said
    assert "  - What the columns and pages of the database say beside the records: `runbook audit verify`" in said


def test_a_head_that_was_noted_elsewhere_is_found_again_by_hash_and_by_number(made: Path) -> None:
    head = manifest_of(made)["head"]
    earlier = hashlib.sha256(lines_of(made)[0]).hexdigest()
    assert judged(made, "--head", head["hash"], "--count", str(head["seq"]))[0] == 0
    code, said = judged(made, "--head", earlier)
    assert code == 0
    assert "Whether anything was cut off or computed anew after record #3" in said
    assert judged(made, "--head", earlier, "--count", "3")[0] == 0


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


# What the chain shows


@given(data=st.data())
def test_no_byte_of_a_record_can_be_changed(made: Path, data: st.DataObject) -> None:
    lines = lines_of(made)
    at = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[at]) - 1))
    changed = bytearray(lines[at])
    changed[place] ^= data.draw(st.integers(1, 255))
    lines[at] = bytes(changed).replace(b"\n", b"\r")
    folder = made.parent / "changed"
    if not folder.exists():
        shutil.copytree(made, folder)
    code, said = judged(repacked(folder, lines))
    assert code == 1, said
    assert not said.startswith("HOLDS")


def swap(lines: Lines) -> None:
    lines[4], lines[5] = lines[5], lines[4]


def double(lines: Lines) -> None:
    lines.insert(5, lines[5])


def remove(lines: Lines) -> None:
    del lines[5]


def remove_the_first(lines: Lines) -> None:
    del lines[0]


def remove_all(lines: Lines) -> None:
    del lines[:]


def another_log(lines: Lines) -> None:
    value = json.loads(lines[0])
    lines[0] = canonical({**value, "log": "ANOTHER"})


def close_what_is_shown(lines: Lines) -> None:
    at = next(at for at, line in enumerate(lines) if b'"run":"RUN1"' in line and at > 3)
    body = lines[at]
    lines[at] = canonical(
        {"sealed": {"at": 64, "state": states_after([body[:64]])[0], "tail": body[64:].decode("latin-1")}}
    )


def an_open_end(lines: Lines) -> None:
    at = next(at for at, line in enumerate(lines) if line.startswith(b'{"sealed"'))
    part = json.loads(lines[at])["sealed"]
    lines[at] = canonical({"sealed": {**part, "tail": part["tail"].replace('"seq":', '"sEq":')}})


def another_state(lines: Lines) -> None:
    at = next(at for at, line in enumerate(lines) if line.startswith(b'{"sealed"'))
    part = json.loads(lines[at])["sealed"]
    lines[at] = canonical({"sealed": {**part, "state": "0" * 64}})


def another_length(lines: Lines) -> None:
    at = next(at for at, line in enumerate(lines) if line.startswith(b'{"sealed"'))
    part = json.loads(lines[at])["sealed"]
    lines[at] = canonical({"sealed": {**part, "at": part["at"] + 64}})


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (swap, "record #7: it is record #8 in the place of #7"),
        (double, "record #9: it is record #8 in the place of #9"),
        (remove, "record #8: it is record #9 in the place of #8"),
        (remove_the_first, "record #3: it is record #4 in the place of #3"),
        (remove_all, "there is no record"),
        (another_log, "record #3: it is of another log"),
        (close_what_is_shown, "record #8: it is of an exported run, and its content is closed"),
        (an_open_end, "record #4: its fields are not those of format 1"),
        (another_state, "record #5: it does not follow from the record before it: one of both was changed"),
        (another_length, "record #5: it does not follow from the record before it: one of both was changed"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_whatever_is_done_to_the_order_or_the_closed_records_is_named(
    copy: Path, forge: Callable[[Lines], None], why: str
) -> None:
    lines = lines_of(copy)
    forge(lines)
    assert judged(repacked(copy, lines)) == (1, f"DOES NOT HOLD: {why}\n")


@pytest.mark.parametrize(("forge", "seq", "why"), FORGERIES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_chain_that_is_right_does_not_help_against_the_rules(
    tmp_path: Path, forge: Callable[[list[dict[str, Any]]], Any], seq: int, why: str
) -> None:
    lines = [body for _, body in stored(forged(forge))]
    code, said = judged(packed(tmp_path / "out", lines, log=json.loads(lines[-1])["log"]))
    if forge is a_number_for_a_name:  # what a field of no consequence holds, it does not look at
        assert code == 0
        return
    assert code == 1, why
    assert said.startswith((f"DOES NOT HOLD: record #{seq}: ", "DOES NOT HOLD: record #1: it is of another log")), said


@pytest.mark.parametrize(
    "write",
    [
        lambda value: json.dumps(value, sort_keys=True, separators=(", ", ":")).encode(),
        lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()[::1],
        lambda value: canonical(value).replace(b'"v":1', b'"v":1.0'),
        lambda value: canonical(value).replace(b'"v":1', b'"v":1e0'),
        lambda value: canonical(value).replace(b'"data":{', b'"data":{"a":9007199254740992,'),
        lambda value: canonical(value).replace(b'"data":{', b'"data":{"a":NaN,'),
        lambda value: canonical(value).replace(b'"v":1', b'"v":1,"v":1'),
        lambda value: canonical(value).replace(b'"v":1', b'"v":true'),
    ],
    ids=["spaces", "order", "a fraction", "an exponent", "a large number", "not a number", "twice", "a flag"],
)
def test_json_that_is_not_canonical_is_no_record(tmp_path: Path, write: Callable[[Any], bytes]) -> None:
    def turned(values: list[dict[str, Any]]) -> Any:
        return [dict(reversed(value.items())) for value in values]

    code, said = judged(packed(tmp_path / "out", [body for _, body in stored(forged(turned, write))]))
    assert (code, said.startswith("DOES NOT HOLD: record #1: ")) == (1, True), said


def test_a_part_kept_beside_a_record_cannot_be_changed_or_taken_away(copy: Path) -> None:
    (blob,) = (copy / "blobs").iterdir()
    whole = blob.read_bytes()
    why = "DOES NOT HOLD: record #5: a part kept beside it is missing, or was changed\n"
    blob.write_bytes(whole.replace(b"f", b"e", 1))
    assert judged(repacked(copy, lines_of(copy))) == (1, why)
    blob.unlink()
    manifest = manifest_of(copy)
    del manifest["files"][f"blobs/{blob.name}"]
    assert judged(repacked(copy, lines_of(copy), files=manifest["files"])) == (1, why)


@pytest.mark.parametrize("name", ["report.html", "report.txt", "runs.csv", "events.csv", "figures.csv", "README.txt"])
def test_a_file_that_is_not_the_one_of_the_manifest_is_named(copy: Path, name: str) -> None:
    path = copy / name
    path.write_bytes(path.read_bytes() + b" ")
    why = f"DOES NOT HOLD: '{name}' is missing, or is not the file that manifest.json names\n"
    assert judged(copy) == (1, why)
    path.unlink()
    assert judged(copy) == (1, why)


def test_a_head_that_is_not_the_last_record_is_told(copy: Path) -> None:
    head = manifest_of(copy)["head"]
    why = "DOES NOT HOLD: the last record is not the one that the head names\n"
    for wrong in ({**head, "hash": "0" * 64}, {**head, "seq": head["seq"] + 1}):
        assert judged(repacked(copy, lines_of(copy), head=wrong)) == (1, why)


def test_a_run_that_is_named_and_not_there_is_told(copy: Path) -> None:
    why = "DOES NOT HOLD: an exported run is not in it\n"
    assert judged(repacked(copy, lines_of(copy), runs=["RUN1", "RUN9"])) == (1, why)


@pytest.mark.parametrize("says", [{"whole_log": True}, {"whole_log": "no"}, {"runs": []}], ids=str)
def test_a_manifest_that_says_otherwise_does_not_let_a_record_be_closed(copy: Path, says: dict[str, Any]) -> None:
    lines = lines_of(copy)
    (at,) = [place for place, line in enumerate(lines) if b'"type":"effect.unknown"' in line]
    lines[at] = seal([read(lines[at])])[0].line()
    code, said = judged(repacked(copy, lines, **says))
    assert (code, said.endswith("it is of an exported run, and its content is closed\n")) == (1, True), said


def test_a_journal_holds_no_record_in_a_closed_form(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        ((body,),) = db.execute("SELECT body FROM event WHERE seq=3")
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE event SET body=? WHERE seq=3", (unreadable(body).line(),))
    assert judged(path) == (1, "DOES NOT HOLD: record #3: its fields are not those of format 1\n")


def test_a_number_that_is_a_text_is_no_number(tmp_path: Path) -> None:
    def texts(values: list[dict[str, Any]]) -> None:
        values[3]["v"] = "1"

    code, said = judged(packed(tmp_path / "out", [body for _, body in stored(forged(texts))]))
    assert (code, said) == (1, "DOES NOT HOLD: record #4: it is of another format than 1\n")


def test_a_file_that_nobody_named_is_told_and_proves_nothing(copy: Path) -> None:
    (copy / "figures\u202e.csv").write_text("9,999.99 EUR")
    code, said = judged(copy)
    assert code == 0
    assert r"  - Anything of 'figures\u202e.csv', which lies here and manifest.json does not name." in said


@pytest.mark.parametrize(
    "noted", [["--head", ""], ["--head", "5c80ed678f2c"], ["--count", "0"], ["--count=-1"], ["--count", "9" * 5000]]
)
def test_a_head_that_compares_nothing_is_refused(
    made: Path, noted: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        judged(made, *noted)
    assert ended.value.code == 2
    assert re.search("64 hexadecimal digits are needed|the number of a record is needed", capsys.readouterr().err)


# What the chain cannot show, and a head noted elsewhere can


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
    code, said = judged(folder, "--head", noted)
    assert (code, said) == (1, "DOES NOT HOLD: no record here has the hash that was noted\n")
    code, said = judged(folder, "--head", noted, "--count", str(count))
    assert code == 1
    assert re.match(r"DOES NOT HOLD: record #\d+ (was noted and is not here|is not the one that was noted)", said)


def test_a_number_alone_shows_what_was_cut_off_and_not_what_was_computed_anew(copy: Path) -> None:
    code, said = judged(cut(copy), "--count", "17")
    assert (code, said) == (1, "DOES NOT HOLD: record #17 was noted and is not here: an older copy, or cut off\n")
    code, said = judged(computed_anew(copy), "--count", "7")
    assert code == 0
    assert "hold it against a head noted elsewhere" in said


def test_a_head_from_before_the_export_cannot_be_compared_and_that_is_said(made: Path) -> None:
    code, said = judged(made, "--head", "0" * 64, "--count", "2")
    assert (code, said) == (1, "DOES NOT HOLD: this begins after record #2, which was noted\n")


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


def test_a_file_that_is_no_journal_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("text")
    assert judged(tmp_path / "other")[0] == 2
    assert judged(tmp_path / "missing")[0] == 2


def test_names_from_the_records_reach_a_terminal_only_in_plain_characters(tmp_path: Path) -> None:
    def name(values: list[dict[str, Any]]) -> None:
        values[1]["data"]["operator"]["id"] = values[6]["data"]["message"] = "\x1b]0;owned\x07\u202e\n"

    code, said = judged(packed(tmp_path / "out", [body for _, body in stored(forged(name))]))
    assert code == 0
    assert said.isascii()
    assert "\x1b" not in said
    assert r"\x1b]0;owned\x07\u202e\n" in said
