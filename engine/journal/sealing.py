"""A record shown by its links alone: its content stays closed, and its hash can still be computed by others. Floor 2.

SHA-256 works through its input in blocks of 64 bytes. Who is given its inner state after the first blocks, and the
bytes that follow, computes the same hash without ever seeing the first ones; to find other following bytes for it is
as hard as to break SHA-256. Canonical JSON puts `prev`, `run`, `seq`, `step`, `ts`, `type` and `v` last, so these show,
and `actor`, `data` and `id` do not. The 74 random bits of `id` keep the closed part from being guessed.

The standard library does not tell that state, so it is computed here, for hundreds of records side by side: each number holds
the same word of all of them, in 64 bits each, so that a sum of words does not reach into the next record's.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from engine.journal.chain import Record
from engine.plain import dataclass
from engine.values import canonical

BLOCK = 64
SHOWN = ("prev", "run", "seq", "step", "ts", "type", "v")

_LANE = 64
_WORD = 0xFFFFFFFF
_PRIMES = [number for number in range(2, 312) if all(number % by for by in range(2, math.isqrt(number) + 1))]


def _cube_root(number: int) -> int:
    """The cube root of a whole number, rounded down."""
    low, high = 0, 1 << (number.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= number else (low, middle - 1)
    return low


# FIPS 180-4: the first 32 bits of the fractions of the primes' square and cube roots.
_START = tuple(math.isqrt(prime << 64) & _WORD for prime in _PRIMES[:8])
_ROUNDS = tuple(_cube_root(prime << 96) & _WORD for prime in _PRIMES)

State = tuple[int, ...]  # of one text, or of all of them, a lane each


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record without its content: SHA-256's state (hex) after the first `at` bytes, and the bytes after them."""

    state: str
    at: int
    tail: bytes

    def line(self) -> bytes:
        """As it stands in an export, beside records that are shown whole. Each byte of the tail is one character."""
        return canonical({"sealed": {"at": self.at, "state": self.state, "tail": self.tail.decode("latin-1")}})


def seal(records: Sequence[Record]) -> list[Sealed]:
    """Close records: only whole blocks before the shown fields are left out, so that a few bytes more may show."""
    ends = [(len(record.body) - _shown(record)) // BLOCK * BLOCK for record in records]
    states = states_after([record.body[:at] for record, at in zip(records, ends, strict=True)])
    return [Sealed(state, at, record.body[at:]) for record, at, state in zip(records, ends, states, strict=True)]


def _shown(record: Record) -> int:
    """The bytes of the fields that show."""
    value = {name: getattr(record, name) for name in SHOWN if name != "v"} | {"v": 1}
    return len(canonical(value)) - 1


def unreadable(body: bytes) -> Sealed:
    """Bytes that are no record, all of them shown, in a form that fits one line."""
    (start,) = states_after([b""])
    return Sealed(start, 0, body)


def states_after(texts: Sequence[bytes]) -> list[str]:
    """SHA-256's inner state, in hex, after each of these texts of whole blocks."""
    order = sorted(range(len(texts)), key=lambda at: -len(texts[at]))
    found = [""] * len(texts)
    lanes, start = len(texts), 0
    state: State = tuple(word * _ones(lanes) for word in _START)
    while True:
        while lanes and len(texts[order[lanes - 1]]) == start:  # the shortest of them, in the last lane, is done
            lanes -= 1
            found[order[lanes]] = struct.pack(">8I", *(word >> lanes * _LANE & _WORD for word in state)).hex()
        if not lanes:
            return found
        state = _absorb(state, [texts[at][start : start + BLOCK] for at in order[:lanes]])
        start += BLOCK


def _ones(lanes: int) -> int:
    """1 in each lane: times a word, that word in each."""
    return int.from_bytes((1).to_bytes(_LANE // 8, "little") * lanes, "little")


def _absorb(state: State, blocks: list[bytes]) -> State:
    """The state after one more block of each text; lanes beyond these are dropped."""
    ones = _ones(len(blocks))
    mask = _WORD * ones
    state = tuple(word & mask for word in state)
    told = struct.unpack(f">{16 * len(blocks)}I", b"".join(blocks))
    lanes = f"<{len(blocks)}Q"
    words = [int.from_bytes(struct.pack(lanes, *told[at::16]), "little") for at in range(16)]
    for at in range(16, 64):
        early, late = words[at - 15], words[at - 2]
        # A word twice in its lane: shifted right, its lower half is the word turned.
        twice, later = early | early << 32, late | late << 32
        early = (twice >> 7 ^ twice >> 18 ^ early >> 3) & mask
        late = (later >> 17 ^ later >> 19 ^ late >> 10) & mask
        words.append((words[at - 16] + early + words[at - 7] + late) & mask)
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(_ROUNDS, words, strict=True):
        twice = e | e << 32
        first = h + ((twice >> 6 ^ twice >> 11 ^ twice >> 25) & mask) + (g ^ e & (f ^ g)) + constant * ones + word
        twice = a | a << 32
        turned = (twice >> 2 ^ twice >> 13 ^ twice >> 22) & mask
        h, g, f, e, d, c, b, a = g, f, e, (d + first) & mask, c, b, a, (first + turned + (a & b | c & (a | b))) & mask
    return tuple((old + new) & mask for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True))
