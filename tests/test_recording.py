"""`runbook test --record`: what Lago answered is kept without anything real in it, and plays back as it was."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import vcr
from author import Author
from lago_server import Played

from engine.errors import Bug
from engine.http.exchange import Heard, Request
from engine.recording.allowed import is_kept
from engine.recording.recorder import Recorder
from engine.recording.scrubbing import Scrubber
from engine.recording.stages import stages
from engine.sandbox.scenario import SHIPPED, load

FIRST = ("finalize_invoice", "--record", "mine")
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
# Scenario, total to confirm, what the runbook is given beside it, exit.
SENT = [
    ("finalize_ok", "636.04 EUR", (), 0),
    ("provider_taxes", "300.08 USD", (), 0),
    ("answer_lost_then_done", "207.22 EUR", (), 0),
    ("tax_changed_after_review", "692.82 EUR", (), 6),
    ("late_event", "518.29 EUR", (), 14),
    ("percentage_coupon", "584.57 EUR", ("--customer", "cus_wayne"), 0),
    ("zero_fees_skipped", "0.00 EUR", ("--accept-closed",), 0),
    ("error_500_yet_finalized", "925.98 EUR", (), 0),
    ("wallet_covers_all", "515.80 EUR", (), 0),
    ("deleted_draft", "763.62 EUR", (), 10),
]


def record(played: Played, *words: str) -> Any:
    """`runbook test finalize_invoice --record mine --invoice ID`, in the replay's own folder."""
    return played.run("test", *FIRST, "--invoice", played.invoice, *words)


def suggested(out: str, folder: Path) -> str:
    """A test file with the scenario that was suggested."""
    scenario = out[out.index("  - scenario: mine") :]
    path = re.search(r"recording: (.*)", scenario)
    assert path is not None
    return "test: finalize_invoice\nscenarios:\n" + scenario.replace(path[1], str(folder / "recordings" / "mine"))


@pytest.mark.parametrize(("name", "total", "more", "exit"), SENT, ids=[row[0] for row in SENT])
def test_a_real_run_that_was_recorded_is_the_same_when_played(
    name: str, total: str, more: tuple[str, ...], exit: int, tmp_path: Path
) -> None:
    with Played(name, tmp_path / "there", sync="fresh") as played:
        done = record(played, "--send", "--confirm", played.customer, "--total", total, *more)
        writes = [seen.target.rpartition("/")[2] for seen in played.player.writes]
    assert done.code == exit, done.out + done.err
    assert "Played back it ends with" not in done.out
    assert (
        "\nAs a new file runbooks/finalize_invoice.test.yaml:\n\ntest: finalize_invoice\nscenarios:\n  - scen"
        in done.out
    )
    text = suggested(done.out, tmp_path / "there")
    code, lines = Author.at(tmp_path / "here", text).json()
    assert (code, lines[0]["differences"]) == (0, [])
    assert f"exit: {exit}\n" in text
    assert (f"sends: [{', '.join(f'PUT …/{write}' for write in writes)}]" in text) is bool(writes)


# Nothing real is kept

# What is planted, by the field that holds it. Each is a value that nothing else in a recording could be.
CANARIES = {
    "external_id": "jane.doe+ext@canary.example",
    "name": "Canary Person, née Name",
    "legal_name": "Canary Legal Holding",
    "firstname": "Canaryfirst",
    "lastname": "Canarylast",
    "email": "invoices@canary.example, second@canary.example",
    "phone": "+33 1 99 88 77 66",
    "address_line1": "99 rue du Canari",
    "address_line2": "Bâtiment Canary",
    "city": "Canarytown",
    "state": "Canarystate",
    "zipcode": "99887",
    "country": "QZ",
    "legal_number": "RCS Canary 998877",
    "tax_identification_number": "FR99887766554",
    "slug": "CANARYSLUG-009",
    "url": "https://www.canary.example/",
    "logo_url": "https://www.canary.example/logo.png",
    "external_salesforce_id": "SFCANARY1",
    "provider_customer_id": "cus_CANARYstripe",
    "favourite_colour": "canary yellow",
    "internal_note": "call Canary back",
}
MORE = {
    "phones": ["+33 1 99 88 77 66"],
    "metadata": [{"lago_id": "0d2b9b3c-94a8-4f6b-9d1c-0c6a2f1b9a10", "key": "canary-key", "value": "2026-01-02"}],
    "unknown": {"nested": {"Canary Key": "canary value", "deep": [{"who": "canary deep"}]}},
    "grouped_by": {"canary_user": "canary@grouped.example", "phone": 33199887766},
    "phone_number": 33199887766,
    "shipping_address": {"address_line1": "1 canary quay", "zipcode": "99886"},
    "integration_customers": [{"type": "hubspot", "external_customer_id": "canary-crm-1"}],
    "token": "tok_canary_0123456789",
}
PLANTED = [
    *CANARIES.values(), "canary-key", "Canary Key", "canary value", "canary deep", "canary@grouped.example", "canary_user",
    "33199887766", "1 canary quay", "99886", "canary-crm-1", "tok_canary_0123456789", "key-of-the-replay", "sub canary/1",
    "Canary plan", "canary_plan_code",
]  # fmt: skip


