"""Servers that do as they are told with each connection, on real sockets, and a clock whose pauses cost nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from engine.clock import Clock

Talk = Callable[[socket.socket, int], None]


@dataclass
class Peer:
    """A server on loopback: its address, the requests that reached it whole, and every byte that did."""

    url: str
    requests: list[bytes] = field(default_factory=list)
    connections: list[bytearray] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """The request lines."""
        return [request.split(b"\r\n", 1)[0].decode() for request in self.requests]

    def headers(self, name: str) -> list[str | None]:
        """What each request says under this header."""
        return [_header(request, name) for request in self.requests]


def _header(request: bytes, name: str) -> str | None:
    for line in request.decode("latin-1").split("\r\n")[1:]:
        key, _, value = line.partition(": ")
        if key.lower() == name.lower():
            return value
    return None


@contextmanager
def peer(talk: Talk, greet: Callable[[socket.socket], None] | None = None) -> Iterator[Peer]:
    """A server that calls `talk` with each request's connection and number, and `greet` when one connects."""
    listening = socket.create_server(("127.0.0.1", 0))
    found = Peer(f"http://127.0.0.1:{listening.getsockname()[1]}")

    def serve(connection: socket.socket, came: bytearray) -> None:
        with connection:
            try:
                if greet is not None:
                    greet(connection)
                while head := receive(connection, came):
                    found.requests.append(head)
                    talk(connection, len(found.requests))
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            found.connections.append(came := bytearray())
            threading.Thread(target=serve, args=(connection, came), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield found
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)  # ends the accept that waits
        listening.close()


def receive(connection: socket.socket, came: bytearray) -> bytes:
    """One request without a body, to its empty line; empty when the client has left."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        piece = connection.recv(65_536)
        if not piece:
            return b""
        came += piece
        data += piece
    return data


def closed_port() -> int:
    """A port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def answer(body: bytes = b'{"ok":true}', status: int = 200, *headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def says(data: bytes) -> Talk:
    """Every request gets these bytes."""
    return lambda connection, number: connection.sendall(data)


class Patient(Clock):
    """A clock whose pauses are noted and cost nothing."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def monotonic(self) -> float:
        return super().monotonic() + sum(self.pauses)


def reset(connection: socket.socket) -> None:
    """End the connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()


def drip(data: bytes) -> Talk:
    """A byte at a time, twenty a second: never late by any single wait."""

    def talk(connection: socket.socket, number: int) -> None:
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])
            time.sleep(0.05)

    return talk
