"""What a step or a check of one's own imports: these names stay, wherever in the engine they live. Floor 3.

`docs/own-steps-and-checks.md` shows how they are used. A check needs `Check`, `Params`, `Here` and the three verdicts; a step
that reads needs `ReadStep`, `StepParams`, `World`, `Fact`, `Fetched` and `Request`, and raises `Unreachable` for what is out of
reach and `Denied` for what is not there.
"""

from __future__ import annotations

from pydantic import Field

from engine.checks.base import Check, Here, Params, Verdict, denied, passed, warned
from engine.errors import Denied, Refused, Unreachable
from engine.events import Change, Line, Preview
from engine.facts import Confirmed, Deed, Fact, RunRecord
from engine.http.exchange import Answer, Fetched, NeverSent, NoAnswer, Replied, Request
from engine.lago_models import (
    BillingEntity,
    Credits,
    Customer,
    Fee,
    Finalization,
    Invoice,
    InvoiceLists,
    Subscription,
    Subscriptions,
)
from engine.steps.base import Effect, OneWayStep, ReadStep, Ruling, Sighting, StepParams, Words, World, WriteStep
from engine.sync_runs import LatestSync
from engine.values import Money, Month, show_duration

__all__ = [
    "Answer",
    "BillingEntity",
    "Change",
    "Check",
    "Confirmed",
    "Credits",
    "Customer",
    "Deed",
    "Denied",
    "Effect",
    "Fact",
    "Fee",
    "Fetched",
    "Field",
    "Finalization",
    "Here",
    "Invoice",
    "InvoiceLists",
    "LatestSync",
    "Line",
    "Money",
    "Month",
    "NeverSent",
    "NoAnswer",
    "OneWayStep",
    "Params",
    "Preview",
    "ReadStep",
    "Refused",
    "Replied",
    "Request",
    "Ruling",
    "RunRecord",
    "Sighting",
    "StepParams",
    "Subscription",
    "Subscriptions",
    "Unreachable",
    "Verdict",
    "Words",
    "World",
    "WriteStep",
    "denied",
    "passed",
    "show_duration",
    "warned",
]
