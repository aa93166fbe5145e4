"""Issued as confirmed, or not, on every recording."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import recorded

from engine.checks.base import Here, Verdict
from engine.checks.issued_as_confirmed import CHECK, Params
from engine.facts import Confirmed, Fact
from engine.lago_models import Invoice

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE = Here(now=AT, operator_id="jane", operator_roles=("billing_admin",))


def judged(confirmed: dict[str, Fact], issued: Invoice) -> Verdict:
    """The verdict on an invoice by what was confirmed."""
    consent = Confirmed(facts=confirmed, figures_digest="sha256:0", at=AT)
    return CHECK.judge(Params(confirmed=consent, issued=issued), HERE)


def from_clear(facts: dict[str, Fact]) -> dict[str, Fact]:
    """The facts as a later process takes them up from the journal."""
    return {name: type(fact).model_validate(fact.clear()) for name, fact in facts.items()}


AS_CONFIRMED = {
    "finalize_ok": (),
    "coupon_at_finalize": ("coupon ten_off took 10.00 EUR",),
    "percentage_coupon": ("coupon seven_pc took 33.71 EUR",),
    "wallet_at_finalize": ("prepaid credits took 50.00 EUR",),
    "wallet_covers_all": ("prepaid credits took 515.80 EUR",),
    "credit_note_at_finalize": ("credit note ACM-021-001-CN001 took 27.72 EUR",),
    "voided_with_coupon_and_wallet": ("coupon ten_off took 10.00 EUR", "prepaid credits took 50.00 EUR"),
    "two_subscriptions": (),
    "timezone_tokyo": (),
    "termination": (),
    "in_advance": (),
    "no_tax_and_usd": (),
    "zero_fees_finalized": (),
    "provider_taxes": (),
    "finalized_by_somebody_else": (),
    "provider_taxes_failed": (),
}


@pytest.mark.parametrize("name", AS_CONFIRMED)
def test_what_lago_issued_in_a_recording_is_as_confirmed(name: str) -> None:
    confirmed = recorded.facts(name, "refreshed")
    issued = recorded.invoice(name, "finalized")
    verdict = judged(confirmed, issued)
    assert (verdict.verdict, verdict.more) == ("pass", AS_CONFIRMED[name])
    assert issued.number in verdict.message
    assert judged(from_clear(confirmed), Invoice.model_validate(issued.clear())) == verdict


def test_a_closed_invoice_is_as_accepted() -> None:
    confirmed = recorded.facts("zero_fees_skipped", "refreshed")
    verdict = judged(confirmed, recorded.invoice("zero_fees_skipped", "finalize"))
    assert verdict.verdict == "pass"
    assert verdict.message == "closed, not issued, as was accepted: it has no number and no document"


def test_a_late_event_is_told_with_its_fee_its_units_and_by_how_much() -> None:
    verdict = judged(recorded.facts("late_event", "refreshed"), recorded.invoice("late_event", "finalized"))
    assert verdict.verdict == "deny"
    assert verdict.message == "ACM-014-001 is issued for 1,256.29 EUR, 738.00 EUR more than the confirmed 518.29 EUR"
    assert verdict.more == (
        "fee API calls: confirmed 286.11 EUR, issued 901.11 EUR, 615.00 EUR more",
        "units of API calls: confirmed 23261, issued 73261",
        "fees: confirmed 431.91 EUR, issued 1,046.91 EUR, 615.00 EUR more",
        "tax vat_20 20 %: confirmed 86.38 EUR, issued 209.38 EUR, 123.00 EUR more",
        "taxes: confirmed 86.38 EUR, issued 209.38 EUR, 123.00 EUR more",
    )
    assert "credit note" in verdict.fix
    assert "no new draft" in verdict.fix


def test_another_tax_than_confirmed_is_told() -> None:
    confirmed = recorded.facts("tax_changed_after_review", "refreshed")
    verdict = judged(confirmed, recorded.invoice("tax_changed_after_review", "finalized"))
    assert verdict.verdict == "deny"
    assert "tax vat_20 20 %: confirmed 115.47 EUR, issued none" in verdict.more
    assert "tax vat_10 10 %: confirmed none, issued 57.74 EUR" in verdict.more
    assert verdict.message == "ACM-039-001 is issued for 635.09 EUR, 57.73 EUR less than the confirmed 692.82 EUR"


@pytest.mark.parametrize(
    ("scenario", "stage", "line"),
    [
        ("finalize_ok", "draft", "status: `draft`, it is still a draft"),
        ("provider_taxes", "pending", "status: `pending`, it is not issued yet: the tax provider has not answered"),
        ("provider_taxes_failed", "failed", "status: `failed`, Lago could not issue it: taxDateTooFarInFuture"),
        ("voided", "voided", "status: `voided`, it was voided meanwhile"),
    ],
)
def test_every_status_but_finalized_and_closed_is_not_as_confirmed(scenario: str, stage: str, line: str) -> None:
    before = "draft" if scenario == "voided" else "refreshed"
    verdict = judged(recorded.facts(scenario, before), recorded.invoice(scenario, stage))
    assert verdict.verdict == "deny"
    assert verdict.more[0].startswith(line)


def test_a_status_nobody_knows_is_not_as_confirmed_and_raises_nothing() -> None:
    raw = recorded.raw_invoice("finalize_ok", "finalized") | {"status": "teleported"}
    verdict = judged(recorded.facts("finalize_ok", "refreshed"), Invoice.model_validate(raw))
    assert verdict.verdict == "deny"
    assert verdict.message == "not as confirmed: its status is `teleported`"
