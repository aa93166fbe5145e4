"""Every recording, played under the client: what Lago was asked and answered is what the client asks and hands over."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from cassettes import lago, playing
from recorded import FOLDERS, scenario

from engine.http.answers import is_error, parse
from engine.http.exchange import Replied
from engine.lago import Lago, NotFound

ROOT = "/api/v1"
FOUR = [("status[]", status) for status in ("active", "terminated", "pending", "canceled")]
FIRST_PAGE = [("per_page", "100"), ("page", "1")]
CREDITS = {"/wallets", "/applied_coupons", "/credit_notes"}

Call = Callable[[Lago], Any]


def call_for(method: str, path: str, query: list[tuple[str, str]]) -> tuple[str, Call] | None:
    """The client's call that sends this request and no other, and the key that its answer stands under."""
    parts, asked = [unquote(part) for part in path.split("/")[1:]], dict(query)
    owner = asked.get("external_customer_id", "")
    match method, parts, query:
        case "PUT", ["invoices", lago_id, "finalize"], []:
            return "invoice", lambda client: client.finalize(lago_id, "our-id", 5)
        case "PUT", ["invoices", lago_id, "refresh"], []:
            return "invoice", lambda client: client.refresh(lago_id, "our-id", 5)
        case "GET", ["invoices", lago_id], []:
            return "invoice", lambda client: client.get_invoice(lago_id)
        case "GET", ["customers", name], []:
            return "customer", lambda client: client.get_customer(name)
        case "GET", ["billing_entities", code], []:
            return "billing_entity", lambda client: client.get_billing_entity(code)
        case "GET", ["subscriptions"], [("external_customer_id", _), *rest] if rest == FOUR:
            return "subscriptions", lambda client: client.get_subscriptions(owner, [])
        case "GET", ["invoices"], [("external_customer_id", _), ("status", "draft" | "finalized" as status)]:
            return "invoices", lambda client: client.list_invoices(owner, status)
        case "GET", ["invoices"], [("external_customer_id", _), ("status[]", "finalized"), *rest] if rest == FIRST_PAGE:
            return "invoices", lambda client: client.past_invoices(owner)
        case "GET", ["invoices"], [("status", "draft"), ("per_page", "100"), ("page", "1")]:
            return "invoices", lambda client: client.drafts()
    return None


def is_checked(path: str) -> bool:
    """Whether an invoice's id is one: the recordings hold upper-case and malformed ones, which never come so far."""
    _, kind, *rest = path.split("/")
    return kind != "invoices" or not rest or (len(rest[0]) == 36 and rest[0] == rest[0].lower())


def assert_same(value: Any, body: Any, key: str) -> None:
    """The client handed over what Lago answered: the same things in the same order, and of one thing every field."""
    said = body[key]
    if key == "subscriptions":
        assert [one.lago_id for one in value.items] == [row["lago_id"] for row in said]
    elif key == "invoices":
        totals = [(row["lago_id"], row["total_amount_cents"]) for row in said]
        assert [(one.lago_id, one.total_amount_cents) for one in value] == totals
    else:
        assert value.lago_id == said["lago_id"]
        assert said.keys() <= value.model_dump().keys()


def assert_asked(client: Lago, recorded: Recorded, body: Any, key: str, call: Call) -> None:
    """Send it; what comes back is what was recorded."""
    if recorded.method == "PUT":
        answer = call(client)
        assert isinstance(answer, Replied)
        assert answer.status == recorded.status
        assert answer.body_digest == "sha256:" + hashlib.sha256(recorded.body).hexdigest()
        assert answer.error == (body if is_error(recorded.status, body) else None)
    elif recorded.status == 200:
        assert_same(call(client).value, body, key)
    elif key == "billing_entity":
        assert call(client).value.lago_id is None, "its settings are not known"
    else:
        with pytest.raises(NotFound) as missing:
            call(client)
        assert missing.value.lago_code == body["code"]


@dataclass(frozen=True)
class Recorded:
    """One recorded exchange."""

    method: str
    uri: str
    status: int
    body: bytes


def exchanges(cassette: Any) -> list[Recorded]:
    """Those of a cassette whose request stands there once; a state that moved on within a stage is no answer to replay."""
    pairs = list(zip(cassette.requests, cassette.responses, strict=True))
    times = Counter((request.method, request.uri) for request, _ in pairs)
    return [
        Recorded(request.method, request.uri, response["status"]["code"], response["body"]["string"])
        for request, response in pairs
        if times[request.method, request.uri] == 1 and urlsplit(request.uri).path.startswith(ROOT)
    ]


def play(file: Path) -> int:
    """Have the client send what a stage holds. How many requests it sent."""
    with playing(file) as cassette:
        credits: dict[str, Any] = {}
        for recorded in exchanges(cassette):
            url = urlsplit(recorded.uri)
            path, query, body = url.path.removeprefix(ROOT), parse_qsl(url.query), parse(recorded.body)
            if path in CREDITS and recorded.status == 200:
                credits[path] = (dict(query).get("external_customer_id"), body[path.removeprefix("/")])
            found = call_for(recorded.method, path, query)
            if found and is_checked(path) and recorded.status in (200, 404, 500):
                before = cassette.play_count
                assert_asked(lago(), recorded, body, *found)
                assert cassette.play_count == before + 1
        if credits.keys() == CREDITS:
            (owner,) = {name for name, _ in credits.values()}
            value = lago().get_credits(owner).value
            for path, (_, rows) in credits.items():
                held = getattr(value, path.removeprefix("/"))
                assert [one.lago_id for one in held] == [row["lago_id"] for row in rows]
        count: int = cassette.play_count
        return count


@pytest.mark.parametrize("name", FOLDERS)
def test_the_client_asks_and_answers_as_recorded(name: str) -> None:
    sent = [play(stage.file) for stage in scenario(name).stages if stage.file is not None]
    assert any(sent)


def test_nothing_that_a_run_reads_is_left_out_of_this() -> None:
    """Invoice, customer, entity, subscriptions, two lists, what was billed before, and three kinds of credits."""
    (draft,) = [stage.file for stage in scenario("finalize_ok").stages if stage.name == "draft"]
    assert draft is not None
    assert play(draft) == 10
