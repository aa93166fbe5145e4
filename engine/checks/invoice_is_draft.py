"""`invoice_is_draft`: only a subscription's draft can be finalized; the rest is told in the words of a screen. Floor 3.

Passes when its status is `draft` and its type is `subscription`.
Warns never.
Denies on any other status, in [the words of Lago's screens](output.md), each with a fix of its own: voided, failed
(with the tax provider's code), pending, finalized, closed, deleted; and on a draft of another type. A status that no
version has yet denies too.
Why: Lago answers 404 to a finalize of anything but a draft and 403 of a draft that no subscription made, without saying
which it was. An invoice that turns out to be finalized ends the run with 0 before any check.

```yaml
- {id: is_draft, check: invoice_is_draft, with: {invoice: "${draft}"}}
```

```text
DENY  the invoice is `voided`, not a draft
      A void cannot be taken back and brings no new draft: bill the period
      by other means.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed
from engine.lago_models import Invoice
from engine.lago_rules import tax_error, ui_status

FIXES = {
    "finalized": "It is issued already: there is nothing to finalize.",
    "voided": "A void cannot be taken back and brings no new draft: bill the period by other means.",
    "failed": "Mend what failed, then use `retry` in Lago: the invoice is past its draft and needs no finalizing.",
    "pending": "Lago has accepted a finalization and waits for an answer on its taxes. Do not send another; look later.",
    "closed": "Lago has closed it because it bills nothing: it gets no number, and there is nothing to finalize.",
    "deleted": "Somebody deleted the draft. Choose another with `runbook drafts`.",
    "generating": "Lago is still making it. Wait until it reads `draft`, then run this again.",
}
ELSE = "Only a draft can be finalized. Open the invoice in Lago to see what became of it."


class InvoiceIsDraft(Params):
    """The invoice."""

    invoice: Invoice = Field(description="the invoice to be finalized")


def judge(params: InvoiceIsDraft, here: Here) -> Verdict:
    """Pass on a subscription's draft; deny on every other status, known or not, and on every other type.

    Lago answers 404 to a finalize of anything that is no draft, and 403 of a draft that no subscription made (since
    v1.37, `lago.md` 2): both would look like a riddle later.
    """
    invoice, status = params.invoice, params.invoice.status
    if status != "draft":
        word = ui_status(invoice)[:40]
        code = tax_error(invoice)
        return denied(
            f"the invoice is `{word}`, not a draft" + (f" (the tax provider said `{code}`)" if code else ""),
            FIXES.get(status, ELSE),
            status=status[:40],
            ui_status=word,
        )
    if invoice.invoice_type != "subscription":
        return denied(
            f"it is a draft of type `{invoice.invoice_type[:40]}`: Lago finalizes only those of subscriptions",
            "An invoice of another type is issued by Lago itself. Open it in Lago.",
            invoice_type=invoice.invoice_type[:40],
        )
    return passed(f"the invoice is a draft ({invoice.number[:80]})", status=status)


CHECK = Check(name="invoice_is_draft", title="The invoice is a draft", Params=InvoiceIsDraft, judge=judge)
