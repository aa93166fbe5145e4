"""A record shown by its links alone: its content stays closed, and its hash can still be computed by others. Floor 2.

SHA-256 works through its input in blocks of 64 bytes. Who is given its inner state after the first blocks, and the
bytes that follow, computes the same hash without ever seeing the first ones; to find other following bytes for it is
as hard as to break SHA-256. Canonical JSON puts `prev`, `run`, `seq`, `step`, `ts`, `type` and `v` last, so these show,
and `actor`, `data` and `id` do not. The 74 random bits of `id` keep the closed part from being guessed.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from engine.journal.chain import Record
from engine.values import canonical

BLOCK = 64
SHOWN = ("prev", "run", "seq", "step", "ts", "type", "v")

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

State = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record without its content: SHA-256's state (hex) after the first `at` bytes, and the bytes after them."""

    state: str
    at: int
    tail: bytes

    def line(self) -> bytes:
        """As it stands in an export, beside records that are shown whole. Each byte of the tail is one character."""
        return canonical({"sealed": {"at": self.at, "state": self.state, "tail": self.tail.decode("latin-1")}})


def seal(record: Record) -> Sealed:
    """Close a record: only whole blocks before the shown fields are left out, so that a few bytes more may show."""
    value = {name: getattr(record, name) for name in SHOWN if name != "v"} | {"v": 1}
    shown = len(canonical(value)) - 1
    at = (len(record.body) - shown) // BLOCK * BLOCK
    return Sealed(state_after(record.body[:at]), at, record.body[at:])


def unreadable(body: bytes) -> Sealed:
    """Bytes that are no record, all of them shown, in a form that fits one line."""
    return Sealed(state_after(b""), 0, body)


def state_after(data: bytes) -> str:
    """SHA-256's inner state, in hex, after whole blocks: what the standard library computes and does not tell."""
    state = _START
    for start in range(0, len(data), BLOCK):
        state = _absorb(state, data[start : start + BLOCK])
    return struct.pack(">8I", *state).hex()


def _absorb(state: State, block: bytes) -> State:
    words = list(struct.unpack(">16I", block))
    for at in range(16, 64):
        early, late = words[at - 15], words[at - 2]
        early = (early >> 7 | early << 25) ^ (early >> 18 | early << 14) ^ early >> 3
        late = (late >> 17 | late << 15) ^ (late >> 19 | late << 13) ^ late >> 10
        words.append((words[at - 16] + early + words[at - 7] + late) & _WORD)
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(_ROUNDS, words, strict=True):
        turned = (e >> 6 | e << 26) ^ (e >> 11 | e << 21) ^ (e >> 25 | e << 7)
        first = h + turned + (g ^ e & (f ^ g)) + constant + word
        turned = (a >> 2 | a << 30) ^ (a >> 13 | a << 19) ^ (a >> 22 | a << 10)
        h, g, f, e, d, c, b, a = g, f, e, (d + first) & _WORD, c, b, a, (first + turned + (a & b | c & (a | b))) & _WORD
    return tuple((old + new) & _WORD for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True))
