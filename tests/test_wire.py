"""Writes at real sockets: what counts as sent, what ends a call, and that nothing is ever sent twice."""

from __future__ import annotations

import contextlib
import gzip
import inspect
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from peers import Patient, Peer, Talk, answer, closed_port, drip, peer, reset, says

from engine.clock import Clock
from engine.errors import SettingsFault
from engine.http.answers import MOST_BYTES, Garbled, TooLarge
from engine.http.exchange import NeverSent, NoAnswer, Replied
from engine.http.wire import MEANINGS, ReadOnly, Wire, _certificates, meaning, reads_only
from engine.values import Secret


def wire_to(found: Peer, clock: Clock | None = None) -> Wire:
    return Wire(found.url, "Authorization", Secret("Bearer the-key"), clock or Patient(), jitter=lambda: 1.0)


def put(wire: Wire, seconds: float = 5) -> Any:
    return wire.write("PUT", "/finalize", "our-id", seconds)


# Never sent: not a byte of the request has left


def fill(listening: socket.socket) -> Iterator[None]:
    """Take every place in a queue that nobody is called from: who connects next waits for ever."""
    with contextlib.ExitStack() as waiting:
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        yield


def test_a_refused_connection_was_never_sent() -> None:
    reply = put(Wire(f"http://127.0.0.1:{closed_port()}", None, None, Patient()))
    assert isinstance(reply, NeverSent)
    assert reply.why == "the connection was refused"


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b.invalid", "a" * 64 + ".invalid"])
def test_a_name_that_is_not_known_was_never_sent(host: str) -> None:
    reply = put(Wire(f"http://{host}", None, None, Patient()))
    assert isinstance(reply, NeverSent)


def test_connecting_ends_at_the_deadline_and_was_never_sent() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in fill(listening):
            started = time.monotonic()
            reply = put(Wire(f"http://127.0.0.1:{listening.getsockname()[1]}", None, None, Patient()), 0.4)
            assert (type(reply), reply.why) == (NeverSent, "connecting took too long")
            assert time.monotonic() - started < 2


def test_a_look_up_that_hangs_ends_at_the_deadline_and_was_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()

    def look_up(*args: Any, **more: Any) -> list[Any]:
        is_over.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    started = time.monotonic()
    reply = put(Wire("http://lago.example", None, None, Patient()), 0.4)
    is_over.set()
    assert (type(reply), reply.why) == (NeverSent, "connecting took too long")
    assert time.monotonic() - started < 2


