"""One server over HTTP: reads that are tried again, writes that are sent once, and nothing that can be drawn out. Floor 2.

The only importer of httpx. Every exchange has a total deadline, a size cap, no redirects, no cookies kept, no proxy and
no netrc from the environment, and an `X-Request-Id` of its own. What an exception means is the table `MEANINGS`;
whether a write may have reached the server is not guessed from it but known from the socket.
"""

from __future__ import annotations

import hashlib
import random
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from engine import __version__
from engine.clock import Clock
from engine.errors import Bug, RunbookError, SettingsFault, Unreachable
from engine.http.addresses import API
from engine.http.answers import MOST_BYTES, Body, Garbled, TooLarge, asked_pause, is_error, parse
from engine.http.deadline import DeadlineBackend, Deadlines, Exchange
from engine.http.exchange import Answer, Heard, NeverSent, NoAnswer, Replied, Request
from engine.plain import dataclass
from engine.values import Secret, canonical

# Seconds: for one try of a read, for connecting, for all tries of a read with their pauses, for one backoff.
READ_SECONDS = 30.0
CONNECT_SECONDS = 10.0
READ_BUDGET = 60.0
LONGEST_BACKOFF = 20.0
READ_TRIES = 4
PASSING = frozenset({429, 500, 502, 503, 504})

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


class ReadOnly(Bug):
    """Something tried to write where only reading is allowed."""


# What may pass by itself, so that a read is tried again.
_PASSING_ERRORS = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)


def meaning(error: Exception) -> str:
    """What an exception of the transport means, in words; of a failed connection, what the system says about it."""
    if isinstance(error, TooLarge):
        return f"the answer is larger than {MOST_BYTES // 1024 // 1024} MiB"
    if isinstance(error, RunbookError):
        return error.message
    if isinstance(error, Garbled):
        return MEANINGS[httpx.DecodingError]
    if type(error) is httpx.ConnectError:
        return _why_not_connected(error)
    for kind in type(error).__mro__:
        if kind in MEANINGS:
            return MEANINGS[kind]
    return type(error).__name__


