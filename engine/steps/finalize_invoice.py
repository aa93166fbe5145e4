"""`lago.finalize_invoice`: lock a draft's line items and make it payable. One way; sent once, settled by reading. Floor 3.

Does `PUT /invoices/:id/finalize`, once, and judges its answer [by a table](order.md#what-an-answer-to-finalize-means).
Ends *done*, *refused* (10), *pending* (12 at the deadline), *unknown* (13) or *not sent* (7), each of which a note
under `when_it_fails` can speak of. An unknown outcome is settled by reading the invoice, never by sending again.
Why: It locks the draft's lines, gives it a number and makes it payable. Lago has no undo, and queues the PDF, mail,
payment and accounting at once. So it takes nothing but a consent, and at most one call for one invoice is ever open.

```yaml
- {id: finalize, title: Finalize the invoice, step: lago.finalize_invoice, with: {confirmed: "${consent}"}}
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.facts import Fact
from engine.http.exchange import Answer, Request
from engine.lago_models import BillingEntity, Customer, Finalization, Invoice
from engine.lago_rules import issuing_date, would_close
from engine.steps.base import Effect, OneWayStep, SightedState, Words, World
from engine.steps.finalize_preview import preview
from engine.steps.invoice_answers import Table
from engine.steps.on_invoices import (
    Params,
    conclude_as,
    effect_key,
    invoice_of,
    judge_by,
    sight_by,
    state_by,
    target,
    to_type,
)

SEEN_AS: dict[str, SightedState] = {
    "draft": "not_applied",
    "pending": "pending",
    "finalized": "applied",
    "failed": "failed",
    "voided": "undone",
}


TABLE = Table(
    answered={"finalized": "done", "closed": "done", "pending": "pending"},
    deed=Finalization.of,
    looks={404: "not_found", 429: "throttled"},
    gone="no draft with this id any more",
    pending="accepted; Lago waits for something before it issues the invoice, as a tax provider's answer",
)


def request(params: Params, world: World) -> Request:
    """`PUT /invoices/:id/finalize`, without a body."""
    return world.lago.finalize_request(invoice_of(params.confirmed).lago_id)


def foresee(facts: Mapping[str, Fact], world: World) -> dict[str, Any]:
    """The expected date of issue, which the consent binds beside the figures read."""
    invoice = next((fact for fact in facts.values() if isinstance(fact, Invoice)), None)
    customer = next((fact for fact in facts.values() if isinstance(fact, Customer)), None)
    entity = next((fact for fact in facts.values() if isinstance(fact, BillingEntity)), None)
    if invoice is None:
        return {}
    return {"issuing_date": issuing_date(invoice, customer, entity, world.clock.now()).day}


def send(params: Params, world: World, request_id: str) -> Answer:
    """One request, on a connection of its own, with the intent's `X-Request-Id`."""
    return world.lago.finalize(invoice_of(params.confirmed).lago_id, request_id, world.finalize_timeout)


def could_vanish(params: Params) -> bool:
    """Whether Lago may have closed it, which reads as 404: no fees, and the setting says skip or is not known."""
    confirmed = params.confirmed
    return would_close(invoice_of(confirmed), confirmed.of(Customer), confirmed.of(BillingEntity)) is not False


def sealed(fact: Fact) -> str:
    """`finalized as ACM-013-001 on 2026-11-23`."""
    return f"finalized as {fact.number} on {fact.issuing_date}" if isinstance(fact, Invoice) else "finalized"


state_of = state_by(SEEN_AS)

WORDS = Words(
    verb="finalize",
    done="finalized",
    not_done="Not issued",
    before="a draft",
    jobs="its webhook, document, mail and payment jobs",
    endings={"closed": "Closed, not issued: no number, no document, no mail, and Lago shows it nowhere any more."},
    vanished="closed",
)

STEP = OneWayStep(
    name="lago.finalize_invoice",
    title="Finalize the invoice",
    effect=Effect.ONE_WAY,
    Params=Params,
    Fact=Finalization,
    key_of=effect_key("finalize"),
    target=target,
    request=request,
    preview=preview,
    foresee=foresee,
    to_type=to_type,
    state_of=state_of,
    sealed=sealed,
    words=WORDS,
    send=send,
    judge=judge_by(TABLE),
    sight=sight_by(state_of),
    could_vanish=could_vanish,
    conclude=conclude_as(Finalization),
    acts_on=Invoice,
)
