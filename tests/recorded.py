"""Facts out of the recordings, as a run would read them: by scenario and stage, or all of one kind."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from engine.facts import Fact
from engine.lago_models import BillingEntity, Credits, Customer, Invoice, InvoiceLists, Subscriptions
from engine.sandbox.scenario import SHIPPED, Scenario, Stage, load

FOLDERS = {
    folder.name: folder
    for root in (SHIPPED, Path(__file__).parent / "recordings")
    for folder in sorted(root.iterdir())
    if (folder / "scenario.yaml").is_file()
}


Rows = tuple[tuple[str, str, int, Any], ...]
_READ: dict[Path | None, Rows] = {}


@cache
def scenario(name: str) -> Scenario:
    """The recorded scenario of this name."""
    return load(FOLDERS[name])


def answers(name: str, stage: str) -> Rows:
    """Method, path with query, status and JSON of every call of a stage: by name (the first such) or by file name."""
    return rows(next(one for one in scenario(name).stages if one.file and stage in (one.name, one.file.stem)))


def _rows_of(stage: Stage) -> Rows:
    found = []
    for (method, path, query), reply in stage.calls:
        asked = "&".join(f"{key}={value}" for key, value in query)
        found.append((method, f"{path.removeprefix('/api/v1')}?{asked}".rstrip("?"), reply.status, _json(reply.body)))
    return tuple(found)


def rows(stage: Stage) -> Rows:
    """The same of one stage; none where nothing was recorded."""
    if stage.file not in _READ:
        _READ[stage.file] = _rows_of(stage)
    return _READ[stage.file]


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError:
        return None


def raw_invoice(name: str, stage: str) -> dict[str, Any]:
    """The invoice of a stage as Lago sent it, a copy of its own to change."""
    (found, *_) = [
        body["invoice"] for _, _, status, body in answers(name, stage) if status == 200 and "invoice" in body
    ]
    return copy.deepcopy(found)


def invoice(name: str, stage: str) -> Invoice:
    """The invoice that a stage's reads, or the answer to its write, show."""
    return Invoice.model_validate(raw_invoice(name, stage))


def facts(name: str, stage: str) -> dict[str, Fact]:
    """What a run reads in a stage: invoice, customer, entity, subscriptions, credits."""
    found: dict[str, Fact] = {"invoice": invoice(name, stage)}
    credits: dict[str, Any] = {}
    for _, path, status, body in answers(name, stage):
        if status != 200:
            continue
        if path.startswith("/customers/") and "customer" in body:
            found["customer"] = Customer.model_validate(body["customer"])
        elif path.startswith("/billing_entities/"):
            found["entity"] = BillingEntity.model_validate(body["billing_entity"])
        elif path.startswith("/subscriptions?") and "status" in path:
            found["subscriptions"] = Subscriptions.model_validate({"items": body["subscriptions"]})
        for kind in ("applied_coupons", "credit_notes", "wallets"):
            if path.startswith(f"/{kind}?"):
                credits[kind] = body[kind]
    found["credits"] = Credits.model_validate(credits)
    return found


def lists(name: str, stage: str) -> InvoiceLists:
    """The customer's draft and finalized lists of a stage; the invoice is the one that the scenario is about."""
    found: dict[str, list[Any]] = {}
    for _, path, status, body in answers(name, stage):
        for kind in ("draft", "finalized"):
            if status == 200 and path.startswith("/invoices?") and f"&status={kind}" in path:
                found.setdefault(kind, body["invoices"])
    return InvoiceLists.model_validate(
        {"lago_id": scenario(name).invoice, "drafts": found["draft"], "finalized": found["finalized"]}
    )


def every_answer(key: str) -> Iterator[tuple[str, Any]]:
    """Everything that stands under `key` in a 200 answer of any recording, with where it stands."""
    for name in FOLDERS:
        for stage in scenario(name).stages:
            for _, path, status, body in rows(stage):
                if status == 200 and isinstance(body, dict) and key in body:
                    yield f"{name}/{stage.name}{path}", body[key]
