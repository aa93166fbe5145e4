"""`--format json`: the journal's records as lines, in order, whole, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import fabricated_run as made
from fabricated_run import HOSTILE, Records, on_json
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Denied, RunbookError
from engine.events import Recorded
from engine.render import audit, drafts, errors
from engine.render.drafts import DraftRow
from engine.render.jsonl import JsonLines

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_every_record_is_one_line_in_the_order_of_the_journal() -> None:
    events = made.finalized()
    records = [event for event in events if isinstance(event, Recorded)]
    lines = on_json(events).splitlines()
    assert [json.loads(line) for line in lines] == [json.loads(json.dumps(one.as_json())) for one in records]
    assert [json.loads(line)["type"] for line in lines] == [
        "run.start", "consent.asked", "consent.given", "effect.intent", "effect.done", "run.end",
    ]  # fmt: skip


def test_a_line_begins_with_the_envelope_and_is_compact() -> None:
    record = Records()("effect.pending", "finalize", why="accepted", attribution="ours")
    assert on_json([record]) == (
        '{"v":1,"seq":41,"ts":"2026-08-22T14:02:41.402113Z","type":"effect.pending","run":"01J9Z4KQ8M3V",'
        '"step":"finalize","why":"accepted","attribution":"ours"}\n'
    )


def test_a_record_cannot_pretend_to_be_another_one() -> None:
    line = json.loads(on_json([Recorded(7, "t", "fact", "R", None, {"seq": 1, "type": "run.end", "v": 9, "exit": 0})]))
    assert line == {"v": 1, "seq": 7, "ts": "t", "type": "fact", "run": "R", "step": None, "exit": 0}


def test_the_last_line_is_the_end_with_its_exit_and_its_next_command() -> None:
    end = json.loads(on_json(made.unanswered()).splitlines()[-1])
    assert (end["type"], end["exit"], end["outcome"], end["next"]) == ("run.end", 13, "unknown", made.RESUME)
    assert end["invoice"]["total_amount_cents"] == 126140


def test_notices_print_nothing() -> None:
    assert on_json([event for event in made.hostile(HOSTILE) if not isinstance(event, Recorded)]) == ""


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_whatever_a_record_holds_the_line_is_ascii_and_reads_back_the_same(data: dict[str, Any]) -> None:
    record = Recorded(1, "2026-08-22T14:02:41Z", "fact", "R", "draft", data)
    line = on_json([record])
    assert [character for character in line.removesuffix("\n") if not " " <= character <= "~"] == []
    assert json.loads(line) == json.loads(json.dumps(record.as_json()))


def test_each_line_is_handed_over_whole_before_the_next_one_is_made() -> None:
    written: list[str] = []
    renderer = JsonLines(written.append)
    for number, event in enumerate((one for one in made.finalized() if isinstance(one, Recorded)), 1):
        renderer.record(event)
        assert len(written) == number
        assert written[-1].endswith("}\n")


def test_a_reader_that_went_away_ends_the_lines_and_not_the_run() -> None:
    tries: list[str] = []

    def out(text: str) -> None:
        tries.append(text)
        raise BrokenPipeError(32, "Broken pipe")

    made.play(made.finalized(), JsonLines(out))
    assert len(tries) == 1


def test_what_is_no_json_is_still_a_line() -> None:
    odd = Recorded(1, "t", "fact", "R", None, {"odd": {1j}})
    after = Recorded(2, "t", "fact", "R", None, {})
    assert [json.loads(line)["seq"] for line in on_json([odd, after]).splitlines()] == [1, 2]


def test_errors_and_pages_are_lines_of_the_same_make() -> None:
    row = DraftRow("id", HOSTILE, "n", "2026-08-01", "p", "1.00 EUR", "1d old")
    text = drafts.listing([row, row], "json") + errors.render(RunbookError(HOSTILE, hint="Wait."), "json")
    lines = text.removesuffix("\n").split("\n")
    assert [character for character in text if not (" " <= character <= "~" or character == "\n")] == []
    assert [json.loads(line)["type"] for line in lines] == ["draft", "draft", "error"]
    assert json.loads(lines[0])["customer"] == json.loads(json.dumps(HOSTILE))
    assert json.loads(errors.render(Denied("no such invoice"), "json")) == {
        "v": 1, "type": "error", "code": "denied", "exit": 4, "message": "no such invoice", "help": None,
    }  # fmt: skip
    assert audit.listing([], "json") == ""
