"""What finalize may deduct: coupons before taxes, then credit notes, then prepaid credits, each at most. Floor 1."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from engine.lago_models import AppliedCoupon, Credits, Invoice
from engine.values import Money, show_decimal


@dataclass(frozen=True, slots=True)
class Deduction:
    """One credit that Lago may apply, and the most that it can take."""

    kind: Literal["coupon", "credit_note", "wallet"]
    name: str
    at_most: Money
    why: str


def may_deduct(invoice: Invoice, credits: Credits) -> tuple[Deduction, ...]:
    """Every credit in the invoice's currency that has something left, in Lago's order, capped by what is left.

    Coupons come before taxes, so the most that later credits can take is the total without them: an upper bound.
    """
    found: list[Deduction] = []
    left = max(invoice.sub_total_excluding_taxes_amount_cents, 0)
    for coupon in sorted(credits.applied_coupons, key=lambda one: str(one.created_at or "")):
        most = coupon_at_most(coupon, invoice, max(invoice.sub_total_excluding_taxes_amount_cents, 0))
        if most > 0 and left > 0:
            name = coupon.coupon_name or coupon.coupon_code or ""
            found.append(Deduction("coupon", name, Money(min(most, left), invoice.currency), _coupon_why(coupon)))
    total = max(invoice.total_amount_cents, 0)
    for note in credits.credit_notes:
        balance = note.balance_amount_cents or 0
        if balance > 0 and note.credit_status in (None, "available") and note.currency in (None, invoice.currency):
            most = min(balance, total)
            if most:
                found.append(Deduction("credit_note", note.number or "", Money(most, invoice.currency), "its balance"))
    for wallet in sorted(credits.wallets, key=lambda one: one.priority if one.priority is not None else 50):
        balance = wallet.balance_cents or 0
        if balance > 0 and wallet.status in (None, "active") and wallet.currency in (None, invoice.currency):
            most = min(balance, total)
            if most:
                name = wallet.name or ""
                found.append(Deduction("wallet", name, Money(most, invoice.currency), "its balance"))
    return tuple(found)


def coupon_at_most(coupon: AppliedCoupon, invoice: Invoice, base: int) -> int:
    """The most that one coupon can take off `base` cents; 0 for one in another currency or used up."""
    if coupon.status not in (None, "active"):
        return 0
    if coupon.percentage_rate is not None:
        part = Decimal(base) * coupon.percentage_rate / 100
        return min(int(part.quantize(Decimal(1), ROUND_HALF_UP)), base)
    if coupon.amount_currency not in (None, invoice.currency):
        return 0
    remaining = coupon.amount_cents_remaining
    amount = remaining if coupon.frequency in (None, "once") and remaining is not None else coupon.amount_cents
    return min(amount or 0, base)


def _coupon_why(coupon: AppliedCoupon) -> str:
    if coupon.percentage_rate is not None:
        return f"{show_decimal(coupon.percentage_rate)} % of the fees"
    return "its amount"


def least_total(invoice: Invoice, credits: Credits) -> Money:
    """The total if everything is deducted, a lower bound: a coupon also takes its part of the taxes away."""
    by_kind: dict[str, int] = {}
    for item in may_deduct(invoice, credits):
        by_kind[item.kind] = by_kind.get(item.kind, 0) + item.at_most.cents
    base = invoice.sub_total_excluding_taxes_amount_cents
    coupons = min(by_kind.get("coupon", 0), max(base, 0))
    taxes = invoice.taxes_amount_cents
    kept = taxes if base <= 0 else int((Decimal(taxes) * (base - coupons) / base).to_integral_value(ROUND_HALF_UP))
    left = base - coupons + (kept if coupons else taxes)
    left -= by_kind.get("credit_note", 0) + by_kind.get("wallet", 0)
    return Money(max(left, 0), invoice.currency)
