"""The formulas that hold on every invoice, from the fees up, with the rounding that Lago does. Floor 1.

From `compute_amounts_from_fees.rb`, `calculate_fees_service.rb` and `models/invoice.rb`, borne out by every recording.
A formula whose fields a server does not send is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from engine.lago_models import Invoice
from engine.lago_rules.states import has_tax_provider, tax_error, taxes_missing
from engine.values import Money


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
        """The formula with its figures: `fees = sum of the line items: 10.00 EUR is not 9.99 EUR`."""
        relation = "is" if self.holds else "is not"
        return f"{self.text}: {Money(self.left, currency)} {relation} {Money(self.right, currency)}"


def formulas(invoice: Invoice) -> tuple[Formula, ...]:
    """Every formula that can be put to this invoice."""
    one = invoice
    found = [
        Formula("fees", "fees = sum of the line items", one.fees_amount_cents, sum(f.amount_cents for f in one.fees)),
        Formula(
            "before taxes",
            "total before taxes = fees - billed before - coupons",
            one.sub_total_excluding_taxes_amount_cents,
            one.fees_amount_cents - one.progressive_billing_credit_amount_cents - one.coupons_amount_cents,
        ),
        Formula(
            "credits before taxes",
            "coupons and what was billed before = credits before taxes",
            one.coupons_amount_cents + one.progressive_billing_credit_amount_cents,
            sum(credit.amount_cents for credit in one.credits if credit.before_taxes),
        ),
        Formula(
            "credit notes",
            "credit notes = credits after taxes",
            one.credit_notes_amount_cents,
            sum(credit.amount_cents for credit in one.credits if not credit.before_taxes),
        ),
    ]
    if not has_taxes_to_come(one):
        found += _with_taxes(one)
    found.append(_due(one))
    return tuple(formula for formula in found if formula is not None)


def has_taxes_to_come(invoice: Invoice) -> bool:
    """Whether a provider's taxes are on their way or refused: sums with taxes and the total are then 0."""
    return taxes_missing(invoice) or (
        tax_error(invoice) is not None
        and invoice.total_amount_cents == 0
        and invoice.sub_total_including_taxes_amount_cents == 0
    )


def _with_taxes(one: Invoice) -> list[Formula]:
    found = [
        Formula(
            "with taxes",
            "total with taxes = total before taxes + taxes",
            one.sub_total_including_taxes_amount_cents,
            one.sub_total_excluding_taxes_amount_cents + one.taxes_amount_cents,
        ),
        Formula(
            "total",
            "total = total with taxes - credit notes - prepaid credits",
            one.total_amount_cents,
            one.sub_total_including_taxes_amount_cents
            - one.credit_notes_amount_cents
            - one.prepaid_credit_amount_cents,
        ),
    ]
    if one.applied_taxes or one.taxes_amount_cents == 0:
        parts = sum(tax.amount_cents for tax in one.applied_taxes)
        bound = (len(one.applied_taxes) + 1) // 2 if len(one.applied_taxes) > 1 else 0
        found.append(Formula("tax parts", "taxes = sum of the taxes", one.taxes_amount_cents, parts, bound))
    taxes = [fee.taxes_amount_cents for fee in one.fees]
    if one.fees and None not in taxes:
        parts = sum(tax for tax in taxes if tax is not None)
        bound = (len(one.fees) + 1) // 2
        found.append(Formula("fee taxes", "taxes = sum of the line items' taxes", one.taxes_amount_cents, parts, bound))
    again = recomputed_taxes(one)
    if again is not None:
        found.append(Formula("tax rate", "taxes = rate x line items, rounded once", one.taxes_amount_cents, again))
    return found


def _due(one: Invoice) -> Formula | None:
    if one.total_due_amount_cents is None or one.total_paid_amount_cents is None or has_taxes_to_come(one):
        return None
    if one.status == "voided":
        return Formula("due", "a voided invoice has nothing due", one.total_due_amount_cents, 0)
    offset = one.total_offsetted_credit_note_amount_cents or 0
    due = one.total_amount_cents - one.total_paid_amount_cents - offset
    return Formula("due", "due = total - paid - offset", one.total_due_amount_cents, due)


def recomputed_taxes(one: Invoice) -> int | None:
    """Lago's own taxes from the rates; None where a provider computes them or a server does not send what it takes."""
    if one.invoice_type == "advance_charges" or has_tax_provider(one.customer):
        return None
    if any(tax.lago_tax_id is None for tax in one.applied_taxes):
        return None
    total = Decimal(0)
    for fee in one.fees:
        if fee.taxes_rate is None or (one.coupons_amount_cents and fee.precise_coupons_amount_cents is None):
            return None
        base = Decimal(fee.amount_cents) - (fee.precise_coupons_amount_cents or Decimal(0))
        total += base * fee.taxes_rate / 100
    if one.progressive_billing_credit_amount_cents:
        return None
    return int(total.quantize(Decimal(1), ROUND_HALF_UP))
