"""`lago.refresh_invoice`: have Lago recompute a draft, as finalize itself will. Sent once, never re-sent. Floor 3.

Does `PUT /invoices/:id/refresh`, then the draft read again; before it `${id}` is the draft as first read.
Fails with 7 when Lago cannot be reached, refuses the key, fails or does not answer, and with 10 when it refuses the
refresh. It is not sent again: run the same command once more.
Why: Finalize recomputes the draft first, so the figures of a draft that was not refreshed are not the ones that are
issued.

```yaml
- {id: refreshed, title: Recompute the draft, step: lago.refresh_invoice, with: {invoice: "${draft}"}}
```
"""

from __future__ import annotations

import uuid

from pydantic import Field

from engine.errors import Refused, Unreachable
from engine.http.exchange import Answer, Fetched, NeverSent, NoAnswer, Request
from engine.lago_models import Invoice
from engine.steps import get_invoice
from engine.steps.base import Effect, StepParams, World, WriteStep


class Params(StepParams):
    """Which draft."""

    invoice: Invoice = Field(description="the draft to recompute; before the refresh it stands for the refreshed one")


def request(params: Params, world: World) -> Request:
    """`PUT /invoices/:id/refresh`, without a body."""
    return world.lago.refresh_request(params.invoice.lago_id)


def send(params: Params, world: World) -> Answer:
    """One request with the long timeout: the time grows with the fees, as finalize's does (`lago.md` 2)."""
    request_id = str(uuid.uuid4())
    answer = world.lago.refresh(params.invoice.lago_id, request_id, world.limits.finalize_timeout)
    world.refresh_seconds = max(world.refresh_seconds, answer.seconds)
    return answer


def require_done(params: Params, answer: Answer) -> None:
    """Raise Unreachable (no answer, 401, 5xx, nonsense) or Refused (another 4xx) unless Lago answered 200."""
    after = "It may have been refreshed; nothing was finalized. Run the same command again."
    match answer:
        case NeverSent(why=why):
            raise Unreachable(f"Lago could not be reached for the refresh: {why}", hint="Nothing was sent. Try again.")
        case NoAnswer(why=why):
            raise Unreachable(f"the refresh got no answer: {why}", hint=after)
    if answer.status == 200:
        body = (answer.body or {}).get("invoice")
        if isinstance(body, dict) and str(body.get("lago_id", "")).lower() == params.invoice.lago_id.lower():
            return
        raise Unreachable("the answer to the refresh is not this invoice", hint=after)
    said = _said(answer.error)
    if answer.status == 401:
        raise Unreachable(f"Lago refused the key for the refresh (401{said})", hint="Check LAGO_API_KEY.")
    if 400 <= answer.status < 500:
        raise Refused(
            f"Lago refused to refresh the draft: {answer.status}{said}",
            hint="Open the invoice in Lago: it may be gone, no draft any more, or not a subscription's invoice.",
        )
    raise Unreachable(f"the refresh failed: Lago answered {answer.status}{said}", hint=after)


def _said(error: object) -> str:
    if not isinstance(error, dict):
        return ""
    words = [str(error[key]) for key in ("code", "error") if error.get(key)]
    return f" {words[0]}" if words else ""


def reread(params: Params, world: World) -> Fetched[Invoice]:
    """Read the draft after the refresh, waiting for a provider's taxes by reading only."""
    return get_invoice.read(get_invoice.Params(invoice=params.invoice), world)


STEP = WriteStep(
    name="lago.refresh_invoice",
    title="Recompute the draft",
    effect=Effect.WRITE,
    Params=Params,
    Fact=Invoice,
    renews="invoice",
    request=request,
    send=send,
    require_done=require_done,
    reread=reread,
    sent="a refresh was sent",
    did="the draft was refreshed",
    noun="a refresh",
    could_change="fees, taxes and the total",
)