def _why_not_connected(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case ssl.SSLCertVerificationError():
                return f"its certificate is not trusted ({cause.verify_message})"
            case ssl.SSLError():
                return "no encrypted connection came about"
            case socket.gaierror() | UnicodeError():
                return "its name is not known"
            case ConnectionRefusedError():
                return "the connection was refused"
            case OSError() if cause.strerror:
                return f"no connection: {cause.strerror}"
        cause = cause.__cause__ or cause.__context__
    return MEANINGS[httpx.ConnectError]


@cache
def _certificates() -> ssl.SSLContext:
    """The authorities that are trusted, read once: reading them costs more than a request on loopback.

    Those that come with certifi, or of `SSL_CERT_FILE` or `SSL_CERT_DIR`: a Lago of one's own may have an authority
    of its own. Nothing else is taken from the environment. Raises SettingsFault when they cannot be read.
    """
    try:
        return httpx.create_ssl_context(trust_env=True)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsFault(
            f"the certificates to trust cannot be read: {error.strerror or error}",
            hint="SSL_CERT_FILE or SSL_CERT_DIR names them; unset it to trust the usual ones.",
        ) from error


class _Transport(httpx.HTTPTransport):
    """httpx's transport over the backend that keeps deadlines; it sends only what `permits` allows, whoever calls it."""

    def __init__(
        self, deadlines: Deadlines, permits: Callable[[str, str], bool], *, is_kept: bool, is_encrypted: bool
    ) -> None:
        # Not httpx's own beginning, which makes another pool, and OpenSSL ready where nothing is encrypted.
        self._pool = httpcore.ConnectionPool(
            ssl_context=_certificates() if is_encrypted else None,
            max_connections=8,
            max_keepalive_connections=8 if is_kept else 0,
            keepalive_expiry=5.0,
            network_backend=DeadlineBackend(deadlines),
        )
        self._permits = permits

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send, if it may be sent. Raises ReadOnly."""
        path = request.url.raw_path.decode("ascii").partition("?")[0]
        if not self._permits(request.method, path):
            raise ReadOnly(f"this run only reads: `{request.method} {path}` was not sent")
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
    """One server. `base` ends without a slash; `header` and `secret` are how it knows us; `tell` hears of each answer.

    `permits` says of a method and a path whether it may be sent at all; `jitter` answers from 0 to 1. `heard` gets each
    answer whole, and each write that got none, and must not raise.
    """

    base: str
    header: str | None
    secret: Secret | None
    clock: Clock
    permits: Callable[[str, str], bool] = anything
    jitter: Callable[[], float] = random.random
    tell: Callable[[str], object] = str
    heard: Callable[[Heard], object] = id
    _deadlines: Deadlines = field(default_factory=Deadlines, init=False)
    _reader: httpx.Client | None = field(default=None, init=False)
    _opening: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        """Raises SettingsFault for a secret that no header can carry, before a library names it in an error."""
        text = self.secret.reveal() if self.secret else ""
        if not (text.isascii() and text.isprintable()):
            raise SettingsFault(
                f"the secret for {self.place} holds a line break, or a character beyond ASCII",
                hint="Set it anew; it is not shown here.",
            )

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

    def read(self, path: str, within: float = READ_BUDGET) -> Reply:
        """GET, tried again with backoff, full jitter and the server's own wish to wait, for at most `within` seconds.

        An answer that is not a passing failure is handed over whatever its status. Raises Unreachable.
        """
        request = Request("GET", self.target(path))
        ends = self.clock.monotonic() + within
        for attempt in range(READ_TRIES):
            asked = None
            try:
                reply = self._read_once(request, min(READ_SECONDS, ends - self.clock.monotonic()))
                if reply.status not in PASSING:
                    return reply
                why, asked = f"it answered {reply.status}", asked_pause(reply.status, reply.headers, self.clock.now())
            except _PASSING_ERRORS as error:
                why = meaning(error)
            except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, TooLarge, Garbled) as error:
                why = meaning(error)
                break
            pause = max(asked or 0.0, self.jitter() * min(LONGEST_BACKOFF, 0.25 * 4**attempt))
            if asked is not None and self.clock.monotonic() + asked >= ends:
                why += f" and asks to be left alone for {asked:.0f} s"
                break
            if attempt + 1 == READ_TRIES or self.clock.monotonic() + pause >= ends:
                break
            self.tell(f"{request}: {why}; again in {pause:.1f} s")
            self.clock.sleep(pause)
        raise Unreachable(f"{self.place} cannot be read: {why} ({request})", hint="Check the address, then try again.")

    def read_root(self, path: str) -> Reply:
        """The same for a path outside the API, as `/health`; the key stays here. Raises Unreachable."""
        root = Wire(self.base.removesuffix(API), None, None, self.clock, self.permits, self.jitter, self.tell)
        try:
            return root.read(path)
        finally:
            root.close()

    def ask(self, path: str, question: Mapping[str, Any], seconds: float) -> Reply:
        """POST a question as JSON: a read with a body, sent once. The answer is handed over whatever its status.

        Raises Unreachable when there is none within so many seconds.
        """
        request, request_id, started = Request("POST", self.target(path)), str(uuid.uuid4()), time.monotonic()
        try:
            with self._exchange(seconds), self._client(is_kept=False) as client:
                status, headers, content = self._send(client, request, request_id, canonical(question))
        except httpx.TimeoutException as error:
            raise Unreachable(f"{self.place} gave no answer in {seconds:g} s") from error
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, TooLarge, Garbled) as error:
            raise Unreachable(f"{self.place} gave no answer: {meaning(error)}") from error
        return Reply(status, headers, parse(content), time.monotonic() - started, request_id)

    def _read_once(self, request: Request, seconds: float) -> Reply:
        with self._opening:  # several reads may be the first
            reader = self._reader = self._reader or self._client(is_kept=True)
        request_id = str(uuid.uuid4())
        started = time.monotonic()
        with self._exchange(seconds):
            status, headers, content = self._send(reader, request, request_id)
        return Reply(status, headers, parse(content), time.monotonic() - started, request_id)

    # Writes

    def write(self, method: str, path: str, request_id: str, seconds: float) -> Answer:
        """Send once, on a connection of its own, and wait so many seconds for the whole answer. Never sent again.

        `NeverSent` only when not a byte of the request was written; after that anything but a whole answer is
        `NoAnswer`. Raises ReadOnly where writing is not allowed.
        """
        request = Request(method, self.target(path))
        started = time.monotonic()
        with self._exchange(seconds) as exchange:
            try:
                with self._client(is_kept=False) as client:
                    status, headers, content = self._send(client, request, request_id)
            except ReadOnly:
                raise
            except Exception as error:  # whatever it is, what may have left has left, and that is a value
                took = time.monotonic() - started
                if not exchange.has_written:
                    return NeverSent(meaning(error), took)
                self.heard(Heard(request, None, {}, b""))
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
            retry_after=asked_pause(status, headers, self.clock.now()),
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
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
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

    def _send(
        self, client: httpx.Client, request: Request, request_id: str, body: bytes | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"X-Request-Id": request_id} | ({} if body is None else {"Content-Type": "application/json"})
        if self.header and self.secret:
            headers[self.header] = self.secret.reveal()
        parts = urlsplit(self.base)
        url = f"{parts.scheme}://{parts.netloc}{request.target}"
        timeout = None if request.method not in ("GET", "HEAD") else READ_SECONDS
        with client.stream(
            request.method, url, content=body, headers=headers, timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS)
        ) as response:
            self.tell(f"{request} {response.status_code}, request id {request_id}")
            answer = Body(response.headers.get("content-encoding", ""))
            for piece in response.iter_raw():
                answer.feed(piece)
        content = answer.whole()
        self.heard(Heard(request, response.status_code, response.headers, content))
        return response.status_code, response.headers, content
