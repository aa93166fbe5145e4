"""Who may begin an attempt at what cannot be undone: the rule of one intent, path by path."""

from __future__ import annotations

from pathlib import Path

import pytest
from journal_builders import EFFECT, begin, opened

from engine.errors import Bug, Exit
from engine.journal import (
    EffectState,
    IntentHeld,
    verify,
)

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
