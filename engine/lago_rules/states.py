"""What an invoice's fields say of its state: taxes on their way, a zero invoice to be closed. Floor 1."""

from __future__ import annotations

from engine.lago_models import BillingEntity, Customer, Invoice
from engine.lago_models.status import tax_error

# `integration_customers[].type` of the tax providers; Avalara's is null, for the serializer has no case for it.
_TAX_PROVIDERS = frozenset({"anrok", "avalara", None})

# How a customer's own setting and a billing entity's truth value say the same thing (`lago.md` 4).
_SKIPS: dict[object, bool] = {"skip": True, "finalize": False, False: True, True: False}


def taxes_missing(invoice: Invoice) -> bool:
    """Whether a tax provider was asked and has not answered: sums without taxes, no error (recording `provider_taxes`).

    The API has no `tax_status`; this is the only sign of it.
    """
    return _lacks_taxes(invoice) and tax_error(invoice) is None


def taxes_to_come(invoice: Invoice) -> bool:
    """Whether a provider's taxes are on their way or were refused: sums with taxes and the total are 0 until then."""
    return _lacks_taxes(invoice)


def _lacks_taxes(invoice: Invoice) -> bool:
    return (
        invoice.sub_total_excluding_taxes_amount_cents > 0
        and invoice.sub_total_including_taxes_amount_cents == 0
        and invoice.total_amount_cents == 0
    )


def has_tax_provider(customer: Customer) -> bool:
    """Whether taxes may come from a provider: Lago then answers `pending` to finalize."""
    return any(item.type in _TAX_PROVIDERS for item in customer.integration_customers or ())


def has_provider_taxes(invoice: Invoice) -> bool:
    """Whether a provider's amounts stand on the invoice, or may: they are not a rate times the fees (`lago.md` 3)."""
    taxes = invoice.applied_taxes or ()
    return has_tax_provider(invoice.customer) or any(tax.lago_tax_id is None for tax in taxes)


def would_close(invoice: Invoice, customer: Customer | None, entity: BillingEntity | None) -> bool | None:
    """Whether finalize would close the invoice instead of issuing it; None when the setting cannot be known.

    Lago tests the fees, not the total, and inherits the setting from the billing entity
    (`Invoices::TransitionToFinalStatusService`, recordings `zero_fees_skipped` and `zero_fees_finalized`).
    """
    if invoice.fees_amount_cents != 0:
        return False
    own = (customer or invoice.customer).finalize_zero_amount_invoice
    if own is not None and own != "inherit":
        return _SKIPS.get(own)
    inherited = entity.finalize_zero_amount_invoice if entity else None
    return _SKIPS.get(inherited) if isinstance(inherited, bool | str) else None
