"""The journal in good days: what a record is, who may begin an attempt, what can be read back."""

from __future__ import annotations

import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_builders import EFFECT, SUBJECT, begin, bodies, clock, opened, small, whole_run

from engine.clock import HeldClock
from engine.errors import Bug, UsageFault
from engine.journal import (
    Journal,
    NoJournal,
    Reader,
    Record,
    RunSummary,
    new_run_id,
    verify,
)
from engine.journal.ids import uuid7
from engine.journal.schema import RECORD_LIMIT
from engine.values import Money, Secret, canonical

# What a record is


def test_a_record_holds_its_envelope_and_says_who_where_and_when(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        recorded = journal.append("RUN1", "fact", "draft", {"total": Money(126140, "EUR"), "actor": {"id": "jane"}})
        (record,) = journal._read(" WHERE seq=?", (2,))
    value = json.loads(bodies(path)[1])
    assert recorded.data == {"total": {"amount_cents": 126140, "currency": "EUR"}}
    assert (recorded.seq, recorded.type, recorded.run, recorded.step) == (2, "fact", "RUN1", "draft")
    assert recorded.ts.startswith("2026-11-23T12:00:00.")
    assert record.recorded() == recorded
    assert {key: value[key] for key in ("v", "seq", "type", "run", "step", "actor", "data", "ts")} == {
        "v": 1,
        "seq": 2,
        "type": "fact",
        "run": "RUN1",
        "step": "draft",
        "actor": {"id": "jane"},
        "data": {"total": {"amount_cents": 126140, "currency": "EUR"}},
        "ts": recorded.ts,
    }
    assert set(value) - {"v", "seq", "type", "run", "step", "actor", "data", "ts"} == {
        "id",
        "log",
        "mono_us",
        "origin",
        "prev",
    }
    assert set(value["origin"]) >= {"host", "pid", "tool", "os_account"}
    assert value["origin"]["pid"] == os.getpid()


def test_the_first_record_opens_the_log_and_every_other_names_the_one_before(tmp_path: Path) -> None:
    from hashlib import sha256

    stored = bodies(small(tmp_path / "journal.db"))
    values = [json.loads(body) for body in stored]
    assert [value["type"] for value in values] == [
        "log.open",
        "run.start",
        "fact",
        "check.verdict",
        "effect.intent",
        "effect.done",
        "run.end",
    ]
    assert [value["seq"] for value in values] == [1, 2, 3, 4, 5, 6, 7]
    assert [value["prev"] for value in values] == [None, *(sha256(body).hexdigest() for body in stored[:-1])]
    assert len({value["log"] for value in values}) == 1
    assert all(canonical(value) == body for value, body in zip(values, stored, strict=True))


def test_a_process_introduces_itself_once_for_each_run(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for _ in range(2):
        with opened(path) as journal:
            for run in ("A", "B", "A"):
                journal.append(run, "fact", "draft", {})
    full = ["tool" in json.loads(body)["origin"] for body in bodies(path)]
    assert full == [True, True, True, False, True, True, False]


def test_a_common_record_without_its_own_fields_is_small(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        for _ in range(3):
            journal.append("1NG9DSBKT00A", "check.verdict", "right_customer", {"actor": {"id": "jane"}})
        record = next(iter(journal._read(" WHERE seq=4", ())))
    assert len(record.body) - len(record.origin["host"]) < 400


def test_time_that_goes_backwards_changes_no_order(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    for year in (2027, 2025, 2026):
        with Journal.open(path, HeldClock(datetime(year, 1, 1, tzinfo=UTC))) as journal:
            begin(journal, f"RUN{year}")
    with Reader.open(path) as reader:
        assert [run.run for run in reader.runs()] == ["RUN2026", "RUN2025", "RUN2027"]
    assert verify(path).is_intact


def test_a_value_larger_than_a_record_is_kept_beside_it_and_read_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    data = {
        "values": {"fees": [f"fee {number} \u00e9" for number in range(9000)]},
        "name": "n" * 10_000,
        "kind": "Invoice",
    }
    with opened(path) as journal:
        begin(journal)
        told = journal.append("RUN1", "fact", "draft", data)
        again = journal.append("RUN1", "fact", "draft", data)
        assert told.data == data == again.data
        assert [record.data for record in journal.run("RUN1")[1:]] == [data, data]
        assert [set(record.blobs) for record in journal.records("RUN1")] == [set(), {"values"}, {"values"}]
    assert all(len(body) <= RECORD_LIMIT for body in bodies(path))
    assert verify(path).count == 4


def test_what_has_no_place_in_a_record_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(path) as journal:
        begin(journal)
        for value in (1.5, object(), 2**53, Secret("k"), [float("nan")]):
            with pytest.raises(Bug, match="cannot be recorded"):
                journal.append("RUN1", "fact", "draft", {"value": value})
        for type in ("fact.made_up", "log.open", "effect.intent"):
            with pytest.raises(Bug, match="cannot be appended"):
                journal.append("RUN1", type, None, {})
        with pytest.raises(Bug, match="without an intent"):
            journal.append("RUN1", "effect.done", "finalize", {}, f"{EFFECT}#1")
        with pytest.raises(Bug, match="surrogates not allowed"):
            journal.append("RUN1", "fact", "draft", {"subject": "\ud800"})
        with pytest.raises(Bug, match="no effect key"):
            journal.append("RUN1", "effect.done", "finalize", {})
        assert journal.append("RUN1", "fact", "draft", {}).seq == 3
    assert verify(path).is_intact


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text()
    | st.text(st.characters(categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
DATA = st.dictionaries(st.text().filter(lambda key: key not in ("actor", "effect_key")), JSON, max_size=5)


@settings(max_examples=60, deadline=None)
@given(st.lists(DATA, max_size=6))
def test_whatever_was_appended_is_read_back_and_verifies(events: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        with opened(path) as journal:
            written = [begin(journal), *(journal.append("RUN1", "fact", "draft", data) for data in events)]
        with Reader.open(path) as reader:
            assert reader.run("RUN1") == written
            assert [record.data for record in written[1:]] == [json.loads(canonical(data)) for data in events]
        report = verify(path)
        assert (report.why, report.count) == ("", len(events) + 2)
        assert [canonical(json.loads(body)) for body in bodies(path)] == bodies(path)


# Reading


def test_runs_are_told_newest_first_with_what_their_records_say(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        whole_run(journal, "RUN1")
        begin(journal, "RUN2", mode="preview")
        end = journal.append("RUN2", "run.end", None, {"exit": 4, "outcome": "denied", "invoice": None})
        begin(journal, "RUN3")
        third, second, first = journal.runs()
        assert second == RunSummary(
            run="RUN2",
            started=journal.run("RUN2")[0].ts,
            runbook="finalize_invoice",
            version=1,
            subject=None,
            operator="jane",
            environment="billing.example.com",
            mode="preview",
            lago_id=None,
            outcome="denied",
            exit=4,
            ended=end.ts,
        )
        assert (first.subject, first.lago_id, first.mode) == (SUBJECT, SUBJECT.rpartition(":")[2], "run")
        assert (third.run, third.outcome, third.exit, third.ended) == ("RUN3", None, None, None)
        assert journal.runs(limit=1) == [third]
        assert journal.runs(SUBJECT) == journal.runs(SUBJECT.rpartition(":")[2]) == [first]
        assert journal.runs("4") == []


def test_a_run_is_found_by_the_beginning_of_its_id_in_any_case(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        for run in ("1NG9DSBKT00A", "1NG9DSBKT00B", "1NGA00000000"):
            begin(journal, run)
        assert journal.find_run("1nga") == journal.find_run("ingaOO") == "1NGA00000000"
        assert journal.find_run("1NG9DSBKT00B") == "1NG9DSBKT00B"
        with pytest.raises(UsageFault) as found:
            journal.find_run("1NG9")
        assert found.value.message == "`1NG9` is the beginning of several runs: 1NG9DSBKT00A, 1NG9DSBKT00B"
        for nothing in ("", "X", "%", "1NG9DSBKT00A1"):
            with pytest.raises(UsageFault, match="no run begins with"):
                journal.find_run(nothing)
        assert [record.type for record in journal.run("1nga")] == ["run.start"]


def test_a_journal_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(NoJournal):
        Reader.open(tmp_path / "journal.db")
    with pytest.raises(NoJournal):
        verify(tmp_path / "journal.db")
    assert list(tmp_path.iterdir()) == []


def test_readers_work_beside_a_writer_and_see_only_what_is_durable(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(path) as journal, Reader.open(path) as one, Reader.open(path) as two:
        begin(journal)
        assert [len(reader.run("RUN1")) for reader in (one, two)] == [1, 1]
        journal.append("RUN1", "fact", "draft", {})
        assert [len(reader.run("RUN1")) for reader in (one, two)] == [2, 2]
        assert verify(path).count == 3
        assert journal.append("RUN1", "fact", "draft", {}).seq == 4
        assert one.is_unbroken(2)
        assert one.log == two.log == journal.log
    assert verify(path).count == 4


def test_a_reader_cannot_write(tmp_path: Path) -> None:

    with Reader.open(small(tmp_path / "journal.db")) as reader, pytest.raises(apsw.ReadOnlyError):
        reader._db.execute("DELETE FROM event")


# Names, files


def test_ids_of_runs_sort_by_time_and_are_twelve_characters() -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    ids = [new_run_id(HeldClock(start + timedelta(seconds=step))) for step in (0, 1, 60, 86400, 10**8)]
    assert ids == sorted(ids)
    assert {len(run) for run in ids} == {12}
    assert set("".join(ids)) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert len({new_run_id(clock()) for _ in range(50)}) == 50


def test_ids_of_records_are_uuids_of_version_seven() -> None:
    import uuid

    made = uuid.UUID(uuid7(HeldClock(datetime(2026, 11, 23, tzinfo=UTC)), 2**80 - 1))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert datetime.fromtimestamp((made.int >> 80) / 1000, UTC).date().isoformat() == "2026-11-23"


def test_the_settings_of_a_connection_are_those_of_a_durable_commit(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        found = {
            name: journal._db.pragma(name)
            for name in ("journal_mode", "synchronous", "wal_autocheckpoint", "application_id", "user_version")
        }
        assert found == {
            "journal_mode": "wal",
            "synchronous": 2,
            "wal_autocheckpoint": 0,
            "application_id": 0x52424A4C,
            "user_version": 2,
        }
        begin(journal)
        assert (tmp_path / "journal.db-wal").stat().st_size > 0
    assert (tmp_path / "journal.db").read_bytes()[18:20] == b"\x02\x02"
    assert not (tmp_path / "journal.db-wal").exists()


def test_the_record_of_a_run_is_the_same_through_every_way_of_reading(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    with Reader.open(path) as reader:
        records = reader.records("RUN1")
        assert all(isinstance(record, Record) for record in records)
        assert [record.recorded() for record in records] == reader.run("RUN1")
        assert [record.body for record in records] == bodies(path)[1:]
