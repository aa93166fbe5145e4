"""`customer_matches`: the invoice's customer is the one that was read by itself, and the one expected. Floor 3.

Passes when the customer embedded in the invoice and the one read by itself agree, and are the expected one if one is
expected, letter for letter.
Warns when the name differs, or the invoice is of another billing entity than the customer now is.
Denies when the ids, the currency or the billing entity of the two differ, or another customer was expected; it names
both.
Why: Drafts carry no number of their own. Billing the wrong customer is the one mistake that no total reveals.

```yaml
- id: right_customer
  check: customer_matches
  with: {invoice: "${refreshed}", customer: "${customer}", expected: "${inputs.customer}"}
```

```text
DENY  this invoice is for `cus_hooli`, not for `cus_initech`
      Choose the right draft with `runbook drafts --customer EXTERNAL_ID`.
```
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed, warned
from engine.lago_models import Customer, Invoice


class CustomerMatches(Params):
    """Invoice, customer, and whom one means to bill."""

    invoice: Invoice = Field(description="the invoice, with the customer embedded in it")
    customer: Customer = Field(description="the same customer, read by itself")
    expected: str | None = Field(default=None, description="external id of the customer one means to bill")


def judge(params: CustomerMatches, here: Here) -> Verdict:
    """Deny when the ids, the currency or the expectation disagree; warn when a name or a billing entity does.

    What an invoice embeds of its customer is live (`lago.md` 4), so the two can differ only when somebody changes the
    customer between two reads, or when two servers answered. A name is no identity: it may change freely.
    """
    external_id, expected = params.customer.external_id, params.expected
    wrong = list(_disagreements(params.invoice, params.customer))
    seen = {"external_id": external_id[:200], "expected": expected and expected[:200]}
    if expected is not None and expected != external_id:
        return denied(
            f"this invoice is for `{external_id[:80]}`, not for `{expected[:80]}`",
            "Choose the right draft with `runbook drafts --customer EXTERNAL_ID`.",
            *wrong,
            **seen,
        )
    if wrong:
        return denied(
            "the invoice and its customer do not agree",
            "Open both in Lago. If the customer was just changed, run this again.",
            *wrong,
            **seen,
        )
    message = f"the invoice is for `{external_id[:80]}`{', as expected' if expected is not None else ''}"
    doubts = list(_doubts(params.invoice, params.customer))
    if doubts:
        return warned(
            f"{message}, with a doubt",
            "Look at the customer and the invoice in Lago before you confirm.",
            *doubts,
            **seen,
        )
    return passed(message, **seen)


def _disagreements(invoice: Invoice, customer: Customer) -> Iterator[str]:
    embedded = invoice.customer
    if embedded.lago_id.lower() != customer.lago_id.lower():
        yield f"id: the invoice says {embedded.lago_id[:80]}, the customer is {customer.lago_id[:80]}"
    if embedded.external_id != customer.external_id:
        yield f"external id: the invoice says `{embedded.external_id[:80]}`, the customer is `{customer.external_id[:80]}`"
    if customer.currency is not None and customer.currency != invoice.currency:
        yield f"currency: the invoice is in {invoice.currency[:10]}, the customer is billed in {customer.currency[:10]}"
    mine, own = embedded.billing_entity_code, customer.billing_entity_code
    if mine is not None and own is not None and mine != own:
        yield f"billing entity: the invoice's customer says `{mine[:80]}`, the customer is of `{own[:80]}`"


def _doubts(invoice: Invoice, customer: Customer) -> Iterator[str]:
    if invoice.customer.name != customer.name:
        yield "name: the customer was renamed between two reads"
    own = customer.billing_entity_code
    # The invoice keeps the entity that it was made by; the customer may have moved to another one since.
    if invoice.billing_entity_code and own is not None and invoice.billing_entity_code != own:
        yield f"billing entity: the invoice is of `{invoice.billing_entity_code[:80]}`, the customer now of `{own[:80]}`"


CHECK = Check(name="customer_matches", title="The right customer", Params=CustomerMatches, judge=judge)
