"""Asking OPA: what is sent, what may come back, and that whatever else happens is a value that says why."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opas import Fake, Stub, fake, saying, stub
from peers import closed_port

from engine.clock import Clock
from engine.opa.answers import UNDEFINED, Answered, Question, Rego
from engine.opa.asking import Asker
from engine.settings import OpaTarget
from engine.values import Secret

FACTS = {"invoice": {"lago_id": "5f3c", "total_amount_cents": 126140}}
REGO = Rego({"lago/close.rego": b"package lago.close\n", "limits.json": b"{}"}, ("lago", "limits.json"))


def ask(found: Fake, seconds: float = 5.0, **env: str) -> Answered:
    asker = Asker(OpaTarget(found.path), Clock(), {"PATH": os.environ["PATH"], **env})
    return asker.ask(Question("lago.close", seconds, REGO), FACTS)


# The executable


def test_the_executable_gets_the_files_that_were_read_and_the_facts_and_is_asked_for_one_document(
    tmp_path: Path,
) -> None:
    opa = saying(tmp_path, {"deny": ["no"]})
    with opa.path.open("a") as script:
        script.write(f'find . -type f > "{tmp_path}/found"\n')
    assert ask(opa) == Answered(str(opa.path), {"deny": ["no"]})
    assert opa.words == [
        *("eval", "--strict-builtin-errors", "--format", "json", "--stdin-input"),
        *("--data", "lago", "--data", "limits.json", "data.lago.close"),
    ]
    assert opa.facts == FACTS
    assert sorted((tmp_path / "found").read_text().split()) == ["./lago/close.rego", "./limits.json"]


def test_the_executable_sees_no_key_of_ours_and_no_switch_of_its_own(tmp_path: Path) -> None:
    opa = saying(tmp_path, {"deny": []})
    ask(opa, LAGO_API_KEY="a-key", BILLING_CONSOLE_TOKEN="a-token", OPA_EVAL_STRICT_BUILTIN_ERRORS="false", LANG="C")
    seen = opa.environment
    assert "a-key" not in str(seen)
    assert {name for name in seen if name not in ("PWD", "SHLVL", "_", "OLDPWD")} == {"PATH", "LANG"}


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("echo '{}'", UNDEFINED),
        ("""echo '{"result": []}'""", UNDEFINED),
        ("echo no", "what it printed is not JSON"),
        ("true", "what it printed is not JSON"),
        ("""echo '{"result": 3}'""", "what it printed is not what `opa eval` prints"),
        (
            """echo '{"result": [{"expressions": [{"value": 1}, {"value": 2}]}]}'""",
            "what it printed is not what `opa eval` prints",
        ),
        ("""echo '{"a": {"b": 1, "b": 2}}'""", "what it printed is not JSON"),
        ("echo '{}'; exit 3", f"it ended with 3: {UNDEFINED}"),
        ("echo 'no such flag' >&2; exit 1", "it ended with 1: no such flag"),
        ("exit 1", "it ended with 1"),
        (
            """echo '{"errors": [{"message": "rego_parse_error: unexpected", "location": {"file": "a.rego", "row": 3}}]}'"""
            "; exit 2",
            "it ended with 2: a.rego:3: rego_parse_error: unexpected",
        ),
        (
            """echo '{"errors": [{"message": "div: divide by zero"}, {"message": "more"}]}'""",
            "div: divide by zero (and 1 more)",
        ),
        ("yes | head -c 40000000", "it prints more than 32 MiB"),
        ("kill -9 $$", "it was ended by signal 9"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_whatever_else_the_executable_does_is_no_document(tmp_path: Path, does: str, why: str) -> None:
    opa = fake(tmp_path, does)
    assert ask(opa) == Answered(str(opa.path), why=why)


def test_an_executable_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    opa = fake(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")
    started = time.monotonic()
    assert ask(opa, 0.4) == Answered(str(opa.path), why="no answer in 0.4 s")
    assert time.monotonic() - started < 3
    child = Path("/proc") / (tmp_path / "child").read_text().strip()
    for _ in range(100):
        if not child.exists() or "(zombie)" in (child / "status").read_text():
            break
        time.sleep(0.02)
    else:
        pytest.fail("the child still runs")


def test_an_executable_that_closes_its_output_and_lingers_is_late_too(tmp_path: Path) -> None:
    assert ask(fake(tmp_path, "exec >&- 2>&-; sleep 60"), 0.3).why == "no answer in 0.3 s"


def test_an_executable_that_does_not_read_its_facts_may_answer_all_the_same(tmp_path: Path) -> None:
    opa = saying(tmp_path, {"deny": []})
    opa.path.write_text(f'#!/bin/sh\ncat "{tmp_path}/said"\n')
    asker = Asker(OpaTarget(opa.path), Clock(), {"PATH": os.environ["PATH"]})
    large = {"text": "x" * 1_000_000}
    assert asker.ask(Question("lago.close", 5, REGO), large).document == {"deny": []}


def test_an_executable_that_is_none_says_why(tmp_path: Path) -> None:
    path = tmp_path / "opa"
    target = OpaTarget(path)
    assert (
        Asker(target, Clock(), {}).ask(Question("a", 5, REGO), {}).why == "it cannot be run: No such file or directory"
    )
    path.write_text("no script\n")
    assert Asker(target, Clock(), {}).ask(Question("a", 5, REGO), {}).why == "it cannot be run: Permission denied"


def test_without_a_setting_it_is_the_one_on_the_path_and_never_one_in_the_present_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opa = saying(tmp_path / "bin", {"deny": []})
    path = f"{opa.path.parent}:{os.environ['PATH']}"
    assert Asker(OpaTarget(), Clock(), {"PATH": path}).ask(Question("a", 5, REGO), {}).by == str(opa.path)
    monkeypatch.chdir(opa.path.parent)
    nobody = Asker(OpaTarget(), Clock(), {"PATH": ".::relative"}).ask(Question("a", 5, REGO), {})
    assert nobody == Answered("opa", why="there is no `opa` on the PATH; RUNBOOK_OPA names one elsewhere")


# The server


@pytest.fixture
def server() -> Iterator[Stub]:
    with stub() as found:
        yield found


def put(server: Stub, target: OpaTarget | None = None, seconds: float = 5.0) -> Answered:
    question = Question("lago.close", seconds, Rego({}, ()), server.url)
    return Asker(target or OpaTarget(), Clock(), {}).ask(question, FACTS)


def test_a_server_is_asked_once_by_its_data_api_and_what_it_says_of_itself_is_kept(server: Stub) -> None:
    server.says(
        result={"warn": ["old"]},
        decision_id="4ca6",
        provenance={"version": "1", "bundles": {"close": {"revision": "r7"}}},
    )
    place = server.url.removeprefix("http://")
    assert put(server) == Answered(place, {"warn": ["old"]}, decision_id="4ca6", revisions={"close": "r7"})
    ((path, headers, body),) = server.asked
    assert path == "/v1/data/lago/close?strict-builtin-errors=true&provenance=true"
    assert body == {"input": FACTS}
    assert (headers["content-type"], headers.get("authorization")) == ("application/json", None)


def test_the_token_goes_to_the_server_that_it_is_for_and_to_no_other(server: Stub) -> None:
    server.says(result={"deny": []})
    put(server, OpaTarget(None, server.url, Secret("the-token")))
    put(server, OpaTarget(None, "https://opa.example.com", Secret("the-token")))
    assert [headers.get("authorization") for _, headers, _ in server.asked] == ["Bearer the-token", None]


def test_facts_go_to_no_server_elsewhere_that_the_person_has_not_named() -> None:
    elsewhere = Question("lago.close", 0.2, Rego({}, ()), "https://opa.invalid")
    answer = Asker(OpaTarget(), Clock(), {}).ask(elsewhere, FACTS)
    assert answer == Answered(
        "opa.invalid",
        why="facts go only to a server that you name: set RUNBOOK_OPA_URL to https://opa.invalid if it may have them",
    )
    named = Asker(OpaTarget(None, "https://opa.invalid"), Clock(), {}).ask(elsewhere, FACTS)
    assert named.why.startswith("opa.invalid gave no answer")


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, b"{}", UNDEFINED),
        (200, b'{"decision_id": "x"}', UNDEFINED),
        (200, b"[]", "it answered 200 with what is no JSON object"),
        (200, b"<html>", "it answered 200 with what is no JSON object"),
        (200, b'{"result": 1, "result": 2}', "it answered 200 with what is no JSON object"),
        (302, b'{"result": {"deny": []}}', "it answered 302"),
        (401, b'{"code": "unauthorized", "message": "request rejected"}', "it answered 401: request rejected"),
        (500, b'{"code": "internal_error"}', "it answered 500: internal_error"),
        (503, b"", "it answered 503 with what is no JSON object"),
    ],
)
def test_whatever_else_a_server_answers_is_no_document(server: Stub, status: int, body: bytes, why: str) -> None:
    server.status, server.body = status, body
    answer = put(server)
    assert (answer.document, answer.why) == (None, why)
    assert len(server.asked) == 1


def test_a_server_that_is_late_or_away_is_no_document(server: Stub) -> None:
    server.delay = 0.5
    place = server.url.removeprefix("http://")
    assert put(server, seconds=0.1) == Answered(place, why=f"{place} gave no answer in 0.1 s")
    away = Stub(f"http://127.0.0.1:{closed_port()}")
    assert put(away).why == f"{away.url.removeprefix('http://')} gave no answer: the connection was refused"


@pytest.mark.parametrize(
    "answer",
    [
        Answered("opa", {"deny": ["no"]}, decision_id="4ca6", revisions={"close": "r7"}),
        Answered("opa", why="no answer in 5 s"),
        Answered("opa", None),
    ],
)
def test_an_answer_is_read_back_from_its_record_as_it_was(answer: Answered) -> None:
    assert Answered.of(json.loads(json.dumps(answer.as_data()))) == answer


def test_a_record_that_holds_no_answer_is_none() -> None:
    nothing: dict[str, Any] = {"by": "opa"}
    assert Answered.of(nothing).why == "the record has no answer"
