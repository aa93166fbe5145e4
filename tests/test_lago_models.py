"""Lago's answers as facts: what is kept, what is refused, what a digest rests on, and what the journal may hold."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
import recorded
from hypothesis import given
from hypothesis import strategies as st
from invoices_by_rule import Line, an_invoice
from pydantic import ValidationError

from engine.facts import Fact
from engine.lago_models import (
    SUMS,
    AppliedCoupon,
    AppliedTax,
    BillingEntity,
    CreditNote,
    Credits,
    Customer,
    Fee,
    Finalization,
    Invoice,
    InvoiceLists,
    ListedInvoice,
    Subscription,
    Subscriptions,
    Tax,
    Wallet,
    parse_invoice,
)
from engine.sync_runs import LatestSync, SyncRun
from engine.values import canonical, digest

KINDS: dict[str, type[Fact]] = {
    "invoice": Invoice,
    "customer": Customer,
    "billing_entity": BillingEntity,
    "subscription": Subscription,
    "invoices": ListedInvoice,
    "subscriptions": Subscription,
    "wallets": Wallet,
    "credit_notes": CreditNote,
    "applied_coupons": AppliedCoupon,
}

# Fields that v1.32.4 lacks (`lago.md` 3), by the object they stand on.
SINCE = {
    "invoice": ["total_paid_amount_cents", "total_offsetted_credit_note_amount_cents", "purchase_order_number",
                "prepaid_granted_credit_amount_cents", "prepaid_purchased_credit_amount_cents", "xml_url", "web_url"],
    "fees": ["lago_fixed_charge_id", "sub_total_excluding_taxes_amount_cents",
             "sub_total_excluding_taxes_precise_amount_cents"],
    "billing_periods": ["fixed_charges_from_datetime", "fixed_charges_to_datetime"],
}  # fmt: skip


def as_v1_32(raw: dict[str, Any]) -> dict[str, Any]:
    """The invoice as an older server would have sent it."""
    for name in SINCE["invoice"]:
        raw.pop(name, None)
    for part in ("fees", "billing_periods"):
        for row in raw[part]:
            for name in SINCE[part]:
                row.pop(name, None)
    for name in ("subscription_invoice_issuing_date_anchor", "subscription_invoice_issuing_date_adjustment"):
        raw["customer"]["billing_configuration"].pop(name, None)
    return raw


@pytest.mark.parametrize("key", KINDS)
def test_every_recorded_answer_is_read_and_its_clear_text_gives_the_same_figures(key: str) -> None:
    count = 0
    for place, found in recorded.every_answer(key):
        for raw in found if isinstance(found, list) else [found]:
            fact = KINDS[key].model_validate(raw)
            again = KINDS[key].model_validate(fact.clear())
            assert again.figures() == fact.figures(), place
            assert again.digest == fact.digest, place
            count += 1
    assert count >= 3


def test_an_older_server_s_invoice_is_read_with_what_it_lacks_as_not_said() -> None:
    invoice = Invoice.model_validate(as_v1_32(recorded.raw_invoice("finalize_ok", "draft")))
    assert invoice.total_paid_amount_cents is None
    assert invoice.fees[0].sub_total_excluding_taxes_amount_cents is None
    assert invoice.billing_periods is not None
    assert invoice.billing_periods[0].fixed_charges_from_datetime is None
    assert Invoice.model_validate(invoice.clear()).figures() == invoice.figures()
    assert "total_paid_amount_cents" not in invoice.clear()


def test_unknown_words_and_unknown_fields_are_kept_and_never_raise() -> None:
    raw = recorded.raw_invoice("finalize_ok", "draft") | {
        "status": "quarantined",
        "payment_status": "levitating",
        "invoice_type": "barter",
        "brand_new": {"deep": [1, 2]},
    }
    invoice = Invoice.model_validate(raw)
    assert (invoice.status, invoice.payment_status, invoice.invoice_type) == ("quarantined", "levitating", "barter")
    assert invoice.model_extra is not None
    assert invoice.model_extra["brand_new"] == {"deep": [1, 2]}


@pytest.mark.parametrize("wrong", [12.0, Decimal("12.00"), "1200", True, None, 2**53])
@pytest.mark.parametrize("name", ["total_amount_cents", "fees_amount_cents", "taxes_amount_cents"])
def test_an_amount_that_is_no_whole_number_is_refused_and_never_rounded(name: str, wrong: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Invoice.model_validate(an_invoice() | {name: wrong})


@pytest.mark.parametrize("wrong", [12.0, "1200", True, None])
def test_an_amount_of_a_fee_a_tax_or_a_credit_is_no_less_exact(wrong: object) -> None:
    for model, raw in (
        (Fee, an_invoice()["fees"][0] | {"amount_cents": wrong}),
        (AppliedTax, an_invoice()["applied_taxes"][0] | {"amount_cents": wrong}),
        (Wallet, {"lago_id": "w", "status": "active", "currency": "EUR", "balance_cents": wrong}),
        (CreditNote, {"lago_id": "n", "number": "CN", "currency": "EUR", "balance_amount_cents": wrong}),
    ):
        with pytest.raises(ValidationError):
            model.model_validate(raw)


@pytest.mark.parametrize("rate", [20, 20.0, Decimal("20.00"), "20", "20.0"])
def test_a_rate_may_come_as_any_number_and_is_one_figure(rate: object) -> None:
    assert Tax.model_validate({"code": "vat", "rate": rate}).clear() == {"code": "vat", "rate": "20"}
    tax = an_invoice()["applied_taxes"][0] | {"tax_rate": rate}
    one = Invoice.model_validate(an_invoice(applied_taxes=[tax]))
    assert digest(one.figures()) == digest(Invoice.model_validate(an_invoice()).figures())


@pytest.mark.parametrize("rate", [True, "many", float("nan"), "Infinity", "1e400"])
def test_a_rate_that_is_no_number_is_refused(rate: object) -> None:
    with pytest.raises(ValidationError):
        Tax.model_validate({"code": "vat", "rate": rate})


@pytest.mark.parametrize(
    "name", ["subscriptions", "billing_periods", "fees", "credits", "applied_taxes", "error_details"]
)
def test_a_list_that_is_null_is_read(name: str) -> None:
    invoice = Invoice.model_validate(an_invoice() | {name: None})
    assert not getattr(invoice, name)


def test_a_name_with_a_lone_surrogate_is_read_and_kept_in_the_journal_s_bytes() -> None:
    customer = Customer(lago_id="c", external_id="e", name="half \ud83d")
    assert canonical(customer.clear()) == b'{"external_id":"e","lago_id":"c","name":"half \\ud83d"}'


FORBIDDEN = (
    "email", "phone", "legal_name", "legal_number", "tax_identification_number", "address_line1", "address_line2",
    "city", "zipcode", "state", "url", "logo_url", "firstname", "lastname", "shipping_address", "metadata",
)  # fmt: skip


def test_nothing_personal_of_a_customer_is_in_clear_text() -> None:
    raw = recorded.raw_invoice("provider_taxes", "draft")
    canaries: dict[str, Any] = {name: f"canary-{name}" for name in FORBIDDEN}
    canaries |= {"integration_customers": [{"type": "anrok", "external_customer_id": "canary-integration"}]}
    raw["customer"] |= canaries
    raw |= {"web_url": "canary-web", "file_url": "canary-file", "metadata": [{"key": "k", "value": "canary-metadata"}]}
    raw["error_details"] = [
        {"error_code": "tax_error", "details": {"tax_error": "code", "tax_error_message": "canary"}}
    ]
    entity = {"code": "acme", "name": "Acme", **canaries}
    for fact in (
        Invoice.model_validate(raw),
        Customer.model_validate(raw["customer"]),
        BillingEntity.model_validate(entity),
        InvoiceLists(lago_id="i", drafts=(ListedInvoice.model_validate(raw),), finalized=()),
        Finalization(lago_id="i", outcome="done", status="finalized", answer=Invoice.model_validate(raw)),
    ):
        assert b"canary" not in canonical(fact.clear())
    assert b"billing@" not in canonical(Invoice.model_validate(recorded.raw_invoice("finalize_ok", "draft")).clear())


def test_the_clear_text_keeps_what_an_auditor_needs() -> None:
    clear = Invoice.model_validate(recorded.raw_invoice("finalize_ok", "finalized")).clear()
    assert clear["number"] == "ACM-013-001"
    assert clear["total_amount_cents"] == 63604
    assert clear["issuing_date"] == "2026-11-23"
    assert clear["customer"]["name"] == "Hooli SAS"
    assert {fee["item"]["name"] for fee in clear["fees"]} >= {"API calls", "Storage"}


FEE_AMOUNTS = [
    "units", "precise_unit_amount", "amount_cents", "precise_amount", "precise_total_amount", "taxes_amount_cents",
    "taxes_precise_amount", "taxes_rate", "total_amount_cents", "precise_coupons_amount_cents",
    "sub_total_excluding_taxes_amount_cents", "sub_total_excluding_taxes_precise_amount_cents",
]  # fmt: skip


@given(seed=st.integers(0, 2**32), name=st.sampled_from(["two_subscriptions", "finalize_ok", "percentage_coupon"]))
def test_order_ids_moments_and_addresses_never_change_the_figures(seed: int, name: str) -> None:
    raw = recorded.raw_invoice(name, "draft")
    before = digest(Invoice.model_validate(raw).figures())
    shuffler = random.Random(seed)
    for part in ("fees", "applied_taxes", "billing_periods", "subscriptions"):
        shuffler.shuffle(raw[part])
        for row in raw[part]:
            if part == "fees":
                row |= {"lago_id": f"new-{shuffler.random()}", "created_at": "2030-01-01T00:00:00Z"}
    raw |= {"updated_at": "2030-01-01T00:00:00Z", "web_url": None, "number": "OTHER-DRAFT", "metadata": [1]}
    assert digest(Invoice.model_validate(raw).figures()) == before


@given(field=st.sampled_from(FEE_AMOUNTS), index=st.integers(0, 9), change=st.integers(1, 10**6))
def test_any_change_of_a_fee_s_amount_changes_the_figures(field: str, index: int, change: int) -> None:
    raw = recorded.raw_invoice("two_subscriptions", "draft")
    before = digest(Invoice.model_validate(raw).figures())
    fee = raw["fees"][index]
    fee[field] = fee[field] + change if isinstance(fee[field], int) else str(Decimal(str(fee[field])) + change)
    assert digest(Invoice.model_validate(raw).figures()) != before


@pytest.mark.parametrize("field", SUMS)
def test_any_change_of_a_sum_changes_the_figures(field: str) -> None:
    raw = recorded.raw_invoice("wallet_at_finalize", "finalized")
    before = digest(Invoice.model_validate(raw).figures())
    raw[field] = (raw[field] or 0) + 1
    assert digest(Invoice.model_validate(raw).figures()) != before


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("currency",), "USD"),
        (("status",), "pending"),
        (("invoice_type",), "one_off"),
        (("customer", "external_id"), "cus_other"),
        (("billing_periods", 0, "charges_to_datetime"), "2026-11-01T00:00:00Z"),
        (("billing_periods", 0, "subscription_from_datetime"), "2026-09-01T00:00:00Z"),
        (("applied_taxes", 0, "tax_rate"), "19"),
        (("applied_taxes", 0, "tax_code"), "vat_other"),
        (("applied_taxes", 0, "amount_cents"), 1),
        (("fees", 0, "lago_charge_id"), "another"),
        (("fees", 0, "item", "grouped_by"), {"region": "eu"}),
        (("fees", 0, "lago_true_up_parent_fee_id"), "a-parent"),
    ],
)
def test_whom_what_and_when_are_bound_by_the_figures(place: tuple[str | int, ...], value: object) -> None:
    raw = recorded.raw_invoice("finalize_ok", "draft")
    before = digest(Invoice.model_validate(raw).figures())
    row: Any = raw
    for key in place[:-1]:
        row = row[key]
    row[place[-1]] = value
    assert digest(Invoice.model_validate(raw).figures()) != before


def test_a_fee_lost_or_doubled_changes_the_figures() -> None:
    raw = an_invoice([Line(500), Line(500)])
    before = digest(Invoice.model_validate(raw).figures())
    for fees in (raw["fees"][:1], [*raw["fees"], raw["fees"][0]]):
        assert digest(Invoice.model_validate(raw | {"fees": fees}).figures()) != before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "USD"), ("taxes", [{"code": "vat_10", "rate": 10}]), ("finalize_zero_amount_invoice", "skip"),
        ("net_payment_term", 14), ("timezone", "Asia/Tokyo"), ("applicable_timezone", "Asia/Tokyo"),
        ("billing_configuration", {"subscription_invoice_issuing_date_adjustment": "keep_anchor"}),
        ("billing_configuration", {"subscription_invoice_issuing_date_anchor": "current_period_end"}),
    ],
)  # fmt: skip
def test_a_customer_s_settings_are_bound_by_its_figures(field: str, value: object) -> None:
    (raw,) = [
        body["customer"]
        for _, path, _, body in recorded.answers("finalize_ok", "draft")
        if path.startswith("/customers/")
    ]
    before = Customer.model_validate(raw).figures()
    assert Customer.model_validate(raw | {"updated_at": "2030-01-01T00:00:00Z", "city": "Oslo"}).figures() == before
    assert Customer.model_validate(raw | {field: value}).figures() != before


def test_credits_are_bound_with_their_balances_and_not_with_their_order_or_ongoing_balance() -> None:
    one = {"lago_id": "a", "status": "active", "currency": "EUR", "balance_cents": 5000, "priority": 50}
    two = {"lago_id": "b", "status": "active", "currency": "EUR", "balance_cents": 100, "priority": 1}
    before = Credits.model_validate({"wallets": [one, two]}).figures()
    assert Credits.model_validate({"wallets": [two, one | {"ongoing_balance_cents": -7}]}).figures() == before
    for change in ({"balance_cents": 4999}, {"status": "terminated"}, {"applies_to": {"fee_types": ["charge"]}}):
        assert Credits.model_validate({"wallets": [one | change, two]}).figures() != before


def test_subscriptions_are_bound_by_plan_status_and_dates_and_not_by_order() -> None:
    one = {
        "lago_id": "1",
        "external_id": "a",
        "status": "active",
        "plan_code": "p",
        "started_at": "2026-10-01T00:00:00Z",
    }
    two = one | {"lago_id": "2", "external_id": "b"}
    before = Subscriptions.model_validate({"items": [one, two]}).figures()
    assert Subscriptions.model_validate({"items": [two, one]}).figures() == before
    for change in ({"plan_code": "q"}, {"status": "terminated"}, {"terminated_at": "2026-11-01T00:00:00Z"}):
        assert Subscriptions.model_validate({"items": [one | change, two]}).figures() != before


def test_a_billing_entity_s_inherited_settings_are_bound_by_its_figures() -> None:
    raw = {"code": "acme", "finalize_zero_amount_invoice": True, "net_payment_term": 30, "timezone": "UTC"}
    before = BillingEntity.model_validate(raw).figures()
    assert BillingEntity.model_validate(raw | {"email": "x@example.org", "updated_at": "now"}).figures() == before
    for change in ({"finalize_zero_amount_invoice": False}, {"net_payment_term": 0}, {"timezone": "Asia/Tokyo"}):
        assert BillingEntity.model_validate(raw | change).figures() != before


def test_a_fee_s_identity_survives_refresh_and_finalization_and_no_two_share_one() -> None:
    for name in ("finalize_ok", "two_subscriptions", "percentage_coupon", "termination"):
        stages = [recorded.invoice(name, stage) for stage in ("draft", "refreshed", "finalized")]
        identities = [sorted(fee.identity for fee in invoice.fees) for invoice in stages]
        assert identities[0] == identities[1] == identities[2]
        assert len(set(identities[0])) == len(identities[0])
        assert not {fee.lago_id for fee in stages[0].fees} & {fee.lago_id for fee in stages[2].fees}


def test_two_add_ons_of_a_one_off_are_told_apart() -> None:
    rows = [
        {"item": {"type": "add_on", "code": code, "lago_item_id": code}, "amount_cents": 100}
        for code in ("setup", "visit")
    ]
    assert Fee.model_validate(rows[0]).identity != Fee.model_validate(rows[1]).identity


@pytest.mark.parametrize("body", [None, {}, {"invoice": None}, {"invoice": {}}, {"invoice": []}, {"status": 200}])
def test_an_answer_that_is_no_invoice_is_none(body: Any) -> None:
    assert parse_invoice(body) is None


def test_an_answer_that_is_an_invoice_is_parsed() -> None:
    parsed = parse_invoice({"invoice": an_invoice(status="never heard of")})
    assert parsed is not None
    assert parsed.status == "never heard of"


def test_a_list_is_kept_without_repeating_all_of_its_customer() -> None:
    rows = [body for _, body in recorded.every_answer("invoices") if body]
    lists = InvoiceLists.model_validate({"lago_id": "x", "drafts": rows[0], "finalized": []})
    clear = lists.clear()
    assert set(clear["drafts"][0]["customer"]) == {"lago_id", "external_id", "name"}
    assert InvoiceLists.model_validate(clear).clear() == clear


def test_a_sync_run_is_read_by_the_console_s_names_and_made_again_from_the_journal() -> None:
    run = SyncRun.model_validate(
        {
            "id": 7,
            "startedAt": "2026-11-23T03:00:00+01:00",
            "completedAt": None,
            "status": "running",
            "errors": None,
            "extra": 1,
        }
    )
    assert (run.id, run.completed_at, run.errors) == ("7", None, ())
    assert run.clear() == {
        "id": "7",
        "started_at": "2026-11-23T02:00:00.000000Z",
        "completed_at": None,
        "status": "running",
    }
    latest = LatestSync(run=run, source="console")
    assert LatestSync.model_validate(latest.clear()).clear() == latest.clear()


@pytest.mark.parametrize("errors", [["late"], [{"code": 5}]])
def test_any_error_of_a_sync_run_counts_and_none_stands_in_clear_text(errors: list[Any]) -> None:
    run = SyncRun.model_validate(
        {"id": "1", "startedAt": "2026-11-23T03:00:00Z", "status": "completed", "errors": errors}
    )
    assert len(run.errors) == 1
    assert "errors" not in run.clear()
