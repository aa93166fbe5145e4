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


def uuid7(clock: Clock) -> str:
    """A UUID of version 7 (RFC 9562): milliseconds since 1970, then 74 random bits."""
    number = int(clock.now().timestamp() * 1000) & (1 << 48) - 1
    number = number << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))


def typed(prefix: str) -> str:
    """A run id as a person may have typed it: any case, and O, I, L for the digits they look like."""
    return prefix.strip().upper().translate(str.maketrans("OIL", "011"))
