"""What a void gives back, and what it does not (`Invoices::VoidService`, `lago.md` 5). Floor 1."""

from __future__ import annotations

from engine.lago_models import Credits, Invoice
from engine.plain import dataclass
from engine.values import Money


@dataclass(frozen=True, slots=True)
class Return:
    """One thing that the invoice took. `amount` is None where it is no amount; `why` is a clause."""

    what: str
    amount: Money | None
    comes_back: bool
    why: str


def gives_back(invoice: Invoice, credits: Credits | None) -> tuple[Return, ...]:
    """Everything that the invoice took from its customer, with what becomes of it when it is voided.

    Coupons and prepaid credits come back (recording `voided_with_coupon_and_wallet`), the latter only into an active
    wallet; a consumed credit note has not been restored since v1.32.1 (#4084), and a payment is never paid back.
    Without `credits` it is not known whether a wallet is active, and then prepaid credits count as lost.
    """
    found = []
    if invoice.coupons_amount_cents:
        coupons = invoice.money(invoice.coupons_amount_cents)
        found.append(Return("coupons", coupons, True, "they can be used again, unless they have expired"))
    if invoice.credit_notes_amount_cents:
        notes = invoice.money(invoice.credit_notes_amount_cents)
        found.append(Return("credit notes", notes, False, "what was consumed of them stays consumed"))
    if invoice.prepaid_credit_amount_cents:
        active = has_active_wallet(invoice, credits)
        if not active:
            why = "there is no active wallet in this currency to return to"
        elif _has_closed_wallet(invoice, credits):
            why = "they return to the wallet that paid, unless that is the one that is no longer active"
        else:
            why = "they return to the wallet"
        found.append(Return("prepaid credits", invoice.money(invoice.prepaid_credit_amount_cents), active, why))
    if is_paid(invoice):
        paid = invoice.total_paid_amount_cents
        amount = invoice.money(paid) if paid else invoice.total
        found.append(Return("payment", amount, False, "nothing is paid back by itself"))
    return tuple(found)


def has_active_wallet(invoice: Invoice, credits: Credits | None) -> bool:
    """Whether prepaid credits have somewhere to return to: an active wallet in the invoice's currency."""
    wallets = credits.wallets if credits else ()
    return any(one.status == "active" and one.currency == invoice.currency for one in wallets)


def _has_closed_wallet(invoice: Invoice, credits: Credits | None) -> bool:
    """Whether one in the invoice's currency is no longer active. An invoice does not say which of them paid."""
    wallets = credits.wallets if credits else ()
    return any(one.status != "active" and one.currency == invoice.currency for one in wallets)


def is_paid(invoice: Invoice) -> bool:
    """Whether money came in for it. A total of 0 reads as paid, and nobody paid (`lago.md` 2.10)."""
    return bool(invoice.total_paid_amount_cents) or (
        invoice.payment_status == "succeeded" and invoice.total_amount_cents > 0
    )
