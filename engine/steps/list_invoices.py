"""`lago.list_invoices`: read the customer's draft and finalized lists, to see that the invoice changed places. Floor 3.

Does `GET /invoices` of the customer, drafts and finalized, every page, each row held against its filter.
Fails with 13 when they cannot be read within the settle window: the call was made, and what it did is not verified.
Why: What the lists show is what everybody else in billing sees. Older servers drop a filter that they do not know, so
each row is believed by itself.

```yaml
- {id: lists, title: The draft and finalized lists, step: lago.list_invoices, with: {invoice: "${issued}"}}
```
"""

from __future__ import annotations

from pydantic import Field

from engine.http.exchange import Fetched
from engine.lago_models import Invoice, InvoiceLists
from engine.steps.base import Effect, ReadStep, StepParams, World


class Params(StepParams):
    """Which invoice to look for."""

    invoice: Invoice = Field(description="the invoice that should have left one list for the other")


def read(params: Params, world: World) -> Fetched[InvoiceLists]:
    """Both lists of the invoice's customer, side by side, every page, each row re-checked against its filter.

    Raises what `Lago.list_invoices` raises.
    """
    external_id = params.invoice.customer.external_id
    under_way = world.begin(lambda: world.lago.list_invoices(external_id, "draft"))
    finalized = world.lago.list_invoices(external_id, "finalized")
    drafts = under_way.result()
    lists = InvoiceLists(
        lago_id=params.invoice.lago_id,
        drafts=drafts.value,
        finalized=finalized.value,
        expect=params.invoice.status,
    )
    took = max(drafts.seconds, finalized.seconds)
    return Fetched(lists, drafts.requests + finalized.requests, max(drafts.at, finalized.at), took)


STEP = ReadStep(
    name="lago.list_invoices",
    title="The draft and finalized lists",
    effect=Effect.READ,
    Params=Params,
    Fact=InvoiceLists,
    read=read,
)
