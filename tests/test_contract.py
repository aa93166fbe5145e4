"""Runs against servers and customers that no recording shows: older and newer Lagos, odd ids, other ways to name a draft."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from lago_server import Played

from engine.sandbox.scenario import Reply, Stage, key_of

TOTAL = "636.04 EUR"

# What a v1.32 server does not send (seen on one).
MISSING = {
    "total_paid_amount_cents", "total_offsetted_credit_note_amount_cents", "lago_fixed_charge_id", "priority",
    "sub_total_excluding_taxes_amount_cents", "sub_total_excluding_taxes_precise_amount_cents",
    "fixed_charges_from_datetime", "fixed_charges_to_datetime", "subscription_invoice_issuing_date_anchor",
    "subscription_invoice_issuing_date_adjustment", "purchase_order_number", "web_url", "xml_url", "voided_at",
    "prepaid_granted_credit_amount_cents", "prepaid_purchased_credit_amount_cents", "payment_method",
    "activation_rules", "presentation_breakdowns", "pricing_unit_details",
}  # fmt: skip


def rewritten(played: Played, change: Callable[[Any], Any], path: Callable[[str], str] = str) -> None:
    """Every answer of the scenario, changed on its way; `path` changes what is asked for."""
    for stage in played.player.stages:
        rows = []
        for (method, target, query), reply in stage.calls:
            try:
                body = json.dumps(change(json.loads(reply.body))).encode()
            except ValueError:
                body = reply.body
            asked = tuple(sorted((name, path(value)) for name, value in query))
            rows.append(((method, path(target), asked), replace(reply, body=body)))
        stage.__dict__["calls"] = tuple(rows)


def older(value: Any, *, is_invoice: bool = False) -> Any:
    if isinstance(value, dict):
        kept = {
            key: older(item, is_invoice=key == "invoice")
            for key, item in value.items()
            if key not in MISSING or (is_invoice and key == "sub_total_excluding_taxes_amount_cents")
        }
        return kept
    return [older(item) for item in value] if isinstance(value, list) else value


def newer(value: Any) -> Any:
    if isinstance(value, dict):
        made = {key: newer(item) for key, item in value.items()}
        if "lago_id" in made:
            made |= {"a_new_field": {"of": ["any", 1.5, None]}, "another": "2027-01-01"}
        if "invoicing_reason" in made:
            made["invoicing_reason"] = "subscription_reborn"
        return made
    return [newer(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("change", [older, newer], ids=["older", "newer"])
def test_a_server_of_another_version_is_finalized_all_the_same(change: Callable[[Any], Any], tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        rewritten(played, change)
        done = played.finalize(TOTAL)
        assert done.code == 0, done.out + done.err
        assert "Finalized ACM-013-001 for 636.04 EUR." in done.last_line
        assert played.player.failures == []


def test_a_server_that_shows_no_billing_entities_is_finalized_all_the_same(tmp_path: Path) -> None:
    missing = Reply(
        404, (("content-type", "application/json"),), b'{"status":404,"error":"Not Found","code":"resource_not_found"}'
    )
    with Played("finalize_ok", tmp_path) as played:
        for stage in played.player.stages:
            rows = [(key, missing if "/billing_entities/" in key[1] else reply) for key, reply in stage.calls]
            stage.__dict__["calls"] = tuple(rows)
        done = played.finalize(TOTAL)
        assert done.code == 0, done.out + done.err


@pytest.mark.parametrize(
    "odd", ["cus hooli", "cus/hooli", "cus%2Fhooli", "株式会社", "cus'hooli\"", "a" * 250, "cus?x=1&y"]
)
def test_a_customer_may_be_called_anything(odd: str, tmp_path: Path) -> None:
    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: renamed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [renamed(item) for item in value]
        return odd if value == "cus_hooli" else value

    with Played("finalize_ok", tmp_path) as played:
        rewritten(played, renamed, lambda text: text.replace("cus_hooli", odd))
        asked = key_of("GET", f"/api/v1/customers/{quote(odd, safe='')}")
        assert any(stage.find(asked) for stage in played.player.stages)
        base = ("run", "finalize_invoice", "--invoice", played.invoice)
        done = played.run(*base, "--confirm", odd, "--total", TOTAL)
        assert done.code == 0, done.out + done.err
        assert played.player.failures == []


@pytest.mark.parametrize(
    "spelt",
    [
        lambda invoice: invoice.upper(),
        lambda invoice: (
            f"https://app.lago.example/acme/customer/28477480-babd-4c56-a8a2-9c1cbebdd614/invoice/{invoice}/overview?t=canary"
        ),
        lambda invoice: f" {invoice} ",
    ],
    ids=["upper case", "the dashboard's address", "pasted with spaces"],
)
def test_a_draft_may_be_named_as_it_is_found(spelt: Callable[[str], str], tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        first = played.run(
            "run",
            "finalize_invoice",
            "--invoice",
            spelt(played.invoice),
            "--confirm",
            played.customer,
            "--total",
            TOTAL,
        )
        again = played.finalize(TOTAL)
        assert (first.code, again.code) == (0, 0), first.out + first.err
        assert "already finalized" in again.last_line
        assert played.player.count("/finalize") == 1
        kept = b"".join(path.read_bytes() for path in played.journal.parent.iterdir() if path.is_file())
        assert b"canary" not in kept


def test_each_phase_reads_a_thing_once(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        assert played.finalize(TOTAL).code == 0
        order = [(seen.method, seen.target.partition("?")[0].rpartition("/api/v1/")[2]) for seen in played.player.log]
    invoice = f"invoices/{played.invoice}"
    reads = [
        invoice,
        "customers/cus_hooli",
        "subscriptions",
        "applied_coupons",
        "credit_notes",
        "wallets",
        "billing_entities/acme",
    ]
    phases = [
        [("GET", invoice)],  # alone, since a run may end with what it shows
        [("GET", path) for path in [*reads[1:], "invoices"]],
        [("PUT", f"{invoice}/refresh")],
        [("GET", path) for path in reads],
        [("GET", path) for path in reads],
        [("PUT", f"{invoice}/finalize")],
        [("GET", invoice)],
        [("GET", "invoices"), ("GET", "invoices")],
    ]
    came = iter(order)
    assert [sorted(islice(came, len(phase))) for phase in phases] == [sorted(phase) for phase in phases]
    assert list(came) == []


def test_the_last_json_line_says_how_it_ended(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = played.finalize(TOTAL, "--format", "json")
        lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["seq"] for line in lines] == list(range(2, len(lines) + 2))
    assert {line["v"] for line in lines} == {1}
    assert lines[0]["type"] == "run.start"
    end = lines[-1]
    assert (end["type"], end["exit"], end["outcome"], end["attribution"]) == ("run.end", 0, "finalized", "ours")
    assert end["next"] == f"runbook audit show {end['run']}"
    assert end["invoice"] == {
        "lago_id": played.invoice,
        "number": "ACM-013-001",
        "status": "finalized",
        "ui_status": "finalized",
        "currency": "EUR",
        "total_amount_cents": 63604,
    }
    intent = next(line for line in lines if line["type"] == "effect.intent")
    assert intent["effect_key"] == f"lago/127.0.0.1/invoice/{played.invoice}/finalize#1"
    verdicts = [line for line in lines if line["type"] == "check.verdict"]
    assert {tuple(sorted({"check", "verdict", "message", "fix"} - set(line))) for line in verdicts} == {()}


def in_invoice(**fields: Any) -> Callable[[str, Any], None]:
    def change(path: str, body: Any) -> None:
        if path.startswith("invoices/"):
            body["invoice"].update(fields)

    return change


def remade_fees(path: str, body: Any) -> None:
    if path.startswith("invoices/"):
        for fee in body["invoice"]["fees"]:
            fee |= {"lago_id": str(uuid.uuid4()), "created_at": "2026-11-23T11:11:11Z", "events_count": 99}
        body["invoice"]["fees"].reverse()


def other_term(path: str, body: Any) -> None:
    if path.startswith("customers/"):
        body["customer"]["net_payment_term"] = 77


def renamed_plan(path: str, body: Any) -> None:
    for one in body.get("subscriptions", ()):
        one |= {"name": "renamed", "updated_at": "2026-11-23T11:59:59Z"}


def other_plan(path: str, body: Any) -> None:
    for one in body.get("subscriptions", ()):
        one["plan_code"] = "another"


def after(stage: Stage, change: Callable[[str, Any], None]) -> Stage:
    """Another stage of reads: the same answers, changed."""
    rows = []
    for key, reply in stage.calls:
        body = json.loads(reply.body)
        change(key[1].removeprefix("/api/v1/"), body)
        rows.append((key, replace(reply, body=json.dumps(body).encode())))
    made = Stage("changed", "reads", stage.file)
    made.__dict__["calls"] = tuple(rows)
    return made


@pytest.mark.parametrize(
    ("change", "exit"),
    [
        (remade_fees, 0),
        (in_invoice(updated_at="2026-11-23T11:59:59Z", file_url="https://lago.example/f.pdf"), 0),
        (renamed_plan, 0),
        (in_invoice(total_amount_cents=63603), 6),
        (in_invoice(currency="USD"), 6),
        (other_term, 6),
        (other_plan, 6),
    ],
    ids=["fees made anew", "moments, addresses", "names", "a total", "a currency", "a term", "a plan"],
)
def test_a_figure_that_moves_after_consent_voids_it_and_nothing_else_does(
    change: Callable[[str, Any], None], exit: int, tmp_path: Path
) -> None:
    with Played("finalize_ok", tmp_path) as played:
        stages = played.player.stages
        at = next(at for at, stage in enumerate(stages) if stage.name == "finalize")
        stages.insert(at, after(stages[at - 1], change))
        done = played.finalize(TOTAL)
        assert done.code == exit, done.out + done.err
        assert played.player.count("/finalize") == (exit == 0)


HTML_429 = Reply(429, (("content-type", "text/html"),), b"<html><body>Slow down</body></html>")


@pytest.mark.parametrize(("stays", "exit", "says"), [(True, 10, "Not issued"), (False, 0, "is not proven")])
def test_a_429_of_a_gateway_is_told_by_one_read_as_lagos_own_is(
    stays: bool, exit: int, says: str, tmp_path: Path
) -> None:
    with Played("finalize_ok", tmp_path) as played:
        stages = played.player.stages
        at = next(at for at, stage in enumerate(stages) if stage.name == "finalize")
        call, _ = stages[at].calls[0]
        stages[at].__dict__["calls"] = ((call, HTML_429),)
        stages[at + 1 :] = [after(stages[at - 1] if stays else stages[at + 1], lambda path, body: None)]
        done = played.finalize(TOTAL)
        assert done.code == exit, done.out + done.err
        assert says in done.last_line
        assert played.player.count("/finalize") == 1


def test_an_invoice_that_is_voided_after_it_was_issued_is_not_called_finalized(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        stages = played.player.stages
        at = next(at for at, stage in enumerate(stages) if stage.name == "finalized")
        stages[at] = after(stages[at], in_invoice(status="voided"))
        done = played.finalize(TOTAL)
        assert done.code == 14, done.out + done.err
        assert "Done, but NOT as confirmed: the invoice reads `voided`." in done.last_line


@pytest.mark.parametrize(
    ("fault", "exit", "says"),
    [
        ("refresh:401", 7, "A refresh was sent; nothing was finalized."),
        ("refresh:500-before", 7, "A refresh was sent; nothing was finalized."),
        ("refresh:lost-after", 7, "A refresh was sent; nothing was finalized."),
        ("refresh:404", 10, "now the invoice reads `draft`. Nothing was finalized."),
        ("sync:401", 7, "refused us (401). Nothing was written."),
        ("sync:html", 7, "did not answer with sync runs. Nothing was written."),
    ],
)
def test_the_last_line_says_what_is_known_of_the_refresh_and_no_more(
    fault: str, exit: int, says: str, tmp_path: Path
) -> None:
    with Played("finalize_ok", tmp_path, faults=[fault]) as played:
        done = played.finalize(TOTAL)
        assert done.code == exit, done.out + done.err
        assert says in done.last_line
        assert played.player.count("/finalize") == 0


def test_yes_is_for_ordinary_questions_and_never_consents(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = played.run("run", "finalize_invoice", "--invoice", played.invoice, "--yes")
        assert done.code == 5, done.out + done.err
        assert f"--confirm {played.customer} --total '{TOTAL}'" in done.out
        assert played.player.writes == []


@pytest.mark.parametrize(
    "address",
    [
        "https://api.lago.example/api/v1/invoices/{invoice}",
        "https://app.lago.example/acme/customer/{invoice}/overview",
        "{invoice}/finalize",
        "",
    ],
)
def test_what_is_no_invoices_address_in_the_dashboard_is_a_usage_error(address: str, tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = played.run("run", "finalize_invoice", "--invoice", address.format(invoice=played.invoice))
        assert (done.code, played.player.log) == (2, []), done.out + done.err


def test_a_dry_run_that_would_write_says_the_same_exit_code_in_its_last_record(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        base = ("run", "finalize_invoice", "--invoice", played.invoice, "--dry-run", "--format", "json")
        plain, detailed = played.run(*base), played.run(*base, "--detailed-exitcode")
        for done, code in ((plain, 0), (detailed, 20)):
            end = json.loads(done.out.splitlines()[-1])
            assert (done.code, end["exit"], end["outcome"]) == (code, code, "would_write"), done.err
        assert played.player.writes == []


def test_settings_that_cannot_be_read_are_told_in_the_format_that_is_asked_for(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path, settings={"RUNBOOK_SETTLE_WINDOW": "soon"}) as played:
        base = ("run", "finalize_invoice", "--invoice", played.invoice)
        for asked in (("--format", "json"), ("--format=json",)):
            done = played.run(*base, *asked)
            assert (done.code, done.out) == (3, "")
            assert [json.loads(line)["exit"] for line in done.err.splitlines()] == [3]


def test_a_closed_invoice_is_not_said_to_be_creditable(tmp_path: Path) -> None:
    with Played("zero_fees_skipped", tmp_path) as played:
        done = played.finalize("0.00 EUR", "--accept-closed")
        assert done.code == 0, done.err
        assert "credit note" not in done.out.rpartition("effect.done")[2]


def test_a_draft_that_is_gone_after_the_refresh_is_the_world_moving(tmp_path: Path) -> None:
    gone = Reply(404, (("content-type", "application/json"),), b'{"status":404,"error":"Not Found","code":"x"}')
    with Played("finalize_ok", tmp_path) as played:
        stage = next(stage for stage in played.player.stages if stage.name == "refreshed")
        rows = [(key, gone if key[1].endswith(played.invoice) else reply) for key, reply in stage.calls]
        stage.__dict__["calls"] = tuple(rows)
        done = played.finalize(TOTAL)
        assert done.code == 6, done.out + done.err
        assert "The draft was refreshed; nothing was finalized." in done.last_line
