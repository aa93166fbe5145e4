"""Journals that somebody forged: other content under a chain that is right, and which rule each of them breaks."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import apsw
from journal_builders import EFFECT, behind, small

from engine.values import canonical

RECORDS = 7


@cache
def original() -> bytes:
    """A whole journal of seven records, as the bytes of a database."""
    with tempfile.TemporaryDirectory() as folder:
        path = small(Path(folder) / "journal.db")
        behind(path, "PRAGMA journal_mode=delete")
        return path.read_bytes()


def in_memory() -> apsw.Connection:
    """The same journal where it can be changed and checked a thousand times a second."""
    db = apsw.Connection(":memory:")
    db.deserialize("main", original())
    return db


def stored(db: apsw.Connection) -> list[tuple[int, bytes]]:
    return [(int(str(seq)), bytes(body)) for seq, body in db.execute("SELECT seq, body FROM event ORDER BY seq")]


def forged(change: Callable[[list[dict[str, Any]]], Any], write: Callable[[Any], bytes] = canonical) -> apsw.Connection:
    """The journal with other content, every `seq`, hash and the head computed anew by somebody who knows how."""
    db = in_memory()
    db.execute("DROP INDEX one_intent; DROP INDEX one_start")
    values = [json.loads(body) for _, body in stored(db)]
    values = change(values) or values
    db.execute("DELETE FROM event")
    prev: str | None = None
    for seq, value in enumerate(values, 1):
        body = write({**value, "seq": seq, "prev": prev})
        prev = hashlib.sha256(body).hexdigest()
        data = value.get("data", {})
        row = (seq, value["run"], value["type"], data.get("effect_key"), data.get("subject"), body, bytes.fromhex(prev))
        db.execute("INSERT INTO event VALUES(?, ?, ?, ?, ?, ?, ?)", row)
    db.execute("UPDATE head SET seq=?, hash=?", (len(values), bytes.fromhex(prev or "")))
    return db


def another_intent(values: list[dict[str, Any]]) -> Any:
    intent = {**values[4], "data": {**values[4]["data"], "effect_key": f"{EFFECT}#2", "attempt": 2}}
    return [*values[:5], intent, *values[5:]]


def the_same_intent_twice(values: list[dict[str, Any]]) -> Any:
    return [*values[:5], values[4], *values[5:]]


def an_intent_after_it_was_done(values: list[dict[str, Any]]) -> Any:
    return [*values, {**values[4], "data": {"effect_key": f"{EFFECT}#2"}}]


def a_skipped_attempt(values: list[dict[str, Any]]) -> Any:
    values[4]["data"]["effect_key"] = values[5]["data"]["effect_key"] = f"{EFFECT}#3"


def an_outcome_without_an_intent(values: list[dict[str, Any]]) -> Any:
    return [*values[:4], *values[5:]]


def an_outcome_without_a_key(values: list[dict[str, Any]]) -> Any:
    del values[5]["data"]["effect_key"]


def a_second_start(values: list[dict[str, Any]]) -> Any:
    return [*values, values[1]]


def a_second_opening(values: list[dict[str, Any]]) -> Any:
    return [*values[:3], values[0], *values[3:]]


def no_opening(values: list[dict[str, Any]]) -> Any:
    return values[1:]


def a_record_of_another_log(values: list[dict[str, Any]]) -> Any:
    values[3]["log"] = "ANOTHER"


def a_further_field(values: list[dict[str, Any]]) -> Any:
    values[2]["note"] = "x"


def a_number_for_a_name(values: list[dict[str, Any]]) -> Any:
    values[2]["step"] = 7


def a_later_format(values: list[dict[str, Any]]) -> Any:
    values[2]["v"] = 2


FORGERIES: list[tuple[Callable[[list[dict[str, Any]]], Any], int, str]] = [
    (another_intent, 6, f"a second intent for {EFFECT}, while record #5 says `intent`"),
    (the_same_intent_twice, 6, f"a second intent for {EFFECT}, while record #5 says `intent`"),
    (an_intent_after_it_was_done, 8, f"a second intent for {EFFECT}, while record #6 says `done`"),
    (a_skipped_attempt, 5, f"attempt 3 for {EFFECT}, where 1 is next"),
    (an_outcome_without_an_intent, 5, f"`effect.done` without an intent for {EFFECT}#1"),
    (an_outcome_without_a_key, 6, "`effect.done` without an effect key"),
    (a_second_start, 8, "run RUN1 starts a second time"),
    (a_second_opening, 4, "`log.open` must be the first record, and no other"),
    (no_opening, 1, "`log.open` must be the first record, and no other"),
    (a_further_field, 3, "its fields are not those of format 1"),
    (a_number_for_a_name, 3, "`step` is of the wrong type"),
    (a_later_format, 3, "it is of another format than 1"),
]
