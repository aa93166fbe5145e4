"""What Lago may deduct at finalization: each credit at most, and the least total that is left."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invoices_by_rule import Line, an_invoice

from engine.lago_models import Credits, Invoice
from engine.lago_rules import (
    least_total,
    may_deduct,
)
from engine.values import Money

RATES = ["20", "1.375", "5.5", "8.25", "19.6", "0"]
LINES = st.lists(
    st.builds(Line, st.integers(0, 5_000_000), st.lists(st.sampled_from(RATES), max_size=3, unique=True).map(tuple)),
    min_size=1,
    max_size=12,
)


COUPON = {
    "lago_id": "c1",
    "coupon_code": "ten",
    "coupon_name": "Ten",
    "status": "active",
    "created_at": "2026-01-01T00:00:00Z",
}
ONCE = COUPON | {"frequency": "once", "amount_cents": 1000, "amount_cents_remaining": 400, "amount_currency": "EUR"}
FOREVER = COUPON | {
    "frequency": "forever",
    "amount_cents": 1000,
    "amount_cents_remaining": 400,
    "amount_currency": "EUR",
}
PERCENT = COUPON | {"frequency": "forever", "percentage_rate": "7.0"}
NOTE = {"lago_id": "n1", "number": "CN-1", "credit_status": "available", "currency": "EUR", "balance_amount_cents": 250}
WALLET = {
    "lago_id": "w1",
    "name": "Prepaid",
    "status": "active",
    "currency": "EUR",
    "balance_cents": 300,
    "priority": 50,
}


@pytest.mark.parametrize(
    ("kind", "row", "most"),
    [
        ("applied_coupons", ONCE, 400),
        ("applied_coupons", FOREVER, 1000),
        ("applied_coupons", FOREVER | {"frequency": "recurring"}, 1000),
        ("applied_coupons", ONCE | {"amount_cents_remaining": None}, 1000),
        ("applied_coupons", FOREVER | {"amount_cents": 999_999}, 5000),
        ("applied_coupons", PERCENT, 350),
        ("applied_coupons", PERCENT | {"percentage_rate": 0.01}, 1),
        ("applied_coupons", PERCENT | {"percentage_rate": "250"}, 5000),
        ("applied_coupons", ONCE | {"amount_currency": "USD"}, None),
        ("applied_coupons", ONCE | {"status": "terminated"}, None),
        ("applied_coupons", ONCE | {"amount_cents_remaining": 0}, None),
        ("credit_notes", NOTE, 250),
        ("credit_notes", NOTE | {"balance_amount_cents": 999_999}, 6000),
        ("credit_notes", NOTE | {"credit_status": "consumed"}, None),
        ("credit_notes", NOTE | {"credit_status": "voided"}, None),
        ("credit_notes", NOTE | {"currency": "USD"}, None),
        ("credit_notes", NOTE | {"balance_amount_cents": 0}, None),
        ("wallets", WALLET, 300),
        ("wallets", WALLET | {"balance_cents": 999_999}, 6000),
        ("wallets", WALLET | {"balance_cents": -5}, None),
        ("wallets", WALLET | {"currency": "USD"}, None),
        ("wallets", WALLET | {"status": "terminated"}, None),
        (
            "wallets",
            WALLET | {"balance_cents": 9999, "applies_to": {"fee_types": [], "billable_metric_codes": []}},
            6000,
        ),
        ("wallets", WALLET | {"balance_cents": 9999, "applies_to": {"fee_types": ["subscription"]}}, None),
        ("wallets", WALLET | {"balance_cents": 9999, "applies_to": {"fee_types": ["charge"]}}, 6000),
        ("wallets", WALLET | {"balance_cents": 9999, "applies_to": {"billable_metric_codes": ["metric_1"]}}, 4800),
        ("wallets", WALLET | {"applies_to": {"fee_types": None, "billable_metric_codes": ["metric_1"]}}, 300),
    ],
)
def test_how_much_one_credit_may_take(kind: str, row: dict[str, Any], most: int | None) -> None:
    invoice = Invoice.model_validate(an_invoice([Line(1000), Line(4000)]))
    found = may_deduct(invoice, Credits.model_validate({kind: [row]}))
    assert [item.at_most for item in found] == ([] if most is None else [Money(most, "EUR")])


def test_credits_are_named_in_the_order_in_which_lago_takes_them() -> None:
    late = WALLET | {"lago_id": "w2", "name": "Late", "priority": 60}
    first = WALLET | {"lago_id": "w3", "name": "First", "priority": 1}
    older = PERCENT | {"coupon_name": "Seven", "created_at": "2025-01-01T00:00:00Z"}
    credits = {"applied_coupons": [ONCE, older], "credit_notes": [NOTE], "wallets": [late, WALLET, first]}
    found = may_deduct(Invoice.model_validate(an_invoice([Line(5000)])), Credits.model_validate(credits))
    assert [(item.kind, item.name) for item in found] == [
        ("coupon", "Seven"), ("coupon", "Ten"), ("credit_note", "CN-1"),
        ("wallet", "First"), ("wallet", "Prepaid"), ("wallet", "Late"),
    ]  # fmt: skip


def test_the_least_total_takes_the_coupons_part_of_the_taxes_too() -> None:
    invoice = Invoice.model_validate(an_invoice([Line(5000)]))
    assert least_total(invoice, Credits.model_validate({"applied_coupons": [ONCE]})) == Money(5520, "EUR")
    assert least_total(invoice, Credits()) == Money(6000, "EUR")
    everything = {"applied_coupons": [ONCE], "credit_notes": [NOTE], "wallets": [WALLET | {"balance_cents": 999_999}]}
    assert least_total(invoice, Credits.model_validate(everything)) == Money(0, "EUR")


@settings(max_examples=50)
@given(lines=LINES, data=st.data())
def test_the_least_total_is_never_above_what_is_issued(lines: list[Line], data: st.DataObject) -> None:
    draft = Invoice.model_validate(an_invoice(lines))
    most = data.draw(st.integers(0, sum(line.cents for line in lines)))
    coupon = data.draw(st.integers(0, most))
    issued = Invoice.model_validate(an_invoice(lines, coupon=coupon))
    credits = Credits.model_validate({"applied_coupons": [FOREVER | {"amount_cents": most}]})
    assert least_total(draft, credits).cents <= issued.total_amount_cents + 1
