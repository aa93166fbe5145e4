"""`totals_add_up`: every sum of the invoice follows from its fees, with the rounding that Lago does. Floor 3.

Passes when every formula holds from the fees up, within the roundings that Lago is known to make. A provider's taxes
are added up and not computed again; while they are away, the sums before taxes must hold.
Warns never.
Denies when a formula fails or an amount is in another currency than the invoice; each is a line.
Why: A fee that was lost, or a total that nobody can derive, is easier to mend on a draft.

```yaml
- {id: right_sums, check: totals_add_up, with: {invoice: "${refreshed}"}}
```

```text
DENY  the sums do not add up: 1 thing is wrong
      total = total with taxes - credit notes - prepaid credits: 636.05
      EUR is not 636.04 EUR, 0.01 EUR off
      Do not finalize it. Refresh the draft in Lago; if the sums stay
      wrong, report them to Lago.
```
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from engine.checks.base import Check, Here, Verdict, denied, passed
from engine.checks.base import Params as CheckParams
from engine.lago_models import Invoice
from engine.lago_rules import exact_taxes, fee_name, formulas, has_provider_taxes, taxes_to_come


class Params(CheckParams):
    """Which invoice."""

    invoice: Invoice = Field(description="the invoice whose sums to check")


def judge(params: Params, here: Here) -> Verdict:
    """Deny when one formula of `lago.md` 3 fails or an amount is in another currency; each failure is a line."""
    invoice = params.invoice
    tried = formulas(invoice)
    wrong = [formula.told(invoice.currency) for formula in tried if not formula.holds]
    strange = list(_other_currencies(invoice))
    if wrong or strange:
        count = len(wrong) + len(strange)
        return denied(
            f"the sums do not add up: {count} {'thing is' if count == 1 else 'things are'} wrong",
            "Do not finalize it. Refresh the draft in Lago; if the sums stay wrong, report them to Lago.",
            *wrong,
            *strange,
            formulas_tried=len(tried),
            formulas_failed=len(wrong),
        )
    fees = f"{len(invoice.fees)} {'fee' if len(invoice.fees) == 1 else 'fees'}"
    known = f"{fees} of {invoice.money(invoice.fees_amount_cents)}"
    if taxes_to_come(invoice):
        return passed(f"{known} add up; taxes are not there yet", formulas_tried=len(tried))
    return passed(
        f"{known}, {invoice.money(invoice.taxes_amount_cents)} taxes{_recomputed(invoice)}: "
        f"{invoice.total}; all {len(tried)} formulas hold",
        formulas_tried=len(tried),
    )


def _recomputed(invoice: Invoice) -> str:
    if not invoice.taxes_amount_cents:
        return ""
    if has_provider_taxes(invoice):
        return " (the tax provider's, not computed again)"
    return "" if exact_taxes(invoice) is not None else " (this server does not say enough to compute them again)"


def _other_currencies(invoice: Invoice) -> Iterator[str]:
    own = invoice.currency
    for fee in invoice.fees:
        if fee.amount_currency not in (None, own):
            yield f"{fee_name(fee, invoice)} is in {fee.amount_currency}, the invoice in {own}"
    for tax in invoice.applied_taxes or ():
        if tax.amount_currency not in (None, own):
            yield f"the tax {tax.tax_code} is in {tax.amount_currency}, the invoice in {own}"
    for credit in invoice.credits or ():
        if credit.amount_currency not in (None, own):
            yield f"the credit {credit.item.code} is in {credit.amount_currency}, the invoice in {own}"


CHECK = Check(name="totals_add_up", title="The sums add up from the fees", Params=Params, judge=judge)