def planted(value: Any) -> Any:
    """A JSON value with a canary in every field of a customer that could be somebody's, and in plans and names."""
    if isinstance(value, list):
        return [planted(item) for item in value]
    if not isinstance(value, dict):
        return {"sub_hooli": "sub canary/1", "cus_hooli": CANARIES["external_id"], "Growth": "Canary plan",
                "growth": "canary_plan_code"}.get(value, value) if isinstance(value, str) else value  # fmt: skip
    made = {key: planted(item) for key, item in value.items()}
    return made | CANARIES | MORE if "legal_name" in value and "external_id" in value else made


@pytest.fixture
def canary(tmp_path: Path) -> Played:
    """A Lago whose customer is all canaries."""
    played = Played("finalize_ok", tmp_path)
    scenario = played.player.scenario
    scenario.subject = {**scenario.subject, "customer": CANARIES["external_id"]}
    for stage in scenario.stages:
        calls = []
        for (method, path, query), reply in stage.calls:
            key = (
                method,
                path.replace("cus_hooli", CANARIES["external_id"]),
                tuple(sorted((name, planted(value)) for name, value in query)),
            )
            body = json.dumps(planted(json.loads(reply.body))).encode()
            headers = (*reply.headers, ("set-cookie", "session=canary"), ("x-customer", CANARIES["email"]))
            calls.append((key, type(reply)(reply.status, headers, body)))
        stage.calls = tuple(calls)
    return played


def found_in(folder: Path, canaries: list[str]) -> list[str]:
    """The canaries that stand in a file of the folder, or in a file's name, in whatever writing."""
    text = "\n".join(f"{path.name}\n{path.read_text('utf-8')}" for path in sorted(folder.rglob("*")) if path.is_file())
    text = text.replace("\n        ", " ").lower()  # YAML breaks long lines
    seen = []
    for one in canaries:
        escaped = json.dumps(one)[1:-1]
        writings = {one, quote(one), quote(one, safe=""), escaped, escaped.replace("\\", "\\\\")}
        writings |= {base64.b64encode(one.encode()[at:])[4:-4].decode() for at in range(3)}
        seen += [one for writing in writings if writing and writing.lower() in text]
    return seen


def test_no_canary_of_a_customer_gets_into_a_recording(canary: Played) -> None:
    with canary as played:
        customer = CANARIES["external_id"]
        done = record(played, "--send", "--confirm", customer, "--total", "636.04 EUR", "--customer", customer)
        folder = played.folder / "recordings" / "mine"
    assert done.code == 0, done.out + done.err
    assert "canary" in done.out  # the run itself tells the person whom it is about
    assert "Played back it ends with" not in done.out
    assert found_in(folder, PLANTED) == []
    assert found_in(folder, ["INV-DRAFT", "cus_1"]) != []
    scenario = done.out[done.out.index("  - scenario: mine") :]
    assert [one for one in PLANTED if one in scenario] == []


def written(folder: Path, *exchanges: tuple[str, int | None, Mapping[str, str], bytes]) -> str:
    """The files of a recording of these exchanges, as one text."""
    recorder = Recorder()
    for request, status, headers, content in exchanges:
        method, _, target = request.partition(" ")
        recorder.hear(Heard(Request(method, target), status, headers, content))
    recorder.write(folder, "A title", AT, (), None)
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.iterdir()))


