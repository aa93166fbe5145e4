"""Reads at real sockets: tried again where that may help, for a time that nobody can draw out, and never remembered."""

from __future__ import annotations

import re
import socket
import threading
import time
import uuid

import pytest
from peers import Patient, Peer, Talk, answer, closed_port, drip, peer, reset, says

from engine.clock import Clock
from engine.errors import Unreachable
from engine.http.wire import Wire
from engine.values import Secret


def wire_to(found: Peer, clock: Clock | None = None, jitter: float = 1.0) -> Wire:
    return Wire(found.url, "Authorization", Secret("Bearer the-key"), clock or Patient(), jitter=lambda: jitter)


def failing(times: int, bad: Talk, then: bytes | None = None) -> Talk:
    """The first so many requests meet `bad`, the next a whole answer."""
    good = answer() if then is None else then
    return lambda connection, number: bad(connection, number) if number <= times else connection.sendall(good)


def hang(connection: socket.socket, number: int) -> None:
    time.sleep(3)


def lose(connection: socket.socket, number: int) -> None:
    connection.close()


def cut(connection: socket.socket, number: int) -> None:
    connection.sendall(answer(b"x" * 100)[:-50])
    connection.close()


PASSING: dict[str, Talk] = {
    "reset": lambda connection, number: reset(connection),
    "closed": lose,
    "truncated": cut,
    "not HTTP": says(b"220 smtp ready\r\n\r\n"),
    **{str(status): says(answer(b"{}", status)) for status in (429, 500, 502, 503, 504)},
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_read_is_tried_again_where_that_may_help(fault: str) -> None:
    clock = Patient()
    with peer(failing(3, PASSING[fault])) as found:
        assert wire_to(found, clock).read("/x").body == {"ok": True}
    assert found.lines == ["GET /x HTTP/1.1"] * 4
    assert clock.pauses == [0.25, 1.0, 4.0]


def test_the_pauses_are_drawn_anew_up_to_their_most() -> None:
    clock = Patient()
    with peer(failing(3, PASSING["503"])) as found:
        wire_to(found, clock, jitter=0.5).read("/x")
    assert clock.pauses == [0.125, 0.5, 2.0]


def test_a_read_gives_up_after_four_tries_in_plain_words() -> None:
    with peer(PASSING["502"]) as found, pytest.raises(Unreachable) as given_up:
        wire_to(found).read("/x?a=b")
    place = found.url.removeprefix("http://")
    assert str(given_up.value) == f"{place} cannot be read: it answered 502 (GET /x?a=b)"
    assert (given_up.value.exit, len(found.requests)) == (7, 4)


def test_a_server_that_is_not_there_cannot_be_read() -> None:
    clock = Patient()
    with pytest.raises(Unreachable, match="the connection was refused"):
        Wire(f"http://127.0.0.1:{closed_port()}", None, None, clock, jitter=lambda: 1.0).read("/x")
    assert clock.pauses == [0.25, 1.0, 4.0]


@pytest.mark.parametrize("status", [200, 201, 204, 301, 304, 307, 400, 401, 403, 404, 405, 422, 501])
def test_an_answer_that_will_not_change_is_handed_over_at_once(status: int) -> None:
    data = answer(b"" if status in (204, 304) else b"{}", status, "Location: /elsewhere")
    with peer(says(data)) as found:
        assert wire_to(found).read("/x").status == status
    assert len(found.requests) == 1


@pytest.mark.parametrize(
    "data",
    [answer(b"x", 200, "Content-Encoding: gzip"), answer(b"x", 200, "Content-Encoding: br")],
    ids=["no gzip", "never asked for"],
)
def test_an_answer_that_cannot_be_unpacked_is_not_asked_for_again(data: bytes) -> None:
    with peer(says(data)) as found, pytest.raises(Unreachable, match="unpacked"):
        wire_to(found).read("/x")
    assert len(found.requests) == 1


@pytest.mark.parametrize(
    ("header", "pause"),
    [("Retry-After: 7", 7.0), ("X-RateLimit-Reset: 3", 3.0), ("Retry-After: 0", 0.25), ("Retry-After: soon", 0.25)],
)
def test_a_read_waits_as_long_as_it_is_asked_to(header: str, pause: float) -> None:
    clock = Patient()
    with peer(failing(1, says(answer(b"{}", 429, header)))) as found:
        assert wire_to(found, clock).read("/x").status == 200
    assert clock.pauses == [pause]


def test_a_read_that_is_asked_to_wait_longer_than_it_may_says_so() -> None:
    clock = Patient()
    with (
        peer(says(answer(b"{}", 429, "Retry-After: 3600"))) as found,
        pytest.raises(Unreachable, match="429 and asks to be left alone for 3600 s"),
    ):
        wire_to(found, clock).read("/x")
    assert (len(found.requests), clock.pauses) == (1, [])


@pytest.mark.parametrize("fault", [hang, drip(answer(b"x" * 200))], ids=["hang", "drip"])
def test_all_tries_together_end_in_time(fault: Talk) -> None:
    with peer(fault) as found, pytest.raises(Unreachable, match="no answer in time"):
        started = time.monotonic()
        wire_to(found).read("/x", within=0.7)
    assert time.monotonic() - started < 2
    assert len(found.requests) == 1


def test_the_pauses_count_towards_the_time() -> None:
    clock = Patient()
    with peer(says(answer(b"{}", 503, "Retry-After: 25"))) as found, pytest.raises(Unreachable):
        wire_to(found, clock).read("/x", within=60)
    assert (len(found.requests), clock.pauses) == (3, [25.0, 25.0])


def test_one_connection_serves_many_reads() -> None:
    with peer(says(answer())) as found:
        wire = wire_to(found)
        assert [wire.read("/x").status for _ in range(3)] == [200, 200, 200]
        wire.close()
    assert len(found.connections) == 1


@pytest.mark.parametrize("wait", [0.0, 0.05], ids=["in the act", "in between"])
def test_a_server_that_closes_kept_connections_does_not_fail_reads(wait: float) -> None:
    def once(connection: socket.socket, number: int) -> None:
        connection.sendall(answer())
        connection.close()

    with peer(once) as found:
        wire = wire_to(found)
        for _ in range(3):
            assert wire.read("/x").status == 200
            time.sleep(wait)


def test_reads_beside_each_other_have_deadlines_of_their_own() -> None:
    slow, quick = threading.Event(), threading.Event()

    def talk(connection: socket.socket, number: int) -> None:
        if number == 1:
            slow.set()
            quick.wait(3)
        connection.sendall(answer())

    with peer(talk) as found:
        wire, statuses = wire_to(found), []
        patient = threading.Thread(target=lambda: statuses.append(wire.read("/slow", within=5).status))
        patient.start()
        assert slow.wait(3)
        with pytest.raises(Unreachable):
            wire.read("/late", within=0)
        assert wire.read("/quick", within=0.5).status == 200
        quick.set()
        patient.join(3)
    assert statuses == [200]


def test_every_try_has_an_id_of_its_own() -> None:
    with peer(failing(2, PASSING["503"])) as found:
        reply = wire_to(found).read("/x")
    ids = [str(one) for one in found.headers("x-request-id")]
    assert len({uuid.UUID(one) for one in ids}) == 3
    assert reply.request_id == ids[-1]


def test_nothing_is_remembered_between_reads() -> None:
    with peer(says(answer(b"{}", 200, "Set-Cookie: session=1; Path=/"))) as found:
        wire = wire_to(found)
        wire.read("/x")
        wire.read("/x")
    assert found.headers("cookie") == [None, None]


def test_the_root_is_asked_without_the_key() -> None:
    with peer(says(answer(b'{"version":"v1.51.0"}'))) as found:
        wire = Wire(f"{found.url}/lago/api/v1", "Authorization", Secret("Bearer the-key"), Patient())
        assert wire.read_root("/health").body == {"version": "v1.51.0"}
    assert found.lines == ["GET /lago/health HTTP/1.1"]
    assert found.headers("authorization") == [None]


def test_neither_proxy_nor_netrc_of_the_environment_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login another password another\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    with peer(says(answer())) as found:
        assert Wire(found.url, None, None, Patient()).read("/x").status == 200
    assert found.headers("authorization") == [None]


def test_each_try_is_told_and_none_with_the_key() -> None:
    heard: list[str] = []
    with peer(failing(1, PASSING["503"])) as found:
        wire = wire_to(found)
        wire.tell = heard.append
        wire.read("/x")
    told = [re.sub(r"[0-9a-f-]{36}", "ID", line) for line in heard]
    assert told == [
        "GET /x 503, request id ID",
        "GET /x: it answered 503; again in 0.2 s",
        "GET /x 200, request id ID",
    ]
