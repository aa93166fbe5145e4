"""The Lago client on recorded traffic, played by vcrpy underneath it: every read, both writes, every kind of error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cassettes import cassette, lago
from peers import Patient, Peer, answer, peer, says
from recorded import raw_invoice, scenario

from engine.errors import Bug, Denied, Unreachable
from engine.http.exchange import Replied
from engine.http.wire import ReadOnly
from engine.lago import KeyRefused, Lago, NotFound
from engine.lago_models import parse_invoice
from engine.sandbox.scenario import SHIPPED
from engine.values import Secret

HERE = Path(__file__).parent

SUBJECT: Mapping[str, Any] = scenario("finalize_ok").subject
INVOICE, CUSTOMER = str(SUBJECT["invoice"]), str(SUBJECT["customer"])
OTHER = "00000000-0000-4000-8000-000000000000"


def at(found: Peer, **more: Any) -> Lago:
    return Lago(f"{found.url}/api/v1", Secret("the-key"), clock=Patient(), **more)


def test_an_invoice_is_read_with_all_that_it_holds() -> None:
    with cassette("finalize_ok", "draft"):
        fetched = lago().get_invoice(INVOICE)
    invoice = fetched.value
    assert (invoice.lago_id, invoice.status, invoice.total_amount_cents, len(invoice.fees)) == (
        INVOICE,
        "draft",
        63604,
        5,
    )
    assert [str(request) for request in fetched.requests] == [f"GET /api/v1/invoices/{INVOICE}"]
    assert invoice.applied_taxes is not None
    assert invoice.applied_taxes[0].tax_rate == Decimal("20.0")
    assert invoice.model_extra is not None
    assert "web_url" in invoice.model_extra, "an unknown field is kept"


def test_everything_that_a_run_reads_is_there() -> None:
    with cassette("finalize_ok", "draft"):
        client = lago()
        customer = client.get_customer(CUSTOMER).value
        assert [tax.code for tax in customer.taxes or ()] == ["vat_20"]
        assert client.get_billing_entity("acme").value.net_payment_term == 30
        assert [one.external_id for one in client.get_subscriptions(CUSTOMER, ["sub_hooli"]).value.items] == [
            "sub_hooli"
        ]
        credits = client.get_credits(CUSTOMER).value
        assert (credits.applied_coupons, credits.credit_notes, credits.wallets) == ((), (), ())
        assert [one.lago_id for one in client.list_invoices(CUSTOMER, "draft").value] == [INVOICE]
        assert client.list_invoices(CUSTOMER, "finalized").value == ()
        assert client.version() == "v1.51.0"


def test_a_terminated_subscription_is_found() -> None:
    with cassette("termination", "draft"):
        found = lago().get_subscriptions("cus_term", ["sub_term"]).value
    assert [(one.external_id, one.status) for one in found.items] == [("sub_term", "terminated")]


def test_credits_of_every_kind_are_read() -> None:
    with cassette("wallet_at_finalize", "draft"):
        assert [wallet.balance_cents for wallet in lago().get_credits("cus_tyrell").value.wallets] == [5000]
    with cassette("coupon_at_finalize", "draft"):
        assert len(lago().get_credits("cus_pied_piper").value.applied_coupons) == 1
    with cassette("credit_note_at_finalize", "draft"):
        assert len(lago().get_credits("cus_umbrella").value.credit_notes) >= 1


@pytest.mark.parametrize(
    ("name", "stage", "write"),
    [
        ("finalize_ok", "finalize", "finalize"),
        ("finalize_ok", "refresh", "refresh"),
        ("zero_fees_skipped", "finalize", "finalize"),
    ],
)
def test_a_write_is_one_request(name: str, stage: str, write: str) -> None:
    invoice = str(scenario(name).subject["invoice"])
    with cassette(name, stage) as playing:
        client = lago()
        call: Callable[[str, str, float], Any] = client.finalize if write == "finalize" else client.refresh
        reply = call(invoice, "our-request-id", 5)
        assert playing.play_count == 1
    assert isinstance(reply, Replied)
    assert reply.status == 200
    answered = parse_invoice(reply.body)
    assert answered is not None
    assert answered.lago_id == invoice


@pytest.mark.parametrize("stage", ["wrong_key", "empty_key", "no_authorization_header"])
def test_a_refused_key_is_told_as_such(stage: str) -> None:
    invoice = str(scenario("errors").subject["invoice"])
    with cassette("errors", stage), pytest.raises(KeyRefused) as refused:
        lago().get_invoice(invoice)
    assert str(refused.value) == "lago.example refused the key (401 Unauthorized)"
    assert refused.value.exit == 7


def test_a_key_that_may_not_read_this_is_refused_too() -> None:
    body = b'{"status":403,"error":"Forbidden","code":"read_action_not_allowed_for_invoice"}'
    with peer(says(answer(body, 403))) as found, pytest.raises(KeyRefused, match="403 read_action_not_allowed"):
        at(found).get_invoice(INVOICE)
    assert len(found.requests) == 1


def test_an_unknown_id_is_not_found_in_lagos_words() -> None:
    with cassette("errors", "unknown_id"), pytest.raises(NotFound) as missing:
        lago().get_invoice(OTHER)
    assert missing.value.lago_code == "invoice_not_found"
    assert missing.value.exit == 4


@pytest.mark.parametrize(
    "bad", ["", "finalize", "../customers", "a/b", "not-a-uuid", "c8117fcb-c82a-4075-928f-9c8ff5f46b2f\n/x"]
)
def test_nothing_unchecked_goes_into_a_path(bad: str) -> None:
    for call in (lago().get_invoice, lago().finalize_request, lago().refresh_request):
        with pytest.raises(Bug):
            call(bad)


def test_an_id_may_be_written_in_any_case_and_as_an_address() -> None:
    body = json.dumps({"invoice": raw_invoice("finalize_ok", "draft")}, default=float).encode()
    with peer(says(answer(body))) as found:
        for text in (INVOICE.upper(), f" {INVOICE} ", f"https://app.example/o/customer/{OTHER}/invoice/{INVOICE}/x"):
            assert at(found).get_invoice(text).value.lago_id == INVOICE
    assert set(found.lines) == {f"GET /api/v1/invoices/{INVOICE} HTTP/1.1"}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a/b?c", "a%2Fb%3Fc"),
        ("../x", "..%2Fx"),
        ("%2e%2e", "%252e%252e"),
        ("Žižkov #1", "%C5%BDi%C5%BEkov%20%231"),
        ("a\r\nb", "a%0D%0Ab"),
        ("a:b@c", "a%3Ab%40c"),
    ],
)
def test_a_name_is_encoded_whatever_it_holds(name: str, path: str) -> None:
    missing = b'{"status":404,"error":"Not Found","code":"customer_not_found"}'
    with peer(says(answer(missing, 404))) as found:
        with pytest.raises(NotFound):
            at(found).get_customer(name)
        with pytest.raises(NotFound):
            at(found).list_invoices(name, "draft")
    assert found.lines == [
        f"GET /api/v1/customers/{path} HTTP/1.1",
        f"GET /api/v1/invoices?external_customer_id={path.replace('%20', '+')}&status=draft HTTP/1.1",
    ]


@pytest.mark.parametrize("name", ["", ".", "..", "\udcff"])
def test_a_name_that_is_a_path_of_its_own_or_no_text_is_never_asked_for(name: str) -> None:
    with peer(says(answer())) as found:
        for call in (at(found).get_customer, at(found).drafts, at(found).get_credits):
            with pytest.raises(Denied):
                call(name)
    assert found.requests == []


@pytest.mark.parametrize("call", ["get_customer", "get_billing_entity"])
def test_another_thing_than_the_one_asked_for_is_no_answer(call: str) -> None:
    kind = call.removeprefix("get_")
    body = json.dumps({kind: {"lago_id": OTHER, "external_id": "another", "code": "another"}}).encode()
    with peer(says(answer(body))) as found, pytest.raises(Unreachable, match=f"another {kind.replace('_', ' ')}"):
        getattr(at(found), call)("mine")


def test_a_billing_entity_that_is_not_shown_has_no_known_settings() -> None:
    missing = b'{"status":404,"error":"Not Found","code":"resource_not_found"}'
    with peer(says(answer(missing, 404))) as found:
        entity = at(found).get_billing_entity("acme").value
    assert (entity.code, entity.lago_id, entity.finalize_zero_amount_invoice) == ("acme", None, None)


def test_another_invoice_than_the_one_asked_for_is_no_answer() -> None:
    body = json.dumps({"invoice": raw_invoice("finalize_ok", "draft")}, default=float).encode()
    with peer(says(answer(body))) as found, pytest.raises(Unreachable, match="another invoice"):
        at(found).get_invoice(OTHER)


@pytest.mark.parametrize(
    ("data", "says_so"),
    [
        (answer(b"<html>Welcome</html>"), r"answered 200 for invoice .*, not in JSON \(request id [0-9a-f-]{36}\)"),
        (answer(b'{"invoice":'), "answered 200 for invoice .*, not in JSON"),
        (answer(b"[]"), "answered 200 for invoice .*, not as Lago does"),
        (answer(b"{}"), "answered, but not with invoice"),
        (answer(b'{"invoice":null}'), "answered, but not with invoice"),
        (answer(b'{"invoice":{}}'), "cannot be read: `lago_id`: Field required"),
        (answer(b"<html>", 404), "answered 404 for invoice .*, not in JSON"),
        (answer(b'{"message":"no such route"}', 404), "answered 404 for invoice .*, not as Lago does"),
        (answer(b"", 302, "Location: https://login.example/"), "302 for invoice .*, which leads elsewhere"),
        (answer(b"", 204), "answered 204"),
        (answer(b'{"status":422,"error":"Unprocessable Entity","code":"validation_errors"}', 422), "validation_errors"),
    ],
    ids=["HTML", "cut JSON", "list", "empty", "null", "no id", "a page's 404", "a gateway's 404", "302", "204", "422"],
)
def test_an_answer_that_is_not_lagos_is_told_in_plain_words(data: bytes, says_so: str) -> None:
    with peer(says(data)) as found, pytest.raises(Unreachable, match=says_so) as told:
        at(found).get_invoice(INVOICE)
    assert told.value.exit == 7
    assert type(told.value) is Unreachable
    assert len(found.requests) == 1


def test_what_is_sent_is_what_the_preview_says() -> None:
    with peer(says(answer())) as found:
        client = at(found)
        previews = [client.refresh_request(INVOICE), client.finalize_request(INVOICE)]
        client.refresh(INVOICE, "one", 5)
        client.finalize(INVOICE, "two", 5)
    assert found.lines == [f"{request} HTTP/1.1" for request in previews]
    assert found.headers("x-request-id") == ["one", "two"]
    assert found.headers("content-type") == [None, None], "there is no body"


def writes(client: Lago) -> list[Callable[[], Any]]:
    """Every way of the client to write, known or not: whatever takes an id, a request id and a deadline."""
    return [
        lambda: client.finalize(INVOICE, "id", 5),
        lambda: client.refresh(INVOICE, "id", 5),
        lambda: client._wire.write("PUT", f"/invoices/{INVOICE}/refresh/../finalize", "id", 5),
        lambda: client._wire.write("PUT", f"/invoices/{INVOICE}/finalize?x=/refresh", "id", 5),
        lambda: client._wire.write("PUT", f"/invoices/{INVOICE}/finalize%2Frefresh", "id", 5),
        lambda: client._wire.write("PUT", f"/customers/{INVOICE}/refresh", "id", 5),
        lambda: client._wire.write("PUT", "/invoices//refresh", "id", 5),
        lambda: client._wire.write("POST", f"/invoices/{INVOICE}/refresh", "id", 5),
        lambda: client._wire.write("DELETE", f"/invoices/{INVOICE}", "id", 5),
    ]


def test_a_dry_run_sends_no_write() -> None:
    with peer(says(answer())) as found:
        for write in writes(at(found, read_only=True)):
            with pytest.raises(ReadOnly):
                write()
    assert found.connections == []


def test_a_dry_run_with_a_refresh_sends_that_and_nothing_else() -> None:
    with peer(says(answer())) as found:
        client = at(found, read_only=True, may_refresh=True)
        refused = [write for write in writes(client) if not is_sent(write)]
    assert len(refused) == len(writes(client)) - 1
    assert found.lines == [f"PUT /api/v1/invoices/{INVOICE}/refresh HTTP/1.1"]


def is_sent(write: Callable[[], Any]) -> bool:
    try:
        return isinstance(write(), Replied)
    except ReadOnly:
        return False


def test_no_recording_holds_a_key() -> None:
    folders = (SHIPPED, HERE / "recordings")
    cassettes = [path for folder in folders for path in folder.rglob("[0-9]*.yaml")]
    assert len(cassettes) > 150
    held = re.compile(r"^\s*(authorization|cookie|x-api-key):|bearer [a-z0-9-]", re.IGNORECASE | re.MULTILINE)
    assert [path.name for path in cassettes if held.search(path.read_text())] == []
