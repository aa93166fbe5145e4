"""Older records are packed together: nothing that is read, checked or refused differs for it."""

from __future__ import annotations

import hashlib
import lzma
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from export_builders import judged_records
from hypothesis import given
from hypothesis import strategies as st
from journal_builders import EFFECT, SUBJECT, begin, behind, opened, whole_run

from engine.errors import RunbookError
from engine.journal import IntentHeld, Journal, Reader, packing, verify
from engine.journal.schema import TABLES
from engine.values import canonical

RUNS = ("RUN1", "RUN2", "RUN3", "RUN4")
PER_PACK = 5


def effect_of(run: str) -> str:
    return EFFECT.replace("5f3c9d1e", f"5f3c9d1{run[-1]}")


def written(path: Path) -> Path:
    """Four runs of six records and the opening, closed: 25 records, none packed."""
    with opened(path) as journal:
        for run in RUNS:
            whole_run(journal, run, effect_of(run))
    return path


def packed(path: Path) -> Path:
    """The same, with all but the newest packed in fives, so that runs lie across packs."""
    written(path)
    with opened(path) as journal:
        journal.pack(PER_PACK)
    return path


def read(path: Path) -> tuple[list[bytes], list[Any], list[Any]]:
    """Everything that a reader is told: the records' bytes, the runs, what became of each effect."""
    with Reader.open(path) as journal:
        records = [record.body for run in RUNS for record in journal.records(run)]
        return records, journal.runs() + journal.runs(SUBJECT), [journal.effect(effect_of(run)) for run in RUNS]


def test_what_is_read_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.db")
    before, report = read(path), verify(path)
    with opened(path) as journal:
        journal.pack(PER_PACK)
        assert read(path) == before
    assert read(path) == before
    assert verify(path) == report
    assert behind(path, "SELECT first, last FROM pack") == [(1, 5), (6, 10), (11, 15), (16, 20)]
    assert len(before[0]) == 24


def test_as_many_records_as_make_a_pack_stay_as_they_were_written(tmp_path: Path) -> None:
    path = packed(tmp_path / "journal.db")
    loose = behind(path, "SELECT seq FROM event WHERE length(body) > 0 ORDER BY seq")
    assert [seq for (seq,) in loose] == [21, 22, 23, 24, 25]


def test_a_run_that_a_pack_cut_through_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(path) as mine, opened(path) as other:
        begin(mine, "MINE")
        key = str(mine.intend("MINE", "finalize", EFFECT, {}).data["effect_key"])
        for _ in range(4):
            begin(other, f"OTHER{_}")
        other.pack(3)
        with pytest.raises(IntentHeld):
            other.intend("OTHER1", "finalize", EFFECT, {})
        mine.append("MINE", "effect.done", "finalize", {}, key)
        mine.append("MINE", "run.end", None, {"exit": 0, "outcome": "finalized"})
        assert [record.type for record in mine.run("MINE")] == [
            "run.start", "effect.intent", "effect.done", "run.end",
        ]  # fmt: skip
    assert verify(path).why == ""
    with opened(path) as journal, pytest.raises(IntentHeld):
        journal.intend("LATER", "finalize", EFFECT, {})


def test_a_pack_is_lines_that_xz_unpacks_each_with_the_beginning_of_the_hash_of_the_one_before_it(
    tmp_path: Path,
) -> None:
    path = packed(tmp_path / "journal.db")
    before = "null"
    for body, hash in behind(path, "SELECT body, hash FROM pack ORDER BY first"):
        first, *later = lzma.decompress(body).split(b"\n")
        assert f'"prev":{before},'.encode() in first
        whole = first
        for line in later:
            digits = hashlib.sha256(whole).hexdigest()
            assert line.count(f'"prev":"{digits[:4]}",'.encode()) == 1
            whole = line.replace(f'"prev":"{digits[:4]}",'.encode(), f'"prev":"{digits}",'.encode())
        assert hashlib.sha256(whole).digest() == hash
        before = f'"{hash.hex()}"'


LINKS = ("right", "another", "none", "cut", "twice", "garbage")


def linked(text: str, link: str, before: bytes) -> bytes:
    """A record about a text that follows from the one before it, or does not, in one of many ways."""
    digits = hashlib.sha256(before).hexdigest()
    prev = {"right": digits, "another": digits[:8] + "0" * 56, "none": None, "cut": "x" + digits[:3]}.get(link, digits)
    body = canonical({"data": {"prev": digits, "text": text}, "prev": prev, "run": text, "seq": 1})
    return {"twice": body + body, "garbage": body[: len(body) // 2]}.get(link, body)


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8"), max_size=9) | st.just('","prev":"'),
            st.sampled_from(LINKS),
        ),
        min_size=1,
    )
)
def test_records_come_out_of_a_pack_as_they_went_in_whatever_became_of_them(told: list[tuple[str, str]]) -> None:
    bodies = [linked("first", "none", b"")]
    for text, link in told:
        bodies.append(linked(text, link, bodies[-1]))
    assert packing.apart(packing.together(bodies)) == bodies


