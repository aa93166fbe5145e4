"""One server over HTTP: reads that are tried again, writes that are sent once, and nothing that can be drawn out. Floor 2.

The only importer of httpx. Every exchange has a total deadline, a size cap, no redirects, no proxy and no netrc from
the environment, and an `X-Request-Id` of its own. What an exception means is the table `MEANINGS`; whether a write may
have reached the server is not guessed from it but known from the socket.
"""

from __future__ import annotations

import hashlib
import json
import random
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from engine import __version__
from engine.clock import Clock
from engine.deadline import DeadlineBackend, Deadlines, Exchange
from engine.errors import Bug, Unreachable
from engine.exchange import Answer, NeverSent, NoAnswer, Replied, Request
from engine.values import Secret

MOST_BYTES = 32 * 1024 * 1024
READ_SECONDS = 30.0
CONNECT_SECONDS = 10.0
READ_TRIES = 4
READ_BUDGET = 60.0
LONGEST_PAUSE = 20.0
TRIED_AGAIN = frozenset({429, 500, 502, 503, 504})

# What went wrong, in words. A test fails when httpx grows an exception that is not here.
MEANINGS: dict[type[Exception], str] = {
    httpx.ConnectTimeout: "connecting took too long",
    httpx.ReadTimeout: "no answer in time",
    httpx.WriteTimeout: "the request could not be sent in time",
    httpx.PoolTimeout: "no connection was free in time",
    httpx.TimeoutException: "no answer in time",
    httpx.ConnectError: "the connection was refused or the name is not known",
    httpx.ReadError: "the connection broke while the answer was due",
    httpx.WriteError: "the connection broke while the request was being sent",
    httpx.CloseError: "the connection broke while it was being closed",
    httpx.NetworkError: "the connection broke",
    httpx.ProxyError: "a proxy stood in between",
    httpx.UnsupportedProtocol: "the address is neither http nor https",
    httpx.LocalProtocolError: "the request could not be put into HTTP",
    httpx.RemoteProtocolError: "the connection was closed, or what came is not HTTP",
    httpx.ProtocolError: "what came is not HTTP",
    httpx.TransportError: "the connection failed",
    httpx.DecodingError: "the answer could not be unpacked",
    httpx.TooManyRedirects: "the answer leads elsewhere",
    httpx.RequestError: "the request failed",
    httpx.HTTPStatusError: "the answer is an error",
    httpx.HTTPError: "the request failed",
    httpx.InvalidURL: "the address is none",
    httpx.CookieConflict: "two cookies have one name",
    httpx.StreamError: "the answer could not be read",
    httpx.StreamConsumed: "the answer was read already",
    httpx.StreamClosed: "the answer was closed",
    httpx.ResponseNotRead: "the answer was not read",
    httpx.RequestNotRead: "the request was not read",
}


class TooLarge(Exception):
    """The answer is larger than any that Lago gives."""


class ReadOnly(Bug):
    """Something tried to write where only reading is allowed."""


def meaning(error: Exception) -> str:
    """What an exception of the transport means, in words."""
    if isinstance(error, TooLarge):
        return f"the answer is larger than {MOST_BYTES // 1024 // 1024} MiB"
    for kind in type(error).__mro__:
        if kind in MEANINGS:
            return MEANINGS[kind]
    return type(error).__name__


@cache
def _certificates() -> ssl.SSLContext:
    """The authorities that are trusted, read once: reading them costs more than a request on loopback."""
    return httpx.create_ssl_context(trust_env=False)


