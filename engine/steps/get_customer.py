"""`lago.get_customer`: read the customer of an invoice, with its own taxes and settings. Floor 3.

Does `GET /customers/:external_id`.
Fails with 4 when there is no such customer, and with 7 when Lago cannot be reached, refuses the key, or answers with
something else.
Why: The invoice carries a customer of its own, as it was when the draft was made. What decides over time zone, payment
term, taxes and zero invoices is the customer as it is now.

```yaml
- {id: customer, title: Open the customer, step: lago.get_customer, with: {invoice: "${draft}"}}
```
"""

from __future__ import annotations

from pydantic import Field

from engine.http.exchange import Fetched
from engine.lago_models import Customer, Invoice
from engine.steps.base import Effect, ReadStep, StepParams, World


class Params(StepParams):
    """Whose customer."""

    invoice: Invoice = Field(description="the invoice whose customer to read")


def read(params: Params, world: World) -> Fetched[Customer]:
    """`GET /customers/:external_id`. Raises what `Lago.get_customer` raises."""
    return world.lago.get_customer(params.invoice.customer.external_id)


STEP = ReadStep(
    name="lago.get_customer",
    title="Open the customer",
    effect=Effect.READ,
    Params=Params,
    Fact=Customer,
    read=read,
    beside=True,
)