def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    system, addresses = socket.getaddrinfo, ("127.0.0.9", "127.0.0.1")

    def look_up(host: str, *args: Any, **more: Any) -> list[Any]:
        return [row for name in addresses for row in system(name if host == "lago.example" else host, *args, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with peer(says(answer())) as found:
        named = Wire(found.url.replace("127.0.0.1", "lago.example"), None, None, Patient())
        assert isinstance(put(named), Replied)
        assert found.headers("host") == [found.url.removeprefix("http://").replace("127.0.0.1", "lago.example")]


def plain(connection: socket.socket) -> None:
    connection.recv(1)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("greet", [plain, reset, lambda connection: time.sleep(3)], ids=["plain", "reset", "hang"])
def test_without_encryption_nothing_is_sent(greet: Callable[[socket.socket], None]) -> None:
    with peer(says(answer()), greet) as found:
        secure = Wire(found.url.replace("http:", "https:"), "Authorization", Secret("Bearer the-key"), Patient())
        started = time.monotonic()
        reply = put(secure, 0.6)
        assert isinstance(reply, NeverSent), reply
        assert time.monotonic() - started < 2
    assert found.requests == []
    assert b"the-key" not in b"".join(found.connections)


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["missing", "garbage"])
def test_certificates_that_cannot_be_read_are_a_setting_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "authorities.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    _certificates.cache_clear()
    secure = Wire("https://127.0.0.1:1", None, None, Patient())
    with pytest.raises(SettingsFault, match="the certificates to trust cannot be read"):
        secure.read("/x")
    assert isinstance(put(secure), NeverSent)


# After the first byte


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
    time.sleep(3)


def endless_headers(connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: and more\r\n" * 100)


def endless_chunks(connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b" " * 65_536 + b"\r\n")


def too_large(connection: socket.socket, number: int) -> None:
    connection.sendall(answer(b" " * (MOST_BYTES + 1)))


def cut_chunk(connection: socket.socket, number: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}")
    connection.close()


PACKED = gzip.compress(b'{"invoice":{}}')


def bomb() -> bytes:
    """80 MiB of spaces, packed: a MiB over and over. The sum at its end is not there; nobody may get so far."""
    packer = zlib.compressobj(wbits=31)
    first = packer.compress(b" " * 1024 * 1024) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + first[10:] * 79  # a header is ten bytes


FAULTS: dict[str, Talk] = {
    "reset": lambda connection, number: reset(connection),
    "closed": lambda connection, number: connection.close(),
    "hang": lambda connection, number: time.sleep(3),
    "drip of headers": drip(answer()),
    "drip of body": drip_body,
    "truncated": cut_short,
    "truncated chunk": cut_chunk,
    "not HTTP": says(b"220 smtp ready\r\n\r\n"),
    "endless continue": only_continue,
    "endless headers": endless_headers,
    "endless body": endless_chunks,
    "announced too large": too_large,
    "gzip bomb": says(answer(bomb(), 200, "Content-Encoding: gzip")),
    "gzip twice": says(answer(gzip.compress(PACKED), 200, "Content-Encoding: gzip, gzip")),
    "broken gzip": says(answer(b"no gzip at all", 200, "Content-Encoding: gzip")),
    "gzip cut short": says(answer(PACKED[:-4], 200, "Content-Encoding: gzip")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_the_first_byte_everything_but_a_whole_answer_is_no_answer(fault: str) -> None:
    with peer(FAULTS[fault]) as found:
        started = time.monotonic()
        reply = put(wire_to(found), 0.8)
        took = time.monotonic() - started
        time.sleep(0.05)  # what would be sent again would be on its way by now
    assert isinstance(reply, NoAnswer), reply
    assert took < 2.5
    assert found.lines == ["PUT /finalize HTTP/1.1"]
    assert [bytes(came).count(b"PUT ") for came in found.connections] == [1], "one connection, one write"


def reset_unread(connection: socket.socket) -> None:
    connection.recv(1, socket.MSG_PEEK)  # the request has come, and nobody reads it
    reset(connection)


def test_a_reset_before_any_byte_was_read_is_no_answer() -> None:
    with peer(says(answer()), reset_unread) as found:
        reply = put(wire_to(found))
        time.sleep(0.05)
    assert isinstance(reply, NoAnswer), "the request was handed to the system: nobody can know"
    assert len(found.connections) == 1


def test_a_deadline_of_nothing_sends_nothing() -> None:
    with peer(says(answer())) as found:
        assert isinstance(put(wire_to(found), 0), NeverSent)
    assert found.requests == []


def test_whatever_fails_is_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> bytes:
        raise MemoryError

    with peer(says(answer())) as found:
        monkeypatch.setattr("engine.http.wire.Body.whole", fail)
        assert isinstance(put(wire_to(found)), NoAnswer)
        monkeypatch.setattr("engine.http.deadline.addresses_of", fail)
        assert isinstance(put(wire_to(found)), NeverSent)
    assert len(found.requests) == 1


# Answers


def test_a_whole_answer_is_handed_over_with_our_request_id() -> None:
    def echo(connection: socket.socket, number: int) -> None:
        connection.sendall(answer(b'{"status":404,"error":"Not Found","code":"x"}', 404, "X-Request-Id: our-id"))

    with peer(echo) as found:
        reply = put(wire_to(found))
    assert isinstance(reply, Replied)
    error = {"status": 404, "error": "Not Found", "code": "x"}
    assert (reply.status, reply.echoed, reply.error, reply.body) == (404, True, error, error)
    assert reply.body_digest.startswith("sha256:")
    assert dict(reply.headers) == {"content-type": "application/json"}
    assert found.headers("x-request-id") == ["our-id"]
    assert found.headers("authorization") == ["Bearer the-key"]
    assert str(found.headers("user-agent")[0]).startswith("runbook/")


@pytest.mark.parametrize("header", ["X-Request-Id: another", "X-Nothing: x", "X-Request-Id: OUR-ID"])
def test_another_request_id_is_not_our_echo(header: str) -> None:
    with peer(says(answer(b"{}", 500, header))) as found:
        reply = put(wire_to(found))
    assert isinstance(reply, Replied)
    assert not reply.echoed


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with peer(says(answer())) as elsewhere, peer(says(answer(b"", 307, f"Location: {elsewhere.url}/x"))) as found:
        reply = put(wire_to(found))
    assert isinstance(reply, Replied)
    assert (reply.status, len(found.requests), elsewhere.connections) == (307, 1, [])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_write_is_not_sent_again_whatever_is_answered(status: int) -> None:
    with peer(says(answer(b"{}", status, "Retry-After: 0"))) as found:
        reply = put(wire_to(found))
    assert isinstance(reply, Replied)
    assert (reply.status, reply.retry_after, len(found.requests)) == (status, 0.0, 1)


def test_an_early_continue_is_not_the_answer() -> None:
    with peer(says(b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b'{"a":1}'))) as found:
        reply = put(wire_to(found))
    assert isinstance(reply, Replied)
    assert (reply.status, reply.body) == (200, {"a": 1})


def test_each_write_has_a_connection_of_its_own() -> None:
    with peer(says(answer())) as found:
        both = wire_to(found)
        assert isinstance(put(both), Replied)
        assert isinstance(put(both), Replied)
    assert len(found.connections) == 2


@pytest.mark.parametrize("body", [b"<html>", b'{"a":1,"a":2}', b"[1]", b'"x"', b"", b"null"])
def test_a_body_that_is_no_object_is_none_and_its_status_stays(body: bytes) -> None:
    with peer(says(answer(body))) as found:
        reply = put(wire_to(found))
    assert isinstance(reply, Replied)
    assert (reply.status, reply.body, reply.error) == (200, None, None)


def test_json_is_json_whatever_it_is_called() -> None:
    page = b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 7\r\n\r\n{"a":1}'
    with peer(says(page)) as found:
        reply = put(wire_to(found))
    assert isinstance(reply, Replied)
    assert reply.body == {"a": 1}


def test_a_body_without_a_length_that_is_cut_is_no_json() -> None:
    def cut(connection: socket.socket, number: int) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"invoice":')
        connection.close()

    with peer(cut) as found:
        reply = put(wire_to(found))
    assert isinstance(reply, Replied)
    assert (reply.status, reply.body) == (200, None)


# What may be sent at all


def test_what_may_only_read_sends_no_write_whoever_calls() -> None:
    with peer(says(answer())) as found:
        reading = Wire(found.url, None, None, Patient(), reads_only)
        for method in ("PUT", "POST", "DELETE", "PATCH", "OPTIONS", "put", "FINALIZE"):
            with pytest.raises(ReadOnly):
                reading.write(method, "/finalize", "id", 5)
        client = reading._client(is_kept=False)
        with pytest.raises(ReadOnly):
            client.post(found.url)
        with pytest.raises(ReadOnly):
            client.send(client.build_request("PUT", found.url))
        assert reading.read("/x").status == 200
    assert found.lines == ["GET /x HTTP/1.1"]


def test_every_exception_of_httpx_has_a_meaning() -> None:
    own = [
        thing
        for thing in vars(httpx).values()
        if inspect.isclass(thing) and issubclass(thing, Exception) and thing.__module__.startswith("httpx")
    ]
    assert sorted(thing.__name__ for thing in own if thing not in MEANINGS) == []
    assert len(own) > 20


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] and so on")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (untrusted(), "its certificate is not trusted (self-signed certificate)"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "no encrypted connection came about"),
        (socket.gaierror(-2, "Name or service not known"), "its name is not known"),
        (ConnectionRefusedError(111, "Connection refused"), "the connection was refused"),
        (OSError(101, "Network is unreachable"), "no connection: Network is unreachable"),
        (None, "the connection was refused or the name is not known"),
    ],
    ids=["certificate", "TLS", "name", "refused", "network", "unknown"],
)
def test_why_no_connection_came_about_is_told_in_words(cause: Exception | None, words: str) -> None:
    error = httpx.ConnectError("between")
    error.__cause__ = RuntimeError("between")
    error.__cause__.__cause__ = cause
    assert meaning(error) == words


def test_our_own_exceptions_have_words_too() -> None:
    assert meaning(TooLarge()) == "the answer is larger than 32 MiB"
    assert meaning(Garbled()) == "the answer could not be unpacked"
    assert meaning(KeyError("the-key")) == "KeyError"


@pytest.mark.parametrize("text", ["Bearer clé", "Bearer a\r\nX-More: b", "Bearer a\x00b", "Bearer “key”"])
def test_a_key_that_no_header_can_carry_is_refused_without_naming_it(text: str) -> None:
    with pytest.raises(SettingsFault) as refused:
        Wire("http://127.0.0.1:1", "Authorization", Secret(text), Patient())
    assert text.removeprefix("Bearer ") not in str(refused.value) + str(refused.value.hint)


def test_the_key_shows_nowhere() -> None:
    with peer(FAULTS["reset"]) as found:
        wire = wire_to(found)
        assert "the-key" not in repr(wire) + repr(put(wire))