class _Transport(httpx.HTTPTransport):
    """httpx's transport over the backend that keeps deadlines; it sends only what `permits` allows, whoever calls it."""

    def __init__(
        self, deadlines: Deadlines, permits: Callable[[str, str], bool], *, is_kept: bool, is_encrypted: bool
    ) -> None:
        context = _certificates() if is_encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().__init__(verify=context, trust_env=False, retries=0)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=8,
            max_keepalive_connections=8 if is_kept else 0,
            keepalive_expiry=5.0,
            network_backend=DeadlineBackend(deadlines),
        )
        self._permits = permits

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, if it may be sent. Raises ReadOnly."""
        if not self._permits(request.method, request.url.path):
            raise ReadOnly(f"this run only reads: `{request.method} {request.url.path}` was not sent")
        return super().handle_request(request)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer to a read. `body` is the parsed JSON, or None when it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any
    seconds: float
    request_id: str


def reads_only(method: str, path: str) -> bool:
    """The permission of a run that must not write."""
    return method in ("GET", "HEAD")


def anything(method: str, path: str) -> bool:
    """The permission of a run that may write."""
    return True


@dataclass
class Wire:
    """One server. `base` ends without a slash; `header` and `secret` are how it knows us; `tell` hears of each answer."""

    base: str
    header: str | None
    secret: Secret | None
    clock: Clock
    permits: Callable[[str, str], bool] = anything
    jitter: Callable[[], float] = random.random
    tell: Callable[[str], object] = str
    _deadlines: Deadlines = field(default_factory=Deadlines, init=False)
    _reader: httpx.Client | None = field(default=None, init=False)

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.base).netloc

    @property
    def host(self) -> str:
        """The host's name alone, in lower case."""
        return (urlsplit(self.base).hostname or "").lower()

    def target(self, path: str) -> str:
        """`path` below the server's own path: what stands in the request line."""
        return urlsplit(self.base).path + path

    def close(self) -> None:
        """Close what is pooled."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    # Reads

    def read(self, path: str) -> Reply:
        """GET, tried again with backoff, jitter and the server's own Retry-After. Raises Unreachable, never anything else.

        An answer that is not a passing failure is handed over whatever its status.
        """
        request = Request("GET", self.target(path))
        started, why = time.monotonic(), ""
        for attempt in range(READ_TRIES):
            try:
                reply = self._read_once(request)
                if reply.status not in TRIED_AGAIN:
                    return reply
                why, asked = f"it answered {reply.status}", retry_after(reply.headers, self.clock)
            except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, TooLarge) as error:
                why, asked = meaning(error), None
            pause = asked if asked is not None else self.jitter() * min(LONGEST_PAUSE, 0.25 * 4**attempt)
            spent = time.monotonic() - started
            if attempt + 1 == READ_TRIES or pause > LONGEST_PAUSE or spent + pause > READ_BUDGET:
                break
            self.clock.sleep(pause)
        raise Unreachable(f"{self.place} cannot be read: {why} ({request})", hint="Check the address, then try again.")

    def read_root(self, path: str) -> Reply:
        """The same for a path at the server's root, as `/health`. Raises Unreachable."""
        parts = urlsplit(self.base)
        root = Wire(f"{parts.scheme}://{parts.netloc}", None, None, self.clock, self.permits)
        try:
            return root.read(path)
        finally:
            root.close()

    def _read_once(self, request: Request) -> Reply:
        if self._reader is None:
            self._reader = self._client(is_kept=True)
        request_id = str(uuid.uuid4())
        started = time.monotonic()
        with self._exchange(READ_SECONDS):
            status, headers, content = self._send(self._reader, request, request_id)
        return Reply(status, headers, parse(content), time.monotonic() - started, request_id)

    # Writes

    def write(self, method: str, path: str, request_id: str, seconds: float) -> Answer:
        """Send once, on a connection of its own, and wait so many seconds for the whole answer. Never sent again.

        `NeverSent` only when not a byte of the request was written; after that anything but a whole answer is
        `NoAnswer`. Raises ReadOnly where writing is not allowed.
        """
        request = Request(method, self.target(path))
        started = time.monotonic()
        with self._exchange(seconds) as exchange, self._client(is_kept=False) as client:
            try:
                status, headers, content = self._send(client, request, request_id)
            except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, TooLarge) as error:
                took = time.monotonic() - started
                if not exchange.has_written:
                    return NeverSent(meaning(error), took)
                if isinstance(error, httpx.TimeoutException):
                    return NoAnswer(f"no answer in {took:.1f} s", took)
                return NoAnswer(meaning(error), took)
        took = time.monotonic() - started
        body = parse(content)
        is_object = isinstance(body, dict)
        return Replied(
            status=status,
            body=body if is_object else None,
            error=body if is_object and is_error(status, body) else None,
            echoed=headers.get("x-request-id") == request_id,
            seconds=took,
            retry_after=retry_after(headers, self.clock),
            body_digest="sha256:" + hashlib.sha256(content).hexdigest(),
            headers={name: headers[name] for name in ("content-type", "date", "server") if name in headers},
        )

    # Both

    def _client(self, *, is_kept: bool) -> httpx.Client:
        return httpx.Client(
            transport=_Transport(
                self._deadlines, self.permits, is_kept=is_kept, is_encrypted=self.base.startswith("https://")
            ),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip, identity",
                "User-Agent": f"runbook/{__version__}",
            },
        )

    @contextmanager
    def _exchange(self, seconds: float) -> Iterator[Exchange]:
        exchange = Exchange.within(seconds)
        self._deadlines.enter(exchange)
        try:
            yield exchange
        finally:
            self._deadlines.enter(None)

    def _send(self, client: httpx.Client, request: Request, request_id: str) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"X-Request-Id": request_id}
        if self.header and self.secret:
            headers[self.header] = self.secret.reveal()
        parts = urlsplit(self.base)
        url = f"{parts.scheme}://{parts.netloc}{request.target}"
        timeout = None if request.method not in ("GET", "HEAD") else READ_SECONDS
        with client.stream(
            request.method, url, headers=headers, timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS)
        ) as response:
            self.tell(f"{request} {response.status_code}, request id {request_id}")
            content = bytearray()
            for chunk in response.iter_bytes(65_536):
                content += chunk
                if len(content) > MOST_BYTES:
                    raise TooLarge
        return response.status_code, response.headers, bytes(content)


def parse(content: bytes) -> Any:
    """JSON with exact decimals; None for anything that is not JSON, doubles a key, or says NaN."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key stands twice")
        return found

    def refuse(text: str) -> Any:
        raise ValueError(f"{text} is not JSON")

    try:
        return json.loads(content, parse_float=Decimal, parse_constant=refuse, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        return None


def is_error(status: int, body: Mapping[str, Any]) -> bool:
    """Whether a body is Lago's own JSON error: its `status` says the same, and `error` is text."""
    return (
        body.get("status") == status and not isinstance(body.get("status"), bool) and isinstance(body.get("error"), str)
    )


def retry_after(headers: Mapping[str, str], clock: Clock) -> float | None:
    """Seconds that the server asks us to wait: Retry-After (RFC 9110 10.2.3), else Lago Cloud's X-RateLimit-Reset."""
    for name in ("retry-after", "x-ratelimit-reset"):
        text = headers.get(name, "").strip()
        if not text:
            continue
        if text.isascii() and text.isdigit():
            return float(text[:9])
        if name == "retry-after":
            try:
                return max(0.0, (parsedate_to_datetime(text) - clock.now()).total_seconds())
            except (ValueError, TypeError):
                continue
    return None
