"""What finalizing would do, as values to consent to: every line, every sum, what changes and how sure that is. Floor 3."""

from __future__ import annotations

from engine.events import Change, Preview
from engine.facts import Confirmed
from engine.lago_models import BillingEntity, Credits, Customer, Invoice
from engine.lago_rules import (
    has_tax_provider,
    issuing_date,
    least_total,
    may_deduct,
    payment_due_date,
    would_close,
)
from engine.steps.base import World
from engine.steps.invoice_preview import lines_of, subject_of, sums_of

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
        subject=subject_of(invoice, confirmed),
        lines=lines_of(invoice),
        sums=sums_of(invoice),
        changes=_changes(invoice, customer, entity, world, closes),
        deductions=_deductions(invoice, confirmed),
        afterwards=AFTERWARDS_CLOSED if closes else AFTERWARDS,
    )


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
