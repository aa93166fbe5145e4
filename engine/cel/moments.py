"""Timestamps and durations: read from text, written as text, added and subtracted, within CEL's ranges. Floor 1."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from engine.cel.faults import Fault
from engine.cel.numbers import shown

_MICROSECOND = timedelta(microseconds=1)
LONGEST = 315_576_000_000 * 10**6
"""The longest duration, in microseconds: 10,000 years, so that any moment minus any other is one."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_SPAN = re.compile(r"([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:h|ms|us|ns|m|s))+|0)", re.ASCII)
_PIECE = re.compile(r"(\d*)\.?(\d*)(h|ms|us|ns|m|s)", re.ASCII)
_NANOSECONDS = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def moment(text: str) -> datetime:
    """Read `2026-11-02T09:30:00Z`, RFC 3339. Raises Fault."""
    match = _MOMENT.fullmatch(text)
    if not match:
        raise Fault(f"{shown(text)} is no timestamp; it is written 2026-11-02T09:30:00Z, with its zone")
    *numbers, fraction, sign, hours, minutes = match.groups()
    fraction = (fraction or "").ljust(9, "0")
    if fraction[6:] != "000":
        raise Fault(f"{shown(text)} is finer than a microsecond")
    if hours and (int(hours) > 23 or int(minutes) > 59):
        raise Fault(f"{shown(text)} has no possible offset")
    year, month_, day, hour, minute, second = map(int, numbers)
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        local = datetime(year, month_, day, hour, minute, second, int(fraction[:6]), UTC)
        return local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        raise Fault(f"{shown(text)} is no moment of a calendar from year 1 to 9999") from None


def from_seconds(seconds: int) -> datetime:
    """`timestamp(0)`: so many seconds after 1970 began in UTC. Raises Fault."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise Fault("this is no moment from year 1 to 9999") from None


def to_seconds(when: datetime) -> int:
    """`int(timestamp)`: whole seconds since 1970 began in UTC, cut off towards the past."""
    return (when - _EPOCH) // timedelta(seconds=1)


def span(text: str) -> timedelta:
    """Read `24h`, `1h30m`, `-1.5s`, `250ms`. Raises Fault."""
    match = _SPAN.fullmatch(text) if len(text) <= 100 else None
    if not match:
        raise Fault(f"{shown(text)} is no duration; it is written 24h, 1h30m or 1.5s")
    scaled, scale = 0, 10**100
    for whole, fraction, unit in _PIECE.findall(match[2]):
        number = int(whole or "0") * scale + int((fraction or "0").ljust(100, "0"))
        scaled += number * _NANOSECONDS[unit]
    microseconds, rest = divmod(scaled, scale * 1000)
    if rest:
        raise Fault(f"{shown(text)} is finer than a microsecond")
    return _span(-microseconds if match[1] == "-" else microseconds)


def _span(microseconds: int) -> timedelta:
    if abs(microseconds) > LONGEST:
        raise Fault("this duration is longer than 10,000 years")
    return timedelta(microseconds=microseconds)


def fits(length: timedelta) -> bool:
    """Whether `length` is within the range of CEL's durations."""
    return abs(length // _MICROSECOND) <= LONGEST


def later(when: datetime, length: timedelta) -> datetime:
    """`when + length`. Raises Fault."""
    try:
        return when + length
    except OverflowError:
        raise Fault("the result is no moment from year 1 to 9999") from None


def later_by(length: timedelta, when: datetime) -> datetime:
    """`length + when`. Raises Fault."""
    return later(when, length)


def earlier(when: datetime, length: timedelta) -> datetime:
    """`when - length`. Raises Fault."""
    return later(when, -length)


def between(a: datetime, b: datetime) -> timedelta:
    """`a - b`. Raises Fault."""
    return bounded(a - b)


def longer(a: timedelta, b: timedelta) -> timedelta:
    """`a + b`. Raises Fault."""
    return bounded(a + b)


def shorter(a: timedelta, b: timedelta) -> timedelta:
    """`a - b`. Raises Fault."""
    return bounded(a - b)


def together(lengths: list[timedelta]) -> timedelta:
    """The sum of `lengths`, zero of none. Raises Fault."""
    return _span(sum(length // _MICROSECOND for length in lengths))


def bounded(length: timedelta) -> timedelta:
    """`length`, if it is within CEL's range. Raises Fault."""
    return _span(length // _MICROSECOND)


def show_moment(when: datetime) -> str:
    """`2026-11-02T09:30:00Z`, the second with none, three or six digits more."""
    return f"{when.year:04d}-{when.month:02d}-{when.day:02d}T{when:%H:%M:%S}{_fraction(when.microsecond)}Z"


def show_span(length: timedelta) -> str:
    """`5400s`, `-0.250s`: CEL writes a duration in seconds, with none, three or six digits more."""
    microseconds = length // _MICROSECOND
    seconds, rest = divmod(abs(microseconds), 10**6)
    return f"{'-' if microseconds < 0 else ''}{seconds}{_fraction(rest)}s"


def _fraction(microseconds: int) -> str:
    digits = f"{microseconds:06d}".removesuffix("000")
    return f".{digits}" if microseconds else ""


def in_zone(when: datetime, zone: str) -> datetime:
    """`when` on the clock of `zone`: `Europe/Berlin`, `UTC`, `+02:00`. Raises Fault."""
    try:
        return when.astimezone(zone_of(zone))
    except OverflowError:
        raise Fault(f"there the calendar is outside of the years 1 to 9999: {shown(zone)}") from None


def zone_of(name: str) -> tzinfo:
    """The zone called `name`, or the fixed offset `+02:00` or `02:00`. Raises Fault."""
    found = _zone(name)
    if found is None:
        raise Fault(f"{shown(name)} is no time zone; it is written Europe/Berlin, UTC or +02:00")
    return found


@lru_cache(1024)
def _zone(name: str) -> tzinfo | None:
    """Also what is no zone is remembered: looking for it takes long."""
    match = re.fullmatch(r"([+-]?)([01]\d|2[0-3]):([0-5]\d)", name, re.ASCII)
    if match:
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    from zoneinfo import ZoneInfo

    try:
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", name, re.ASCII):
            return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        pass
    return None


def month(when: datetime, zone: str) -> str:
    """`2026-10`, the month on the calendar of `zone`. Raises Fault."""
    there = in_zone(when, zone)
    return f"{there.year:04d}-{there.month:02d}"
