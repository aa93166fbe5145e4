"""No byte, line or part of an export's records can be changed unseen, and no bytes at all make the verifier fall over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from export_builders import bare, chained, closed, is_found_right, judged, packed, part_of
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_forgeries import in_memory, stored

from engine.values import canonical

Lines = list[bytes]


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small export that each test changes and puts right again."""
    return bare(tmp_path_factory.mktemp("spoilt") / "out", 3)


# Every byte, every line


def flipped(records: bytes, bits: Callable[[int], Iterable[int]]) -> Iterator[bytes]:
    """The records with one bit of one byte another one, for every byte."""
    for at, byte in enumerate(records):
        for bit in bits(at):
            yield records[:at] + bytes([byte ^ 1 << bit]) + records[at + 1 :]


def test_no_byte_of_a_shown_or_a_closed_record_can_be_changed(tmp_path: Path) -> None:
    folder = bare(tmp_path / "out", 2)
    records = (folder / "records.jsonl").read_bytes()
    assert is_found_right(folder, records)
    assert [one for one in flipped(records, lambda at: [at % 8]) if is_found_right(folder, one)] == []


@pytest.mark.campaign
def test_no_bit_of_any_record_can_be_changed(tmp_path: Path) -> None:
    folder = bare(tmp_path / "out", 15)
    records = (folder / "records.jsonl").read_bytes()
    assert is_found_right(folder, records)
    assert [one for one in flipped(records, lambda _: range(8)) if is_found_right(folder, one)] == []


