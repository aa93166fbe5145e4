"""Whatever is done to an export that the chain can show, the verifier shows; and no bytes make it fall over."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from export_builders import (
    chained,
    closed,
    copy,
    export,
    interleaved,
    judged,
    judged_records,
    lines_of,
    made,
    manifest_of,
    packed,
    part_of,
    repacked,
)
from journal_builders import behind, small
from journal_forgeries import FORGERIES, a_number_for_a_name, forged, stored

from engine.journal.chain import read
from engine.journal.sealing import seal, states_after, unreadable
from engine.values import canonical

UNFIT = "it is not canonical JSON with the fields of format 1"
UNLINKED = "it does not follow from the record before it: one of both was changed"
Lines = list[bytes]


# Order and closed records


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
    closed(lines, tail=part_of(lines)["tail"].replace('"seq":', '"sEq":'))


def another_state(lines: Lines) -> None:
    closed(lines, state="0" * 64)


def another_length(lines: Lines) -> None:
    closed(lines, at=part_of(lines)["at"] + 64)


@pytest.mark.parametrize(
    ("forge", "why"),
    [
        (swap, "record #7: it is record #8 in the place of #7"),
        (double, "record #9: it is record #8 in the place of #9"),
        (remove, "record #8: it is record #9 in the place of #8"),
        (remove_the_first, "record #3: it is record #4 in the place of #3"),
        (remove_all, "there is no record, or the last one is cut off"),
        (another_log, "record #3: it is of another log"),
        (close_what_is_shown, "record #8: it is of an exported run, and its content is closed"),
        (an_open_end, f"record #4: {UNFIT}"),
        (another_state, f"record #5: {UNLINKED}"),
        (another_length, f"record #5: {UNLINKED}"),
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
        lambda value: canonical(value).replace(b'"data":{', b'"data":{"a":1.5,'),
    ],
    ids=[
        "spaces",
        "order",
        "a fraction",
        "an exponent",
        "a large number",
        "not a number",
        "twice",
        "a flag",
        "part of a sum",
    ],
)
def test_json_that_is_not_canonical_is_no_record(tmp_path: Path, write: Callable[[Any], bytes]) -> None:
    def turned(values: list[dict[str, Any]]) -> Any:
        return [dict(reversed(value.items())) for value in values]

    code, said = judged(packed(tmp_path / "out", [body for _, body in stored(forged(turned, write))]))
    assert (code, said.startswith("DOES NOT HOLD: record #1: ")) == (1, True), said


def values_of(journal: Path) -> list[dict[str, Any]]:
    """The records of a small journal, which end with `effect.done` in #6 and `run.end`."""
    return [json.loads(body) for (body,) in behind(small(journal), "SELECT body FROM event ORDER BY seq")]


def test_before_the_first_record_of_a_log_there_is_none(tmp_path: Path) -> None:
    values = values_of(tmp_path / "journal.db")
    assert judged(packed(tmp_path / "right", chained(values)))[0] == 0
    why = f"DOES NOT HOLD: record #1: {UNLINKED}\n"
    assert judged(packed(tmp_path / "wrong", chained(values, before="0" * 64))) == (1, why)


def test_a_number_that_is_a_flag_is_no_number(tmp_path: Path) -> None:
    first, *later = values_of(tmp_path / "journal.db")
    lines = chained([{**first, "seq": True}, *later])
    why = "DOES NOT HOLD: record #1: it is record #True in the place of #1\n"
    assert judged(packed(tmp_path / "out", lines)) == (1, why)


@pytest.mark.parametrize("word", ["effect.unknown", "effect.released", "effect.rejected"])
def test_once_done_no_later_word_opens_an_effect_again(tmp_path: Path, word: str) -> None:
    values = values_of(tmp_path / "journal.db")
    intent, done = values[4:6]
    again = str(intent["data"]["effect_key"]).replace("#1", "#2")
    values += [{**done, "type": word, "seq": 8}, {**intent, "data": {"effect_key": again}, "seq": 9}]
    why = "DOES NOT HOLD: record #9: it breaks the rule of effects\n"
    assert judged(packed(tmp_path / "out", chained(values))) == (1, why)
    values[5]["type"] = "effect.rejected"  # so it was not done, and may be begun again once that is closed
    code, said = judged(packed(tmp_path / "not done", chained(values)))
    assert code == (word == "effect.unknown"), said


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
    ((body,),) = behind(path, "SELECT body FROM event WHERE seq=3")
    behind(path, "UPDATE event SET body=? WHERE seq=3", unreadable(body).line())
    why = "record #3: it is of an exported run, and its content is closed"
    assert judged_records(path, tmp_path / "out") == (1, f"DOES NOT HOLD: {why}\n")


