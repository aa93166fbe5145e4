"""The sums of an invoice: every formula, its roundings, and what fails one."""

from __future__ import annotations

from typing import Any

import pytest
import recorded
from hypothesis import assume, given
from hypothesis import strategies as st
from invoices_by_rule import CUSTOMER, Line, an_invoice

from engine.lago_models import Invoice
from engine.lago_rules import formulas, taxes_missing

RATES = ["20", "1.375", "5.5", "8.25", "19.6", "0"]
LINES = st.lists(
    st.builds(Line, st.integers(0, 5_000_000), st.lists(st.sampled_from(RATES), max_size=3, unique=True).map(tuple)),
    min_size=1,
    max_size=12,
)


def an(**changes: Any) -> Invoice:
    """An invoice by rule, with fields changed."""
    return Invoice.model_validate(an_invoice() | changes)


def failing(invoice: Invoice) -> list[str]:
    """The names of the formulas that do not hold."""
    return [formula.name for formula in formulas(invoice) if not formula.holds]


def test_every_formula_holds_on_every_recorded_invoice() -> None:
    tried = 0
    for place, raw in recorded.every_answer("invoice"):
        invoice = Invoice.model_validate(raw)
        assert failing(invoice) == [], place
        assert failing(Invoice.model_validate(invoice.clear())) == [], place
        tried += len(formulas(invoice))
    assert tried > 3000


@given(lines=LINES, data=st.data())
def test_every_formula_holds_on_an_invoice_that_is_made_by_rule(lines: list[Line], data: st.DataObject) -> None:
    currency = data.draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    coupon = data.draw(st.integers(0, sum(line.cents for line in lines)))
    whole = an_invoice(lines, coupon=coupon, currency=currency)["sub_total_including_taxes_amount_cents"]
    credit_note = data.draw(st.integers(0, whole))
    prepaid = data.draw(st.integers(0, whole - credit_note))
    raw = an_invoice(lines, coupon=coupon, credit_note=credit_note, prepaid=prepaid, currency=currency)
    assert failing(Invoice.model_validate(raw)) == []


SUMMED = [
    ("fees_amount_cents",), ("taxes_amount_cents",), ("coupons_amount_cents",), ("credit_notes_amount_cents",),
    ("progressive_billing_credit_amount_cents",), ("sub_total_excluding_taxes_amount_cents",),
    ("sub_total_including_taxes_amount_cents",), ("total_amount_cents",), ("prepaid_credit_amount_cents",),
    ("total_due_amount_cents",), ("fees", 0, "amount_cents"), ("fees", 0, "total_amount_cents"),
    ("fees", 0, "taxes_amount_cents"), ("credits", 0, "amount_cents"), ("credits", 1, "amount_cents"),
]  # fmt: skip


@given(lines=LINES, place=st.sampled_from(SUMMED), cent=st.sampled_from([-1, 1]))
def test_one_cent_on_any_summed_field_fails(lines: list[Line], place: tuple[str | int, ...], cent: int) -> None:
    raw = an_invoice([Line(1000), *lines], coupon=3, credit_note=2, prepaid=1)
    row: Any = raw
    for key in place[:-1]:
        row = row[key]
    row[place[-1]] += cent
    assert failing(Invoice.model_validate(raw)) != []


@given(cents=st.lists(st.integers(0, 10**7), min_size=1), rate=st.sampled_from(RATES), cent=st.sampled_from([-1, 1]))
def test_one_cent_of_tax_through_all_sums_is_found_by_computing_it_again(
    cents: list[int], rate: str, cent: int
) -> None:
    raw = an_invoice([Line(amount, (rate,)) for amount in cents])
    for name in ("taxes", "sub_total_including_taxes", "total", "total_due"):
        raw[f"{name}_amount_cents"] += cent
    invoice = Invoice.model_validate(raw)
    assume(not taxes_missing(invoice))  # a cent of fees less a cent of taxes is 0, as where taxes are on their way
    assert "tax rates" in failing(invoice)


def test_a_tax_that_is_off_by_more_than_its_roundings_fails() -> None:
    raw = an_invoice([Line(1010, ("20", "1.375")), Line(333, ("20",))])
    assert failing(Invoice.model_validate(raw)) == []
    raw["applied_taxes"][0]["amount_cents"] += 2
    assert failing(Invoice.model_validate(raw)) == ["taxes"]


def test_a_failing_formula_tells_both_sides_and_the_difference() -> None:
    invoice = Invoice.model_validate(an_invoice([Line(1000)], currency="KWD") | {"fees_amount_cents": 1001})
    told = [formula.told(invoice.currency) for formula in formulas(invoice) if not formula.holds]
    assert told[0] == "fees = sum of the line items: 1.001 KWD is not 1.000 KWD, 0.001 KWD off"


