"""The parts of a timestamp and of a duration, counted as CEL counts them: months and days from 0. Floor 1."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from engine.cel.moments import in_zone

_PARTS: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda when: when.year,
    "getMonth": lambda when: when.month - 1,
    "getDate": lambda when: when.day,
    "getDayOfMonth": lambda when: when.day - 1,
    "getDayOfYear": lambda when: when.timetuple().tm_yday - 1,
    "getDayOfWeek": lambda when: when.isoweekday() % 7,
    "getHours": lambda when: when.hour,
    "getMinutes": lambda when: when.minute,
    "getSeconds": lambda when: when.second,
    "getMilliseconds": lambda when: when.microsecond // 1000,
}


def _there(part: Callable[[datetime], int]) -> Callable[[datetime, str], int]:
    return lambda when, zone: part(in_zone(when, zone))


IN_UTC = _PARTS
IN_ZONE: dict[str, Callable[[datetime, str], int]] = {name: _there(part) for name, part in _PARTS.items()}


def _counted(unit: timedelta) -> Callable[[timedelta], int]:
    return lambda length: -(-length // unit) if length < timedelta(0) else length // unit


def _milliseconds(length: timedelta) -> int:
    whole = _counted(timedelta(milliseconds=1))(length)
    return -(-whole % 1000) if whole < 0 else whole % 1000


OF_DURATIONS: dict[str, Callable[[timedelta], int]] = {
    "getHours": _counted(timedelta(hours=1)),
    "getMinutes": _counted(timedelta(minutes=1)),
    "getSeconds": _counted(timedelta(seconds=1)),
    "getMilliseconds": _milliseconds,
}
"""Hours, minutes and seconds are the whole duration in them; milliseconds are those beyond the last whole second."""
