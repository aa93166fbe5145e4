"""`lago.get_billing_entity`: read the settings that a customer inherits where its own are null. Floor 3.

Does `GET /billing_entities/:code`; unknown settings where a server has none.
Fails with 7 when Lago cannot be reached, refuses the key, or answers with something else.
Why: Whether a zero invoice is issued and on which day an invoice is dated is set here where the customer says nothing
of its own.

```yaml
- {id: entity, title: The billing entity's settings, step: lago.get_billing_entity, with: {invoice: "${draft}"}}
```
"""

from __future__ import annotations

from pydantic import Field

from engine.http.exchange import Fetched
from engine.lago_models import BillingEntity, Invoice
from engine.steps.base import Effect, ReadStep, StepParams, World


class Params(StepParams):
    """Whose billing entity."""

    invoice: Invoice = Field(description="the invoice whose billing entity to read")


def read(params: Params, world: World) -> Fetched[BillingEntity]:
    """`GET /billing_entities/:code`: zero-invoice rule, payment term, time zone, date of issue (`lago.md` 4).

    Raises what `Lago.get_billing_entity` raises.
    """
    return world.lago.get_billing_entity(params.invoice.billing_entity_code)


STEP = ReadStep(
    name="lago.get_billing_entity",
    title="The billing entity's settings",
    effect=Effect.READ,
    Params=Params,
    Fact=BillingEntity,
    read=read,
    beside=True,
)