def test_an_error_s_words_its_headers_and_its_page_are_not_kept(tmp_path: Path) -> None:
    ID = "c8117fcb-c82a-4075-928f-9c8ff5f46b2f"
    said = {
        "status": 422,
        "error": "Unprocessable Entity",
        "code": "validation_errors",
        "error_details": {
            "email": ["canary@x.example is taken"],
            "Canary Key": ["canary"],
            "tax_error_message": "canary!",
        },
    }
    page = b"<html>Signed in as canary@x.example <!-- Bearer canarykey --></html>"
    headers = {
        "Content-Type": "application/json; charset=utf-8; canary=1",
        "Set-Cookie": "canary=1",
        "Retry-After": "7",
    }
    html = {"content-type": "text/html", "location": "https://sso.example/?user=canary", "Server": "canary"}
    odd = {"content-type": "application/canary+json", "retry-after": "canary"}
    text = written(
        tmp_path,
        (f"GET /lago/api/v1/invoices/{ID}", 422, headers, json.dumps(said).encode()),
        (f"GET /lago/api/v1/invoices/{ID}?as=canary&status=canary-1", 502, html, page),
        ("GET /lago/api/v1/customers/canary%2F1", 200, odd, b'"canary"'),
        ("GET /canary/elsewhere", 200, html, b'{"customer": {"name": "canary'),
        (f"PUT /lago/api/v1/invoices/{ID}/finalize", None, {}, b""),
    )
    assert "canary" not in text.lower()
    for kept in (
        "Unprocessable Entity",
        "validation_errors",
        "retry-after:",
        f"/api/v1/invoices/{ID}",
        "<html><body>removed",
    ):
        assert kept in text
    assert "client_saw: no whole answer" in text
    assert "/lago/" not in text


