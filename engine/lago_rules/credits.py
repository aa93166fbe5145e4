"""What finalize may deduct: coupons before taxes, then credit notes, then prepaid credits, each at most. Floor 1.

Lago's API does not show to which plans or metrics a coupon is limited on the paths that are read, so every amount
here is an upper bound and never a promise (`lago.md` 2.7 and 4).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from engine.lago_models import AppliedCoupon, CreditNote, Credits, Fee, Invoice, Wallet
from engine.lago_rules.states import taxes_to_come
from engine.lago_rules.sums import rounded
from engine.plain import dataclass
from engine.values import Money, minor_digits, show_decimal

Kind = Literal["coupon", "credit_note", "wallet"]

# A wallet without a priority comes from a Lago that had none; newer ones give 50 (`lago.md` 3).
_NO_PRIORITY = 50


@dataclass(frozen=True, slots=True)
class Deduction:
    """One credit that Lago may apply, and the most that it can take. `id` is its `lago_id`."""

    kind: Kind
    name: str
    at_most: Money
    why: str
    id: str = ""


def may_deduct(invoice: Invoice, credits: Credits) -> tuple[Deduction, ...]:
    """Every credit in the invoice's currency that has something left, in the order in which Lago takes them."""
    base = max(invoice.sub_total_excluding_taxes_amount_cents, 0)
    found = [
        _deduction("coupon", item, coupon_at_most(item, invoice, base), invoice) for item in usable_coupons(credits)
    ]
    found += [
        _deduction("credit_note", item, credit_note_at_most(item, invoice), invoice) for item in credits.credit_notes
    ]
    found += [_deduction("wallet", item, wallet_at_most(item, invoice), invoice) for item in usable_wallets(credits)]
    return tuple(item for item in found if item.at_most.cents > 0)


def usable_coupons(credits: Credits) -> tuple[AppliedCoupon, ...]:
    """The active coupons, oldest first: among coupons without limits that is Lago's order."""
    active = [item for item in credits.applied_coupons if item.status == "active"]
    return tuple(sorted(active, key=lambda item: item.created_at or datetime.max.replace(tzinfo=UTC)))


def usable_wallets(credits: Credits) -> tuple[Wallet, ...]:
    """The active wallets, the lowest priority number first, then the oldest."""
    active = [item for item in credits.wallets if item.status == "active"]

    def turn(item: Wallet) -> tuple[int, datetime]:
        priority = item.priority if item.priority is not None else _NO_PRIORITY
        return priority, item.created_at or datetime.max.replace(tzinfo=UTC)

    return tuple(sorted(active, key=turn))


def coupon_at_most(coupon: AppliedCoupon, invoice: Invoice, base: int, noise: Decimal = Decimal(0)) -> int:
    """The most that one coupon takes off `base` cents: a rate of it, half a cent up, or its amount.

    `once` has what remains of its amount; the other frequencies have the whole amount each time. 0 for an amount in
    another currency. Lago computes a percentage in floating point: `noise` is what may be missing there at the half
    of a cent.
    """
    if coupon.percentage_rate is not None:
        return max(min(rounded(base * coupon.percentage_rate / 100 - noise), base), 0)
    if coupon.amount_currency is not None and coupon.amount_currency != invoice.currency:
        return 0
    amount = coupon.amount_cents or 0
    if coupon.frequency in (None, "once") and coupon.amount_cents_remaining is not None:
        amount = coupon.amount_cents_remaining
    return max(min(amount, base), 0)


def credit_note_at_most(note: CreditNote, invoice: Invoice) -> int:
    """Its balance, and never more than the invoice's total; 0 when it is consumed, voided or in another currency."""
    if note.currency != invoice.currency or note.credit_status not in (None, "available"):
        return 0
    return _within_total(note.balance_amount_cents, invoice)


def wallet_at_most(wallet: Wallet, invoice: Invoice) -> int:
    """Its balance, and never more than what it may pay for: the total, or its fees with their taxes."""
    if wallet.currency != invoice.currency or wallet.status != "active":
        return 0
    payable = wallet.balance_cents
    if is_limited(wallet):
        payable = min(payable, sum_with_taxes(payable_fees(wallet, invoice), invoice))
    return _within_total(payable, invoice)


