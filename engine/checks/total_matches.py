"""`total_matches`: the total is the one that the operator expects. Floor 3.

Passes when the total is the expected one to the cent, or none is expected.
Warns never.
Denies when it is more, less, or in another currency, and shows the flag with the total as it is now.
Why: It ties the run to the figure that was reviewed. The total is that of the draft, before the coupons, credit notes
and prepaid credits that Lago takes only when it finalizes.

```yaml
- {id: right_total, check: total_matches, with: {invoice: "${refreshed}", expected: "${inputs.total}"}}
```

```text
DENY  the total is 1,040.89 EUR, 738.00 EUR more than the expected
      302.89 EUR
      Find out why it differs. If it is right after all: --total '1040.89
      EUR'
```
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Verdict, denied, passed
from engine.checks.base import Params as CheckParams
from engine.lago_models import Invoice
from engine.values import Money


class Params(CheckParams):
    """Which invoice, and what its total should be."""

    invoice: Invoice = Field(description="the invoice, after the refresh")
    expected: Money | None = Field(default=None, description="the total before what Lago deducts at finalization")


def judge(params: Params, here: Here) -> Verdict:
    """Deny when another total or currency was expected. Without an expectation there is nothing to compare."""
    total, expected = params.invoice.total, params.expected
    if expected is None:
        return passed(f"no total was given to compare with; it is {total}", total=total)
    if expected.currency != total.currency:
        return denied(
            f"{expected} was expected, but the invoice is in {total.currency}: its total is {total}",
            f"If this is the right invoice, give its total: --total {total.plain!r}",
            total=total,
            expected=expected,
        )
    if expected.cents != total.cents:
        gap = total - expected
        off = f"{gap} more" if gap.cents > 0 else f"{Money(-gap.cents, gap.currency)} less"
        return denied(
            f"the total is {total}, {off} than the expected {expected}",
            f"Find out why it differs. If it is right after all: --total {total.plain!r}",
            total=total,
            expected=expected,
        )
    return passed(f"the total is {total}, as expected", total=total, expected=expected)


CHECK = Check(
    name="total_matches", title="The total is the expected one", Params=Params, judge=judge, waits_for_write=True
)
