"""The wire at real sockets: what counts as sent, what ends a call, and that nothing is ever sent twice."""

from __future__ import annotations

import gzip
import inspect
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from engine.answers import MOST_BYTES, parse
from engine.clock import Clock
from engine.errors import Unreachable
from engine.exchange import NeverSent, NoAnswer, Replied
from engine.values import Secret
from engine.wire import MEANINGS, ReadOnly, Wire, reads_only

Talk = Callable[[socket.socket, int], None]


@dataclass
class Peer:
    """A server that does as it is told with each connection, and counts the requests that reached it."""

    talk: Talk
    url: str = ""
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def peer(talk: Talk) -> Iterator[Peer]:
    listening = socket.create_server(("127.0.0.1", 0))
    found = Peer(talk, f"http://127.0.0.1:{listening.getsockname()[1]}")

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                while head := receive(connection):
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
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield found
    finally:
        listening.close()


def receive(connection: socket.socket) -> bytes:
    """One request without a body, to its empty line; empty when the client has left."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        piece = connection.recv(65_536)
        if not piece:
            return b""
        data += piece
    return data


def answer(body: bytes = b'{"ok":true}', status: int = 200, *headers: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def says(data: bytes) -> Talk:
    return lambda connection, number: connection.sendall(data)


class Patient(Clock):
    """A clock whose pauses are noted and cost nothing."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def wire_to(found: Peer, clock: Clock | None = None) -> Wire:
    return Wire(found.url, "Authorization", Secret("Bearer the-key"), clock or Patient(), jitter=lambda: 1.0)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()


def drip(data: bytes) -> Talk:
    def talk(connection: socket.socket, number: int) -> None:
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])
            time.sleep(0.05)

    return talk


# Writes


def test_a_whole_answer_is_handed_over_with_our_request_id() -> None:
    def echo(connection: socket.socket, number: int) -> None:
        connection.sendall(answer(b'{"status":404,"error":"Not Found","code":"x"}', 404, "X-Request-Id: mine"))

    with peer(echo) as found:
        reply = wire_to(found).write("PUT", "/finalize", "mine", 5)
    assert isinstance(reply, Replied)
    assert (reply.status, reply.echoed, dict(reply.error or {})) == (
        404,
        True,
        {"status": 404, "error": "Not Found", "code": "x"},
    )
    assert b"authorization: bearer the-key" in found.requests[0].lower()


def test_a_refused_connection_was_never_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    refused = Wire(f"http://127.0.0.1:{port}", None, None, Patient())
    assert isinstance(refused.write("PUT", "/finalize", "id", 5), NeverSent)


def test_a_name_that_is_not_known_was_never_sent() -> None:
    lost = Wire("http://nowhere.invalid", None, None, Patient())
    assert isinstance(lost.write("PUT", "/finalize", "id", 5), NeverSent)


def drip_body(connection: socket.socket, number: int) -> None:
    whole = answer(b"x" * 100)
    connection.sendall(whole[:-100])
    drip(whole[-100:])(connection, number)


def cut_short(connection: socket.socket, number: int) -> None:
    connection.sendall(answer(b"x" * 100)[:-50])
    connection.close()


def only_continue(connection: socket.socket, number: int) -> None:
    for _ in range(3):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    time.sleep(5)


