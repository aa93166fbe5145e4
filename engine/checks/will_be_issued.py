"""`will_be_issued`: Lago would issue this invoice, and not close it away because it bills nothing. Floor 3.

Passes when it bills anything: its fees are not zero.
Warns when it is a zero invoice that Lago will issue, or one that it may close and that is accepted.
Denies when it is a zero invoice that Lago would close, or the setting that decides cannot be known; and on a type of
invoice that Lago does not finalize this way.
Why: A closed invoice has no number and no document, and stands in no list from then on. What decides is whether the
fees are zero, not the total.

```yaml
- id: will_be_issued
  check: will_be_issued
  with: {invoice: "${refreshed}", customer: "${customer}", entity: "${entity}", accept_closed: false}
```

```text
warn  this is a zero invoice, and the setting says skip: Lago would close
      it, not issue it; that is accepted
      If it is closed, it gets no number and no document, and Lago shows
      it nowhere any more.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Verdict, denied, passed, warned
from engine.checks.base import Params as CheckParams
from engine.lago_models import BillingEntity, Customer, Invoice
from engine.lago_rules import has_tax_provider, would_close

_GONE = "it gets no number and no document, and Lago shows it nowhere any more"


class Params(CheckParams):
    """Which invoice, whose settings decide, and whether closing is accepted."""

    invoice: Invoice = Field(description="the invoice, after the refresh")
    customer: Customer | None = Field(default=None, description="its customer, whose setting for zero invoices counts")
    entity: BillingEntity | None = Field(default=None, description="the billing entity, which a customer inherits from")
    accept_closed: bool = Field(default=False, description="go on although Lago would close the invoice")


def judge(params: Params, here: Here) -> Verdict:
    """Deny when Lago refuses this type of invoice, or would close it; the latter can be accepted and then warns.

    What counts is that the fees are zero, not the total (`lago.md` 2.11). A setting that cannot be known counts as
    one that closes.
    """
    invoice = params.invoice
    if invoice.invoice_type != "subscription":
        return denied(
            f"this is a `{invoice.invoice_type}` invoice: Lago finalizes only `subscription` invoices this way",
            "Such an invoice is issued when it is made, or by Lago itself: there is nothing to finalize.",
            invoice_type=invoice.invoice_type,
        )
    closes = would_close(invoice, params.customer, params.entity)
    seen = {"fees_amount_cents": invoice.fees_amount_cents, "would_close": closes}
    if closes is False:
        if invoice.fees_amount_cents == 0:
            return warned(
                f"this is a zero invoice: it is issued, with a number, for {invoice.total}",
                "If nobody should get an invoice over nothing, set `finalize_zero_amount_invoice` in Lago to skip.",
                **seen,
            )
        how = (
            ", once the tax provider has answered again"
            if has_tax_provider(params.customer or invoice.customer)
            else ""
        )
        return passed(f"Lago will issue it{how}", **seen)
    if closes:
        what = "this is a zero invoice, and the setting says skip: Lago would close it, not issue it"
    else:
        what = "this is a zero invoice, and the setting that decides is not known: Lago may close it, not issue it"
    if params.accept_closed:
        return warned(f"{what}; that is accepted", f"If it is closed, {_GONE}.", **seen)
    return denied(
        f"{what}; {_GONE}",
        "Leave it, or set `finalize_zero_amount_invoice` to finalize in Lago. To close it anyway: --accept-closed",
        **seen,
    )


CHECK = Check(name="will_be_issued", title="Lago will issue it", Params=Params, judge=judge)