@pytest.mark.parametrize("status", ["draft", "pending", "failed"])
def test_while_taxes_are_away_only_what_is_before_taxes_is_summed(status: str) -> None:
    away = {"taxes_amount_cents": 0, "sub_total_including_taxes_amount_cents": 0, "total_amount_cents": 0}
    invoice = an(status=status, applied_taxes=[], **away)
    assert [formula.name for formula in formulas(invoice)] == ["F", "E"]
    assert failing(invoice) == []


def test_a_finalized_invoice_without_its_taxes_does_not_pass_as_one_that_awaits_them() -> None:
    away = {"taxes_amount_cents": 0, "sub_total_including_taxes_amount_cents": 0, "total_amount_cents": 0}
    assert "I" in failing(an(status="finalized", applied_taxes=[], **away))


def test_a_provider_s_taxes_are_not_computed_again() -> None:
    raw = an_invoice([Line(1000, ("8.25",))])
    raw["applied_taxes"][0] |= {"lago_tax_id": None, "amount_cents": 84}
    raw["fees"][0] |= {"taxes_amount_cents": 84, "total_amount_cents": 1084}
    raw |= {"taxes_amount_cents": 84, "sub_total_including_taxes_amount_cents": 1084}
    raw |= {"total_amount_cents": 1084, "total_due_amount_cents": 1084}
    assert failing(Invoice.model_validate(raw)) == []
    own = raw | {"applied_taxes": [raw["applied_taxes"][0] | {"lago_tax_id": "t"}]}
    assert failing(Invoice.model_validate(own)) == ["tax rates"]
    avalara = own | {"customer": CUSTOMER | {"integration_customers": [{"type": None}]}}
    assert failing(Invoice.model_validate(avalara)) == []


def test_formulas_whose_fields_a_server_does_not_send_are_left_out() -> None:
    raw = an_invoice([Line(1010), Line(333)])
    for name in ("total_paid_amount_cents", "total_offsetted_credit_note_amount_cents", "credits", "applied_taxes"):
        del raw[name]
    for fee in raw["fees"]:
        for name in ("sub_total_excluding_taxes_amount_cents", "precise_coupons_amount_cents", "taxes_rate"):
            del fee[name]
    names = [formula.name for formula in formulas(Invoice.model_validate(raw))]
    assert names == ["F", "E", "I", "T", "not below 0", "draft", "taxes of fees", "fee", "fee"]
    assert failing(Invoice.model_validate(raw)) == []


def test_what_was_billed_before_is_taken_off_before_taxes() -> None:
    raw = an_invoice([Line(1000)], coupon=400)
    raw |= {"coupons_amount_cents": 0, "progressive_billing_credit_amount_cents": 400, "status": "finalized"}
    raw["credits"][0]["item"]["type"] = "invoice"
    assert failing(Invoice.model_validate(raw)) == []
    assert failing(Invoice.model_validate(raw | {"progressive_billing_credit_amount_cents": 399})) != []


def test_an_invoice_over_fees_paid_in_advance_adds_up_their_rounded_taxes() -> None:
    raw = an_invoice([Line(33, ("5.5",)), Line(33, ("5.5",)), Line(33, ("5.5",))])
    taxes = sum(fee["taxes_amount_cents"] for fee in raw["fees"])
    assert taxes != raw["taxes_amount_cents"]
    raw |= {"invoice_type": "advance_charges", "taxes_amount_cents": taxes, "total_amount_cents": 99 + taxes}
    raw |= {"sub_total_including_taxes_amount_cents": 99 + taxes, "total_due_amount_cents": 99 + taxes}
    raw["applied_taxes"][0]["amount_cents"] = taxes
    assert failing(Invoice.model_validate(raw)) == []


def test_a_voided_invoice_has_nothing_due() -> None:
    assert failing(an(status="voided", total_due_amount_cents=0)) == []
    assert failing(an(status="voided")) == ["D"]


def test_a_total_below_nothing_fails() -> None:
    raw = an_invoice([Line(1000, ())], prepaid=1001)
    assert failing(Invoice.model_validate(raw)) == ["not below 0"]


def test_several_rates_that_add_up_only_in_decimals_are_computed_exactly() -> None:
    raw = an_invoice([Line(5, ("3.3", "6.6"))])
    raw["fees"][0]["taxes_rate"] = 3.3 + 6.6
    assert failing(Invoice.model_validate(raw)) == []
