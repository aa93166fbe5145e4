"""`lago.get_credits`: read what Lago may deduct when it finalizes: coupons, credit notes, prepaid credits. Floor 3.

Does `GET /applied_coupons`, `GET /credit_notes` and `GET /wallets` of the customer, every page.
Fails with 7 when Lago cannot be reached, refuses the key, or answers with something else.
Why: None of these is on a draft. Lago takes them while it finalizes, so what is issued may be less than the draft's
total, and a person should know by how much at most.

```yaml
- {id: credits, title: What Lago may deduct, step: lago.get_credits, with: {customer: "${customer}"}}
```
"""

from __future__ import annotations

from pydantic import Field

from engine.http.exchange import Fetched
from engine.lago_models import Credits, Customer
from engine.steps.base import Effect, ReadStep, StepParams, World


class Params(StepParams):
    """Whose credits."""

    customer: Customer = Field(description="the customer whose coupons, credit notes and wallets to read")


def read(params: Params, world: World) -> Fetched[Credits]:
    """None of these is on a draft; finalization applies them (`lago.md` 0.2). Raises what `Lago.get_credits` raises."""
    return world.lago.get_credits(params.customer.external_id)


STEP = ReadStep(
    name="lago.get_credits",
    title="What Lago may deduct: coupons, credit notes, prepaid credits",
    effect=Effect.READ,
    Params=Params,
    Fact=Credits,
    read=read,
    beside=True,
)
