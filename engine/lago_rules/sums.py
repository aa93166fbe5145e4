"""The formulas that hold on every invoice, from the fees up, with the rounding that Lago does. Floor 1.

From `compute_amounts_from_fees.rb`, `apply_taxes_service.rb` and `models/invoice.rb`, borne out by every recording
(`lago.md` 3). A formula whose fields a server does not send is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

from engine.lago_models import Fee, Invoice
from engine.lago_rules.fees import fee_name
from engine.lago_rules.states import has_provider_taxes, taxes_to_come
from engine.plain import dataclass
from engine.values import Money

# Lago adds up several taxes in floating point: exactly on the half of a cent that can fall on either side.
_FLOAT_NOISE = Decimal("0.000001")
# A rate is stored as a float, and several rates are added up: 3.3 + 6.6 is 9.899999999999999 there.
_RATE_DIGITS = Decimal("0.000000001")
# Lago keeps a fee's share of a coupon to five decimals of a cent.
_SHARE_NOISE = Decimal("0.00001")
_WIDE = Context(prec=120)
# Where the sums with taxes may be 0 because the taxes are on their way or were refused.
_AWAITS_TAXES = frozenset({"draft", "pending", "failed"})


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula: both sides in cents, and by how much they may differ (roundings of the parts)."""

    name: str
    text: str
    left: int
    right: int
    bound: int = 0

    @property
    def holds(self) -> bool:
        """Whether both sides agree within the bound."""
        return abs(self.left - self.right) <= self.bound

    def told(self, currency: str) -> str:
        """The formula with its figures: `fees = sum of the line items: 10.00 EUR is not 9.99 EUR, 0.01 EUR off`."""
        left, right = Money(self.left, currency), Money(self.right, currency)
        if self.holds:
            return f"{self.text}: {left}"
        return f"{self.text}: {left} is not {right}, {Money(abs(self.left - self.right), currency)} off"


def formulas(invoice: Invoice) -> tuple[Formula, ...]:
    """Every formula that can be put to this invoice.

    While a provider's taxes are on their way or refused, only those before taxes: the others are 0 by then. Invoices
    of Lago's versions 1 and 2 took coupons after taxes, so of those only the fees are summed.
    """
    if invoice.version_number is not None and invoice.version_number < 3:
        return (_fees(invoice),)
    found = [_fees(invoice), _before_taxes(invoice)]
    if not (taxes_to_come(invoice) and invoice.status in _AWAITS_TAXES):
        found += _with_taxes(invoice)
        found += _tax_parts(invoice)
        found += _credits(invoice)
        found += _fee_parts(invoice)
        found += _due(invoice)
    return tuple(found)


def _fees(one: Invoice) -> Formula:
    return Formula(
        "F", "fees = sum of the line items", one.fees_amount_cents, sum(fee.amount_cents for fee in one.fees)
    )


def _billed_before(one: Invoice) -> int:
    return one.progressive_billing_credit_amount_cents or 0


def _before_taxes(one: Invoice) -> Formula:
    right = one.fees_amount_cents - _billed_before(one) - one.coupons_amount_cents
    text = "total before taxes = fees - billed before - coupons"
    return Formula("E", text, one.sub_total_excluding_taxes_amount_cents, right)


def _with_taxes(one: Invoice) -> Iterator[Formula]:
    yield Formula(
        "I",
        "total with taxes = total before taxes + taxes",
        one.sub_total_including_taxes_amount_cents,
        one.sub_total_excluding_taxes_amount_cents + one.taxes_amount_cents,
    )
    yield Formula(
        "T",
        "total = total with taxes - credit notes - prepaid credits",
        one.total_amount_cents,
        one.sub_total_including_taxes_amount_cents - one.credit_notes_amount_cents - one.prepaid_credit_amount_cents,
    )
    yield Formula("not below 0", "the total is not below 0", min(one.total_amount_cents, 0), 0)
    if one.status == "draft":
        taken = one.coupons_amount_cents + one.credit_notes_amount_cents + one.prepaid_credit_amount_cents
        yield Formula("draft", "coupons, credit notes and prepaid credits on a draft = 0", taken, 0)


