"""The one rule by which a recording plays, line by line, on made-up scenarios and on real ones."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from lago_server import scenario

from engine.sandbox.catalogue import CATALOGUE, player_of
from engine.sandbox.faults import FAULTS, Fault
from engine.sandbox.player import UNEXPECTED, Player
from engine.sandbox.scenario import Reply, Scenario, Stage, key_of
from engine.sandbox.server import Sandbox

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def stage(name: str, kind: str, **calls: str) -> Stage:
    """A stage that answers `GET /x` with a word; a write stage answers `PUT /x/NAME`."""
    made = Stage(name, kind, None)
    method = "GET" if kind == "reads" else "PUT"
    rows = [
        (key_of(method, "/" + path.replace("__", "/")), Reply(200, (), word.encode())) for path, word in calls.items()
    ]
    made.__dict__["calls"] = tuple(rows)
    return made


def player(*stages: Stage) -> Player:
    return Player(Scenario("made", "made", "", {}, list(stages)))


def ask(one: Player, method: str, target: str) -> str | None:
    reply = one.answer(method, target)
    return None if reply is None else "599" if reply.status == UNEXPECTED else reply.body.decode()


def test_reads_are_answered_from_the_present_stage() -> None:
    one = player(stage("a", "reads", x="first", y="other"))
    assert (ask(one, "GET", "/x"), ask(one, "GET", "/y")) == ("first", "other")


def test_the_next_write_moves_on_to_the_reads_after_it() -> None:
    one = player(stage("a", "reads", x="before"), stage("w", "write", x__go="done"), stage("b", "reads", x="after"))
    assert [ask(one, "GET", "/x"), ask(one, "PUT", "/x/go"), ask(one, "GET", "/x")] == ["before", "done", "after"]


def test_it_moves_past_a_between_if_reads_follow_only_then() -> None:
    one = player(
        stage("a", "reads", x="before"),
        stage("w", "write", x__go="done"),
        stage("between", "between"),
        stage("b", "reads", x="after"),
    )
    ask(one, "PUT", "/x/go")
    assert ask(one, "GET", "/x") == "after"


def test_any_other_write_fails_the_run() -> None:
    one = player(stage("a", "reads", x="before"), stage("w", "write", x__go="done"), stage("b", "reads", x="after"))
    assert ask(one, "PUT", "/x/else") == "599"
    assert one.failures == ["PUT /x/else in stage `a`"]
    assert ask(one, "PUT", "/x/go") == "done"
    assert ask(one, "PUT", "/x/go") == "599"


def test_who_practises_may_stop_at_the_figures_and_run_again() -> None:
    (entry,) = (entry for entry in CATALOGUE if entry.scenario == "finalize_ok")
    practised, tested = player_of(entry), Player(scenario("finalize_ok"))
    address = f"/api/v1/invoices/{practised.scenario.subject['invoice']}"
    first, again = (practised.answer("PUT", f"{address}/refresh") for _ in range(2))
    assert first is not None
    assert (first.status, again, practised.stage, practised.failures) == (200, first, "refreshed", [])
    done = practised.answer("PUT", f"{address}/finalize")
    assert done is not None
    assert done.status == 200
    late = practised.answer("PUT", f"{address}/refresh")
    assert late is not None
    assert late.status == UNEXPECTED
    for status in (200, UNEXPECTED):
        reply = tested.answer("PUT", f"{address}/refresh")
        assert reply is not None
        assert reply.status == status


def test_foreign_and_probing_writes_are_nobody_elses_to_send() -> None:
    foreign, probe = stage("f", "write", x__go="foreign"), stage("p", "write", x__go="probe")
    foreign.is_foreign, probe.is_probe = True, True
    one = player(
        stage("a", "reads", x="before"), foreign, probe, stage("w", "write", x__go="ours"), stage("b", "reads")
    )
    assert ask(one, "PUT", "/x/go") == "ours"


def test_a_repeated_read_moves_on_to_the_next_reads_before_the_next_write() -> None:
    one = player(
        stage("a", "reads", x="draft", y="y"), stage("b", "reads", x="finalized", y="y2"), stage("w", "write", x__go="")
    )
    assert [ask(one, "GET", "/x"), ask(one, "GET", "/y"), ask(one, "GET", "/x"), ask(one, "GET", "/y")] == [
        "draft",
        "y",
        "finalized",
        "y2",
    ]
    assert ask(one, "GET", "/x") == "finalized", "there is nowhere further to go"


def test_a_repeated_read_does_not_cross_a_write_that_is_due() -> None:
    one = player(stage("a", "reads", x="draft"), stage("w", "write", x__go="done"), stage("b", "reads", x="after"))
    assert [ask(one, "GET", "/x") for _ in range(3)] == ["draft"] * 3


def test_a_repeated_read_crosses_what_others_did() -> None:
    foreign = stage("f", "write", x__delete="gone")
    foreign.is_foreign = True
    one = player(stage("a", "reads", x="draft"), foreign, stage("b", "reads", x="later"))
    assert [ask(one, "GET", "/x"), ask(one, "GET", "/x")] == ["draft", "later"]


def test_a_read_that_the_present_stage_lacks_is_looked_up_in_the_next_one() -> None:
    one = player(stage("a", "reads", x="x"), stage("w", "write", x__go="done"), stage("b", "reads", z="later"))
    assert (ask(one, "GET", "/z"), ask(one, "GET", "/nowhere")) == ("later", "599")
    assert one.stage == "a"


def test_a_write_whose_answer_never_arrived_is_answered_by_nothing() -> None:
    lost = Stage("w", "write", None, request="PUT /x/go")
    one = player(stage("a", "reads", x="before"), lost, stage("b", "reads", x="after"))
    assert (ask(one, "PUT", "/x/go"), ask(one, "GET", "/x")) == (None, "after")


def test_of_two_at_once_ours_is_the_invoice_as_the_next_reads_show_it() -> None:
    one = Player(scenario("two_at_once"))
    invoice = one.scenario.invoice
    one.answer("PUT", f"/api/v1/invoices/{invoice}/refresh")
    reply = one.answer("PUT", f"/api/v1/invoices/{invoice}/finalize")
    assert reply is not None
    assert json.loads(reply.body)["invoice"]["status"] == "finalized"


def test_a_query_is_a_multiset_however_it_is_spelt() -> None:
    one = key_of("get", "/s?status%5B%5D=a&status%5B%5D=b&x=1")
    assert one == key_of("GET", "/s?x=1&status[]=b&status[]=a")
    assert one != key_of("GET", "/s?x=1&status[]=b")


def test_the_log_is_the_truth_about_what_was_sent() -> None:
    one = Player(scenario("finalize_ok"))
    target = f"/api/v1/invoices/{one.scenario.invoice}"
    one.answer("GET", target, "r1")
    one.answer("PUT", target + "/refresh", "r2")
    assert [(seen.method, seen.request_id, seen.stage) for seen in one.log] == [
        ("GET", "r1", "draft"),
        ("PUT", "r2", "draft"),
    ]
    assert (one.count("/refresh"), one.count("/finalize")) == (1, 0)
    assert one.unplayed is not None
    assert one.unplayed.name == "finalize"


# The sandbox


def fetch(url: str, method: str, target: str, key: str = "Bearer sandbox") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.request(method, target, headers={"Authorization": key, "X-Request-Id": "mine"})
    reply = connection.getresponse()
    found = reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
    connection.close()
    return found


def test_the_sandbox_serves_every_draft_of_its_catalogue_in_one_list() -> None:
    players = [player_of(entry) for entry in CATALOGUE]
    with Sandbox(players, now=lambda: NOON) as sandbox:
        status, _, body = fetch(sandbox.url, "GET", "/api/v1/invoices?status=draft&per_page=100&page=1")
        listed = {row["lago_id"] for row in json.loads(body)["invoices"]}
        assert status == 200
        assert listed == {player.scenario.invoice for player in players if not player.start}
        for player in players:
            status, headers, body = fetch(sandbox.url, "GET", f"/api/v1/invoices/{player.scenario.invoice}")
            assert (status, headers["x-request-id"]) == (200, "mine")
            assert json.loads(body)["invoice"]["lago_id"] == player.scenario.invoice


def test_the_sandbox_answers_what_it_does_not_know_as_lago_does() -> None:
    with Sandbox([player_of(entry) for entry in CATALOGUE], now=lambda: NOON) as sandbox:
        status, _, body = fetch(sandbox.url, "GET", "/api/v1/invoices/00000000-0000-4000-8000-000000000000")
        assert (status, json.loads(body)["code"]) == (404, "invoice_not_found")
        assert fetch(sandbox.url, "GET", "/api/v1/billing_entities/acme")[0] == 200
        assert fetch(sandbox.url, "GET", "/health")[0] == 200
        assert fetch(sandbox.url, "GET", "/api/v1/taxes", key="Bearer")[0] == 401


def test_the_sandbox_listens_on_this_machine_only() -> None:
    with Sandbox([], now=lambda: NOON) as sandbox:
        assert sandbox._server.server_address[0] == "127.0.0.1"


def test_a_server_that_refuses_stops_looking_for_connections() -> None:
    with Sandbox([], now=lambda: NOON) as sandbox:
        assert sandbox._thread.is_alive()
        sandbox.refuse()
        assert not sandbox._thread.is_alive()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", sandbox.port))


@pytest.mark.parametrize("text", ["finalize", "finalize:nothing", "pay:html", "reads:html@0", "reads:html@x"])
def test_a_fault_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="`"):
        Fault.parse(text)


def test_a_fault_strikes_the_call_it_names_and_no_other() -> None:
    fault = Fault.parse("reads:html@2")
    assert [fault.strikes(call) for call in ("reads", "finalize", "reads", "reads")] == [False, False, True, False]
    every = Fault.parse("reads:html@*")
    assert [every.strikes("reads") for _ in range(3)] == [True] * 3


@pytest.mark.parametrize("what", sorted(FAULTS))
def test_a_fault_leaves_the_state_where_it_says(what: str) -> None:
    played = Player(scenario("finalize_ok"))
    target = f"/api/v1/invoices/{played.scenario.invoice}/refresh"
    with Sandbox([played], now=lambda: NOON, faults=[Fault.parse(f"refresh:{what}")]) as sandbox:
        address = ("127.0.0.1", sandbox.port)
        with socket.create_connection(address, timeout=1) as connection:
            connection.sendall(f"PUT {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sandbox\r\n\r\n".encode())
            connection.settimeout(0.3)
            with suppress(OSError):
                connection.recv(1)
        assert played.count("/refresh") == 1
        assert played.stage == ("refreshed" if Fault.parse(f"refresh:{what}").takes_effect else "draft")


def test_a_scenario_can_begin_at_any_stage_of_reads() -> None:
    stages = [stage("a", "reads", x="1"), stage("w", "write", x="ok"), stage("b", "reads", x="2")]
    made = Scenario("made", "made", "", {}, stages)
    assert ask(Player(made, "b"), "GET", "/x") == "2"
    with pytest.raises(ValueError, match="`made` has no stage of reads `w`; it has a, b"):
        Player(made, "w")
