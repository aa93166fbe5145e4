"""`invoice_is_voidable`: only a finalized invoice can be voided; the rest is told in the words of a screen. Floor 3.

Passes when its status is `finalized`.
Warns when it is paid, in whole or in part: a void pays nothing back.
Denies on any other status, with a fix of its own for each; on one that no version has yet too.
Why: Lago answers 405 to a void of anything else, without saying what it is. An invoice that turns out to be voided ends
the run with 0 before any check.

```yaml
- {id: voidable, check: invoice_is_voidable, with: {invoice: "${invoice}"}}
```

```text
DENY  the invoice is `draft`, not finalized
      A draft is not issued yet. Delete it in Lago, or mend it and let it
      be refreshed.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed, warned
from engine.lago_models import Invoice
from engine.lago_rules import is_paid, ui_status

FIXES = {
    "draft": "A draft is not issued yet. Delete it in Lago, or mend it and let it be refreshed.",
    "voided": "It is voided already: there is nothing to do.",
    "pending": "Lago waits for an answer on its taxes. Wait until it reads `finalized` or `failed`.",
    "failed": "It was never issued: mend what failed and use `retry` in Lago.",
}
ELSE = "Only a finalized invoice can be voided. Open it in Lago to see what became of it."


class InvoiceIsVoidable(Params):
    """The invoice."""

    invoice: Invoice = Field(description="the invoice to be voided")


def judge(params: InvoiceIsVoidable, here: Here) -> Verdict:
    """Pass on a finalized invoice, warn when it is paid, deny on every other status, known or not.

    Lago answers 405 `not_voidable` to a void of anything else (recording `voided`). Since v1.32 a paid invoice can be
    voided too, and nothing is paid back by that (`lago.md` 5).
    """
    invoice, word = params.invoice, ui_status(params.invoice)[:40]
    if invoice.status != "finalized":
        return denied(
            f"the invoice is `{word}`, not finalized",
            FIXES.get(invoice.status, ELSE),
            status=invoice.status[:40],
            ui_status=word,
        )
    if is_paid(invoice):
        return warned(
            f"{invoice.number[:80]} is paid, and a void pays nothing back",
            "Refund it by other means, or credit it with a credit note instead of a void.",
            ui_status=word,
        )
    return passed(f"{invoice.number[:80]} is `{word}` and can be voided", ui_status=word)


CHECK = Check(name="invoice_is_voidable", title="The invoice can be voided", Params=InvoiceIsVoidable, judge=judge)
