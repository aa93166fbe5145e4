"""The expression language: timestamps and durations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from expressions import failure, problems, value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('timestamp("2026-11-02T09:30:00Z")', datetime(2026, 11, 2, 9, 30, tzinfo=UTC)),
        ('timestamp("2026-11-02T10:30:00.5+01:00")', datetime(2026, 11, 2, 9, 30, 0, 500_000, tzinfo=UTC)),
        ("timestamp(1)", datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)),
        ('timestamp("0001-01-01T00:00:00Z")', datetime(1, 1, 1, tzinfo=UTC)),
        ('duration("1h30m")', timedelta(minutes=90)),
        ('duration("-1.5s")', timedelta(seconds=-1.5)),
        ('duration("250ms")', timedelta(milliseconds=250)),
        ('duration("0")', timedelta()),
        ('duration("0.001us") == duration("0")', None),
        ("now - invoice.created_at", timedelta(hours=33, minutes=30)),
        ('duration("1h") + now', datetime(2026, 11, 2, 10, 30, tzinfo=UTC)),
        ('now - duration("1h")', datetime(2026, 11, 2, 8, 30, tzinfo=UTC)),
        ('sum([duration("1h"), duration("30m")])', timedelta(minutes=90)),
        ('timestamp("9999-12-31T23:59:59Z") - timestamp("0001-01-01T00:00:00Z") > duration("24h")', True),
        ("string(now)", "2026-11-02T09:30:00Z"),
        ('string(timestamp("2026-11-02T09:30:00.5Z"))', "2026-11-02T09:30:00.500Z"),
        ('string(timestamp("0099-11-02T09:30:00.000001Z"))', "0099-11-02T09:30:00.000001Z"),
        ('string(duration("90m"))', "5400s"),
        ('string(duration("-1.5s"))', "-1.500s"),
        ('string(duration("-1us"))', "-0.000001s"),
        ("int(now)", 1_793_611_800),
        ('int(timestamp("1969-12-31T23:59:58.5Z"))', -2),
        ("timestamp(int(now)) == now", True),
    ],
)
def test_they_are_read_computed_and_written_as_cel_does(text: str, expected: object) -> None:
    if expected is None:
        assert problems(text)[0].endswith("is finer than a microsecond")
    else:
        assert value(text) == expected


@pytest.mark.parametrize(
    ("part", "there"),
    [
        ("getFullYear", (2026, 2026, 2027)),
        ("getMonth", (11, 11, 0)),
        ("getDate", (31, 31, 1)),
        ("getDayOfMonth", (30, 30, 0)),
        ("getDayOfYear", (364, 364, 0)),
        ("getDayOfWeek", (4, 4, 5)),
        ("getHours", (23, 18, 0)),
        ("getMinutes", (30, 0, 30)),
        ("getSeconds", (5, 5, 5)),
        ("getMilliseconds", (250, 250, 250)),
    ],
)
def test_the_parts_of_a_moment_are_those_of_the_zone_that_is_asked_for(part: str, there: tuple[int, ...]) -> None:
    when = 'timestamp("2026-12-31T23:30:05.250999Z")'
    asked = [value(f"{when}.{part}({zone})") for zone in ("", '"-05:30"', '"Europe/Berlin"')]
    assert tuple(asked) == there
    assert value(f'{when}.{part}("UTC")') == there[0]
    assert value(f'{when}.{part}("01:00")') == there[2]


def test_summer_time_is_that_of_the_day() -> None:
    assert value('timestamp("2026-09-30T22:00:00Z").month("Europe/Berlin")') == "2026-10"
    assert value('timestamp("2026-10-31T22:30:00Z").month("Europe/Berlin")') == "2026-10"
    assert value('timestamp("2026-09-30T21:59:59Z").month("Europe/Berlin")') == "2026-09"


@pytest.mark.parametrize(
    ("part", "expected"), [("getHours", -26), ("getMinutes", -1565), ("getSeconds", -93_905), ("getMilliseconds", -250)]
)
def test_the_parts_of_a_duration_are_the_whole_of_it_but_for_milliseconds(part: str, expected: int) -> None:
    length = "(" + 'duration("0s") - duration("26h5m5.250999s")' + ")"
    assert value(f"{length}.{part}()") == expected
    assert value(f'duration("26h5m5.250999s").{part}()') == -expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('now + duration("87000000h")', "0-27 the result is no moment from year 1 to 9999"),
        ('now - duration("87000000h")', "0-27 the result is no moment from year 1 to 9999"),
        ('duration("87000000h") + duration("87000000h")', "0-45 this duration is longer than 10,000 years"),
        ('timestamp("0001-01-01T00:00:00Z").getHours("-05:00")', None),
        (
            "timestamp(params.month)",
            "0-23 '2026-10' is no timestamp; it is written 2026-11-02T09:30:00Z, with its zone",
        ),
        ("duration(params.month)", "0-22 '2026-10' is no duration; it is written 24h, 1h30m or 1.5s"),
        ("now.getHours(params.month)", "0-26 '2026-10' is no time zone; it is written Europe/Berlin, UTC or +02:00"),
        ('now.getHours("../" + params.month)', None),
        ('now.getHours("Europe" + "")', None),
        ('now.getHours("localtime/" + "")', None),
    ],
)
def test_what_is_outside_of_a_calendar_or_cannot_be_read_fails(text: str, why: str | None) -> None:
    assert failure(text) == why or why is None


NO_TIMESTAMPS = """
2026-02-30T00:00:00Z 2026-11-02T24:00:00Z 2026-11-02T23:59:60Z 2026-11-02T00:00:00 2026-11-02 2026-11-02T00:00:00+24:00
0000-01-01T00:00:00Z 10000-01-01T00:00:00Z 0001-01-01T00:00:00+00:01 \u0662026-11-02T00:00:00Z 2026-11-02T00:00Z
""".split()
NO_DURATIONS = "1 1d h 1h,2m 1.2.3s s1 --1s 1e3s \u0663s inf 100000000h .s".split()


@pytest.mark.parametrize("text", ["", "2026-11-02 00:00:00Z", *NO_TIMESTAMPS])
def test_no_other_text_is_a_timestamp(text: str) -> None:
    assert len(problems(f'timestamp("{text}")')) == 1


@pytest.mark.parametrize("text", ["", "1h 2m", *NO_DURATIONS])
def test_no_other_text_is_a_duration(text: str) -> None:
    assert len(problems(f'duration("{text}")')) == 1