def test_a_pack_of_whole_records_as_they_were_packed_at_first_is_read_too(tmp_path: Path) -> None:
    path = packed(tmp_path / "journal.db")
    before, report = read(path), verify(path)
    for first, body in behind(path, "SELECT first, body FROM pack"):
        whole = lzma.compress(b"\n".join(packing.apart(body)))
        behind(path, "UPDATE pack SET body=? WHERE first=?", whole, first)
    assert (read(path), verify(path)) == (before, report)
    assert judged_records(path, tmp_path / "out")[0] == 0


def test_a_journal_of_the_first_format_stays_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "journal.db")
    behind(path, "DROP TABLE pack")
    behind(path, "DROP TABLE packed")
    behind(path, "PRAGMA user_version=1")
    before = read(path)
    with opened(path) as journal:
        whole_run(journal, "RUN5", effect_of("RUN5"))
        journal.pack(PER_PACK)
        assert len(journal.records("RUN5")) == 6
    assert read(path)[0] == before[0]
    assert verify(path).why == ""
    assert dict(behind(path, "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")) == TABLES[1]


def repacked(path: Path, change: Callable[[list[bytes]], list[bytes]], first: int = 6) -> None:
    """A pack with other lines in it."""
    ((body,),) = behind(path, "SELECT body FROM pack WHERE first=?", first)
    behind(path, "UPDATE pack SET body=? WHERE first=?", packing.together(change(packing.apart(body))), first)


def a_changed_record(path: Path) -> None:
    repacked(path, lambda lines: [lines[0].replace(b'"format":1', b'"format":7'), *lines[1:]], first=1)


def a_changed_record_whose_row_stayed(path: Path) -> None:
    repacked(path, lambda lines: [lines[0], lines[1].replace(b"finalized", b"abandoned"), *lines[2:]])


def rewritten(path: Path, first: int, seq: int, old: bytes, new: bytes) -> None:
    """One line of a pack with other bytes, and the digits in all other lines as they stood."""
    ((body,),) = behind(path, "SELECT body FROM pack WHERE first=?", first)
    lines = lzma.decompress(body).split(b"\n")
    changed = re.sub(old, new, lines[seq - first])
    assert changed != lines[seq - first]
    lines[seq - first] = changed
    behind(path, "UPDATE pack SET body=? WHERE first=?", lzma.compress(b"\n".join(lines)), first)


def a_changed_line(path: Path) -> None:
    rewritten(path, 1, 4, b"pass", b"deny")


def a_changed_line_whose_row_stayed(path: Path) -> None:
    rewritten(path, 6, 7, b"finalized", b"abandoned")


def a_changed_last_line(path: Path) -> None:
    rewritten(path, 6, 10, b"pass", b"deny")


def other_digits(path: Path) -> None:
    rewritten(path, 6, 9, b'"prev":"....",', b'"prev":"-///",')


def a_record_less(path: Path) -> None:
    repacked(path, lambda lines: lines[:-1])


def a_record_twice(path: Path) -> None:
    repacked(path, lambda lines: [*lines, lines[-1]])


def swapped_records(path: Path) -> None:
    repacked(path, lambda lines: [lines[1], lines[0], *lines[2:]])


def a_changed_byte(path: Path) -> None:
    ((body,),) = behind(path, "SELECT body FROM pack WHERE first=6")
    behind(path, "UPDATE pack SET body=? WHERE first=6", body[:40] + bytes([body[40] ^ 1]) + body[41:])


def more_than_a_pack(path: Path) -> None:
    ((body,),) = behind(path, "SELECT body FROM pack WHERE first=6")
    behind(path, "UPDATE pack SET body=? WHERE first=6", body + b"x")


def a_missing_pack(path: Path) -> None:
    behind(path, "DELETE FROM pack WHERE first=6")


def no_first_pack(path: Path) -> None:
    behind(path, "DELETE FROM pack WHERE first=1")


def another_hash(path: Path) -> None:
    behind(path, "UPDATE pack SET hash=x'00' WHERE first=6")


def another_run(path: Path) -> None:
    behind(path, "UPDATE packed SET run='ANOTHER' WHERE first=6 AND run='RUN2'")


def a_missing_row(path: Path) -> None:
    behind(path, "DELETE FROM event WHERE type='effect.intent' AND length(body) = 0 AND seq BETWEEN 6 AND 15")


def a_row_of_another_type(path: Path) -> None:
    behind(path, "UPDATE event SET type='run.resume' WHERE type='run.start' AND seq BETWEEN 6 AND 10")


def a_row_with_a_body(path: Path) -> None:
    behind(path, "UPDATE event SET body=x'7b7d' WHERE type='run.start' AND seq BETWEEN 6 AND 10")