def is_limited(wallet: Wallet) -> bool:
    """Whether the wallet pays only some fees."""
    limits = wallet.applies_to
    return limits is not None and bool(limits.fee_types or limits.billable_metric_codes)


def payable_fees(wallet: Wallet, invoice: Invoice) -> tuple[Fee, ...]:
    """The fees that a wallet may pay: of one of its types, or a charge on one of its metrics; without limits, all."""
    limits = wallet.applies_to
    if limits is None or not is_limited(wallet):
        return invoice.fees
    return tuple(
        fee
        for fee in invoice.fees
        if fee.item.type in limits.fee_types
        or (fee.item.type == "charge" and fee.item.code in limits.billable_metric_codes)
    )


def sum_with_taxes(fees: tuple[Fee, ...], invoice: Invoice) -> int:
    """What these fees come to with their taxes, in cents: from the precise taxes where Lago shows them."""
    unit = Decimal(10) ** minor_digits(invoice.currency)
    total = Decimal(0)
    for fee in fees:
        taxes = fee.taxes_precise_amount
        total += fee.amount_cents + (taxes * unit if taxes is not None else Decimal(fee.taxes_amount_cents or 0))
    return rounded(total)


def _within_total(amount: int, invoice: Invoice) -> int:
    # While taxes are on their way the total reads 0 and bounds nothing.
    return max(amount if taxes_to_come(invoice) else min(amount, invoice.total_amount_cents), 0)


def _deduction(kind: Kind, item: AppliedCoupon | CreditNote | Wallet, at_most: int, invoice: Invoice) -> Deduction:
    most = Money(at_most, invoice.currency)
    match item:
        case AppliedCoupon():
            return Deduction(kind, item.coupon_name or item.coupon_code, most, _coupon_why(item, most), item.lago_id)
        case CreditNote():
            balance = Money(item.balance_amount_cents, item.currency)
            return Deduction(kind, item.number, most, f"its balance is {balance}", item.lago_id)
        case Wallet():
            balance = Money(item.balance_cents, item.currency)
            limit = ", and it is limited to some of the fees" if is_limited(item) else ""
            name = item.name or item.code or ""
            return Deduction(kind, name, most, f"its balance is {balance}{limit}", item.lago_id)


def _coupon_why(coupon: AppliedCoupon, most: Money) -> str:
    if coupon.percentage_rate is not None:
        return f"{show_decimal(coupon.percentage_rate)} % of the total before taxes"
    amount = coupon.amount_cents_remaining if coupon.frequency == "once" else coupon.amount_cents
    return f"it has {Money(amount or most.cents, most.currency)} left" if coupon.frequency == "once" else "its amount"


def least_total(invoice: Invoice, credits: Credits) -> Money:
    """The total if everything is deducted: a lower bound.

    A coupon also takes taxes away: exactly its part where all fees have one rate, else at most its part at the
    highest rate.
    """
    sums: dict[str, int] = {"coupon": 0, "credit_note": 0, "wallet": 0}
    for item in may_deduct(invoice, credits):
        sums[item.kind] += item.at_most.cents
    base = max(invoice.sub_total_excluding_taxes_amount_cents, 0)
    coupons = min(sums["coupon"], base)
    left = base - coupons + _taxes_left(invoice, base, coupons) - sums["credit_note"] - sums["wallet"]
    return Money(max(left, 0), invoice.currency)


def _taxes_left(invoice: Invoice, base: int, coupons: int) -> int:
    taxes = invoice.taxes_amount_cents
    if not coupons or not base:
        return taxes
    rates = {fee.taxes_rate for fee in invoice.fees if fee.amount_cents}
    known = [rate for rate in rates if rate is not None]
    if len(rates) == 1 and known and rounded(base * known[0] / 100) == taxes:
        return rounded((base - coupons) * known[0] / 100)
    lost = coupons * max(known) / 100 if known and len(known) == len(rates) else Decimal(taxes)
    return max(int((taxes - lost).to_integral_value(ROUND_FLOOR)), 0)
