"""The Lago client on recorded traffic, played by vcrpy underneath it: every read, both writes, every kind of error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import vcr
import vcr.errors
from vcr.request import Request as Recorded

from engine.clock import Clock
from engine.errors import Bug, Denied, Unreachable
from engine.exchange import Replied
from engine.lago import KeyRefused, Lago, NotFound
from engine.lago_models import parse_invoice
from engine.sandbox.scenario import SHIPPED, Scenario, load
from engine.values import Secret
from engine.wire import ReadOnly

HERE = Path(__file__).parent
URL = "https://lago.example/api/v1"


def lago(**more: Any) -> Lago:
    return Lago(URL, Secret("the-key"), clock=Clock(), **more)


def scenario(name: str) -> Scenario:
    return load(SHIPPED / name if (SHIPPED / name).exists() else HERE / "recordings" / name)


@contextmanager
def cassette(name: str, stage: str) -> Iterator[Any]:
    """One stage under the client. A request that was not recorded fails; a read may repeat or go unused."""
    file = next(one.file for one in scenario(name).stages if one.name == stage)
    assert file is not None
    tape = vcr.VCR(
        record_mode="none", match_on=["method", "scheme", "host", "path", "query"], filter_headers=["authorization"]
    )
    with tape.use_cassette(str(file), allow_playback_repeats=True) as playing:
        yield playing


def sent(playing: Any) -> list[str]:
    requests: list[Recorded] = playing.requests
    return [f"{request.method} {request.path}" for request in requests]


SUBJECT: Mapping[str, Any] = scenario("finalize_ok").subject
INVOICE, CUSTOMER = str(SUBJECT["invoice"]), str(SUBJECT["customer"])


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


def test_every_draft_is_listed_once() -> None:
    with cassette("month_close", "drafts"):
        drafts = lago().drafts().value
    assert len({draft.lago_id for draft in drafts}) == len(drafts) == 12


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


@pytest.mark.parametrize(
    ("stage", "error"),
    [("wrong_key", KeyRefused), ("empty_key", KeyRefused), ("no_authorization_header", KeyRefused)],
)
def test_a_refused_key_is_told_as_such(stage: str, error: type[Exception]) -> None:
    invoice = str(scenario("errors").subject["invoice"])
    with cassette("errors", stage), pytest.raises(error, match="refused the key"):
        lago().get_invoice(invoice)


def test_an_unknown_id_is_not_found_in_lagos_words() -> None:
    with cassette("errors", "unknown_id"), pytest.raises(NotFound) as missing:
        lago().get_invoice("00000000-0000-4000-8000-000000000000")
    assert missing.value.lago_code == "invoice_not_found"
    assert missing.value.exit == 4


@pytest.mark.parametrize(
    "bad", ["", "finalize", "../customers", "a/b", "not-a-uuid", "c8117fcb-c82a-4075-928f-9c8ff5f46b2f\n/x"]
)
def test_nothing_unchecked_goes_into_a_path(bad: str) -> None:
    for call in (lago().get_invoice, lago().finalize_request, lago().refresh_request):
        with pytest.raises(Bug):
            call(bad)


def test_a_name_is_encoded_and_a_relative_one_refused() -> None:
    asked = re.escape("/customers/a%2Fb%3Fc")
    with (
        pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException, match=asked),
        cassette("finalize_ok", "draft"),
    ):
        lago().get_customer("a/b?c")
    with pytest.raises(Denied):
        lago().get_customer("..")


def test_another_invoice_than_the_one_asked_for_is_no_answer() -> None:
    with cassette("finalize_ok", "draft"), pytest.raises(Unreachable, match="another invoice"):
        client = lago()
        client._one = lambda *rest: Lago._one(client, f"/invoices/{INVOICE}", *rest[1:])  # type: ignore[method-assign]
        client.get_invoice("00000000-0000-4000-8000-000000000000")


def test_a_dry_run_sends_no_write() -> None:
    with cassette("finalize_ok", "finalize") as playing:
        for client in (lago(read_only=True), lago(read_only=True, may_refresh=True)):
            with pytest.raises(ReadOnly):
                client.finalize(INVOICE, "id", 5)
        with pytest.raises(ReadOnly):
            lago(read_only=True).refresh(INVOICE, "id", 5)
        assert playing.play_count == 0
    with cassette("finalize_ok", "refresh") as playing:
        assert isinstance(lago(read_only=True, may_refresh=True).refresh(INVOICE, "id", 5), Replied)
        assert playing.play_count == 1


def test_no_recording_holds_a_key() -> None:
    folders = (SHIPPED, HERE / "recordings")
    cassettes = [path for folder in folders for path in folder.rglob("[0-9]*.yaml")]
    assert len(cassettes) > 150
    held = re.compile(r"^\s*(authorization|cookie|x-api-key):|bearer [a-z0-9-]", re.IGNORECASE | re.MULTILINE)
    assert [path.name for path in cassettes if held.search(path.read_text())] == []
