"""What `audit verify` catches, where it says the fault is, and what no chain can catch."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from journal_builders import begin, behind, opened, small
from journal_forgeries import FORGERIES, RECORDS, a_record_of_another_log, forged, in_memory, stored

from engine.journal import Reader, Report, verify
from engine.journal.verify import check
from engine.values import canonical


def judged(*changes: str | tuple[str, tuple[Any, ...]]) -> Report:
    """What verify says of the journal after these SQL statements."""
    db = in_memory()
    for change in changes:
        sql, bindings = (change, ()) if isinstance(change, str) else change
        assert list(db.execute(sql + " RETURNING 1", bindings)), f"{sql} changed nothing"
    return check(db)


# Every byte


def test_the_untouched_journal_is_intact() -> None:
    report = check(in_memory())
    assert (report.why, report.first_bad, report.count) == ("", None, RECORDS)
    assert report.head == hashlib.sha256(stored(in_memory())[-1][1]).hexdigest()


def test_one_bit_of_any_byte_of_any_record_is_caught_and_the_record_named() -> None:
    db = in_memory()
    variants = 0
    for seq, body in stored(db):
        for at in range(len(body)):
            changed = bytearray(body)
            changed[at] ^= 1 << (at + seq) % 8
            db.execute("UPDATE event SET body=? WHERE seq=?", (bytes(changed), seq))
            report = check(db)
            assert (report.first_bad, report.count) == (seq, seq - 1)
            variants += 1
        db.execute("UPDATE event SET body=? WHERE seq=?", (body, seq))
    assert check(db).is_intact
    assert variants > 3000


def test_one_bit_of_any_hash_is_caught_and_the_record_named() -> None:
    for seq in range(1, RECORDS + 1):
        db = in_memory()
        ((hash,),) = db.execute("SELECT hash FROM event WHERE seq=?", (seq,))
        assert isinstance(hash, bytes)
        for at in range(32):
            db.execute("UPDATE event SET hash=? WHERE seq=?", (hash[:at] + bytes([hash[at] ^ 1]) + hash[at + 1 :], seq))
            assert check(db).first_bad == seq


@pytest.mark.parametrize("column", ["run", "type", "effect_key", "subject"])
@pytest.mark.parametrize("seq", range(1, RECORDS + 1))
def test_a_column_that_differs_from_its_record_is_caught(column: str, seq: int) -> None:
    report = judged(f"UPDATE event SET {column}='forged' WHERE seq={seq}")
    assert report.first_bad == seq
    assert report.why.startswith(f"the column `{column}` says `forged`, the record `")


# Whole records


@pytest.mark.parametrize("seq", range(1, RECORDS + 1))
def test_a_removed_record_is_missed_by_its_number(seq: int) -> None:
    report = judged(f"DELETE FROM event WHERE seq={seq}")
    assert (report.first_bad, report.count) == (seq, seq - 1)
    assert report.why.startswith("it is missing")


@pytest.mark.parametrize("seq", range(2, RECORDS + 1))
def test_a_removed_record_is_missed_even_when_the_others_move_up(seq: int) -> None:
    moved = [f"UPDATE event SET seq=seq-1 WHERE seq={later}" for later in range(seq + 1, RECORDS + 1)]
    head = f"UPDATE head SET seq={RECORDS - 1}"
    report = judged(f"DELETE FROM event WHERE seq={seq}", *moved, head)
    if seq == RECORDS:
        assert "the head says #6 with another hash" in report.why
    else:
        assert (report.first_bad, report.why) == (seq, f"it is record #{seq + 1} in the place of #{seq}")


@pytest.mark.parametrize(("one", "other"), [(a, b) for b in range(2, RECORDS + 1) for a in range(1, b)])
def test_two_swapped_records_are_caught_at_the_first(one: int, other: int) -> None:
    swap = [(one, 99), (other, one), (99, other)]
    report = judged(*(f"UPDATE event SET seq={to} WHERE seq={at}" for at, to in swap))
    assert report.first_bad == one


@pytest.mark.parametrize("seq", range(1, RECORDS + 1))
@pytest.mark.parametrize("is_head_moved", [True, False])
def test_a_duplicated_record_is_caught_at_its_second_place(seq: int, is_head_moved: bool) -> None:
    # The database's own indexes refuse a second start and a second intent, so those are dropped for this.
    db = in_memory()
    db.execute("DROP INDEX one_intent; DROP INDEX one_start")
    db.execute(f"INSERT INTO event SELECT 8, run, type, effect_key, subject, body, hash FROM event WHERE seq={seq}")
    if is_head_moved:
        db.execute("UPDATE head SET seq=8, hash=(SELECT hash FROM event WHERE seq=8)")
    assert (check(db).first_bad, check(db).why) == (8, f"it is record #{seq} in the place of #8")


@pytest.mark.parametrize("seq", [0, -1, -(2**63)])
def test_a_record_below_the_first_is_caught(seq: int) -> None:
    row = f"SELECT {seq}, run, 'fact', NULL, subject, body, hash FROM event WHERE seq=3"
    assert judged(f"INSERT INTO event {row}").first_bad == seq


# The head

HEADS = [
    ("DELETE FROM head", None, "there are 0 heads"),
    ("INSERT INTO head VALUES('ANOTHER', 7, x'00')", None, "there are 2 heads"),
    ("UPDATE head SET seq=6", None, "the head says #6"),
    ("UPDATE head SET seq=8", 8, "it is missing: the head says that there are 8 records"),
    ("UPDATE head SET seq=0", None, "the head says #0"),
    ("UPDATE head SET hash=x'00'", None, "the head says #7 with another hash"),
    ("UPDATE head SET log='ANOTHER'", 1, "it is of log "),
]


@pytest.mark.parametrize(("change", "seq", "why"), HEADS)
def test_a_changed_head_is_caught(change: str, seq: int | None, why: str) -> None:
    report = judged(change)
    assert report.first_bad == seq
    assert report.why.startswith(why)


# Forgeries that keep the chain: what is still caught, and what is not


def spaced(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def unsorted_keys(value: dict[str, Any]) -> bytes:
    return json.dumps(dict(sorted(value.items(), reverse=True)), separators=(",", ":")).encode()


def doubled_key(value: dict[str, Any]) -> bytes:
    return canonical(value).replace(b'"v":1', b'"v":1,"v":1')


@pytest.mark.parametrize("write", [spaced, unsorted_keys, doubled_key])
def test_a_record_that_is_not_canonical_is_caught(write: Callable[[Any], bytes]) -> None:
    report = check(forged(lambda values: None, write))
    assert (report.first_bad, report.why) == (1, "it is not canonical JSON")


@pytest.mark.parametrize(("forge", "seq", "why"), FORGERIES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_forgery_that_breaks_a_rule_is_caught_though_its_chain_is_right(
    forge: Callable[[list[dict[str, Any]]], Any], seq: int, why: str
) -> None:
    report = check(forged(forge))
    assert (report.first_bad, report.why) == (seq, why)


def test_a_record_of_another_log_is_caught() -> None:
    report = check(forged(a_record_of_another_log))
    assert report.first_bad == 4
    assert report.why.startswith("it is of log ANOTHER, not ")


@pytest.mark.parametrize("seq", range(1, RECORDS + 1))
def test_a_changed_record_whose_hash_was_made_to_fit_is_caught_one_further_on(seq: int) -> None:
    db = in_memory()
    value = json.loads(dict(stored(db))[seq])
    body = canonical({**value, "actor": {"id": "somebody else"}})
    db.execute("UPDATE event SET body=?, hash=? WHERE seq=?", (body, hashlib.sha256(body).digest(), seq))
    report = check(db)
    if seq == RECORDS:
        assert (report.first_bad, report.count) == (None, RECORDS)
        assert report.why.startswith("the head says #7 with another hash")
    else:
        assert report.first_bad == seq + 1
        assert report.why == f"it does not follow from record #{seq} as that stands: one of both was changed"


def other_operator(values: list[dict[str, Any]]) -> None:
    for value in values:
        value["actor"] = {"id": "somebody else"}


@pytest.mark.parametrize("left", range(1, RECORDS))
def test_not_claimed_records_cut_off_the_end_together_with_the_head_go_unseen(left: int) -> None:
    assert check(forged(lambda values: values[:left])).is_intact


def test_not_claimed_a_chain_that_was_computed_anew_goes_unseen() -> None:
    assert check(forged(other_operator)).is_intact


def test_not_claimed_an_older_copy_put_back_goes_unseen(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    shutil.copy(path, tmp_path / "older.db")
    with opened(path) as journal:
        begin(journal, "RUN2")
    (tmp_path / "older.db").replace(path)
    assert verify(path).count == RECORDS


# Blobs and tables


def test_a_part_kept_beside_its_record_is_covered_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        journal.append("RUN1", "fact", "draft", {"values": "x" * 70_000})
        begin(journal)
    assert verify(path).is_intact
    behind(path, "UPDATE blob SET body=CAST('x'||body AS BLOB)")
    assert (verify(path).first_bad, verify(path).why) == (2, "the blob of `values` was changed")
    behind(path, "DELETE FROM blob")
    assert (verify(path).first_bad, verify(path).why) == (2, "the blob of `values` is missing")


@pytest.mark.parametrize(
    "change", ["DROP INDEX one_intent", "CREATE TABLE extra(a)", "CREATE INDEX more ON event(hash)", "DROP TABLE blob"]
)
def test_changed_tables_are_caught(tmp_path: Path, change: str) -> None:
    path = small(tmp_path / "journal.db")
    behind(path, change)
    report = verify(path)
    assert "somebody changed them" in report.why
    assert report.first_bad is None


# From a record on


def test_a_check_may_begin_with_any_record_and_still_sees_the_link_to_the_one_before(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    for since in range(1, RECORDS + 1):
        assert (verify(path, since=since).count, verify(path, since=since).why) == (RECORDS + 1 - since, "")
    with Reader.open(path) as reader:
        assert all(reader.is_unbroken(since) for since in range(1, RECORDS + 1))
    behind(path, "UPDATE event SET body=CAST(replace(body, 'pass', 'deny') AS BLOB) WHERE seq=4")
    assert [verify(path, since=since).first_bad for since in range(1, RECORDS + 1)] == [4, 4, 4, 4, 5, None, None]
    with Reader.open(path) as reader:
        assert [reader.is_unbroken(since) for since in (4, 5, 6)] == [False, False, True]
