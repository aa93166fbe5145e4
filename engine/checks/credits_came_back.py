"""`credits_came_back`: what a void gives back has come back: coupons can be used again, wallets have their credits. Floor 3.

Passes when the coupons can be used again and the wallets have the prepaid credits, or there was nothing to come back.
Warns when something is missing: another invoice of the customer may have taken it meanwhile, and Lago does not say.
Denies when the consent shows no invoice or no credits, so that nothing can be compared.
Why: It was promised above the consent.

```yaml
- {id: came_back, check: credits_came_back, with: {confirmed: "${consent}", after: "${credits_after}"}}
```

```text
warn  not all that should have come back has
      prepaid credits: 0.00 EUR of 50.00 EUR came back
      coupon ten_off 10.00 EUR: not usable again
      Look in Lago: another invoice of this customer may have taken it
      meanwhile.
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed, warned
from engine.facts import Confirmed
from engine.lago_models import Credits, Invoice
from engine.lago_rules import has_active_wallet
from engine.values import Money


class CreditsCameBack(Params):
    """What was confirmed, and the customer's credits afterwards."""

    confirmed: Confirmed = Field(description="the consent step's result, which shows the invoice and the credits")
    after: Credits = Field(description="the customer's coupons, credit notes and wallets, read after the void")


def judge(params: CreditsCameBack, here: Here) -> Verdict:
    """Compare the wallets' balances and the usable coupons with those before. A shortfall warns: another invoice of the
    same customer may have taken what came back, and Lago does not say which.
    """
    invoice, before = params.confirmed.of(Invoice), params.confirmed.of(Credits)
    if invoice is None or before is None:
        return denied(
            "the consent shows no invoice or no credits, so nothing can be compared", "Name both in the consent step."
        )
    short: list[str] = []
    lines: list[str] = []
    prepaid = invoice.prepaid_credit_amount_cents
    if prepaid and has_active_wallet(invoice, before):
        gain = _balance(params.after, invoice.currency) - _balance(before, invoice.currency)
        told = f"prepaid credits: {invoice.money(gain)} of {invoice.money(prepaid)} came back"
        (lines if gain >= prepaid else short).append(told)
    usable = {one.coupon_code for one in params.after.applied_coupons if one.status == "active"}
    for credit in invoice.credits or ():
        if not credit.before_taxes or credit.item.type != "coupon":
            continue
        amount = Money(credit.amount_cents, credit.amount_currency or invoice.currency)
        is_back = credit.item.code in usable
        told = (
            f"coupon {(credit.item.code or '')[:80]} {amount}: {'can be used again' if is_back else 'not usable again'}"
        )
        (lines if is_back else short).append(told)
    if short:
        return warned(
            "not all that should have come back has",
            "Look in Lago: another invoice of this customer may have taken it meanwhile.",
            *short,
            *lines,
        )
    if lines:
        return passed("coupons and prepaid credits came back", *lines)
    return passed("there was nothing to come back")


def _balance(credits: Credits, currency: str) -> int:
    """The prepaid credits of a currency, in its minor units: what active wallets hold."""
    return sum(one.balance_cents for one in credits.wallets if one.status == "active" and one.currency == currency)


CHECK = Check(name="credits_came_back", title="What comes back has come back", Params=CreditsCameBack, judge=judge)