def _tax_parts(one: Invoice) -> Iterator[Formula]:
    whole = one.taxes_amount_cents
    if one.applied_taxes is not None:
        parts = [tax.amount_cents for tax in one.applied_taxes]
        yield Formula("taxes", "taxes = sum of the applied taxes", whole, sum(parts), len(parts) // 2)
    of_fees = _all_known(fee.taxes_amount_cents for fee in one.fees)
    if of_fees is not None:
        # An invoice over fees that were paid in advance adds up their rounded taxes (`lago.md` 3).
        bound = 0 if one.invoice_type == "advance_charges" else len(of_fees) // 2
        yield Formula("taxes of fees", "taxes = sum of the line items' taxes", whole, sum(of_fees), bound)
    exact = exact_taxes(one)
    if exact is not None:
        text = "taxes = each line item less its coupons, times its rates, rounded once"
        noise = _FLOAT_NOISE if len(one.applied_taxes or ()) > 1 else Decimal(0)
        yield Formula("tax rates", text, whole, _nearest(whole, exact, noise))


def exact_taxes(one: Invoice) -> Decimal | None:
    """Lago's own taxes in cents, unrounded: of each fee, amount less its share of coupons, times the sum of its rates.

    None where a provider computes them, where they are a sum of older fees, or where a server does not send what it
    takes.
    """
    if one.invoice_type == "advance_charges" or has_provider_taxes(one):
        return None
    if one.applied_taxes is None and one.taxes_amount_cents:
        return None
    total = Decimal(0)
    for fee in one.fees:
        share = _share(fee, one)
        if fee.taxes_rate is None or share is None:
            return None
        total += (fee.amount_cents - share) * fee.taxes_rate.quantize(_RATE_DIGITS, context=_WIDE) / 100
    return total


def _share(fee: Fee, one: Invoice) -> Decimal | None:
    if fee.precise_coupons_amount_cents is not None:
        return fee.precise_coupons_amount_cents
    return None if one.coupons_amount_cents or _billed_before(one) else Decimal(0)


def _nearest(said: int, exact: Decimal, noise: Decimal) -> int:
    low, high = rounded(exact - noise), rounded(exact + noise)
    return said if low <= said <= high else rounded(exact)


def _credits(one: Invoice) -> Iterator[Formula]:
    if one.credits is None:
        return
    before = sum(credit.amount_cents for credit in one.credits if credit.before_taxes)
    after = sum(credit.amount_cents for credit in one.credits if not credit.before_taxes)
    taken = one.coupons_amount_cents + _billed_before(one)
    yield Formula("credits before taxes", "coupons + billed before = sum of the credits before taxes", taken, before)
    text = "credit notes = sum of the credits after taxes"
    yield Formula("credits after taxes", text, one.credit_notes_amount_cents, after)


def _fee_parts(one: Invoice) -> Iterator[Formula]:
    for fee in one.fees:
        if fee.total_amount_cents is not None and fee.taxes_amount_cents is not None:
            text = f"{fee_name(fee, one)}: its total = its amount + its taxes"
            yield Formula("fee", text, fee.total_amount_cents, fee.amount_cents + fee.taxes_amount_cents)
    if _billed_before(one) or one.invoice_type == "advance_charges":
        # What was billed before is spread over the fees by other rules, and never below 0 for one of them.
        return
    totals = _all_known(fee.sub_total_excluding_taxes_amount_cents for fee in one.fees)
    if totals is not None:
        text = "total before taxes = sum of the line items' totals before taxes"
        whole = one.sub_total_excluding_taxes_amount_cents
        yield Formula("fees before taxes", text, whole, sum(totals), len(totals) // 2)
    shares = [fee.precise_coupons_amount_cents for fee in one.fees]
    if shares and None not in shares:
        total = sum((share for share in shares if share is not None), Decimal(0))
        text = "coupons = sum of the line items' shares of them"
        yield Formula("shares", text, one.coupons_amount_cents, _whole(one.coupons_amount_cents, total, len(shares)))


def _whole(said: int, total: Decimal, parts: int) -> int:
    if abs(total - said) <= _SHARE_NOISE * (parts + 10):
        return said
    return int(total.to_integral_value(ROUND_CEILING if total > said else ROUND_FLOOR))


def _due(one: Invoice) -> Iterator[Formula]:
    if one.total_due_amount_cents is None:
        return
    if one.status == "voided":
        yield Formula("D", "a voided invoice has nothing due", one.total_due_amount_cents, 0)
        return
    if one.total_paid_amount_cents is None or one.total_offsetted_credit_note_amount_cents is None:
        return
    due = one.total_amount_cents - one.total_paid_amount_cents - one.total_offsetted_credit_note_amount_cents
    yield Formula("D", "due = total - paid - offset by credit notes", one.total_due_amount_cents, due)


def _all_known(values: Iterable[int | None]) -> list[int] | None:
    known = list(values)
    return None if None in known else [value for value in known if value is not None]


def rounded(cents: Decimal) -> int:
    """Half a cent goes up, and below 0 down, as Ruby rounds."""
    return int(cents.quantize(Decimal(1), ROUND_HALF_UP, context=_WIDE))