def rearranged(lines: Lines) -> Iterator[tuple[str, bytes]]:
    """Every line removed, doubled, swapped with the next one or cut, and the file cut before and within every line."""
    whole = b"\n".join([*lines, b""])
    for at, line in enumerate(lines):
        before, after = lines[:at], lines[at + 1 :]
        yield f"without {at}", b"\n".join([*before, *after, b""])
        yield f"{at} twice", b"\n".join([*before, line, line, *after, b""])
        yield f"{at} at the end", b"\n".join([*before, *after, line, b""]) if after else b""
        yield f"{at} after the next", b"\n".join([*before, *after[:1], line, *after[1:], b""]) if after else b""
        yield f"{at} cut", b"\n".join([*before, line[: len(line) // 2], *after, b""])
        yield f"an empty line before {at}", b"\n".join([*before, b"", line, *after, b""])
        yield f"cut before {at}", b"\n".join([*before, b""])
        yield f"cut within {at}", whole[: whole.index(line) + len(line) // 2]
    yield "without the last line end", whole[:-1]
    yield "with an empty line", whole + b"\n"
    yield "with another line", whole + lines[0] + b"\n"
    yield "with words behind", whole + b"paid"


def test_no_line_can_be_removed_doubled_moved_or_cut(tmp_path: Path) -> None:
    folder = bare(tmp_path / "out", 15)
    lines = (folder / "records.jsonl").read_bytes().splitlines()
    assert is_found_right(folder, b"\n".join([*lines, b""]))
    assert [how for how, records in rearranged(lines) if is_found_right(folder, records)] == []


# The closed records


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prev", "0" * 64),
        ("run", "OTHER2"),
        ("run", "RUN1"),
        ("seq", 5),
        ("seq", "4"),
        ("step", None),
        ("ts", "2026-11-23T12:00:00.092072Z"),
        ("type", "log.open"),
        ("type", "check.verdict"),
        ("v", 2),
        ("v", True),
        ("note", "a further field"),
    ],
)
def test_no_link_of_a_closed_record_can_be_changed(tmp_path: Path, name: str, value: Any) -> None:
    folder = bare(tmp_path / "out", 3)
    lines = (folder / "records.jsonl").read_bytes().splitlines()
    tail = part_of(lines)["tail"]
    before, _, text = tail.rpartition('"prev"')
    changed = canonical({**json.loads('{"prev"' + text), name: value})[1:].decode()
    closed(lines, tail=before + changed)
    assert changed != '"prev"' + text
    assert not is_found_right(folder, b"\n".join([*lines, b""]))


@pytest.mark.parametrize(
    "changes",
    [
        {"at": 0},
        {"at": 128},
        {"at": 256},
        {"at": 193},
        {"at": -192},
        {"at": "192"},
        {"at": True},
        {"at": None},
        {"at": 2**52},
        {"state": "0" * 64},
        {"state": "0" * 63},
        {"state": ""},
        {"state": "z" * 64},
        {"state": 7},
        {"state": None},
        {"tail": ""},
        {"tail": "\u20ac"},
        {"tail": '"prev":'},
        {"tail": None},
        {"note": "paid"},
    ],
    ids=str,
)
def test_no_part_of_a_closed_record_can_be_changed(tmp_path: Path, changes: dict[str, Any]) -> None:
    folder = bare(tmp_path / "out", 3)
    lines = (folder / "records.jsonl").read_bytes().splitlines()
    closed(lines, **changes)
    assert not is_found_right(folder, b"\n".join([*lines, b""]))


def test_a_closed_record_is_closed_at_the_end_of_a_block(tmp_path: Path) -> None:
    folder = bare(tmp_path / "out", 3)
    lines = (folder / "records.jsonl").read_bytes().splitlines()
    closed(lines, at=193)
    (folder / "records.jsonl").write_bytes(b"\n".join([*lines, b""]))
    assert judged(folder) == (1, "DOES NOT HOLD: record #4: it is not closed as format 1 has it\n")


def test_a_closed_record_is_written_in_one_way_only(tmp_path: Path) -> None:
    folder = bare(tmp_path / "out", 3)
    first, second, third = (folder / "records.jsonl").read_bytes().splitlines()
    state = part_of([second])["state"].encode()
    for other in (
        second.replace(b'"at":192', b'"at": 192'),
        second.replace(b'"at":192', b'"at":192.0'),
        second.replace(b'"at":192', b'"at":192,"at":192'),
        second.replace(state, state.upper()),
        second.replace(state, b" " + state[1:]),
        second.replace(state, b"+" + state[1:]),
        second[:-1] + b',"zeal":"paid"}',
        second.replace(b'"tail":"', b'"tail":"\\u002f', 1),
    ):
        assert other != second
        assert not is_found_right(folder, b"\n".join([first, other, third, b""])), other


# Any bytes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
# What stands in a record or in a manifest, and what may be put there.
FIELDS = "actor blobs data id log mono_us origin prev run seq step ts type v sealed".split()
KEYS = "type v log head first runs whole_log journal files records".split()
RECORDS = [json.loads(body) for _, body in stored(in_memory())]


def is_told(folder: Path) -> bool:
    """Whether the verifier answers with a code and words, in plain characters. It raises what it falls over."""
    code, said = judged(folder)
    return code in (0, 1, 2) and said.isascii() and said.startswith(("DOES NOT", "CANNOT", "run", "HOLDS"))


@settings(max_examples=60)
@given(st.binary(max_size=200), st.sampled_from(["records.jsonl", "manifest.json"]))
def test_no_bytes_make_the_verifier_fall_over(spoilt: Path, body: bytes, name: str) -> None:
    before = (spoilt / name).read_bytes()
    (spoilt / name).write_bytes(body)
    told = is_told(spoilt)
    (spoilt / name).write_bytes(before)
    assert told


@settings(max_examples=60)
@given(st.sampled_from(KEYS), JSON)
def test_nothing_in_a_manifest_makes_it_fall_over(spoilt: Path, key: str, value: Any) -> None:
    before = (spoilt / "manifest.json").read_text()
    (spoilt / "manifest.json").write_text(json.dumps({**json.loads(before), key: value}))
    told = is_told(spoilt)
    (spoilt / "manifest.json").write_text(before)
    assert told


@settings(max_examples=60)
@given(st.integers(0, len(RECORDS) - 1), st.sampled_from(FIELDS), JSON)
def test_nothing_in_a_record_of_a_chain_that_is_right_makes_it_fall_over(
    tmp_path_factory: pytest.TempPathFactory, at: int, field: str, value: Any
) -> None:
    values = [{**record, field: value} if place == at else record for place, record in enumerate(RECORDS)]
    assert is_told(packed(tmp_path_factory.mktemp("made") / "out", chained(values), log=RECORDS[0]["log"]))
