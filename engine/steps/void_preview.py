"""What voiding would do, as values to consent to: what changes, what comes back and what does not. Floor 3."""

from __future__ import annotations

from engine.events import Change, Preview
from engine.facts import Confirmed
from engine.lago_models import Credits
from engine.lago_rules import gives_back
from engine.steps.base import World
from engine.steps.invoice_preview import lines_of, subject_of, sums_of
from engine.steps.on_invoices import invoice_of

IRREVERSIBLE = "ONE WAY. A void cannot be taken back, and no new draft comes of it."

# What Lago does once an invoice is voided (`Invoices::VoidService`, after commit).
AFTERWARDS = (
    "a webhook `invoice.voided`; a tax provider is asked to void its record, where there is one",
    "no mail, no credit note, no refund: whoever was billed hears of it from you",
)


def preview(confirmed: Confirmed, world: World) -> Preview:
    """The whole preview, from the facts that the consent shows."""
    invoice = invoice_of(confirmed)
    due = invoice.total_due_amount_cents
    changes = [
        Change("status", invoice.status, "voided", "certain"),
        Change("number", invoice.number, invoice.number, "certain", "it stays used; no other invoice gets it"),
    ]
    if invoice.billing_periods:
        why = "Lago makes no new draft of it: bill it by other means"
        changes.append(Change("period", "billed", "not billed", "certain", why))
    if due:
        changes.insert(1, Change("total due", str(invoice.money(due)), str(invoice.money(0)), "certain"))
    return Preview(
        action="void",
        request=str(world.lago.void_request(invoice.lago_id)),
        irreversible=IRREVERSIBLE,
        subject=subject_of(invoice, confirmed),
        lines=lines_of(invoice),
        sums=sums_of(invoice),
        changes=tuple(changes),
        deductions=None,
        afterwards=AFTERWARDS,
        restored=tuple(
            (f"{one.what} {one.amount}", f"{'comes back' if one.comes_back else 'does NOT come back'}: {one.why}")
            for one in gives_back(invoice, confirmed.of(Credits))
        ),
    )
