"""What finalization took in credits, against what it may take: each kind at most what was there. Floor 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import permutations

from engine.lago_models import AppliedCoupon, Credit, Credits, Fee, Invoice
from engine.lago_rules.credits import (
    coupon_at_most,
    credit_note_at_most,
    is_limited,
    payable_fees,
    usable_coupons,
    usable_wallets,
    wallet_at_most,
)
from engine.plain import dataclass
from engine.values import Money

# More coupons than this are not tried in every order; their bounds are still checked.
_ORDERS_TRIED = 6
_NOISES = (Decimal(0), Decimal("0.000001"))


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken, as lines; what should not have been, and what could not be made sure of."""

    lines: tuple[str, ...]
    wrong: tuple[str, ...]
    doubts: tuple[str, ...]


def what_was_taken(before: Invoice, credits: Credits | None, issued: Invoice) -> Taken:
    """Judge the credits on an issued invoice by those that were seen when `before` was the draft.

    Coupons are computed again; credit notes and prepaid credits may take up to their balance. `credits` is None when
    nobody looked: then nothing may have been taken.
    """
    seen = credits or Credits()
    coupons = _by_code(issued, before_taxes=True)
    notes = _by_code(issued, before_taxes=False)
    wrong = [
        *_beyond_coupons(before, seen, issued, coupons),
        *_beyond_notes(before, seen, issued, notes),
        *_beyond_wallets(before, seen, issued),
    ]
    doubts: list[str] = []
    if coupons and not wrong:
        mistake, doubt = _computed_again(before, usable_coupons(seen), issued, coupons)
        wrong += mistake
        doubts += doubt
    return Taken(tuple(_lines(issued, coupons, notes)), tuple(wrong), tuple(doubts))


def _lines(issued: Invoice, coupons: Mapping[str, int], notes: Mapping[str, int]) -> Iterator[str]:
    for code, amount in coupons.items():
        yield f"coupon {code} took {issued.money(amount)}"
    if issued.credits is None and issued.coupons_amount_cents:
        yield f"coupons took {issued.money(issued.coupons_amount_cents)}"
    for number, amount in notes.items():
        yield f"credit note {number} took {issued.money(amount)}"
    if issued.credits is None and issued.credit_notes_amount_cents:
        yield f"credit notes took {issued.money(issued.credit_notes_amount_cents)}"
    if issued.prepaid_credit_amount_cents:
        yield f"prepaid credits took {issued.money(issued.prepaid_credit_amount_cents)}"


def _by_code(issued: Invoice, *, before_taxes: bool) -> dict[str, int]:
    """Cents by coupon code or credit note number; what was billed before (progressive billing) is neither."""
    found: dict[str, int] = {}
    for credit in issued.credits or ():
        if credit.before_taxes == before_taxes and not _is_billed_before(credit, issued):
            code = credit.item.code or credit.item.name or credit.item.type
            found[code] = found.get(code, 0) + credit.amount_cents
    return found


def _is_billed_before(credit: Credit, issued: Invoice) -> bool:
    return credit.before_taxes and credit.item.type != "coupon" and bool(issued.progressive_billing_credit_amount_cents)


def _beyond_coupons(before: Invoice, seen: Credits, issued: Invoice, coupons: Mapping[str, int]) -> Iterator[str]:
    base = max(before.sub_total_excluding_taxes_amount_cents, 0)
    most: dict[str, int] = {}
    for coupon in usable_coupons(seen):
        most[coupon.coupon_code] = most.get(coupon.coupon_code, 0) + coupon_at_most(coupon, before, base)
    for code, amount in coupons.items():
        yield from _more_than(f"coupon {code}", amount, most.get(code), issued)
    yield from _more_than("coupons", issued.coupons_amount_cents, min(sum(most.values()), base), issued)


def _beyond_notes(before: Invoice, seen: Credits, issued: Invoice, notes: Mapping[str, int]) -> Iterator[str]:
    most = {note.number: credit_note_at_most(note, before) for note in seen.credit_notes}
    for number, amount in notes.items():
        yield from _more_than(f"credit note {number}", amount, most.get(number), issued)
    yield from _more_than("credit notes", issued.credit_notes_amount_cents, sum(most.values()), issued)


def _beyond_wallets(before: Invoice, seen: Credits, issued: Invoice) -> Iterator[str]:
    most = 0
    for wallet in usable_wallets(seen):
        at_most = wallet_at_most(wallet, before)
        if is_limited(wallet) and at_most:
            # Lago rounds each kind of fee by itself and gives what is left over to one of them.
            slack = len(payable_fees(wallet, before))
            at_most = max(min(at_most + slack, wallet.balance_cents, before.total_amount_cents), 0)
        most += at_most
    yield from _more_than("prepaid credits", issued.prepaid_credit_amount_cents, most, issued)


def _more_than(what: str, amount: int, most: int | None, issued: Invoice) -> Iterator[str]:
    if most is None:
        yield f"{what}: took {issued.money(amount)}, but was not there when the figures were confirmed"
    elif amount > most:
        over = issued.money(amount - most)
        yield f"{what}: took {issued.money(amount)}, {over} more than the {issued.money(most)} that were there"


def _computed_again(
    before: Invoice, usable: tuple[AppliedCoupon, ...], issued: Invoice, coupons: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    base = max(before.sub_total_excluding_taxes_amount_cents, 0)
    used = {code: amount for code, amount in coupons.items() if amount}
    if len(usable) > _ORDERS_TRIED:
        return [], ["there are too many coupons to compute their amounts again; each took at most what it had"]
    if any(_in_turn(before, order, base, noise) == used for order in permutations(usable) for noise in _NOISES):
        return [], []
    candidates = [coupon for coupon in usable if coupon.coupon_code in used]
    if len(candidates) == 1:
        return _limited(before, candidates[0], issued, used[candidates[0].coupon_code])
    return [], ["the coupons' amounts could not be computed again: one may be limited to some plans or metrics"]


def _in_turn(before: Invoice, order: tuple[AppliedCoupon, ...], base: int, noise: Decimal) -> dict[str, int]:
    """What the coupons take one after another on what remains, if none is limited."""
    took: dict[str, int] = {}
    left = base
    for coupon in order:
        amount = coupon_at_most(coupon, before, left, noise)
        if amount:
            took[coupon.coupon_code] = took.get(coupon.coupon_code, 0) + amount
        left -= amount
    return took


def _limited(before: Invoice, coupon: AppliedCoupon, issued: Invoice, amount: int) -> tuple[list[str], list[str]]:
    """One coupon that did not take what it would of everything: it may be limited to the fees that bear it."""
    bearing = _bearing(issued)
    if bearing is None or issued.progressive_billing_credit_amount_cents:
        return [], [f"coupon {coupon.coupon_code}: its amount could not be computed again"]
    base = sum(fee.amount_cents for fee in bearing)
    expected = coupon_at_most(coupon, before, base)
    if amount in {coupon_at_most(coupon, before, base, noise) for noise in _NOISES}:
        return [], []
    gap = Money(abs(expected - amount), issued.currency)
    more = "more" if amount > expected else "less"
    on = issued.money(base)
    return [
        f"coupon {coupon.coupon_code}: took {issued.money(amount)}, {gap} {more} than the {issued.money(expected)} "
        f"that it takes off {on}"
    ], []


def _bearing(issued: Invoice) -> tuple[Fee, ...] | None:
    if any(fee.precise_coupons_amount_cents is None for fee in issued.fees):
        return None
    return tuple(fee for fee in issued.fees if fee.precise_coupons_amount_cents)
