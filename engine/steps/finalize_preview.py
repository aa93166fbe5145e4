"""What finalizing would do, as values to consent to: every line, every sum, what changes and how sure that is. Floor 3."""

from __future__ import annotations

from engine.events import Change, Line, Preview
from engine.facts import Confirmed
from engine.lago_models import BillingEntity, Credits, Customer, Fee, Invoice, Subscriptions
from engine.lago_rules import (
    fee_identity,
    fee_label,
    fee_period,
    has_tax_provider,
    issuing_date,
    least_total,
    may_deduct,
    payment_due_date,
    periods,
    would_close,
)
from engine.steps.base import World
from engine.values import Money, show_decimal

IRREVERSIBLE = "ONE WAY. Lago has no undo."

# What Lago queues once an invoice is finalized (`Invoices::TransitionToFinalStatusService`, after commit).
AFTERWARDS = (
    "a webhook `invoice.created`, the PDF, and a mail where the billing entity's settings say so",
    "payment collection where the customer has a payment provider: a card may be charged",
    "accounting and CRM sync where they are connected",
)
AFTERWARDS_CLOSED = ("nothing: no number, no document, no mail, and Lago shows a closed invoice nowhere",)


def preview(confirmed: Confirmed, world: World) -> Preview:
    """The whole preview, from the facts that the consent shows. Facts that it does not show make fields unknown."""
    invoice = confirmed.of(Invoice)
    assert invoice is not None
    customer, entity = confirmed.of(Customer), confirmed.of(BillingEntity)
    closes = would_close(invoice, customer, entity)
    request = world.lago.finalize_request(invoice.lago_id)
    return Preview(
        action="finalize",
        request=str(request),
        irreversible=IRREVERSIBLE,
        subject=_subject(invoice, confirmed),
        lines=tuple(_line(fee, invoice) for fee in sorted(invoice.fees, key=fee_identity)),
        sums=_sums(invoice),
        changes=_changes(invoice, customer, entity, world, closes),
        deductions=_deductions(invoice, confirmed),
        afterwards=AFTERWARDS_CLOSED if closes else AFTERWARDS,
    )


def _subject(invoice: Invoice, confirmed: Confirmed) -> tuple[tuple[str, str], ...]:
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


def _line(fee: Fee, invoice: Invoice) -> Line:
    currency = fee.amount_currency or invoice.currency
    units = show_decimal(fee.units) if fee.units is not None else ""
    return Line(fee_label(fee), units, fee_period(fee, invoice), str(Money(fee.amount_cents, currency)))


def _sums(invoice: Invoice) -> tuple[tuple[str, str], ...]:
    def money(cents: int) -> str:
        return str(Money(cents, invoice.currency))

    rows = [("fees", money(invoice.fees_amount_cents))]
    if invoice.progressive_billing_credit_amount_cents:
        rows.append(("billed before", money(-invoice.progressive_billing_credit_amount_cents)))
    for tax in invoice.applied_taxes or ():
        rate = f" {show_decimal(tax.tax_rate)} %" if tax.tax_rate is not None else ""
        name = tax.tax_name or tax.tax_code or "tax"
        label = name if rate.strip().replace(" ", "") in name.replace(" ", "") else name + rate
        rows.append((label, money(tax.amount_cents)))
    if not invoice.applied_taxes:
        rows.append(("no tax", money(invoice.taxes_amount_cents)))
    rows.append(("total", money(invoice.total_amount_cents)))
    return tuple(rows)


def _changes(
    invoice: Invoice, customer: Customer | None, entity: BillingEntity | None, world: World, closes: bool | None
) -> tuple[Change, ...]:
    if closes:
        why = "there are no fees, and the setting for zero invoices says skip"
        return (Change("status", invoice.status, "closed", "computed", why),)
    if closes is None and invoice.fees_amount_cents == 0:
        status = Change(
            "status", invoice.status, "finalized or closed", "unknown", "the zero-invoice setting is not known"
        )
    elif has_tax_provider(customer or invoice.customer):
        why = "Lago asks the tax provider again and issues the invoice when it answers"
        status = Change("status", invoice.status, "pending, then finalized", "computed", why)
    else:
        status = Change("status", invoice.status, "finalized", "certain")
    issue = issuing_date(invoice, customer, entity, world.clock.now())
    due = payment_due_date(issue.day, customer, entity)
    return (
        status,
        Change("number", invoice.number, "given by Lago", "unknown"),
        Change("issuing date", str(invoice.issuing_date), str(issue.day), issue.certainty, issue.why),
        Change(
            "payment due",
            str(invoice.payment_due_date),
            str(due) if due else "set by Lago",
            "computed" if due else "unknown",
            "the date of issue and the customer's payment term of today" if due else "the payment term is not known",
        ),
        Change(
            "fees, taxes",
            "as above",
            "recomputed by Lago in the same call",
            "computed",
            "the same figures if nothing moves meanwhile; they are compared afterwards",
        ),
    )


def _deductions(invoice: Invoice, confirmed: Confirmed) -> tuple[tuple[str, str], ...]:
    credits = confirmed.of(Credits)
    if credits is None:
        return (("coupons, credit notes, prepaid credits", "not read: how much is not known"),)
    found = may_deduct(invoice, credits)
    if not found:
        return ()
    names = {"coupon": "coupon", "credit_note": "credit note", "wallet": "prepaid credits"}
    rows = [(f"{names[item.kind]} {item.name}".strip(), f"at most {item.at_most}") for item in found]
    rows.append(("total after all of them", f"at least {least_total(invoice, credits)}"))
    return tuple(rows)
