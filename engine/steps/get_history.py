"""`lago.get_history`: read what the customer was billed before: the last six finalized invoices. Floor 3.

Does `GET /invoices` of the customer with `status[]=finalized`, every page, once a run; keeps those of the invoice's own
currency and type.
Fails with 7 when Lago cannot be reached, refuses the key, or answers with something else.
Why: An invoice that is nine times what this customer usually gets adds up just as well as any other. Only the ones
before it show that something is odd.

```yaml
- {id: history, title: What the customer was billed before, step: lago.get_history, with: {invoice: "${draft}"}}
```
"""

from __future__ import annotations

from pydantic import Field

from engine.http.exchange import Fetched
from engine.lago_models import Invoice, InvoiceHistory
from engine.steps.base import Effect, ReadStep, StepParams, World


class Params(StepParams):
    """Before which invoice."""

    invoice: Invoice = Field(description="the invoice whose customer, currency and type are meant")


def read(params: Params, world: World) -> Fetched[InvoiceHistory]:
    """The finalized invoices before this one. Raises what `Lago.past_invoices` raises."""
    listed = world.lago.past_invoices(params.invoice.customer.external_id)
    history = InvoiceHistory.before(params.invoice, listed.value)
    return Fetched(history, listed.requests, listed.at, listed.seconds)


STEP = ReadStep(
    name="lago.get_history",
    title="What the customer was billed before",
    effect=Effect.READ,
    Params=Params,
    Fact=InvoiceHistory,
    read=read,
    repeats=False,
    beside=True,
)
