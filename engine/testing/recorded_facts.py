"""What a run learns from one stage of a recording, as facts by the names that cases of checks give them. Floor 5."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from engine.facts import Fact
from engine.lago_models import BillingEntity, Credits, Customer, Invoice, InvoiceLists, Subscriptions
from engine.sandbox.scenario import Scenario, Stage

Row = tuple[str, str, int, Any]
"""One recorded call: method, path with its query, below `/api/v1`, status and JSON (None where it is none)."""


def rows(stage: Stage) -> tuple[Row, ...]:
    """Every call of a stage, in order."""
    return tuple(_rows(stage))


def _rows(stage: Stage) -> Iterator[Row]:
    for (method, path, query), reply in stage.calls:
        asked = "&".join(f"{key}={value}" for key, value in query)
        yield method, f"{path.removeprefix('/api/v1')}?{asked}".rstrip("?"), reply.status, _json(reply.body)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError:
        return None


def stage_of(scenario: Scenario, name: str) -> Stage | None:
    """The first stage of this name that was recorded; or the one whose file is called so."""
    return next((one for one in scenario.stages if one.file and name in (one.name, one.file.stem)), None)


def facts_of(stage: Stage) -> dict[str, Fact]:
    """`invoice`, `customer`, `entity`, `subscriptions` and `credits`, as far as the stage shows them."""
    found: dict[str, Fact] = {}
    credits: dict[str, Any] = {}
    for _, path, status, body in rows(stage):
        if status != 200 or not isinstance(body, Mapping):
            continue
        if "invoice" in body and "invoice" not in found:
            found["invoice"] = Invoice.model_validate(body["invoice"])
        elif path.startswith("/customers/") and "customer" in body:
            found["customer"] = Customer.model_validate(body["customer"])
        elif path.startswith("/billing_entities/"):
            found["entity"] = BillingEntity.model_validate(body["billing_entity"])
        elif path.startswith("/subscriptions?") and "status" in path:
            found["subscriptions"] = Subscriptions.model_validate({"items": body["subscriptions"]})
        for kind in ("applied_coupons", "credit_notes", "wallets"):
            if path.startswith(f"/{kind}?"):
                credits[kind] = body[kind]
    if credits:
        found["credits"] = Credits.model_validate(credits)
    return found


def lists_of(stage: Stage, invoice: str) -> InvoiceLists | None:
    """The customer's draft and finalized lists of a stage, about this invoice; None where it has none."""
    found: dict[str, list[Any]] = {}
    for _, path, status, body in rows(stage):
        for kind in ("draft", "finalized"):
            if status == 200 and path.startswith("/invoices?") and f"&status={kind}" in path:
                found.setdefault(kind, body["invoices"])
    if set(found) != {"draft", "finalized"}:
        return None
    return InvoiceLists.model_validate({"lago_id": invoice, "drafts": found["draft"], "finalized": found["finalized"]})
