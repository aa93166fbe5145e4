"""The registry of steps: a plain dict, so that a search finds every one. Floor 3."""

from __future__ import annotations

from typing import Any

from engine.steps.base import Step
from engine.steps.finalize_invoice import STEP as finalize_invoice
from engine.steps.get_billing_entity import STEP as get_billing_entity
from engine.steps.get_credits import STEP as get_credits
from engine.steps.get_customer import STEP as get_customer
from engine.steps.get_history import STEP as get_history
from engine.steps.get_invoice import STEP as get_invoice
from engine.steps.get_subscriptions import STEP as get_subscriptions
from engine.steps.latest_sync import STEP as latest_sync
from engine.steps.list_invoices import STEP as list_invoices
from engine.steps.read_back import STEP as read_back
from engine.steps.refresh_invoice import STEP as refresh_invoice
from engine.steps.void_invoice import STEP as void_invoice

REGISTRY: dict[str, Step[Any]] = {
    "lago.get_invoice": get_invoice,
    "lago.get_customer": get_customer,
    "lago.get_subscriptions": get_subscriptions,
    "lago.get_credits": get_credits,
    "lago.get_billing_entity": get_billing_entity,
    "lago.get_history": get_history,
    "billing.latest_sync": latest_sync,
    "lago.refresh_invoice": refresh_invoice,
    "lago.finalize_invoice": finalize_invoice,
    "lago.void_invoice": void_invoice,
    "lago.read_back": read_back,
    "lago.list_invoices": list_invoices,
}
