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

from pydantic import Field

from engine.errors import Bug, Denied, Unreachable
from engine.exchange import Answer, Request
from engine.facts import Confirmed, Fact
from engine.lago_models import BillingEntity, Customer, Finalization, Invoice
from engine.lago_rules import issuing_date, tax_error, would_close
from engine.steps.base import Effect, OneWayStep, Ruling, SightedState, Sighting, StepParams, Words, World
from engine.steps.finalize_answers import finalization
from engine.steps.finalize_answers import judge as judge_answer
from engine.steps.finalize_preview import preview
from engine.values import Money

SEEN_AS: dict[str, SightedState] = {
    "draft": "not_applied",
    "pending": "pending",
    "finalized": "applied",
    "failed": "failed",
    "voided": "undone",
}


class Params(StepParams):
    """What was confirmed: nothing else may be finalized."""

    confirmed: Confirmed = Field(description="the consent step's result: the figures that a person confirmed")


def _invoice(confirmed: Confirmed) -> Invoice:
    invoice = confirmed.of(Invoice)
    if invoice is None:
        raise Bug("the consent before `lago.finalize_invoice` shows no invoice", hint="Give it one under `with:`.")
    return invoice


def key_of(target: Fact | str, world: World) -> str | None:
    """`lago/<host>/invoice/<lago_id>/finalize`, with the id as Lago answers it: an upper-case id is the same invoice."""
    if isinstance(target, Invoice):
        target = target.lago_id
    return f"lago/{world.lago.host}/invoice/{target.lower()}/finalize" if isinstance(target, str) else None


def target(params: Params) -> dict[str, Any]:
    """What the intent's record says of the invoice, enough to read it again."""
    invoice = _invoice(params.confirmed)
    return {
        "lago_id": invoice.lago_id,
        "number": invoice.number,
        "customer": invoice.customer.external_id,
        "currency": invoice.currency,
        "total_amount_cents": invoice.total_amount_cents,
    }


def request(params: Params, world: World) -> Request:
    """`PUT /invoices/:id/finalize`, without a body."""
    return world.lago.finalize_request(_invoice(params.confirmed).lago_id)


def to_type(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """The expected total, which a consent without a terminal must name beside the customer."""
    invoice = next((fact for fact in facts.values() if isinstance(fact, Invoice)), None)
    return {} if invoice is None else {"total": Money(invoice.total_amount_cents, invoice.currency)}


def foresee(facts: Mapping[str, Fact], world: World) -> dict[str, Any]:
    """The expected date of issue, which the consent binds beside the figures read."""
    invoice = next((fact for fact in facts.values() if isinstance(fact, Invoice)), None)
    customer = next((fact for fact in facts.values() if isinstance(fact, Customer)), None)
    entity = next((fact for fact in facts.values() if isinstance(fact, BillingEntity)), None)
    if invoice is None:
        return {}
    return {"issuing_date": issuing_date(invoice, customer, entity, world.clock.now()).day}


def state_of(fact: Fact) -> SightedState:
    """What an invoice's status says of this step. A status that Lago does not show is no answer."""
    return SEEN_AS.get(fact.status, "unreadable") if isinstance(fact, Invoice) else "unreadable"


def send(params: Params, world: World, request_id: str) -> Answer:
    """One request, on a connection of its own, with the intent's `X-Request-Id`."""
    return world.lago.finalize(_invoice(params.confirmed).lago_id, request_id, world.finalize_timeout)


def judge(params: Params, answer: Answer) -> Ruling:
    """By the table of `finalize_answers`."""
    return judge_answer(_invoice(params.confirmed).lago_id, answer)


def sight(params: Params, world: World) -> Sighting:
    """Read the invoice once. A closed or deleted one reads as 404 (`lago.md` 1), so `gone` proves nothing alone."""
    lago_id = _invoice(params.confirmed).lago_id
    try:
        fetched = world.lago.get_invoice(lago_id, within=world.sighting_seconds)
    except Denied as gone:
        return Sighting("gone", "gone", why=gone.message)
    except Unreachable as fault:
        return Sighting("unreadable", "unreadable", why=fault.message)
    invoice = fetched.value
    return Sighting(state_of(invoice), invoice.status, fetched.requests, invoice, _problem(invoice))


def _problem(invoice: Invoice) -> str:
    """What went wrong in the background, by codes alone: a provider's own words do not belong in the journal."""
    codes = [item.error_code for item in invoice.error_details or ()]
    refusal = tax_error(invoice)
    named = [f"{code}: {refusal}" if code == "tax_error" and refusal not in (None, code) else code for code in codes]
    return "; ".join(named)


def could_vanish(params: Params) -> bool:
    """Whether Lago may have closed it, which reads as 404: no fees, and the setting says skip or is not known."""
    confirmed = params.confirmed
    return would_close(_invoice(confirmed), confirmed.of(Customer), confirmed.of(BillingEntity)) is not False


def conclude(params: Params, sighting: Sighting, attribution: str) -> Finalization:
    """What `${finalize}` stands for after settling or polling found it."""
    if isinstance(sighting.value, Invoice):
        return finalization(sighting.value, attribution)
    invoice = _invoice(params.confirmed)
    return Finalization(
        lago_id=invoice.lago_id, outcome="unknown", status=sighting.status, number=None, attribution=attribution
    )


def sealed(fact: Fact) -> str:
    """`finalized as ACM-013-001 on 2026-11-23`."""
    return f"finalized as {fact.number} on {fact.issuing_date}" if isinstance(fact, Invoice) else "finalized"


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
    key_of=key_of,
    target=target,
    request=request,
    preview=preview,
    foresee=foresee,
    to_type=to_type,
    state_of=state_of,
    sealed=sealed,
    words=WORDS,
    send=send,
    judge=judge,
    sight=sight,
    could_vanish=could_vanish,
    conclude=conclude,
    acts_on=Invoice,
)
