"""What the one-way steps on invoices have in common: whose figures, where its intent points, one look at it. Floor 3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field

from engine.errors import Bug, Denied, Unreachable
from engine.facts import Confirmed, Fact
from engine.http.exchange import Answer
from engine.lago_models import Invoice, InvoiceDeed
from engine.lago_rules import tax_error
from engine.steps.base import Ruling, SightedState, Sighting, StepParams, World
from engine.steps.invoice_answers import Table
from engine.values import Money


class Params(StepParams):
    """What was confirmed: nothing else may be acted on."""

    confirmed: Confirmed = Field(description="the consent step's result: the figures that a person confirmed")


def invoice_of(confirmed: Confirmed) -> Invoice:
    """The invoice that was confirmed. Raises Bug: validation has seen to it that there is one."""
    invoice = confirmed.of(Invoice)
    if invoice is None:
        raise Bug("the consent before a one-way step on an invoice shows none", hint="Give it one under `with:`.")
    return invoice


def effect_key(operation: str) -> Callable[[Fact | str, World], str | None]:
    """`lago/<host>/invoice/<lago_id>/<operation>`, with the id as Lago answers it: an upper-case id is the same invoice."""

    def key_of(target: Fact | str, world: World) -> str | None:
        if isinstance(target, Invoice):
            target = target.lago_id
        return f"lago/{world.lago.host}/invoice/{target.lower()}/{operation}" if isinstance(target, str) else None

    return key_of


def target(params: Params) -> dict[str, Any]:
    """What the intent's record says of the invoice, enough to read it again."""
    invoice = invoice_of(params.confirmed)
    return {
        "lago_id": invoice.lago_id,
        "number": invoice.number,
        "customer": invoice.customer.external_id,
        "currency": invoice.currency,
        "total_amount_cents": invoice.total_amount_cents,
    }


def to_type(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """The invoice's total, which a consent without a terminal must name beside the customer."""
    invoice = next((fact for fact in facts.values() if isinstance(fact, Invoice)), None)
    return {} if invoice is None else {"total": Money(invoice.total_amount_cents, invoice.currency)}


def state_by(seen_as: Mapping[str, SightedState]) -> Callable[[Fact], SightedState]:
    """What an invoice's status says of a step. A status that Lago does not show is no answer."""

    def state_of(fact: Fact) -> SightedState:
        return seen_as.get(fact.status, "unreadable") if isinstance(fact, Invoice) else "unreadable"

    return state_of


def judge_by(table: Table) -> Callable[[Params, Answer], Ruling]:
    """The ruling on an answer, by a step's table."""
    return lambda params, answer: table.judge(invoice_of(params.confirmed).lago_id, answer)


def sight_by(state_of: Callable[[Fact], SightedState]) -> Callable[[Params, World], Sighting]:
    """One read of the invoice. A closed or deleted one reads as 404 (`lago.md` 1), so `gone` proves nothing alone."""

    def sight(params: Params, world: World) -> Sighting:
        lago_id = invoice_of(params.confirmed).lago_id
        try:
            fetched = world.lago.get_invoice(lago_id, within=world.sighting_seconds)
        except Denied as gone:
            return Sighting("gone", "gone", why=gone.message)
        except Unreachable as fault:
            return Sighting("unreadable", "unreadable", why=fault.message)
        invoice = fetched.value
        return Sighting(state_of(invoice), invoice.status, fetched.requests, invoice, _problem(invoice))

    return sight


def conclude_as(kind: type[InvoiceDeed]) -> Callable[[Params, Sighting, str], InvoiceDeed]:
    """What the step's id stands for after settling or polling found the invoice, or found that it is gone."""

    def conclude(params: Params, sighting: Sighting, attribution: str) -> InvoiceDeed:
        if isinstance(sighting.value, Invoice):
            return kind.of(sighting.value, attribution)
        lago_id = invoice_of(params.confirmed).lago_id
        return kind(lago_id=lago_id, outcome="unknown", status=sighting.status, attribution=attribution)

    return conclude


def _problem(invoice: Invoice) -> str:
    """What went wrong in the background, by codes alone: a provider's own words do not belong in the journal."""
    codes = [item.error_code for item in invoice.error_details or ()]
    refusal = tax_error(invoice)
    named = [f"{code}: {refusal}" if code == "tax_error" and refusal not in (None, code) else code for code in codes]
    return "; ".join(named)
