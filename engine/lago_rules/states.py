"""What an invoice's fields say of its state: taxes on their way, a zero invoice that would be closed, UI words. Floor 1."""

from __future__ import annotations

from collections.abc import Mapping

from engine.lago_models import BillingEntity, Customer, Invoice, ListedInvoice

# `integration_customers[].type` of the tax providers; Avalara's is null, for the serializer has no case for it.
_TAX_PROVIDERS = frozenset({"anrok", "avalara", None})

_OWN_WORD = frozenset({"draft", "voided", "pending", "closed", "failed", "deleted", "open", "generating"})


def taxes_missing(invoice: Invoice) -> bool:
    """Whether a tax provider was asked and has not answered: sums without taxes, no error (recording `provider_taxes`).

    The API has no `tax_status`; this is the only sign of it.
    """
    return (
        invoice.sub_total_excluding_taxes_amount_cents > 0
        and invoice.sub_total_including_taxes_amount_cents == 0
        and invoice.total_amount_cents == 0
        and tax_error(invoice) is None
    )


def tax_error(invoice: Invoice) -> str | None:
    """Why the tax provider refused (recording `draft_taxes_failed`), or None."""
    for detail in invoice.error_details:
        if detail.error_code == "tax_error":
            said = detail.details if isinstance(detail.details, Mapping) else {}
            words = [str(said[key]) for key in ("tax_error", "tax_error_message") if said.get(key)]
            return ": ".join(dict.fromkeys(words)) or "tax_error"
    return None


def has_tax_provider(customer: Customer) -> bool:
    """Whether taxes may come from a provider: Lago then answers `pending` to finalize."""
    return any(item.type in _TAX_PROVIDERS for item in customer.integration_customers)


def would_close(invoice: Invoice, customer: Customer | None, entity: BillingEntity | None) -> bool | None:
    """Whether finalize would close the invoice instead of issuing it; None when the setting cannot be known.

    Lago tests the fees, not the total, and inherits the setting from the billing entity
    (`Invoices::TransitionToFinalStatusService`, recordings `zero_fees_skipped` and `zero_fees_finalized`).
    """
    if invoice.fees_amount_cents != 0:
        return False
    own = (customer or invoice.customer).finalize_zero_amount_invoice
    if own in ("skip", "finalize"):
        return own == "skip"
    if entity is None or entity.finalize_zero_amount_invoice is None:
        return None
    return not entity.finalize_zero_amount_invoice


def ui_status(invoice: ListedInvoice) -> str:
    """The word a person reads for an invoice's state (`docs/output.md`)."""
    if invoice.status == "failed" and isinstance(invoice, Invoice) and tax_error(invoice) is not None:
        return "failed (taxes)"
    if invoice.status in _OWN_WORD or invoice.status != "finalized":
        return invoice.status
    if invoice.payment_status == "succeeded":
        return "paid"
    if invoice.payment_status == "failed":
        return "payment failed"
    return "overdue" if invoice.payment_overdue else "finalized"
