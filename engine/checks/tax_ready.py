"""`tax_ready`: the taxes are on the draft; a tax provider has answered and did not refuse. Floor 3.

Passes when the taxes are there, or none applies.
Warns when the tax provider refused and the refresh, which asks it again, is still to come.
Denies when the provider has not answered within the deadline, or refused after the refresh.
Why: While a provider is asked, a draft's total reads 0 and its fees do not. Lago finalizes a draft whose taxes failed,
and the invoice fails.

```yaml
- {id: taxes, check: tax_ready, with: {invoice: "${refreshed}"}}
```

```text
DENY  the tax provider refused: taxDateTooFarInFuture
      Mend what it names, at the provider or in the customer's data in
      Lago, then run this again.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Verdict, denied, passed, warned
from engine.checks.base import Params as CheckParams
from engine.lago_models import AppliedTax, Invoice
from engine.lago_rules import has_provider_taxes, tax_error, taxes_missing
from engine.values import show_decimal


class Params(CheckParams):
    """Which invoice."""

    invoice: Invoice = Field(description="the invoice whose taxes must be there")


def judge(params: Params, here: Here) -> Verdict:
    """Deny while taxes are missing, or were refused.

    Before the refresh a refusal only warns: the refresh asks the provider again and discards the error
    (`lago.md` 2.3, recording `draft_taxes_failed`).
    """
    invoice = params.invoice
    error = tax_error(invoice)
    if error is not None:
        if here.is_preflight:
            return warned(
                f"the tax provider refused: {error}; the refresh asks it again",
                "If it refuses again, mend what it names in Lago or at the provider.",
                tax_error=error,
            )
        return denied(
            f"the tax provider refused: {error}",
            "Mend what it names, at the provider or in the customer's data in Lago, then run this again.",
            tax_error=error,
        )
    if taxes_missing(invoice):
        fees = invoice.money(invoice.sub_total_excluding_taxes_amount_cents)
        return denied(
            f"the taxes on {fees} are not there yet: the tax provider has not answered",
            "Wait until Lago shows them (webhook `invoice.ready_to_finalize`), then run this again.",
        )
    taxes = invoice.applied_taxes or ()
    who = "by the tax provider" if has_provider_taxes(invoice) else "by Lago"
    if taxes:
        named = ", ".join(_tax(tax, invoice) for tax in taxes)
        return passed(f"taxes are there, computed {who}: {named}", taxes_amount_cents=invoice.taxes_amount_cents)
    if invoice.taxes_amount_cents:
        amount = invoice.money(invoice.taxes_amount_cents)
        return passed(f"taxes are there: {amount}", taxes_amount_cents=invoice.taxes_amount_cents)
    return passed("no tax applies to this invoice", taxes_amount_cents=0)


def _tax(tax: AppliedTax, invoice: Invoice) -> str:
    rate = f" {show_decimal(tax.tax_rate)} %" if tax.tax_rate is not None else ""
    return f"{tax.tax_code or tax.tax_name or 'tax'}{rate} {invoice.money(tax.amount_cents)}"


CHECK = Check(name="tax_ready", title="The taxes are there", Params=Params, judge=judge)
