"""A network backend that ends a whole exchange at a deadline, and knows whether a byte of the request has left. Floor 2.

httpx's own timeouts count from the last byte: a server that sends one a second is never late. Here every wait of one
exchange is cut to what is left of it, on the monotonic clock: the look-up of the name and each of its addresses too,
which the operating system would let hang for as long as it likes.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from dataclasses import field
from typing import Any

import httpcore

from engine.plain import dataclass
from engine.under_way import UnderWay

FOREVER = 86_400.0


@dataclass(slots=True)
class Exchange:
    """One exchange under way: when it must end, and whether anything of the request was written to a socket."""

    ends: float
    has_written: bool = False

    @classmethod
    def within(cls, seconds: float) -> Exchange:
        """An exchange that ends in so many seconds."""
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.ends - time.monotonic())


@dataclass(slots=True)
class Deadlines:
    """The exchange that the present thread is in."""

    _local: threading.local = field(default_factory=threading.local)

    def enter(self, exchange: Exchange | None) -> None:
        """From now on this thread's waits belong to `exchange`; None: to none."""
        self._local.exchange = exchange

    def cut(self, timeout: float | None, late: type[Exception]) -> float | None:
        """The timeout, or what is left of the exchange if that is less. Raises `late` when nothing is left."""
        exchange: Exchange | None = getattr(self._local, "exchange", None)
        if exchange is None:
            return timeout
        left = exchange.left
        if left <= 0:
            raise late("the deadline has passed")
        return left if timeout is None else min(timeout, left)

    def wrote(self) -> None:
        """A byte of the request may have left."""
        exchange: Exchange | None = getattr(self._local, "exchange", None)
        if exchange is not None:
            exchange.has_written = True


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose every wait is cut to its exchange's deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadlines: Deadlines) -> None:
        self._stream = stream
        self._deadlines = deadlines

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Up to `max_bytes`. Raises httpcore.ReadTimeout at the deadline."""
        return self._stream.read(max_bytes, self._deadlines.cut(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All of `buffer`, in pieces, so that a peer that reads slowly cannot stretch the deadline."""
        for start in range(0, len(buffer), 65_536):
            timeout_left = self._deadlines.cut(timeout, httpcore.WriteTimeout)
            self._deadlines.wrote()
            self._stream.write(buffer[start : start + 65_536], timeout_left)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """The same connection, encrypted. The handshake carries nothing of the request."""
        left = self._deadlines.cut(timeout, httpcore.ConnectTimeout)
        return DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadlines)

    def get_extra_info(self, info: str) -> Any:
        """What the connection knows of itself."""
        return self._stream.get_extra_info(info)


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections whose waits end with their exchange."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._backend = httpcore.SyncBackend()
        self._deadlines = deadlines

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers; all together have `timeout`, and each its share of what is left.

        Raises httpcore.ConnectError or ConnectTimeout, the last address's.
        """
        connecting = Exchange.within(self._deadlines.cut(timeout, httpcore.ConnectTimeout) or FOREVER)
        addresses = addresses_of(host, port, connecting.left)
        failed: Exception = httpcore.ConnectError("the name has no address")
        for at, address in enumerate(addresses):
            share = connecting.left / (len(addresses) - at)
            if share <= 0:
                raise httpcore.ConnectTimeout("the deadline has passed")
            try:
                stream = self._backend.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return DeadlineStream(stream, self._deadlines)
        raise failed

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._backend.sleep(seconds)


def addresses_of(host: str, port: int, seconds: float) -> list[str]:
    """The host's addresses, in the system's order, each once. Raises httpcore.ConnectError or ConnectTimeout.

    The system's look-up knows no deadline, so it runs beside; one that hangs is left behind.
    """
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    looking_up = UnderWay(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    try:
        rows = looking_up.result(seconds)
    except TimeoutError:
        raise httpcore.ConnectTimeout("the name was not looked up in time") from None
    except (OSError, UnicodeError) as error:  # a label that is empty or too long is a UnicodeError
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(row[4][0]) for row in rows))
