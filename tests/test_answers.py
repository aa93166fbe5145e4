"""What the bytes of an answer mean: unpacked within a cap, exact JSON or none, and how long we are asked to wait."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.http.answers import MOST_BYTES, Body, Garbled, TooLarge, asked_pause, is_error, parse

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
TEXT = b'{"invoice":{}}' * 1_000


def unpacked(encoding: str, *pieces: bytes) -> bytes:
    body = Body(encoding)
    for piece in pieces:
        body.feed(piece)
    return body.whole()


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("GZIP ", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:5000]) + gzip.compress(TEXT[5000:])),
    ],
    ids=["none", "identity", "gzip", "shouted", "x-gzip", "deflate", "two members"],
)
def test_a_body_is_unpacked_however_it_comes_in_pieces(encoding: str, packed: bytes) -> None:
    assert unpacked(encoding, packed) == TEXT
    assert unpacked(encoding, *bytewise(packed)) == TEXT


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(TEXT)[:-1]),
        ("gzip", gzip.compress(TEXT)[:-8]),
        ("gzip", TEXT),
        ("gzip", gzip.compress(TEXT) + b"rubbish"),
        ("gzip", gzip.compress(TEXT)[:-8] + b"\x00" * 8),
        ("br", TEXT),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT))),
    ],
    ids=["cut by a byte", "without its sum", "not packed", "rubbish after", "wrong sum", "never asked for", "twice"],
)
def test_a_body_that_is_not_packed_as_it_says_is_garbled(encoding: str, packed: bytes) -> None:
    with pytest.raises(Garbled):
        unpacked(encoding, packed)


def test_a_packed_answer_without_a_body_is_empty() -> None:
    assert unpacked("gzip") == b""


def test_a_body_of_the_most_is_whole_and_one_more_byte_is_too_large() -> None:
    assert len(unpacked("", b"x" * MOST_BYTES)) == MOST_BYTES
    assert len(unpacked("gzip", gzip.compress(b"x" * MOST_BYTES))) == MOST_BYTES
    for encoding, packed in (("", b"x" * (MOST_BYTES + 1)), ("gzip", gzip.compress(b"x" * (MOST_BYTES + 1)))):
        with pytest.raises(TooLarge):
            unpacked(encoding, packed)


def test_a_bomb_never_fills_the_memory() -> None:
    bomb = gzip.compress(b" " * 512 * 1024 * 1024, compresslevel=1)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            unpacked("gzip", bomb)
        assert tracemalloc.get_traced_memory()[1] < 4 * MOST_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b'{"a":1',
        b'{"a":1}}',
        b'{"a":1,"a":1}',
        b'{"in":{"a":1,"a":2}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999999999}',
        b'{"a":1e99999999999999999999}',
        b"1" * 5_000,
        b"[" * 100_000,
        b"\xff\xfe{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\xed\xa0\x80"}',
        b"'a'",
    ],
    ids=lambda content: repr(content[:24]),
)
def test_what_cannot_be_read_without_doubt_is_no_json(content: bytes) -> None:
    assert parse(content) is None


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"rate":1.375}', {"rate": Decimal("1.375")}),
        (b'{"rate":20.0}', {"rate": Decimal("20.0")}),
        (b'{"cents":9007199254740993}', {"cents": 9007199254740993}),
        (b'{"small":1e-7}', {"small": Decimal("1e-7")}),
        (b"\xef\xbb\xbf[]", []),
        ('{"name":"Žofín \U0001f600"}'.encode(), {"name": "Žofín \U0001f600"}),
        (b'{"name":"\\ud800"}', {"name": "\ud800"}),
    ],
    ids=["decimal", "its digits kept", "beyond a float", "small", "byte order mark", "text", "lone surrogate"],
)
def test_json_is_read_exactly(content: bytes, value: Any) -> None:
    assert parse(content) == value
    assert repr(parse(content)) == repr(value)


@pytest.mark.parametrize(
    ("body", "is_lagos"),
    [
        (b'{"status":404,"error":"Not Found","code":"invoice_not_found"}', True),
        (b'{"status":404,"error":"Not Found"}', True),
        (b'{"status":404.0,"error":"Not Found"}', False),
        (b'{"status":"404","error":"Not Found"}', False),
        (b'{"status":500,"error":"Not Found"}', False),
        (b'{"status":404,"error":null}', False),
        (b'{"status":404,"error":{"message":"x"}}', False),
        (b'{"status":404}', False),
        (b'{"error":"Not Found"}', False),
    ],
    ids=lambda value: value.decode() if isinstance(value, bytes) else "",
)
def test_an_error_is_lagos_own_only_in_its_own_shape(body: bytes, is_lagos: bool) -> None:
    assert is_error(404, parse(body)) is is_lagos


def test_true_is_no_status() -> None:
    assert not is_error(1, {"status": True, "error": "x"})


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"retry-after": "7"}, 7.0),
        (503, {"retry-after": " 7 "}, 7.0),
        (429, {"retry-after": "1.5"}, 1.5),
        (429, {"retry-after": "Mon, 23 Nov 2026 12:00:09 GMT"}, 9.0),
        (429, {"retry-after": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0.0),
        (429, {"retry-after": "Thu, 23 Nov 2006 12:00:05 GMT", "date": "Thu, 23 Nov 2006 12:00:00 GMT"}, 5.0),
        (429, {"x-ratelimit-reset": "3"}, 3.0),
        (429, {"retry-after": "soon", "x-ratelimit-reset": "3"}, 3.0),
        (429, {"retry-after": "1", "x-ratelimit-reset": "30"}, 1.0),
        (503, {"x-ratelimit-reset": "30"}, None),
        (429, {}, None),
        (429, {"retry-after": ""}, None),
        (429, {"retry-after": "-5"}, None),
        (429, {"retry-after": "²"}, None),
        (429, {"retry-after": "nan"}, None),
        (429, {"retry-after": "9" * 400}, None),
        (429, {"retry-after": "Mon, 23 Nov 99999 12:00:09 GMT"}, None),
    ],
)
def test_how_long_we_are_asked_to_wait(status: int, headers: dict[str, str], seconds: float | None) -> None:
    assert asked_pause(status, headers, NOW) == seconds