FAULTS: dict[str, Talk] = {
    "reset": lambda connection, number: reset(connection),
    "closed": lambda connection, number: connection.close(),
    "hang": lambda connection, number: time.sleep(5),
    "drip of headers": drip(answer()),
    "drip of body": drip_body,
    "truncated": cut_short,
    "not HTTP": says(b"220 smtp ready\r\n\r\n"),
    "endless continue": only_continue,
    "gzip bomb": says(answer(gzip.compress(b" " * 80 * 1024 * 1024), 200, "Content-Encoding: gzip")),
    "broken gzip": says(answer(b"no gzip at all", 200, "Content-Encoding: gzip")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_the_first_byte_everything_but_a_whole_answer_is_no_answer(fault: str) -> None:
    with peer(FAULTS[fault]) as found:
        started = time.monotonic()
        reply = wire_to(found).write("PUT", "/finalize", "id", 0.8)
        took = time.monotonic() - started
    assert isinstance(reply, NoAnswer), reply
    assert took < 3
    assert len(found.requests) == 1, "a write went out twice"


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with peer(says(answer(b"", 302, "Location: /elsewhere"))) as found:
        reply = wire_to(found).write("PUT", "/finalize", "id", 5)
    assert isinstance(reply, Replied)
    assert (reply.status, len(found.requests)) == (302, 1)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_write_is_not_sent_again_whatever_is_answered(status: int) -> None:
    with peer(says(answer(b"{}", status, "Retry-After: 0"))) as found:
        reply = wire_to(found).write("PUT", "/finalize", "id", 5)
    assert isinstance(reply, Replied)
    assert (reply.status, len(found.requests)) == (status, 1)


def test_each_write_has_a_connection_of_its_own() -> None:
    ports: list[int] = []

    def note(connection: socket.socket, number: int) -> None:
        ports.append(connection.getpeername()[1])
        connection.sendall(answer())

    with peer(note) as found:
        both = wire_to(found)
        both.write("PUT", "/a", "1", 5)
        both.write("PUT", "/b", "2", 5)
    assert len(set(ports)) == 2


@pytest.mark.parametrize(
    "body",
    [b"<html>", b'{"a":1,"a":2}', b'{"a":NaN}', b"[1]", b'"x"', b"", b"\xff\xfe", b"[" * 100_000],
    ids=["html", "doubled key", "NaN", "list", "text", "empty", "not UTF-8", "deep"],
)
def test_a_body_that_is_no_object_is_none(body: bytes) -> None:
    with peer(says(answer(body))) as found:
        reply = wire_to(found).write("PUT", "/finalize", "id", 5)
    assert isinstance(reply, Replied)
    assert (reply.body, reply.error) == (None, None)


@pytest.mark.parametrize("body", [b'{"status":500,"error":"x"}', b'{"status":"404","error":"x"}', b'{"status":404}'])
def test_an_error_is_lagos_own_only_in_its_own_shape(body: bytes) -> None:
    with peer(says(answer(body, 404))) as found:
        reply = wire_to(found).write("PUT", "/finalize", "id", 5)
    assert isinstance(reply, Replied)
    assert reply.error is None


# Reads


def failing_first(times: int, then: bytes, bad: Talk) -> Talk:
    return lambda connection, number: bad(connection, number) if number <= times else connection.sendall(then)


@pytest.mark.parametrize(
    "bad",
    [
        FAULTS["reset"],
        FAULTS["closed"],
        FAULTS["not HTTP"],
        says(answer(b"{}", 500)),
        says(answer(b"{}", 503)),
        says(answer(b"{}", 429)),
    ],
    ids=["reset", "closed", "not HTTP", "500", "503", "429"],
)
def test_a_read_is_tried_again(bad: Talk) -> None:
    with peer(failing_first(2, answer(), bad)) as found:
        clock = Patient()
        assert wire_to(found, clock).read("/x").body == {"ok": True}
    assert (len(found.requests), clock.pauses) == (3, [0.25, 1.0])


def test_a_read_gives_up_after_four_tries() -> None:
    with peer(says(answer(b"{}", 502))) as found, pytest.raises(Unreachable, match="502"):
        wire_to(found).read("/x")
    assert len(found.requests) == 4


@pytest.mark.parametrize(
    ("header", "pause"), [("Retry-After: 7", 7.0), ("X-RateLimit-Reset: 3", 3.0), ("Retry-After: soon", 0.25)]
)
def test_a_read_waits_as_long_as_it_is_asked_to(header: str, pause: float) -> None:
    with peer(failing_first(1, answer(), says(answer(b"{}", 429, header)))) as found:
        clock = Patient()
        wire_to(found, clock).read("/x")
    assert clock.pauses == [pause]


def test_a_read_that_is_asked_to_wait_too_long_gives_up() -> None:
    with peer(says(answer(b"{}", 429, "Retry-After: 3600"))) as found, pytest.raises(Unreachable):
        wire_to(found).read("/x")
    assert len(found.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 422])
def test_an_answer_that_will_not_change_is_handed_over_at_once(status: int) -> None:
    with peer(says(answer(b"{}", status))) as found:
        assert wire_to(found).read("/x").status == status
    assert len(found.requests) == 1


def test_a_server_that_closes_kept_connections_does_not_fail_reads() -> None:
    def once(connection: socket.socket, number: int) -> None:
        connection.sendall(answer())
        connection.close()

    with peer(once) as found:
        one = wire_to(found)
        assert [one.read("/x").status for _ in range(3)] == [200, 200, 200]


# What may be sent at all


def test_what_may_only_read_sends_no_write_whoever_calls() -> None:
    with peer(says(answer())) as found:
        reading = Wire(found.url, None, None, Patient(), reads_only)
        for method in ("PUT", "POST", "DELETE", "PATCH"):
            with pytest.raises(ReadOnly):
                reading.write(method, "/finalize", "id", 5)
        client = reading._client(is_kept=False)
        with pytest.raises(ReadOnly):
            client.post(found.url)
        assert reading.read("/x").status == 200
    assert [request.split(b" ")[0] for request in found.requests] == [b"GET"]


def test_every_exception_of_httpx_has_a_meaning() -> None:
    own = [
        thing
        for thing in vars(httpx).values()
        if inspect.isclass(thing) and issubclass(thing, Exception) and thing.__module__.startswith("httpx")
    ]
    assert sorted(thing.__name__ for thing in own if thing not in MEANINGS) == []
    assert len(own) > 20


def test_no_answer_names_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with peer(FAULTS["reset"]) as found, pytest.raises(Unreachable) as refused:
        wire_to(found).read("/x")
    assert "the-key" not in repr(refused.value) + str(refused.value.hint)
    assert "the-key" not in repr(wire_to(found))


def test_the_environment_cannot_put_a_proxy_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with peer(says(answer())) as found:
        assert wire_to(found).read("/x").status == 200


def test_decimals_are_exact() -> None:
    assert str(parse(b'{"rate":1.375}')["rate"]) == "1.375"


def test_the_cap_is_above_what_lago_answers() -> None:
    assert MOST_BYTES >= 16 * 1024 * 1024
