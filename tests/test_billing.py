"""The newest sync run, from a console at a real socket and from a file: the same shape, the same answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from peers import Patient, answer, closed_port, peer, says

from engine.billing import Console, SyncFile
from engine.errors import Unreachable
from engine.sync_runs import LatestSync, SyncRun
from engine.values import Secret

NEWEST = {
    "id": "sync-77",
    "startedAt": "2026-11-23T11:26:00Z",
    "completedAt": "2026-11-23T11:30:00Z",
    "status": "completed",
    "errors": [],
    "records": 412,
}
BEFORE = NEWEST | {"id": "sync-76", "startedAt": "2026-11-22T11:26:00Z", "completedAt": "2026-11-22T11:30:00Z"}

Read = Callable[[bytes], LatestSync]


def from_console(content: bytes) -> LatestSync:
    with peer(says(answer(content))) as found:
        return Console(found.url, None, None, clock=Patient()).latest_sync().value


@pytest.fixture(params=["console", "file"])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Read:
    """Reads these bytes, from either."""

    def from_file(content: bytes) -> LatestSync:
        path = tmp_path / "sync.json"
        path.write_bytes(content)
        return SyncFile(path, clock=Patient()).latest_sync().value

    return from_console if request.param == "console" else from_file


def as_bytes(*runs: Any) -> bytes:
    return json.dumps(list(runs)).encode()


def test_the_first_run_is_the_newest(read: Read) -> None:
    assert read(as_bytes(NEWEST, BEFORE)).run == SyncRun.model_validate(NEWEST)
    assert read(as_bytes(BEFORE, NEWEST)).run == SyncRun.model_validate(BEFORE), "newest first is the console's word"


def test_its_moments_are_in_utc_and_other_fields_are_kept(read: Read) -> None:
    run = read(as_bytes(NEWEST | {"completedAt": "2026-11-23T12:30:00+01:00"})).run
    assert run is not None
    assert run.completed_at == datetime(2026, 11, 23, 11, 30, tzinfo=UTC)
    assert run.model_extra == {"records": 412}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": "running", "completedAt": None}, ("running", None, ())),
        ({"status": "failed"}, ("failed", "11:30", ())),
        ({"errors": ["cus_hooli: refused"]}, ("completed", "11:30", ("cus_hooli: refused",))),
        ({"errors": [{"code": 7}]}, ("completed", "11:30", ("{'code': 7}",))),
        ({"status": "a newer word"}, ("a newer word", "11:30", ())),
    ],
    ids=["running", "failed", "errors", "errors that are no text", "a newer word"],
)
def test_what_a_run_says_is_handed_over_and_not_judged(read: Read, changes: dict[str, Any], expected: Any) -> None:
    run = read(as_bytes(NEWEST | changes)).run
    assert run is not None
    ended = f"{run.completed_at:%H:%M}" if run.completed_at else None
    assert (run.status, ended, run.errors) == expected


def test_an_empty_list_is_no_run_and_no_error(read: Read) -> None:
    assert read(b"[]").run is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Sign in</html>",
        b'[{"id":"a"',
        b"null",
        b"{}",
        b'{"runs":[]}',
        b"[1]",
        b"[null]",
        b"[{}]",
        as_bytes({name: value for name, value in NEWEST.items() if name != "status"}),
        as_bytes({name: value for name, value in NEWEST.items() if name != "startedAt"}),
        as_bytes(NEWEST | {"startedAt": "yesterday"}),
        as_bytes(NEWEST | {"completedAt": "soon"}),
        as_bytes(NEWEST | {"errors": "many"}),
        as_bytes(NEWEST).replace(b'"id"', b'"status": "failed", "id"'),
    ],
    ids=lambda content: content.decode()[:40],
)
def test_another_shape_is_no_answer(read: Read, content: bytes) -> None:
    with pytest.raises(Unreachable) as told:
        read(content)
    assert told.value.exit == 7
    assert "a JSON array of sync runs, newest first" in str(told.value.hint)


# The console


@pytest.mark.parametrize(
    ("header", "secret", "sent"),
    [
        ("Authorization", "Bearer the-token", {"authorization": "Bearer the-token", "cookie": None}),
        ("Cookie", "session=the-cookie", {"authorization": None, "cookie": "session=the-cookie"}),
        (None, None, {"authorization": None, "cookie": None}),
    ],
)
def test_a_console_is_asked_below_its_own_path(
    header: str | None, secret: str | None, sent: dict[str, str | None]
) -> None:
    with peer(says(answer(as_bytes(NEWEST), 200, "Set-Cookie: session=another; Path=/"))) as found:
        console = Console(f"{found.url}/internal", header, Secret(secret) if secret else None, clock=Patient())
        fetched = [console.latest_sync() for _ in range(2)]
    assert found.lines == ["GET /internal/api/admin/sync/status HTTP/1.1"] * 2
    assert {name: found.headers(name) for name in sent} == {name: [value] * 2 for name, value in sent.items()}
    assert [str(request) for request in fetched[0].requests] == ["GET /internal/api/admin/sync/status"]
    assert fetched[0].value.source == f"the billing console at {found.url.removeprefix('http://')}"


@pytest.mark.parametrize(
    ("data", "says_so"),
    [
        (answer(b"{}", 401), r"refused us \(401\)"),
        (answer(b"{}", 403), r"refused us \(403\)"),
        (answer(b"{}", 404), "answered 404"),
        (answer(b"", 302, "Location: /login"), r"leads elsewhere \(302\)"),
        (answer(b"", 204), "answered 204"),
        (answer(b"{}", 503), "cannot be read: it answered 503"),
    ],
    ids=["401", "403", "404", "302", "204", "503"],
)
def test_a_console_that_does_not_answer_is_told_in_plain_words(data: bytes, says_so: str) -> None:
    with peer(says(data)) as found, pytest.raises(Unreachable, match=says_so) as told:
        Console(found.url, "Cookie", Secret("session=the-cookie"), clock=Patient()).latest_sync()
    assert "the-cookie" not in f"{told.value} {told.value.hint}"


def test_a_console_that_is_not_there_cannot_be_read() -> None:
    with pytest.raises(Unreachable, match="the connection was refused"):
        Console(f"http://127.0.0.1:{closed_port()}", None, None, clock=Patient()).latest_sync()


# The file


def test_a_file_says_where_it_lies_and_sends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sync.json"
    path.write_bytes(b"\xef\xbb\xbf" + as_bytes(NEWEST))
    fetched = SyncFile(path, clock=Patient()).latest_sync()
    assert (fetched.value.source, fetched.requests) == (str(path), ())


def test_a_file_that_cannot_be_read_is_told_in_plain_words(tmp_path: Path) -> None:
    for path, why in ((tmp_path / "none.json", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(Unreachable) as told:
            SyncFile(path, clock=Patient()).latest_sync()
        assert str(told.value) == f"{path} cannot be read: {why}"
        assert told.value.exit == 7


def test_a_file_without_an_end_is_too_large() -> None:
    with pytest.raises(Unreachable, match="too large"):
        SyncFile(Path("/dev/zero"), clock=Patient()).latest_sync()