def test_a_journal_holds_no_two_records_in_the_row_of_one(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    two = b"\n".join(body for (body,) in behind(path, "SELECT body FROM event WHERE seq IN (3, 4) ORDER BY seq"))
    behind(path, "UPDATE event SET body=? WHERE seq=3", two)
    behind(path, "DELETE FROM event WHERE seq=4")
    code, said = judged_records(path, tmp_path / "out")
    assert (code, said) == (2, "CANNOT BE READ: ValueError: 'a record holds a line break'\n")


def test_what_sqlite_finds_wrong_with_the_pages_of_a_journal_is_passed_on(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    behind(path, "PRAGMA journal_mode=delete")
    ((root,),) = behind(path, "SELECT rootpage FROM sqlite_master WHERE name='by_run'")
    ((size,),) = behind(path, "PRAGMA page_size")
    pages = bytearray(path.read_bytes())
    at = pages.index(b"RUN1", (root - 1) * size)
    pages[at : at + 4] = b"RUN2"
    path.write_bytes(pages)
    code, said = judged_records(path, tmp_path / "out")
    assert (code, said.startswith("DOES NOT HOLD: the journal was NOT intact: 'row ")) == (1, True), said


def test_a_number_that_is_a_text_is_no_number(tmp_path: Path) -> None:
    def texts(values: list[dict[str, Any]]) -> None:
        values[3]["v"] = "1"

    code, said = judged(packed(tmp_path / "out", [body for _, body in stored(forged(texts))]))
    assert (code, said) == (1, f"DOES NOT HOLD: record #4: {UNFIT}\n")


@pytest.mark.parametrize("name", ["records.jsonl", "verify.py", "blobs"])
def test_a_file_that_is_gone_is_named(copy: Path, name: str) -> None:
    (gone,) = (copy / name).iterdir() if name == "blobs" else [copy / name]
    gone.unlink()
    why = f"'{gone.relative_to(copy)}' is missing, or is not the file that manifest.json names"
    assert judged(copy) == (1, f"DOES NOT HOLD: {why}\n")
    manifest = manifest_of(copy)
    del manifest["files"][str(gone.relative_to(copy))]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert judged(copy)[0] == {"records.jsonl": 2, "verify.py": 0, "blobs": 1}[name]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("type", "runbook.other"),
        ("v", 2),
        ("v", "1"),
        ("log", "ANOTHER"),
        ("log", None),
        ("head", None),
        ("head", {"seq": 17, "hash": "0" * 64}),
        ("first", 2),
        ("first", 4),
        ("first", "3"),
        ("first", None),
        ("runs", []),
        ("runs", ["RUN2"]),
        ("runs", ["RUN1", "OTHER1"]),
        ("runs", "RUN1"),
        ("runs", None),
        ("whole_log", True),
        ("whole_log", "no"),
        ("journal", None),
        ("journal", {"intact": False, "why": "it was not"}),
        ("journal", {"intact": 1, "why": ""}),
        ("journal", {"intact": "true", "why": ""}),
        ("files", None),
        ("files", {"runs.csv": {}}),
        ("files", {"runs.csv": {"sha256": None}}),
        ("files", {"../copy/runs.csv": {"sha256": "0" * 64}}),
    ],
    ids=str,
)
def test_nothing_that_counts_in_a_manifest_can_be_changed_or_left_out(copy: Path, key: str, value: Any) -> None:
    manifest = manifest_of(copy)
    (copy / "manifest.json").write_text(json.dumps({**manifest, key: value}))
    code, said = judged(copy)
    assert (code in (1, 2), said.count("\n")) == (True, 1), said
    del manifest[key]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    code, said = judged(copy)
    assert (code in (1, 2), said.endswith(f"KeyError: \"'{key}'\"\n")) == (True, True), said


def test_a_file_that_nobody_named_is_told_and_proves_nothing(copy: Path) -> None:
    (copy / "figures\u202e.csv").write_text("9,999.99 EUR")
    code, said = judged(copy)
    assert code == 0
    assert r"  - Anything of 'figures\u202e.csv', which lies here and manifest.json does not name." in said
