"""What Lago does to an invoice: sums and their roundings, dates in zones, what may be deducted, what words mean."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import recorded
from hypothesis import given, settings
from hypothesis import strategies as st
from invoices_by_rule import CUSTOMER, Line, an_invoice

from engine.lago_models import BillingEntity, Credits, Customer, Invoice
from engine.lago_rules import (
    fee_changes,
    fee_label,
    fee_name,
    fee_period,
    formulas,
    has_tax_provider,
    issuing_date,
    least_total,
    may_deduct,
    next_midnight,
    payment_due_date,
    periods,
    tax_error,
    taxes_missing,
    ui_status,
    would_close,
    zone,
    zone_is_known,
)
from engine.values import Money

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

RATES = ["20", "1.375", "5.5", "8.25", "19.6", "0"]
LINES = st.lists(
    st.builds(Line, st.integers(0, 5_000_000), st.lists(st.sampled_from(RATES), max_size=3, unique=True).map(tuple)),
    min_size=1,
    max_size=12,
)


def an(**changes: Any) -> Invoice:
    """An invoice by rule, with fields changed."""
    return Invoice.model_validate(an_invoice() | changes)


def a_customer(**changes: Any) -> Customer:
    """A customer, with fields changed."""
    return Customer.model_validate(CUSTOMER | changes)


def failing(invoice: Invoice) -> list[str]:
    """The names of the formulas that do not hold."""
    return [formula.name for formula in formulas(invoice) if not formula.holds]


# Sums


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


@given(lines=LINES, cent=st.sampled_from([-1, 1]))
def test_one_cent_more_tax_through_all_sums_is_found_by_computing_it_again(lines: list[Line], cent: int) -> None:
    raw = an_invoice([Line(1000), *lines])
    for name in ("taxes", "sub_total_including_taxes", "total", "total_due"):
        raw[f"{name}_amount_cents"] += cent
    assert "tax rates" in failing(Invoice.model_validate(raw))


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


# Fees


def test_changes_of_fees_are_told_by_what_a_fee_is() -> None:
    before = Invoice.model_validate(an_invoice([Line(100), Line(200), Line(300)]))
    raw = an_invoice([Line(100), Line(250, units="7"), Line(300), Line(400)])
    raw["fees"] = list(reversed(raw["fees"][:2] + raw["fees"][3:]))
    changes = fee_changes(before, Invoice.model_validate(raw))
    told = [(change.label, change.before, change.after, change.units_before, change.units_after) for change in changes]
    assert told == [("Metric 1", 200, 250, 1, 7), ("Metric 2", 300, None, 1, None), ("Metric 3", None, 400, None, 1)]


def test_what_one_server_does_not_say_is_no_change() -> None:
    raw = an_invoice([Line(100)])
    older = an_invoice([Line(100)])
    del older["fees"][0]["taxes_rate"]
    assert fee_changes(Invoice.model_validate(older), Invoice.model_validate(raw)) == ()


def test_a_label_tells_filters_groups_and_true_ups() -> None:
    fee = an_invoice()["fees"][0]
    fee["item"] |= {"filters": {"region": ["eu", "us"]}, "grouped_by": {"team": "Ωmega", "none": None}}
    fee["lago_true_up_parent_fee_id"] = "x"
    assert fee_label(Invoice.model_validate(an_invoice(fees=[fee])).fees[0]) == "Metric 0 (eu us, Ωmega, true-up)"


def test_a_fee_s_name_has_its_subscription_where_there_are_several() -> None:
    two, one = recorded.invoice("two_subscriptions", "draft"), recorded.invoice("finalize_ok", "draft")
    assert {fee_name(fee, two).rpartition(" of ")[2] for fee in two.fees} == {
        fee.external_subscription_id for fee in two.fees
    }
    assert fee_name(one.fees[0], one) == fee_label(one.fees[0])


# States


def test_taxes_on_their_way_and_refused_are_told_apart() -> None:
    waiting = recorded.invoice("draft_taxes_pending", "draft_without_taxes")
    refused = recorded.invoice("draft_taxes_failed", "draft_with_error")
    there = recorded.invoice("provider_taxes", "draft")
    assert [taxes_missing(one) for one in (waiting, refused, there)] == [True, False, False]
    assert tax_error(refused) == "taxDateTooFarInFuture: Service failure"
    assert tax_error(Invoice.model_validate(refused.clear())) == "taxDateTooFarInFuture"
    assert [has_tax_provider(one.customer) for one in (waiting, refused, there)] == [True, True, True]
    assert not has_tax_provider(recorded.invoice("finalize_ok", "draft").customer)


@pytest.mark.parametrize("details", [None, "words", [1], {"other": 1}])
def test_a_tax_error_without_words_is_still_one(details: object) -> None:
    assert tax_error(an(error_details=[{"error_code": "tax_error", "details": details}])) == "tax_error"


@pytest.mark.parametrize(
    ("fees", "own", "entity", "closes"),
    [
        (1000, "skip", None, False),
        (0, "skip", True, True),
        (0, "finalize", False, False),
        (0, "inherit", False, True),
        (0, "inherit", True, False),
        (0, None, False, True),
        (0, "inherit", None, None),
        (0, None, None, None),
        (0, "a newer word", True, None),
        (0, "inherit", "a newer word", None),
    ],
)
def test_whether_lago_would_close_a_zero_invoice(
    fees: int, own: str | None, entity: object, closes: bool | None
) -> None:
    customer = a_customer(finalize_zero_amount_invoice=own)
    inherited = BillingEntity.model_validate({"code": "acme", "finalize_zero_amount_invoice": entity})
    invoice = Invoice.model_validate(an_invoice([Line(fees)]))
    assert would_close(invoice, customer, inherited) is closes
    embedded = invoice.model_copy(update={"customer": customer})
    assert would_close(embedded, None, inherited) is closes


def test_a_zero_invoice_with_no_billing_entity_read_may_be_closed() -> None:
    assert would_close(Invoice.model_validate(an_invoice([Line(0)])), a_customer(), None) is None


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"status": "draft"}, "draft"), ({"status": "voided"}, "voided"), ({"status": "pending"}, "pending"),
        ({"status": "closed"}, "closed"), ({"status": "failed"}, "failed"), ({"status": "unheard of"}, "unheard of"),
        ({"status": "failed", "error_details": [{"error_code": "tax_error"}]}, "failed (taxes)"),
        ({"status": "finalized"}, "finalized"),
        ({"status": "finalized", "payment_status": "succeeded", "payment_overdue": True}, "paid"),
        ({"status": "finalized", "payment_status": "failed", "payment_overdue": True}, "payment failed"),
        ({"status": "finalized", "payment_overdue": True}, "overdue"),
        ({"status": "draft", "payment_status": "succeeded"}, "draft"),
    ],
)  # fmt: skip
def test_the_word_for_an_invoice_s_state(changes: dict[str, Any], word: str) -> None:
    assert ui_status(an(**changes)) == word


# Dates


def test_periods_are_days_in_the_customer_s_zone() -> None:
    tokyo = recorded.invoice("timezone_tokyo", "draft")
    assert {(str(span), span.part) for span in periods(tokyo)} == {
        ("2026-10-01..2026-10-31", "subscription"),
        ("2026-10-01..2026-10-31", "charges"),
    }
    assert {fee_period(fee, tokyo) for fee in tokyo.fees} == {"2026-10-01..2026-10-31"}


def test_a_period_without_a_part_leaves_that_part_out() -> None:
    row = {"external_subscription_id": "s", "charges_from_datetime": "2026-10-01T00:00:00Z"}
    spans = periods(an(billing_periods=[row]))
    assert [(span.part, span.start, span.end) for span in spans] == [("charges", date(2026, 10, 1), date(2026, 10, 1))]
    assert periods(an(billing_periods=None)) == ()


@pytest.mark.parametrize(
    ("name", "day"),
    [("UTC", 23), ("Pacific/Pago_Pago", 23), ("Pacific/Kiritimati", 24), ("America/New_York", 23), ("Not/Known", 23)],
)
def test_an_invoice_is_issued_on_the_customer_s_day(name: str, day: int) -> None:
    customer = a_customer(applicable_timezone=name)
    found = issuing_date(an(), customer, BillingEntity(code="acme"), NOON)
    assert found.day == date(2026, 11, day)
    assert found.certainty == ("unknown" if name == "Not/Known" else "computed")
    assert zone_is_known(customer) is (name != "Not/Known")


def test_midnight_is_the_customer_s_also_when_the_clocks_change() -> None:
    lisbon = a_customer(applicable_timezone="Europe/Lisbon")
    before_change = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert (next_midnight(lisbon, before_change) - before_change).total_seconds() == 23.5 * 3600
    assert zone(lisbon).key == "Europe/Lisbon"


KEEP = {"subscription_invoice_issuing_date_adjustment": "keep_anchor"}
ALIGN = {"subscription_invoice_issuing_date_adjustment": "align_with_finalization_date"}
INHERIT: dict[str, Any] = {"subscription_invoice_issuing_date_adjustment": None}


@pytest.mark.parametrize(
    ("own", "entity", "reason", "kept", "certainty"),
    [
        (KEEP, ALIGN, "subscription_periodic", True, "computed"),
        (INHERIT, KEEP, "subscription_periodic", True, "computed"),
        (KEEP, ALIGN, "subscription_starting", False, "computed"),
        (INHERIT, KEEP, "subscription_terminating", False, "computed"),
        (ALIGN, KEEP, "subscription_periodic", False, "computed"),
        (INHERIT, ALIGN, "subscription_periodic", False, "computed"),
        (INHERIT, {}, "subscription_periodic", False, "computed"),
        (INHERIT, None, "subscription_periodic", False, "unknown"),
        ({}, None, "subscription_periodic", False, "computed"),
    ],
)
def test_the_draft_s_date_is_kept_only_by_keep_anchor_on_a_recurring_invoice(
    own: dict[str, Any], entity: dict[str, Any] | None, reason: str, kept: bool, certainty: str
) -> None:
    invoice = an(billing_periods=[{"invoicing_reason": reason}])
    found = issuing_date(
        invoice,
        a_customer(billing_configuration=own),
        None if entity is None else BillingEntity.model_validate({"code": "acme", **entity}),
        NOON,
    )
    assert (found.is_kept, found.certainty) == (kept, certainty)
    assert found.day == (date(2026, 12, 1) if kept else date(2026, 11, 23))


@pytest.mark.parametrize("reasons", [["subscription_periodic", "subscription_terminating"], None])
def test_whether_a_mixed_invoice_keeps_its_date_is_not_known(reasons: list[str] | None) -> None:
    rows = None if reasons is None else [{"invoicing_reason": reason} for reason in reasons]
    found = issuing_date(an(billing_periods=rows), a_customer(billing_configuration=KEEP), None, NOON)
    assert (found.day, found.certainty) == (date(2026, 11, 23), "unknown")


def test_payment_is_due_after_the_customer_s_term_or_the_inherited_one() -> None:
    day, entity = date(2026, 11, 23), BillingEntity(code="acme", net_payment_term=14)
    assert payment_due_date(day, a_customer(net_payment_term=30), entity) == date(2026, 12, 23)
    assert payment_due_date(day, a_customer(net_payment_term=0), entity) == day
    assert payment_due_date(day, a_customer(net_payment_term=None), entity) == date(2026, 12, 7)
    assert payment_due_date(day, a_customer(net_payment_term=None), None) is None


ISSUED = [
    "finalize_ok", "coupon_at_finalize", "percentage_coupon", "wallet_at_finalize", "wallet_covers_all",
    "credit_note_at_finalize", "two_subscriptions", "timezone_tokyo", "termination", "in_advance", "no_tax_and_usd",
    "zero_fees_finalized", "provider_taxes", "voided_with_coupon_and_wallet",
]  # fmt: skip


@pytest.mark.parametrize("name", ISSUED)
def test_dates_and_the_least_total_are_what_lago_then_made(name: str) -> None:
    before, issued = recorded.facts(name, "refreshed"), recorded.invoice(name, "finalized")
    draft, customer, entity, credits = (before[key] for key in ("invoice", "customer", "entity", "credits"))
    assert isinstance(draft, Invoice)
    assert isinstance(customer, Customer)
    assert isinstance(entity, BillingEntity)
    assert isinstance(credits, Credits)
    assert issuing_date(draft, customer, entity, NOON).day == issued.issuing_date
    assert issued.issuing_date is not None
    assert payment_due_date(issued.issuing_date, customer, entity) == issued.payment_due_date
    assert least_total(draft, credits) == issued.total


# What may be deducted

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