def a_row_too_many(path: Path) -> None:
    behind(path, "INSERT INTO event SELECT -1, run, type, effect_key, subject, body, hash FROM event WHERE seq=25")


FORGERIES: list[tuple[Callable[[Path], None], int | None, str]] = [
    (a_changed_record, 2, "it does not follow from record #1 as that stands"),
    (a_changed_record_whose_row_stayed, 7, "the row that stayed of it, or the hash in it, was changed"),
    (a_changed_line, 5, "it does not follow from record #4 as that stands"),
    (a_changed_line_whose_row_stayed, 7, "the row that stayed of it, or the hash in it, was changed"),
    (a_changed_last_line, None, "records #6 to #10: what stands beside their pack was changed"),
    (other_digits, 9, "it does not follow from record #8 as that stands"),
    (a_record_less, None, "records #6 to #10: what stands beside their pack was changed"),
    (a_record_twice, 11, "it is record #10 in the place of #11"),
    (swapped_records, 6, "it is record #7 in the place of #6"),
    (a_changed_byte, None, "records #6 to #10: their pack is damaged"),
    (more_than_a_pack, None, "records #6 to #10: their pack is cut off, too large, or followed by something"),
    (a_missing_pack, 6, "it is missing: the packs leave it out"),
    (no_first_pack, 1, "it is missing: the packs leave it out"),
    (another_hash, None, "records #6 to #10: what stands beside their pack was changed"),
    (another_run, None, "records #6 to #10: what stands beside their pack was changed"),
    (a_missing_row, 11, "its row is missing"),
    (a_row_of_another_type, 8, "the column `type` says `run.resume`, the record `run.start`"),
    (a_row_with_a_body, 8, "the row that stayed of it, or the hash in it, was changed"),
    (a_row_too_many, -1, "it is no number"),
]


@pytest.mark.parametrize(("forge", "first_bad", "why"), FORGERIES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_forgery_within_packs_is_seen_and_named(
    tmp_path: Path, forge: Callable[[Path], None], first_bad: int | None, why: str
) -> None:
    path = packed(tmp_path / "journal.db")
    forge(path)
    report = verify(path)
    assert (report.first_bad, why in report.why) == (first_bad, True), report.why


def test_a_pack_that_cannot_be_read_is_told_and_ends_no_one_else(tmp_path: Path) -> None:
    path = packed(tmp_path / "journal.db")
    a_changed_byte(path)
    with Reader.open(path) as journal:
        assert len(journal.records("RUN4")) == 6
        with pytest.raises(RunbookError, match="their pack is damaged"):
            journal.records("RUN2")


def test_what_cannot_be_packed_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "journal.db")
    before = read(path)
    monkeypatch.setattr(packing, "apart", lambda packed: [])
    with opened(path) as journal:
        journal.pack(PER_PACK)
    monkeypatch.undo()
    assert read(path) == before
    assert behind(path, "SELECT count(*) FROM pack") == [(0,)]


def test_many_runs_take_a_tenth_of_their_room(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        for number in range(50):
            whole_run(journal, f"RUN{number:03}", EFFECT.replace("5f3c", f"{number:04}"))
        journal.pack(100)
        loose = sum(len(body) for run in journal.runs(limit=100) for body in [r.body for r in journal.records(run.run)])
    ((kept,),) = behind(path, "SELECT sum(length(body)) FROM pack")
    assert kept < loose / 8


def test_the_programs_that_are_handed_out_read_packs(tmp_path: Path) -> None:
    path = packed(tmp_path / "journal.db")
    code, said = judged_records(path, tmp_path / "whole")
    assert (code, "HOLDS: records #1 to #25" in said) == (0, True), said
    a_changed_line(path)
    code, said = judged_records(path, tmp_path / "a line")
    assert (code, "record #5: it does not follow" in said) == (1, True), said
    a_changed_record(path)
    code, said = judged_records(path, tmp_path / "a record")
    assert (code, "record #2: it does not follow" in said) == (1, True), said


def test_a_process_that_only_reads_never_packs(tmp_path: Path) -> None:
    path = packed(tmp_path / "journal.db")
    before = path.read_bytes()
    read(path)
    assert path.read_bytes() == before
    assert not hasattr(Reader, "pack")
    assert hasattr(Journal, "pack")


def test_the_programs_that_are_handed_out_tell_a_damaged_pack_without_a_traceback(tmp_path: Path) -> None:
    path = packed(tmp_path / "journal.db")
    behind(path, "UPDATE pack SET body = substr(body, 1, length(body) - 9) WHERE first = 6")
    why = "CANNOT BE READ: ValueError: 'a pack of older records is damaged'\n"
    assert judged_records(path, tmp_path / "out") == (2, why)
    assert not (tmp_path / "out").exists()
