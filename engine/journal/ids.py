"""Names that the journal gives out: of a log, a run and a record. Floor 2."""

from __future__ import annotations

import secrets
import uuid

from engine.clock import Clock

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def crockford(number: int, length: int) -> str:
    """The lowest `5 * length` bits of `number` in Crockford's base 32, most significant first."""
    return "".join(ALPHABET[number >> (5 * place) & 31] for place in reversed(range(length)))


def new_run_id(clock: Clock) -> str:
    """Twelve characters: seven of the second since 1970 (until the year 3058), so ids sort by time, and five random."""
    return crockford(int(clock.now().timestamp()), 7) + crockford(secrets.randbits(25), 5)


def new_log_id() -> str:
    """Sixteen random characters (80 bits): two logs never share one."""
    return crockford(secrets.randbits(80), 16)


def uuid7(clock: Clock, tail: int) -> str:
    """A UUID of version 7 (RFC 9562): milliseconds since 1970, then the lower bits of `tail`.

    A process draws its first tail at random (80 bits) and counts on from there, which the standard allows (6.2, method
    2): ids of one millisecond are in order, and fifty of them take the room of one where records are packed.
    """
    number = int(clock.now().timestamp() * 1000) & (1 << 48) - 1
    number = number << 80 | tail & (1 << 80) - 1
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))


def typed(prefix: str) -> str:
    """A run id as a person may have typed it: any case, and O, I, L for the digits they look like."""
    return prefix.strip().upper().translate(str.maketrans("OIL", "011"))
