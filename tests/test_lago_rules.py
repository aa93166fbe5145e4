"""What Lago does to an invoice: what a fee stays, what states mean, dates in zones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import recorded
from invoices_by_rule import CUSTOMER, Line, an_invoice

from engine.lago_models import BillingEntity, Credits, Customer, Invoice
from engine.lago_rules import (
    fee_changes,
    fee_label,
    fee_name,
    fee_period,
    has_tax_provider,
    issuing_date,
    least_total,
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

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def an(**changes: Any) -> Invoice:
    """An invoice by rule, with fields changed."""
    return Invoice.model_validate(an_invoice() | changes)


def a_customer(**changes: Any) -> Customer:
    """A customer, with fields changed."""
    return Customer.model_validate(CUSTOMER | changes)


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
    assert tax_error(refused) == "taxDateTooFarInFuture"
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
