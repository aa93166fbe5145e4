"""The word that a person reads for an invoice's state, from its own fields. Floor 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.lago_models.invoices import Invoice
    from engine.lago_models.outcomes import ListedInvoice


def tax_error(invoice: Invoice | ListedInvoice) -> str | None:
    """The code of the tax provider's refusal (recording `draft_taxes_failed`), or None; a list does not show it.

    Never its message: that is the provider's own text, may quote an address, and would stand in the journal.
    """
    for detail in getattr(invoice, "error_details", None) or ():
        if getattr(detail, "error_code", None) == "tax_error":
            said = detail.details if isinstance(detail.details, Mapping) else {}
            return str(said.get("tax_error") or "tax_error")[:80]
    return None


def ui_status(invoice: Invoice | ListedInvoice) -> str:
    """The word a person reads for an invoice's state (`docs/output.md`, "UI status")."""
    if invoice.status == "failed" and tax_error(invoice) is not None:
        return "failed (taxes)"
    if invoice.status != "finalized":
        return invoice.status
    if invoice.payment_status == "succeeded":
        return "paid"
    if invoice.payment_status == "failed":
        return "payment failed"
    return "overdue" if invoice.payment_overdue else "finalized"
