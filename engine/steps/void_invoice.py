"""`lago.void_invoice`: void a finalized invoice. One way; sent once, settled by reading. Floor 3.

Does `POST /invoices/:id/void`, once and without a body; [what its answer means](order.md#what-an-answer-to-void-means).
Ends *done*, *refused* (10), *unknown* (13) or *not sent* (7), each of which a note under `when_it_fails` can speak of. A
refusal is followed by one read, for somebody else may have been first. A voided invoice stays visible in Lago.
Why: It looks like an undo of finalizing and is none: the number stays used, what was consumed of credit notes is gone,
and the period is not billed again. So it takes a consent of its own.

```yaml
- {id: void, title: Void the invoice, step: lago.void_invoice, with: {confirmed: "${consent}"}}
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.facts import Fact
from engine.http.exchange import Answer, Request
from engine.lago_models import Invoice, Voiding
from engine.lago_rules import local_day
from engine.steps.base import Effect, OneWayStep, SightedState, Words, World
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
from engine.steps.void_preview import preview

# Only a finalized invoice can be voided; every other status is one that a void does not lead to.
SEEN_AS: dict[str, SightedState] = {
    "finalized": "not_applied",
    "voided": "applied",
    "draft": "failed",
    "pending": "failed",
    "failed": "failed",
}

# A second void is 405 `not_voidable` (recording `voided`), and so is one that came too late: one read tells which.
TABLE = Table(
    answered={"voided": "done"},
    deed=Voiding.of,
    looks={404: "not_found", 405: "refused", 429: "throttled"},
    gone="Lago shows no such invoice any more",
)


def request(params: Params, world: World) -> Request:
    """`POST /invoices/:id/void`, without a body."""
    return world.lago.void_request(invoice_of(params.confirmed).lago_id)


def foresee(facts: Mapping[str, Fact], world: World) -> dict[str, Any]:
    """Nothing: every figure of a void stands on the invoice and the credits that were read."""
    return {}


def send(params: Params, world: World, request_id: str) -> Answer:
    """One request, on a connection of its own, with the intent's `X-Request-Id`."""
    return world.lago.void(invoice_of(params.confirmed).lago_id, request_id, world.finalize_timeout)


def could_vanish(params: Params) -> bool:
    """False: a voided invoice stays visible (recording `voided`)."""
    return False


def sealed(fact: Fact) -> str:
    """`voided (ACM-013-001) on 2026-11-23`, the day in the customer's time zone."""
    if not isinstance(fact, Invoice):
        return "voided"
    return f"voided ({fact.number})" + (f" on {local_day(fact.voided_at, fact)}" if fact.voided_at else "")


state_of = state_by(SEEN_AS)

WORDS = Words(verb="void", done="voided", before="it finalized", jobs="its webhook and tax jobs")

STEP = OneWayStep(
    name="lago.void_invoice",
    title="Void the invoice",
    effect=Effect.ONE_WAY,
    Params=Params,
    Fact=Voiding,
    key_of=effect_key("void"),
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
    conclude=conclude_as(Voiding),
    acts_on=Invoice,
)
