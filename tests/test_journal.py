"""The journal in good days: what a record is, who may begin an attempt, what can be read back."""

from __future__ import annotations

import io
import json
import os
import stat
import tempfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_builders import EFFECT, START, SUBJECT, begin, bodies, clock, opened, small, whole_run

from engine.clock import HeldClock
from engine.errors import Bug, Exit, UsageFault
from engine.facts import Fact
from engine.journal import (
    EffectState,
    IntentHeld,
    Journal,
    NoJournal,
    Reader,
    Record,
    RunSummary,
    is_shared,
    new_run_id,
    verify,
)
from engine.journal.ids import uuid7
from engine.journal.pipeline import HIDDEN, Pipeline, configure_stderr
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


# One intent

DONE, OBSERVED = "effect.done", "effect.observed"
PATHS: list[tuple[list[str], str]] = [
    ([], "open"),
    (["effect.unknown"], "open"),
    (["effect.pending"], "open"),
    (["effect.unknown", "effect.unknown"], "open"),
    (["effect.not_sent"], "closed"),
    (["effect.rejected"], "closed"),
    (["effect.unknown", "effect.released"], "closed"),
    (["effect.unknown", "effect.rejected"], "closed"),
    (["effect.pending", "effect.rejected"], "closed"),
    ([DONE], "settled"),
    (["effect.unknown", OBSERVED], "settled"),
    (["effect.pending", DONE], "settled"),
    ([OBSERVED, "effect.unknown"], "settled"),
    ([DONE, "effect.rejected"], "settled"),
    (["effect.unknown", "effect.released", "effect.unknown"], "open"),
    (["effect.unknown", "effect.released", DONE], "settled"),
]


@pytest.mark.parametrize(("after", "stands"), PATHS)
def test_a_new_attempt_needs_the_last_one_closed(tmp_path: Path, after: list[str], stands: str) -> None:
    with opened(tmp_path / "journal.db") as journal:
        begin(journal)
        first = journal.intend("RUN1", "finalize", EFFECT, {})
        for type in after:
            journal.append("RUN1", type, "finalize", {}, f"{EFFECT}#1")
        state = journal.effect(EFFECT)
        assert state is not None
        assert {"open": state.is_open, "closed": state.is_closed, "settled": state.is_settled} == {
            word: word == stands for word in ("open", "closed", "settled")
        }
        assert state.intent == first
        begin(journal, "RUN2")
        if stands == "closed":
            assert journal.intend("RUN2", "finalize", EFFECT, {}).data["effect_key"] == f"{EFFECT}#2"
            with pytest.raises(IntentHeld) as held:
                journal.intend("RUN3", "finalize", EFFECT, {})
            assert (held.value.state.attempt, held.value.state.run) == (2, "RUN2")
        else:
            with pytest.raises(IntentHeld) as held:
                journal.intend("RUN2", "finalize", EFFECT, {})
            assert held.value.state == state
    assert verify(tmp_path / "journal.db").is_intact


