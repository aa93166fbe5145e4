"""`customer_matches`: the invoice's customer is the one that was read by itself, and the one expected. Floor 3."""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed
from engine.lago_models import Customer, Invoice


class CustomerMatches(Params):
    """Invoice, customer, and whom one means to bill."""

    invoice: Invoice = Field(description="the invoice, with the customer embedded in it")
    customer: Customer = Field(description="the same customer, read by itself")
    expected: str | None = Field(default=None, description="external id of the customer one means to bill")


def judge(params: CustomerMatches, here: Here) -> Verdict:
    """Deny on any disagreement between the invoice's customer, the customer and the expectation."""
    embedded, customer, invoice = params.invoice.customer, params.customer, params.invoice
    found = []
    if embedded.lago_id != customer.lago_id:
        found.append(f"the invoice is of customer {embedded.lago_id}, the customer read is {customer.lago_id}")
    if embedded.external_id != customer.external_id:
        found.append(f"the invoice says `{embedded.external_id[:80]}`, the customer is `{customer.external_id[:80]}`")
    if customer.currency is not None and customer.currency != invoice.currency:
        found.append(f"the invoice is in {invoice.currency}, the customer pays in {customer.currency}")
    if embedded.name != customer.name:
        found.append("the customer's name on the invoice is another than the customer's own")
    if found:
        return denied(
            "the invoice and its customer do not agree",
            "Open both in Lago. If the customer was just changed, run this again.",
            *found,
        )
    external_id = customer.external_id
    if params.expected is not None and params.expected != external_id:
        return denied(
            f"this invoice is for `{external_id[:80]}`, not for `{params.expected[:80]}`",
            "Choose the right draft with `runbook drafts --customer EXTERNAL_ID`.",
            expected=params.expected[:200],
        )
    as_expected = ", as expected" if params.expected is not None else ""
    return passed(f"the invoice is for `{external_id[:80]}`{as_expected}", external_id=external_id[:200])


CHECK = Check(name="customer_matches", title="The right customer", Params=CustomerMatches, judge=judge)
