"""`void_gives_back`: what the invoice took from its customer, and what of it a void returns. Floor 3.

Passes when everything that the invoice took comes back, coupons and prepaid credits, or it took nothing; each is a line.
Warns when something does not: consumed credit notes, a payment, prepaid credits whose wallet is no longer active.
Denies never.
Why: A void looks like an undo and is none. What it keeps is easier to make up for when it is known before.

```yaml
- {id: gives_back, check: void_gives_back, with: {invoice: "${invoice}", credits: "${credits}"}}
```

```text
warn  not everything comes back: credit notes 27.72 EUR
      credit notes 27.72 EUR: NOT back, what was consumed of them stays
      consumed
      Make up for it by other means, if it is owed.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, passed, warned
from engine.lago_models import Credits, Invoice
from engine.lago_rules import gives_back


class VoidGivesBack(Params):
    """The invoice and the customer's credits."""

    invoice: Invoice = Field(description="the invoice to be voided")
    credits: Credits = Field(description="the customer's coupons, credit notes and wallets as they are now")


def judge(params: VoidGivesBack, here: Here) -> Verdict:
    """Warn when something that was taken does not return: consumed credit notes, a payment, credits without a wallet."""
    found = gives_back(params.invoice, params.credits)
    lines = [f"{one.what} {one.amount}: {'back' if one.comes_back else 'NOT back'}, {one.why}" for one in found]
    lost = [one for one in found if not one.comes_back]
    seen = {one.what.replace(" ", "_"): {"amount": one.amount, "comes_back": one.comes_back} for one in found}
    if lost:
        told = ", ".join(f"{one.what} {one.amount}" for one in lost)
        return warned(
            f"not everything comes back: {told}", "Make up for it by other means, if it is owed.", *lines, **seen
        )
    if found:
        told = ", ".join(f"{one.what} {one.amount}" for one in found)
        return passed(f"what it took comes back: {told}", *lines, **seen)
    return passed("it took no coupon, credit note or prepaid credit, and nobody has paid it")


CHECK = Check(name="void_gives_back", title="What a void gives back", Params=VoidGivesBack, judge=judge)
