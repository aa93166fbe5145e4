"""Issued as confirmed, or not, where no recording shows it: invoices made by rule, one thing off at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoices_by_rule import CUSTOMER, Line, an_invoice

from engine.checks.base import Here, Verdict
from engine.checks.issued_as_confirmed import CHECK, Params
from engine.facts import Confirmed, Fact
from engine.lago_models import BillingEntity, Credits, Customer, Invoice

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE = Here(now=AT, operator_id="jane", operator_roles=("billing_admin",))


def judged(confirmed: dict[str, Fact], issued: Invoice) -> Verdict:
    """The verdict on an invoice by what was confirmed."""
    consent = Confirmed(facts=confirmed, figures_digest="sha256:0", at=AT)
    return CHECK.judge(Params(confirmed=consent, issued=issued), HERE)


ENTITY = BillingEntity.model_validate({"code": "acme", "finalize_zero_amount_invoice": True, "net_payment_term": 30})
COUPON = {
    "lago_id": "c1", "coupon_code": "ten_off", "status": "active", "frequency": "once", "amount_cents": 1000,
    "amount_cents_remaining": 1000, "amount_currency": "EUR", "created_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
PERCENT = {
    "lago_id": "c2", "coupon_code": "ten_off", "status": "active", "frequency": "forever", "percentage_rate": "10",
    "created_at": "2026-01-01T00:00:00Z",
}  # fmt: skip
NOTE = {"lago_id": "n1", "number": "CN-1", "credit_status": "available", "currency": "EUR", "balance_amount_cents": 500}
WALLET = {"lago_id": "w1", "status": "active", "currency": "EUR", "balance_cents": 700}


def before(lines: list[Line], seen: dict[str, Any] | None = None, /, **changes: Any) -> dict[str, Fact]:
    """What was confirmed: a draft over these lines, its customer, its billing entity and the credits seen."""
    raw = an_invoice(lines) | changes
    facts: dict[str, Fact] = {"invoice": Invoice.model_validate(raw), "entity": ENTITY}
    facts["customer"] = Customer.model_validate(raw["customer"])
    if seen is not None:
        facts["credits"] = Credits.model_validate(seen)
    return facts


def issued(lines: list[Line], **changes: Any) -> Invoice:
    """The invoice over these lines, finalized on the day of the consent."""
    made = {
        "status": "finalized",
        "number": "ACM-001-001",
        "issuing_date": "2026-11-23",
        "payment_due_date": "2026-12-23",
    }
    taken = {key: changes.pop(key) for key in ("coupon", "credit_note", "prepaid", "currency") if key in changes}
    return Invoice.model_validate(an_invoice(lines, **taken) | made | changes)


LINES = [Line(3000), Line(2000, ("20", "1.375"))]


def test_an_invoice_without_credits_is_as_confirmed() -> None:
    assert judged(before(LINES, {}), issued(LINES)).verdict == "pass"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"lago_id": "22222222-2222-4222-8222-222222222222"}, "invoice: confirmed 11111111"),
        ({"customer": CUSTOMER | {"external_id": "cus_else"}}, "customer: confirmed cus_rule, issued cus_else"),
        ({"invoice_type": "one_off"}, "type: confirmed subscription, issued one_off"),
        ({"number": "ACM-DRAFT"}, "number: none was given, it still reads ACM-DRAFT"),
        ({"number": "XYZ-DRAFT"}, "number: none was given, it still reads XYZ-DRAFT"),
        ({"number": ""}, "number: none was given, it still reads nothing"),
        ({"billing_periods": []}, "billing period: confirmed sub_rule 2026-10-01"),
        ({"issuing_date": "2026-11-24"}, "issuing date: confirmed 2026-11-23, issued 2026-11-24"),
        ({"total_amount_cents": 6027}, "total = total with taxes"),
        ({"progressive_billing_credit_amount_cents": 5}, "billed before: confirmed 0.00 EUR, issued 0.05 EUR"),
    ],
)
def test_each_thing_that_was_confirmed_is_compared(change: dict[str, Any], line: str) -> None:
    verdict = judged(before(LINES, {}), issued(LINES, **change))
    assert verdict.verdict == "deny"
    assert any(told.startswith(line) for told in verdict.more), verdict.more


def test_another_currency_is_not_as_confirmed() -> None:
    verdict = judged(before(LINES, {}), issued(LINES, currency="JPY"))
    assert verdict.verdict == "deny"
    assert "currency: confirmed EUR, issued JPY" in verdict.more


@pytest.mark.parametrize(
    ("now", "line"),
    [
        ([Line(3000)], "fee Metric 1: confirmed 20.00 EUR, issued none"),
        ([*LINES, Line(1)], "fee Metric 2: confirmed none, issued 0.01 EUR"),
        ([Line(3001), LINES[1]], "fee Metric 0: confirmed 30.00 EUR, issued 30.01 EUR, 0.01 EUR more"),
        ([Line(3000, units="2"), LINES[1]], "units of Metric 0: confirmed 1, issued 2"),
        ([Line(3000, ("10",)), LINES[1]], "tax rate of Metric 0: confirmed 20 %, issued 10 %"),
    ],
)
def test_each_fee_is_compared_by_what_it_is(now: list[Line], line: str) -> None:
    verdict = judged(before(LINES, {}), issued(now))
    assert verdict.verdict == "deny"
    assert line in verdict.more


@given(st.randoms())
def test_the_order_and_the_ids_of_fees_are_no_difference(shuffler: Any) -> None:
    lines = [Line(cents) for cents in (5, 10, 10, 700, 33)]
    raw = an_invoice(lines) | {"status": "finalized", "number": "ACM-1", "issuing_date": "2026-11-23"}
    raw["payment_due_date"] = "2026-12-23"
    raw["fees"] = [fee | {"lago_id": f"new-{index}"} for index, fee in enumerate(raw["fees"])]
    shuffler.shuffle(raw["fees"])
    assert judged(before(lines, {}), Invoice.model_validate(raw)).verdict == "pass"


def test_every_kind_of_credit_within_what_was_seen_is_as_confirmed() -> None:
    credits = {"applied_coupons": [COUPON], "credit_notes": [NOTE], "wallets": [WALLET]}
    verdict = judged(before(LINES, credits), issued(LINES, coupon=1000, credit_note=500, prepaid=700))
    assert verdict.verdict == "pass"
    assert verdict.more == (
        "coupon ten_off took 10.00 EUR", "credit note CN-1 took 5.00 EUR", "prepaid credits took 7.00 EUR",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("credits", "taken", "line"),
    [
        (
            {"applied_coupons": [COUPON]},
            {"coupon": 1001},
            "coupon ten_off: took 10.01 EUR, 0.01 EUR more than the 10.00",
        ),
        ({"applied_coupons": [PERCENT]}, {"coupon": 501}, "coupon ten_off: took 5.01 EUR, 0.01 EUR more than the 5.00"),
        ({"applied_coupons": [PERCENT]}, {"coupon": 499}, "coupon ten_off: took 4.99 EUR, 0.01 EUR less than the 5.00"),
        ({"applied_coupons": [COUPON]}, {"coupon": 900}, "coupon ten_off: took 9.00 EUR, 1.00 EUR less than the 10.00"),
        (
            {"applied_coupons": [COUPON | {"coupon_code": "other"}]},
            {"coupon": 10},
            "coupon ten_off: took 0.10 EUR, but",
        ),
        (
            {"applied_coupons": [COUPON | {"amount_currency": "USD"}]},
            {"coupon": 10},
            "coupon ten_off: took 0.10 EUR, 0.10",
        ),
        (
            {"credit_notes": [NOTE]},
            {"credit_note": 501},
            "credit note CN-1: took 5.01 EUR, 0.01 EUR more than the 5.00",
        ),
        ({"credit_notes": [NOTE | {"number": "CN-2"}]}, {"credit_note": 1}, "credit note CN-1: took 0.01 EUR, but was"),
        ({"wallets": [WALLET]}, {"prepaid": 701}, "prepaid credits: took 7.01 EUR, 0.01 EUR more than the 7.00 EUR"),
        ({"wallets": [WALLET | {"status": "terminated"}]}, {"prepaid": 1}, "prepaid credits: took 0.01 EUR, 0.01 EUR"),
        ({}, {"coupon": 1}, "coupon ten_off: took 0.01 EUR, but was not there when the figures were confirmed"),
        (None, {"prepaid": 1}, "prepaid credits: took 0.01 EUR, 0.01 EUR more than the 0.00 EUR that were there"),
    ],
)
def test_a_credit_beyond_what_was_seen_is_not_as_confirmed(
    credits: dict[str, Any] | None, taken: dict[str, int], line: str
) -> None:
    verdict = judged(before(LINES, credits), issued(LINES, **taken))
    assert verdict.verdict == "deny"
    assert any(told.startswith(line) for told in verdict.more), verdict.more


def test_a_credit_that_was_there_and_not_taken_is_as_confirmed() -> None:
    credits = {"applied_coupons": [COUPON], "credit_notes": [NOTE], "wallets": [WALLET]}
    assert judged(before(LINES, credits), issued(LINES)).verdict == "pass"


def test_two_coupons_one_after_another_are_computed_again() -> None:
    credits = {"applied_coupons": [COUPON, PERCENT | {"coupon_code": "pc", "created_at": "2026-02-01T00:00:00Z"}]}
    confirmed = before([Line(5000)], credits)
    raw = issued([Line(5000)], coupon=1400)
    both = [raw.credits[0].model_copy(update={"amount_cents": 1000}) for _ in "x"] if raw.credits else []
    assert raw.credits is not None
    item = raw.credits[0].item.model_copy(update={"code": "pc"})
    both.append(raw.credits[0].model_copy(update={"amount_cents": 400, "item": item}))
    assert judged(confirmed, raw.model_copy(update={"credits": tuple(both)})).verdict == "pass"
    off = (both[0].model_copy(update={"amount_cents": 999}), both[1].model_copy(update={"amount_cents": 401}))
    verdict = judged(confirmed, raw.model_copy(update={"credits": off}))
    assert verdict.verdict == "warn"
    assert verdict.more[0].startswith("the coupons' amounts could not be computed again")


def test_a_coupon_limited_to_some_fees_takes_its_part_of_those() -> None:
    raw = an_invoice(LINES, coupon=300)
    made = {"number": "ACM-1", "issuing_date": "2026-11-23", "payment_due_date": "2026-12-23"}
    for fee, share in zip(raw["fees"], ("300.0", "0.0"), strict=True):
        fee["precise_coupons_amount_cents"] = share
        fee["sub_total_excluding_taxes_amount_cents"] = fee["amount_cents"] - int(float(share))
    taxes = (540, 428)
    for fee, tax in zip(raw["fees"], taxes, strict=True):
        fee |= {"taxes_amount_cents": tax, "total_amount_cents": fee["amount_cents"] + tax}
    raw["applied_taxes"][0]["amount_cents"], raw["applied_taxes"][1]["amount_cents"] = 940, 28
    sums = {"taxes_amount_cents": 968, "sub_total_including_taxes_amount_cents": 5668}
    totals = {"total_amount_cents": 5668, "total_due_amount_cents": 5668}
    invoice = Invoice.model_validate(raw | made | sums | totals)
    verdict = judged(before(LINES, {"applied_coupons": [PERCENT]}), invoice)
    assert (verdict.verdict, verdict.more) == ("pass", ("coupon ten_off took 3.00 EUR",))


def test_a_limited_wallet_pays_at_most_its_fees_with_taxes() -> None:
    limited = WALLET | {"balance_cents": 99_999, "applies_to": {"billable_metric_codes": ["metric_0"]}}
    confirmed = before(LINES, {"wallets": [limited]})
    assert judged(confirmed, issued(LINES, prepaid=3600)).verdict == "pass"
    assert judged(confirmed, issued(LINES, prepaid=3602)).verdict == "deny"


def provider(lines: list[Line], taxes: int, **changes: Any) -> dict[str, Any]:
    """An invoice whose taxes a provider set."""
    raw = an_invoice(lines, **changes)
    gap = taxes - raw["taxes_amount_cents"]
    raw["customer"] = CUSTOMER | {"integration_customers": [{"type": "anrok"}]}
    raw["applied_taxes"][0] |= {"lago_tax_id": None, "amount_cents": taxes}
    raw["fees"][0]["taxes_amount_cents"] += gap
    raw["fees"][0]["total_amount_cents"] += gap
    for name in ("taxes", "sub_total_including_taxes", "total", "total_due"):
        raw[f"{name}_amount_cents"] += gap
    return raw


@pytest.mark.parametrize(
    ("coupon", "taxes", "word"),
    [
        (0, 101, "pass"),
        (0, 100, "deny"),
        (0, 102, "deny"),
        (1000, 79, "pass"),
        (1000, 101, "pass"),
        (1000, 102, "deny"),
    ],
)
def test_a_provider_s_taxes_are_the_confirmed_ones_and_only_shrink_with_a_coupon(
    coupon: int, taxes: int, word: str
) -> None:
    line = [Line(5000, ("2",))]
    draft = provider(line, 101)
    confirmed = before(line, {"applied_coupons": [COUPON]}, **draft)
    made = {"status": "finalized", "number": "ACM-1", "issuing_date": "2026-11-23", "payment_due_date": "2026-12-23"}
    invoice = Invoice.model_validate(provider(line, taxes, coupon=coupon) | made)
    assert judged(confirmed, invoice).verdict == word


def test_with_a_provider_the_day_of_its_answer_is_a_doubt_and_not_a_denial() -> None:
    line = [Line(5000, ("2",))]
    made = {"status": "finalized", "number": "ACM-1", "issuing_date": "2026-11-24", "payment_due_date": "2026-12-24"}
    verdict = judged(before(line, {}, **provider(line, 100)), Invoice.model_validate(provider(line, 100) | made))
    assert (verdict.verdict, verdict.more) == ("warn", ("issuing date: confirmed 2026-11-23, issued 2026-11-24",))


@pytest.mark.parametrize(
    ("updated", "word"),
    [
        ("2026-11-23T10:00:00Z", "warn"),
        ("2026-11-23T12:00:05Z", "deny"),
        ("2026-11-23T05:59:00Z", "deny"),
        (None, "deny"),
    ],
)
def test_a_day_that_is_another_only_by_lago_s_slow_clock_is_a_doubt(updated: str | None, word: str) -> None:
    auckland = CUSTOMER | {"applicable_timezone": "Pacific/Auckland"}
    invoice = issued(LINES, customer=auckland, updated_at=updated)
    assert judged(before(LINES, {}, customer=auckland), invoice).verdict == word


def test_a_payment_due_on_another_day_than_the_terms_say_is_a_doubt() -> None:
    verdict = judged(before(LINES, {}), issued(LINES, payment_due_date="2026-11-30"))
    assert (verdict.verdict, verdict.more) == ("warn", ("payment due: confirmed 2026-12-23, issued 2026-11-30",))


def test_an_invoice_that_keeps_the_draft_s_date_is_issued_on_it() -> None:
    keeps = CUSTOMER | {"billing_configuration": {"subscription_invoice_issuing_date_adjustment": "keep_anchor"}}
    confirmed = before(LINES, {}, customer=keeps)
    kept = issued(LINES, issuing_date="2026-12-01", payment_due_date="2026-12-31")
    assert judged(confirmed, kept).verdict == "pass"
    assert judged(confirmed, issued(LINES)).more == ("issuing date: confirmed 2026-12-01, issued 2026-11-23",)


@pytest.mark.parametrize(
    ("setting", "status", "word"),
    [
        ("skip", "closed", "pass"),
        ("skip", "finalized", "deny"),
        ("finalize", "closed", "deny"),
        ("finalize", "finalized", "pass"),
        ("inherit", "closed", "deny"),
        ("a newer word", "closed", "pass"),
        ("a newer word", "finalized", "pass"),
    ],
)
def test_a_zero_invoice_becomes_what_its_setting_says(setting: str, status: str, word: str) -> None:
    customer = CUSTOMER | {"finalize_zero_amount_invoice": setting}
    number = "ACM-DRAFT" if status == "closed" else "ACM-001-001"
    invoice = issued([Line(0)], status=status, number=number, customer=customer)
    assert judged(before([Line(0)], {}, customer=customer), invoice).verdict == word


def test_a_closed_invoice_with_fees_is_not_as_confirmed() -> None:
    verdict = judged(before(LINES, {}), issued(LINES, status="closed", number="ACM-DRAFT"))
    assert verdict.verdict == "deny"
    assert verdict.more[0].startswith("status: confirmed that Lago issues it, but it is closed")


def test_a_server_of_an_older_version_is_compared_by_what_it_says() -> None:
    lacking = ("lago_fixed_charge_id", "sub_total_excluding_taxes_amount_cents", "precise_coupons_amount_cents")
    raws = [an_invoice(LINES), issued(LINES).model_dump(mode="python")]
    for raw in raws:
        for name in ("total_paid_amount_cents", "total_offsetted_credit_note_amount_cents", "credits"):
            raw.pop(name)
        for fee in raw["fees"]:
            for name in lacking:
                fee.pop(name, None)
    facts: dict[str, Fact] = {"invoice": Invoice.model_validate(raws[0])}
    assert judged(facts, Invoice.model_validate(raws[1])).verdict == "pass"


def test_without_a_confirmed_invoice_nothing_is_as_confirmed() -> None:
    assert judged({}, issued(LINES)).verdict == "deny"
