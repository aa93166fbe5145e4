"""Invoices made as Lago makes them: fees, coupons, each tax, the sums. For properties that hold on any invoice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from engine.values import minor_digits

CUSTOMER: dict[str, Any] = {
    "lago_id": "c-1",
    "external_id": "cus_rule",
    "name": "Rule SA",
    "currency": "EUR",
    "timezone": None,
    "applicable_timezone": "UTC",
    "net_payment_term": 30,
    "finalize_zero_amount_invoice": "inherit",
    "billing_configuration": {"subscription_invoice_issuing_date_adjustment": None},
    "integration_customers": [],
}


@dataclass(frozen=True)
class Line:
    """One fee: its amount in cents and the percents of its taxes."""

    cents: int
    rates: tuple[str, ...] = ("20",)
    units: str = "1.0"


def half_up(value: Decimal) -> int:
    """Rounded as Lago rounds."""
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def an_invoice(
    lines: Sequence[Line] = (Line(1000),),
    *,
    coupon: int = 0,
    credit_note: int = 0,
    prepaid: int = 0,
    currency: str = "EUR",
    **changes: Any,
) -> dict[str, Any]:
    """The JSON of an invoice over these lines, less a coupon, a credit note and prepaid credits, in cents."""
    fees_amount = sum(line.cents for line in lines)
    shares = [_share(line.cents, coupon, fees_amount) for line in lines]
    by_rate: dict[str, Decimal] = {}
    for line, share in zip(lines, shares, strict=True):
        for rate in line.rates:
            by_rate[rate] = by_rate.get(rate, Decimal(0)) + (line.cents - share) * Decimal(rate) / 100
    taxes = half_up(sum(by_rate.values(), Decimal(0)))
    before = fees_amount - coupon
    total = before + taxes - credit_note - prepaid
    credits = [_credit(coupon, "coupon", "ten_off")] if coupon else []
    credits += [_credit(credit_note, "credit_note", "CN-1")] if credit_note else []
    return {
        "lago_id": "11111111-1111-4111-8111-111111111111",
        "number": "ACM-DRAFT" if not (coupon or credit_note or prepaid) else "ACM-001-001",
        "issuing_date": "2026-12-01",
        "payment_due_date": "2026-12-31",
        "invoice_type": "subscription",
        "status": "draft" if not (coupon or credit_note or prepaid) else "finalized",
        "payment_status": "pending",
        "currency": currency,
        "version_number": 4,
        "fees_amount_cents": fees_amount,
        "taxes_amount_cents": taxes,
        "progressive_billing_credit_amount_cents": 0,
        "coupons_amount_cents": coupon,
        "credit_notes_amount_cents": credit_note,
        "sub_total_excluding_taxes_amount_cents": before,
        "sub_total_including_taxes_amount_cents": before + taxes,
        "total_amount_cents": total,
        "prepaid_credit_amount_cents": prepaid,
        "total_due_amount_cents": total,
        "total_paid_amount_cents": 0,
        "total_offsetted_credit_note_amount_cents": 0,
        "customer": CUSTOMER | {"currency": currency},
        "subscriptions": [],
        "billing_periods": [
            {
                "external_subscription_id": "sub_rule",
                "subscription_from_datetime": "2026-10-01T00:00:00Z",
                "subscription_to_datetime": "2026-10-31T23:59:59Z",
                "charges_from_datetime": "2026-10-01T00:00:00Z",
                "charges_to_datetime": "2026-10-31T23:59:59Z",
                "invoicing_reason": "subscription_periodic",
            }
        ],
        "fees": [
            _fee(index, line, share, currency) for index, (line, share) in enumerate(zip(lines, shares, strict=True))
        ],
        "credits": [credit | {"amount_currency": currency} for credit in credits],
        "applied_taxes": [
            {
                "lago_tax_id": f"t-{rate}",
                "tax_name": f"VAT {rate}%",
                "tax_code": f"vat_{rate}",
                "tax_rate": Decimal(rate),
                "amount_cents": half_up(amount),
                "amount_currency": currency,
            }
            for rate, amount in by_rate.items()
        ],
        "error_details": [],
    } | changes


def _share(cents: int, coupon: int, whole: int) -> Decimal:
    if not coupon or not whole:
        return Decimal(0)
    return (Decimal(coupon) * cents / whole).quantize(Decimal("0.00001"), ROUND_HALF_UP)


def _credit(cents: int, type: str, code: str) -> dict[str, Any]:
    return {"amount_cents": cents, "before_taxes": type == "coupon", "item": {"type": type, "code": code, "name": code}}


def _fee(index: int, line: Line, share: Decimal, currency: str) -> dict[str, Any]:
    rate = sum((Decimal(part) for part in line.rates), Decimal(0))
    taxes = half_up((line.cents - share) * rate / 100)
    unit = Decimal(10) ** minor_digits(currency)
    return {
        "lago_id": f"fee-{index}",
        "lago_charge_id": f"charge-{index}",
        "lago_subscription_id": "s-1",
        "external_subscription_id": "sub_rule",
        "item": {"type": "charge", "code": f"metric_{index}", "name": f"Metric {index}", "grouped_by": {}},
        "units": line.units,
        "precise_unit_amount": str(Decimal(line.cents) / unit),
        "amount_cents": line.cents,
        "amount_currency": currency,
        "taxes_amount_cents": taxes,
        "taxes_precise_amount": str((line.cents - share) * rate / 100 / unit),
        "taxes_rate": rate,
        "total_amount_cents": line.cents + taxes,
        "precise_coupons_amount_cents": str(share),
        "sub_total_excluding_taxes_amount_cents": half_up(line.cents - share),
        "sub_total_excluding_taxes_precise_amount_cents": str(line.cents - share),
    }
