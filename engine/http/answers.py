"""What the bytes of an HTTP answer mean: unpacked within a cap, read as exact JSON, and what it asks us to wait. Floor 2.

No HTTP library here. What cannot be read whole and without doubt is not read at all: a packed body that ends early, a
doubled key, `NaN`, a number that would not fit in memory when written out.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

# Far above what Lago answers (a list of 100 invoices is about half a megabyte), far below what hurts.
MOST_BYTES = 32 * 1024 * 1024

# Of the gzip and the zlib format, whichever it is: servers send both as `deflate`.
_GZIP_OR_ZLIB = 47

# `1e999999999` is eleven bytes of JSON and a gigabyte of digits.
_MOST_DIGITS = 1_000


class TooLarge(Exception):
    """The answer is larger than any that Lago gives."""


class Garbled(Exception):
    """The answer's body is not packed as its headers say, or ends before its end."""


class Body:
    """An answer's body as it comes in, unpacked piece by piece, so that no bomb is ever held in memory whole."""

    def __init__(self, encoding: str) -> None:
        """`encoding` is the Content-Encoding. Raises Garbled for one that we did not ask for."""
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise Garbled
        self._unpacking = zlib.decompressobj(_GZIP_OR_ZLIB) if name not in ("", "identity") else None
        self._content = bytearray()
        self._has_begun = False

    def feed(self, piece: bytes) -> None:
        """Take the next bytes from the wire. Raises TooLarge, Garbled."""
        if self._unpacking is None:
            self._keep(piece)
            return
        while piece:
            if self._unpacking.eof:  # a gzip file may have several members, one after another
                self._unpacking = zlib.decompressobj(_GZIP_OR_ZLIB)
            try:
                self._keep(self._unpacking.decompress(piece, MOST_BYTES - len(self._content) + 1))
            except zlib.error:
                raise Garbled from None
            self._has_begun = True
            piece = self._unpacking.unused_data or self._unpacking.unconsumed_tail

    def whole(self) -> bytes:
        """The body, after its last piece. Raises Garbled when the packed form did not come to its end."""
        if self._unpacking is not None and self._has_begun and not self._unpacking.eof:
            raise Garbled
        return bytes(self._content)

    def _keep(self, content: bytes) -> None:
        self._content += content
        if len(self._content) > MOST_BYTES:
            raise TooLarge


def parse(content: bytes) -> Any:
    """JSON in UTF-8 with exact decimals; None for what is not JSON, doubles a key, or holds `NaN` or a monstrous number."""
    try:
        return json.loads(
            content.decode("utf-8-sig"),
            parse_float=_exact,
            parse_constant=_refused,
            object_pairs_hook=_without_doubles,
        )
    except (ValueError, ArithmeticError, RecursionError):
        return None


def _exact(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("no amount has so many digits")
    return number


def _refused(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def is_error(status: int, body: Mapping[str, Any]) -> bool:
    """Whether a body is Lago's own JSON error: its `status` is the answer's, as a whole number, and `error` is text.

    That is the shape of every recorded one; a gateway in between has its own (`lago.md` 1, "Error bodies").
    """
    said = body.get("status")
    return type(said) is int and said == status and isinstance(body.get("error"), str)


def asked_pause(status: int, headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that the server asks us to wait, None where it does not say.

    `Retry-After` (RFC 9110 10.2.3: seconds, or a moment, which is compared with the answer's own `Date` where it has
    one, so that a clock that is wrong here does not matter), else Lago Cloud's `X-RateLimit-Reset` on a 429: seconds.
    """
    text = headers.get("retry-after", "").strip()
    seconds = _seconds(text)
    if seconds is None and text:
        then, sent = _moment(text), _moment(headers.get("date", "")) or now
        seconds = max(0.0, (then - sent).total_seconds()) if then else None
    if seconds is None and status == 429:
        seconds = _seconds(headers.get("x-ratelimit-reset", "").strip())
    return seconds


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text, re.ASCII) else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else None
