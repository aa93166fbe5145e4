"""`lago.get_invoice`: read one invoice; a draft whose taxes are on their way is waited for, by reading. Floor 3.

Does `GET /invoices/:id`; a draft whose taxes are on their way is read again until they are there or their deadline is
over.
Fails with 4 when there is no such invoice, and with 7 when Lago cannot be reached, refuses the key, or answers with
something else.
Why: Everything else rests on this read. Taxes that are missing are waited for by reading and never by a refresh, which
would ask the tax provider anew.

```yaml
- {id: draft, title: Open the draft invoice, step: lago.get_invoice, with: {invoice: "${inputs.invoice}"}}
```
"""

from __future__ import annotations

from pydantic import Field

from engine.http.exchange import Fetched
from engine.lago_models import Invoice
from engine.lago_rules import taxes_missing
from engine.steps.base import Effect, ReadStep, StepParams, World


class Params(StepParams):
    """Which invoice."""

    invoice: str | Invoice = Field(description="the invoice's Lago id, or an invoice that was read before")


def lago_id(invoice: str | Invoice) -> str:
    """The id of an invoice that is given by itself or by its id."""
    return invoice.lago_id if isinstance(invoice, Invoice) else invoice


def read(params: Params, world: World) -> Fetched[Invoice]:
    """Read it; while a draft's taxes are missing, read it again until the deadline for taxes.

    Taxes missing is the only sign in the API that a provider was asked and has not answered (`lago.md` 2.3,
    recordings `draft_taxes_pending` and `provider_taxes`). It never refreshes: that would ask the provider anew.
    Raises what `Lago.get_invoice` raises; a deadline that passes is no error, the check `tax_ready` judges it.
    """
    fetched = world.lago.get_invoice(lago_id(params.invoice))
    started = world.clock.monotonic()
    while fetched.value.status == "draft" and taxes_missing(fetched.value):
        waited = world.clock.monotonic() - started
        if waited + world.limits.poll_interval > world.limits.taxes_deadline:
            break
        world.waiting("taxes are on their way from the tax provider")
        world.clock.sleep(world.limits.poll_interval)
        fetched = world.lago.get_invoice(lago_id(params.invoice))
    return fetched


STEP = ReadStep(
    name="lago.get_invoice",
    title="Open the invoice",
    effect=Effect.READ,
    Params=Params,
    Fact=Invoice,
    read=read,
)