def test_what_would_still_stand_there_is_not_written_at_all(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.hear(
        Heard(Request("GET", "/api/v1/taxes"), 200, {}, b'{"taxes": [{"lago_id": null, "status": "canarykey"}]}')
    )
    with pytest.raises(Bug, match="would still stand in it"):
        recorder.write(tmp_path, "A title", AT, ("canarykey",), None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("field", "text", "kept"),
    [
        ("lago_id", "c8117fcb-c82a-4075-928f-9c8ff5f46b2f", True),
        ("lago_id", "jane", False),
        ("external_id", "c8117fcb-c82a-4075-928f-9c8ff5f46b2f", False),
        ("created_at", "2026-11-23T09:43:35Z", True),
        ("created_at", "yesterday, says Jane", False),
        ("born", "2001-02-03", False),
        ("precise_unit_amount", "0.0123", True),
        ("precise_unit_amount", "12 for Jane", False),
        ("phone", "33123456789", False),
        ("tax_identification_number", "12345678", False),
        ("currency", "EUR", True),
        ("applicable_timezone", "Asia/Tokyo", True),
        ("applicable_timezone", "Jane/Doe", False),
        ("status", "finalized", True),
        ("status", "Jane Doe", False),
        ("code", "growth", False),
        ("brand_new_field", "word", False),
        ("name", "", True),
    ],
)
def test_only_what_is_known_to_be_harmless_is_kept(field: str, text: str, kept: bool) -> None:
    assert is_kept(field, text) is kept


# What is written


def test_the_same_thing_has_the_same_invented_name_everywhere() -> None:
    scrubber = Scrubber()
    body = {"customer": {"external_id": "acme", "name": "Acme", "legal_name": "Acme"}, "number": "AC-DRAFT"}
    first = scrubber.value(
        {**body, "fees": [{"external_customer_id": "acme", "item": {"code": "acme", "name": "Acme"}}]}
    )
    assert first == {
        "customer": {"external_id": "cus_1", "name": "name-1", "legal_name": "legal_name-1"},
        "number": "INV-DRAFT",
        "fees": [{"external_customer_id": "cus_1", "item": {"code": "cus_1", "name": "name-1"}}],
    }
    assert scrubber.target(Request("GET", "/api/v1/customers/acme")) == "/api/v1/customers/cus_1"
    asked = "/x/api/v1/invoices?external_customer_id=acme&status%5B%5D=draft&page=1"
    assert (
        scrubber.target(Request("GET", asked))
        == "/api/v1/invoices?external_customer_id=cus_1&status%5B%5D=draft&page=1"
    )
    assert scrubber.value({"number": "AC-001"}) == {"number": "INV-001"}


def test_every_shipped_recording_is_kept_but_for_its_names() -> None:
    """Ids, moments, amounts and states are what a run goes by: all of them stay."""
    lost: set[str] = set()

    def compare(before: Any, after: Any, field: str) -> None:
        if isinstance(before, dict):
            assert list(before) == list(after) or "filters" in field
            for (key, one), other in zip(before.items(), after.values(), strict=True):
                compare(one, other, key)
        elif isinstance(before, list):
            for one, other in zip(before, after, strict=True):
                compare(one, other, field)
        elif before != after:
            lost.add(field)

    for folder in sorted(SHIPPED.iterdir()):
        scrubber = Scrubber()
        for stage in load(folder).stages:
            for _, reply in stage.calls:
                body = json.loads(reply.body)
                compare(body, scrubber.value(body), "")
    assert lost == {
        "address_line1", "billing_entity_code", "billable_metric_code", "city", "code", "country", "coupon_code",
        "coupon_name", "document_number_prefix", "email", "error", "external_customer_id", "external_id",
        "external_subscription_id", "github_url", "integration_code", "invoice_display_name", "legal_name", "message",
        "name", "number", "plan_code", "slug", "tax_code", "tax_description", "tax_identification_number", "tax_name",
        "version", "web_url", "zipcode",
    }  # fmt: skip


def heard(*lines: str) -> list[str]:
    """The stages of requests, each answered with the word behind it: `name: request, request`."""
    scrubber, exchanges = Scrubber(), []
    for line in lines:
        request, _, word = line.partition(" -> ")
        method, _, path = request.partition(" ")
        exchanges.append(Heard(Request(method, f"/api/v1/{path}"), 200, {}, json.dumps({"status": word}).encode()))
    made = stages(map(scrubber.exchange, exchanges))
    return [f"{one.name}: {', '.join(row.target.removeprefix('/api/v1/') for row in one.exchanges)}" for one in made]


def test_a_read_that_is_made_again_begins_a_stage_and_an_echo_is_left_out() -> None:
    assert heard("GET a -> x", "GET b -> x", "GET a -> y", "PUT i/refresh -> x", "GET a -> x", "GET a -> x") == [
        "before: a, b",
        "again: a",
        "refresh: i/refresh",
        "after_refresh: a",
    ]
    assert heard("GET a -> x", "GET a -> x", "GET a -> y") == ["before: a", "again: a", "again_2: a"]
    assert heard("GET a -> x", "GET a -> x", "PUT i/finalize -> x") == ["before: a", "finalize: i/finalize"]


def test_vcrpy_reads_what_was_written(tmp_path: Path) -> None:
    body = json.dumps({"invoice": {"status": "draft", "name": "né\u2028e: [x] - #"}}).encode()
    written(tmp_path, ("GET /api/v1/taxes?page=1", 200, {"content-type": "application/json"}, body))
    with vcr.VCR(record_mode="none").use_cassette(str(tmp_path / "01-before.yaml")) as cassette:
        ((request, response),) = zip(cassette.requests, cassette.responses, strict=True)
    assert (request.method, request.uri) == ("GET", "https://lago.example/api/v1/taxes?page=1")
    assert json.loads(response["body"]["string"]) == {"invoice": {"status": "draft", "name": "name-1"}}
    assert (response["status"]["code"], load(tmp_path).recorded_at) == (200, AT)


# How it is asked for


def test_without_send_it_only_reads(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = record(played, "--total", "636.04 EUR", "--confirm", "cus_hooli", "--format", "json")
        assert (done.code, played.player.writes) == (0, [])
        again = record(played)
    last = json.loads(done.out.splitlines()[-1])
    assert (last["type"], last["stages"], last["plays_the_same"], last["exit"]) == ("test.recorded", 1, True, 0)
    assert "mode: preview" in last["scenario"]
    assert again.code == 2
    assert "recordings/mine is there already" in again.err


def test_a_real_run_is_recorded_only_with_the_consent_that_any_run_needs(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = record(played, "--send")
        assert (done.code, played.player.writes) == (5, [])
        assert "--confirm cus_hooli" in done.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("finalize_invoice", "--send"), "--send and -o go with --record"),
        (("finalize_invoice", "-o", "mine"), "--send and -o go with --record"),
        (("--record", "mine"), "--record needs a runbook"),
        (("finalise_invoice", "--record", "mine"), "there is no runbook `finalise_invoice`"),
        (("finalize_invoice", "--record", "../mine"), "is no name for a recording"),
        (("finalize_invoice", "--record", "mine"), "--invoice"),
        (("finalize_invoice", "--record", "mine", "--invoice", "5"), "--invoice 5"),
        (("finalize_invoice", "--invoice", "5"), "--invoice"),
    ],
)
def test_what_is_typed_wrong_is_told_and_leaves_nothing_behind(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    done = Author.at(tmp_path).test(*words)
    assert done.code == 2
    assert says in done.err
    assert list(tmp_path.glob("recordings/*")) == []


def test_where_lago_cannot_be_reached_nothing_is_recorded(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        played.sandbox.refuse()
        done = record(played)
    assert done.code == 7
    assert "Nothing was recorded" in done.err
    assert list((tmp_path / "recordings").iterdir()) == []
