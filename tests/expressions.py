"""Names, values and short ways to try an expression, for the tests of `engine.cel`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from engine.cel import Failed, OverBudget, Uncompiled, compile
from engine.cel.types import (
    BOOL,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    Nullable,
    Record,
    Type,
    Words,
)

STATUS = Words("invoice status", frozenset({"draft", "finalized", "voided"}))
CUSTOMER = Record("customer", {"name": Nullable(STRING), "zone": STRING})
FEE = Record("fee", {"amount_cents": INT, "amount_currency": STRING, "note": Nullable(STRING)})
INVOICE = Record(
    "lago.Invoice",
    {
        **{"status": STATUS, "number": Nullable(STRING), "currency": STRING, "fees": ListOf(FEE)},
        **{"fees_amount_cents": INT, "total_amount_cents": INT, "tags": ListOf(STRING), "open": BOOL},
        **{"created_at": TIMESTAMP, "due": Nullable(TIMESTAMP), "tries": Nullable(INT), "rate": DOUBLE},
        **{"customer": Nullable(CUSTOMER)},
    },
)
PARAMS = Record("params", {"limit": MapOf(INT), "age": DURATION, "month": STRING})
NAMES: dict[str, Type] = {"invoice": INVOICE, "planned": INVOICE, "params": PARAMS, "now": TIMESTAMP}


def fees(count: int) -> list[dict[str, Any]]:
    return [{"amount_cents": cents, "amount_currency": "EUR", "note": None} for cents in range(count)]


def invoice(**changes: Any) -> dict[str, Any]:
    return {
        **{"status": "draft", "number": None, "currency": "EUR", "fees": fees(3), "fees_amount_cents": 3},
        **{"total_amount_cents": 3, "tags": ["a", "b"], "open": True, "created_at": datetime(2026, 11, 1, tzinfo=UTC)},
        **{"due": None, "tries": None, "rate": 1.5, "customer": None},
        **changes,
    }


def values(**changes: Any) -> dict[str, Any]:
    return {
        "invoice": invoice(**changes),
        "planned": invoice(),
        "params": {"limit": {"EUR": 100}, "age": timedelta(hours=24), "month": "2026-10"},
        "now": datetime(2026, 11, 2, 9, 30, tzinfo=UTC),
    }


def value(text: str, **changes: Any) -> Any:
    """What `text` comes to, or the message of why it does not."""
    try:
        return compile(text, NAMES).evaluate(values(**changes))
    except (Failed, OverBudget) as failure:
        return failure


def failure(text: str, **changes: Any) -> str:
    """Why `text` has no value, and where: `6-9 division by zero`."""
    came = value(text, **changes)
    assert isinstance(came, Failed), came
    return f"{came.start}-{came.end} {came.message}"


def problems(text: str, wants: Type | None = None) -> list[str]:
    """What is wrong with `text`, each with its place: `8-13 invoice has no field 'sttus'`."""
    try:
        compile(text, NAMES, wants)
    except Uncompiled as wrong:
        return [
            f"{one.start}-{one.end} {one.message}" + (f" ({one.help})" if one.help else "") for one in wrong.problems
        ]
    return []


def warnings(text: str) -> list[str]:
    return [f"{one.start}-{one.end} {one.message}" for one in compile(text, NAMES).warnings]
