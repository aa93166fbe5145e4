"""An invoice as the panel above a consent shows it: whose it is, every line, every sum. Floor 3."""

from __future__ import annotations

from engine.events import Line
from engine.facts import Confirmed
from engine.lago_models import Fee, Invoice, Subscriptions
from engine.lago_rules import fee_identity, fee_label, fee_period, periods
from engine.values import Money, show_decimal


def subject_of(invoice: Invoice, confirmed: Confirmed) -> tuple[tuple[str, str], ...]:
    """Customer, invoice, period, and the subscriptions where the consent shows them."""
    customer = invoice.customer
    name = f"{customer.name} ({customer.external_id})" if customer.name else customer.external_id
    rows = [("customer", name), ("invoice", invoice.lago_id)]
    spans = dict.fromkeys(f"{period.start}..{period.end}" for period in periods(invoice))
    rows.append(("period", ", ".join(spans) or "none given by Lago"))
    if (subscriptions := confirmed.of(Subscriptions)) is not None:
        billed = {item.external_id for item in invoice.subscriptions or ()}
        shown = [
            f"{item.external_id} ({item.plan_code}, {item.status})"
            for item in subscriptions.items
            if item.external_id in billed
        ]
        rows.append(("subscription" if len(shown) == 1 else "subscriptions", ", ".join(shown) or "none"))
    return tuple(rows)


def lines_of(invoice: Invoice) -> tuple[Line, ...]:
    """Every fee, in an order that does not depend on the answer."""
    return tuple(_line(fee, invoice) for fee in sorted(invoice.fees, key=fee_identity))


def _line(fee: Fee, invoice: Invoice) -> Line:
    currency = fee.amount_currency or invoice.currency
    units = show_decimal(fee.units) if fee.units is not None else ""
    return Line(fee_label(fee), units, fee_period(fee, invoice), str(Money(fee.amount_cents, currency)))


def sums_of(invoice: Invoice) -> tuple[tuple[str, str], ...]:
    """From the fees to the total, in the order in which Lago takes things off; what is zero is left out."""

    def money(cents: int) -> str:
        return str(Money(cents, invoice.currency))

    def less(label: str, cents: int | None) -> list[tuple[str, str]]:
        return [(label, money(-cents))] if cents else []

    rows = [("fees", money(invoice.fees_amount_cents))]
    rows += less("billed before", invoice.progressive_billing_credit_amount_cents)
    rows += less("coupons", invoice.coupons_amount_cents)
    for tax in invoice.applied_taxes or ():
        rate = f" {show_decimal(tax.tax_rate)} %" if tax.tax_rate is not None else ""
        name = tax.tax_name or tax.tax_code or "tax"
        label = name if rate.strip().replace(" ", "") in name.replace(" ", "") else name + rate
        rows.append((label, money(tax.amount_cents)))
    if not invoice.applied_taxes:
        rows.append(("no tax", money(invoice.taxes_amount_cents)))
    rows += less("credit notes", invoice.credit_notes_amount_cents)
    rows += less("prepaid credits", invoice.prepaid_credit_amount_cents)
    return (*rows, ("total", money(invoice.total_amount_cents)))
