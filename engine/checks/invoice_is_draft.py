"""`invoice_is_draft`: only a draft can be finalized; everything else is told in the words of Lago's own screens. Floor 3."""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed
from engine.lago_models import Invoice
from engine.lago_rules import tax_error, ui_status

FIXES = {
    "voided": "A void cannot be taken back and brings no new draft: bill the period by other means.",
    "failed": "Mend what failed, then use `retry` in Lago: the invoice is past its draft and needs no finalizing.",
    "pending": "Lago has accepted a finalization and waits for its tax provider. Look again later.",
    "finalized": "It is issued already: there is nothing to finalize.",
}


class InvoiceIsDraft(Params):
    """The invoice."""

    invoice: Invoice = Field(description="the invoice to be finalized")


def judge(params: InvoiceIsDraft, here: Here) -> Verdict:
    """Pass on `draft`; deny on every other status, known or not."""
    status = params.invoice.status
    if status == "draft":
        return passed(f"the invoice is a draft ({params.invoice.number})", status=status)
    word = ui_status(params.invoice)
    why = tax_error(params.invoice)
    return denied(
        f"the invoice is `{word}`, not a draft" + (f": {why[:200]}" if why else ""),
        FIXES.get(status, "Only a draft can be finalized. Open the invoice in Lago to see what became of it."),
        status=status,
        ui_status=word,
    )


CHECK = Check(name="invoice_is_draft", title="The invoice is a draft", Params=InvoiceIsDraft, judge=judge)