def test_an_intent_gets_its_key_its_attempt_and_an_id_for_the_request(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        begin(journal)
        intent = journal.intend("RUN1", "finalize", EFFECT, {"request": "PUT /x", "actor": {"id": "jane"}})
        (record,) = [record for record in journal.records("RUN1") if record.type == "effect.intent"]
        assert intent.data == {
            "request": "PUT /x",
            "effect_key": f"{EFFECT}#1",
            "attempt": 1,
            "request_id": record.id,
        }
        state = journal.effect(EFFECT)
        assert state == EffectState(
            EFFECT, 1, f"{EFFECT}#1", "RUN1", "jane", "effect.intent", intent.seq, intent.ts, intent.data, intent
        )
        unknown = journal.append("RUN1", "effect.unknown", "finalize", {"why": "no answer"}, f"{EFFECT}#1")
        state = journal.effect(EFFECT)
        assert state is not None
        assert (state.type, state.seq, state.ts, state.data) == (unknown.type, unknown.seq, unknown.ts, unknown.data)
        with pytest.raises(IntentHeld) as held:
            journal.intend("RUN2", "finalize", EFFECT, {})
    assert held.value.exit is Exit.UNKNOWN
    assert held.value.message == f"run RUN1 of jane holds {EFFECT}: `unknown` in record #4 of {unknown.ts}"
    assert held.value.hint == "runbook resume RUN1"


def test_effects_whose_names_begin_alike_do_not_stand_in_each_others_way(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        for effect in ("lago/h/invoice/1/finalize", "lago/h/invoice/1/finalize2", "lago/h/invoice/1/final", "lago/h"):
            assert journal.intend("R", "s", effect, {}).data["attempt"] == 1
        assert journal.effect("lago/h/invoice/1") is None
        with pytest.raises(Bug):
            journal.intend("R", "s", "lago/h#1", {})


def test_the_eleventh_attempt_follows_the_tenth(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        for attempt in range(1, 13):
            key = journal.intend("R", "s", EFFECT, {}).data["effect_key"]
            assert key == f"{EFFECT}#{attempt}"
            journal.append("R", "effect.not_sent", "s", {}, key)
    assert verify(tmp_path / "journal.db").is_intact


def test_a_late_word_on_a_released_attempt_holds_the_effect_again(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        journal.intend("R1", "s", EFFECT, {})
        journal.append("R1", "effect.released", "s", {}, f"{EFFECT}#1")
        journal.intend("R2", "s", EFFECT, {})
        journal.append("R2", "effect.not_sent", "s", {}, f"{EFFECT}#2")
        journal.append("R1", "effect.done", "s", {}, f"{EFFECT}#1")
        with pytest.raises(IntentHeld) as held:
            journal.intend("R3", "s", EFFECT, {})
        assert (held.value.state.run, held.value.state.type) == ("R1", "effect.done")
    assert verify(tmp_path / "journal.db").is_intact


@pytest.mark.parametrize("settled", ["effect.done", "effect.observed", "effect.rejected", "effect.not_sent"])
def test_only_what_is_open_can_be_released(tmp_path: Path, settled: str) -> None:
    with opened(tmp_path / "journal.db") as journal:
        journal.intend("R1", "s", EFFECT, {})
        journal.append("R1", settled, "s", {}, f"{EFFECT}#1")
        with pytest.raises(IntentHeld):
            journal.append("R1", "effect.released", "s", {}, f"{EFFECT}#1")
        state = journal.effect(EFFECT)
        assert state is not None
        assert state.type == settled


def test_reading_what_became_of_an_effect_is_not_a_word_on_it(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        journal.intend("R1", "s", EFFECT, {})
        journal.append("R1", "reconcile.read", "s", {"status": "draft"}, f"{EFFECT}#1")
        state = journal.effect(EFFECT)
        assert state is not None
        assert state.type == "effect.intent"


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
            mode="dry_run",
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
    import apsw

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

    made = uuid.UUID(uuid7(HeldClock(datetime(2026, 11, 23, tzinfo=UTC))))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert datetime.fromtimestamp((made.int >> 80) / 1000, UTC).date().isoformat() == "2026-11-23"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_private_journal_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "state" / "runbook" / "journal.db"
    before = os.umask(umask)
    try:
        with opened(path) as journal:
            begin(journal)
            modes = {name.name: stat.S_IMODE(name.stat().st_mode) for name in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"journal.db": 0o600, "journal.db-wal": 0o600, "journal.db-shm": 0o600}
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]
    assert not is_shared(path.parent)
    assert [name.name for name in path.parent.iterdir()] == ["journal.db"]


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_journal_in_a_folder_of_a_group_is_the_groups(tmp_path: Path, umask: int) -> None:
    tmp_path.chmod(0o2770)
    path = tmp_path / "journal.db"
    before = os.umask(umask)
    try:
        with opened(path) as journal:
            begin(journal)
            modes = {name.name: stat.S_IMODE(name.stat().st_mode) for name in tmp_path.iterdir()}
            groups = {name.stat().st_gid for name in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"journal.db": 0o660, "journal.db-wal": 0o660, "journal.db-shm": 0o660}
    assert groups == {tmp_path.stat().st_gid}
    assert is_shared(tmp_path)


def test_a_shared_folder_is_made_when_it_is_asked_for(tmp_path: Path) -> None:
    with opened(tmp_path / "group" / "journal.db", shared=True):
        assert stat.S_IMODE((tmp_path / "group").stat().st_mode) == 0o2770
        assert stat.S_IMODE((tmp_path / "group" / "journal.db").stat().st_mode) == 0o660


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
            "user_version": 1,
        }
        begin(journal)
        assert (tmp_path / "journal.db-wal").stat().st_size > 0
    assert (tmp_path / "journal.db").read_bytes()[18:20] == b"\x02\x02"
    assert not (tmp_path / "journal.db-wal").exists()


# The pipeline


class Customer(Fact):
    """A fact with one field in clear."""

    CLEAR = ("external_id",)
    external_id: str = "acme"
    email: str = "jane@example.com"


def test_events_are_bound_to_the_operator_whom_the_beginning_names() -> None:
    pipeline = Pipeline()
    assert "actor" not in pipeline("fact", None, {})
    assert pipeline("run.start", None, START)["actor"] == {"id": "jane"}
    assert pipeline("fact", "draft", {"a": 1}) == {"a": 1, "actor": {"id": "jane"}}
    pipeline("run.resume", None, {"operator": {"id": "ben"}})
    assert pipeline("fact", "draft", {"event": 1, "step": 2}) == {"event": 1, "step": 2, "actor": {"id": "ben"}}


def test_secrets_and_personal_fields_do_not_come_through_the_pipeline() -> None:
    hidden = {
        "key": Secret("canary"),
        "nested": [{"deep": (Secret("canary"),)}],
        "customer": Customer(external_id="acme", email="canary"),
        "Authorization": "canary",
        "set-cookie": "canary",
        "address_line1": "canary",
        "legal_number": "canary",
        "phone": "canary",
        "tax_identification_number": "canary",
        "fee": {"grouped_by": {"token": "input", "email": Secret("canary")}, "email": "canary"},
    }
    told = Pipeline()("fact", "draft", hidden)
    assert told == {
        "key": HIDDEN,
        "nested": [{"deep": [HIDDEN]}],
        "customer": {"external_id": "acme"},
        "fee": {"grouped_by": {"token": "input", "email": HIDDEN}},
    }


def test_the_pipeline_makes_values_canonical_and_names_the_event_that_has_none() -> None:
    told = Pipeline()(
        "fact", "draft", {"rate": Decimal("20.0"), "total": Money(1, "EUR"), "at": datetime(2026, 1, 1, tzinfo=UTC)}
    )
    assert told == {
        "rate": "20",
        "total": {"amount_cents": 1, "currency": "EUR"},
        "at": "2026-01-01T00:00:00.000000Z",
    }
    with pytest.raises(Bug, match="`fact` of step `draft` cannot be recorded: float"):
        Pipeline()("fact", "draft", {"x": 1.5})


def test_diagnostics_go_to_stderr_without_secrets_and_without_escape_sequences() -> None:
    try:
        line, object_ = io.StringIO(), io.StringIO()
        configure_stderr("human", line)
        structlog.get_logger().warning(
            "read \x1b[2J again", key=Secret("canary"), name="Acme\x1b\u202e", token="canary"
        )
        configure_stderr("json", object_)
        structlog.get_logger().info("read", attempt=2, email="canary")
    finally:
        structlog.reset_defaults()
    assert line.getvalue() == "warning: read \\x1b[2J again key='[secret]' name='Acme\\x1b\\u202e'\n"
    assert json.loads(object_.getvalue()) == {
        "v": 1,
        "type": "diagnostic",
        "severity": "info",
        "message": "read",
        "attempt": 2,
    }


def test_the_record_of_a_run_is_the_same_through_every_way_of_reading(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    with Reader.open(path) as reader:
        records = reader.records("RUN1")
        assert all(isinstance(record, Record) for record in records)
        assert [record.recorded() for record in records] == reader.run("RUN1")
        assert [record.body for record in records] == bodies(path)[1:]
