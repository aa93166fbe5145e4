"""`lago.get_subscriptions`: read the subscriptions that an invoice bills, terminated ones too. Floor 3.

Does `GET /subscriptions` of every status; one that the list lacks, singly.
Fails with 7 when Lago cannot be reached, refuses the key, or answers with something else. A subscription that Lago does
not show at all is left out.
Why: A draft may bill a subscription that has ended since. Plan, status and dates are part of what is confirmed.

```yaml
- {id: subscriptions, title: Open its subscriptions, step: lago.get_subscriptions, with: {invoice: "${draft}"}}
```
"""

from __future__ import annotations

from pydantic import Field

from engine.http.exchange import Fetched
from engine.lago_models import Invoice, Subscriptions
from engine.steps.base import Effect, ReadStep, StepParams, World


class Params(StepParams):
    """Whose subscriptions."""

    invoice: Invoice = Field(description="the invoice whose subscriptions to read")


def read(params: Params, world: World) -> Fetched[Subscriptions]:
    """Read the customer's subscriptions of every status; one that the invoice bills and the list lacks, singly.

    Raises what `Lago.get_subscriptions` raises.
    """
    invoice = params.invoice
    wanted = tuple(dict.fromkeys(item.external_id for item in invoice.subscriptions or ()))
    return world.lago.get_subscriptions(invoice.customer.external_id, wanted)


STEP = ReadStep(
    name="lago.get_subscriptions",
    title="Open its subscriptions",
    effect=Effect.READ,
    Params=Params,
    Fact=Subscriptions,
    read=read,
    beside=True,
)
