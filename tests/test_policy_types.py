"""The types that policies are checked against, held against every recorded answer: what Lago said fits what is declared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import recorded

from engine.cel.types import BOOL, INT, STRING, TIMESTAMP, ListOf, MapOf, Nullable, Record, Type, Words
from engine.facts import Fact
from engine.lago_models import (
    AppliedCoupon,
    BillingEntity,
    CreditNote,
    Credits,
    Customer,
    Invoice,
    InvoiceHistory,
    ListedInvoice,
    Subscription,
    Subscriptions,
    Wallet,
)
from engine.policy.kinds import KINDS, document, type_of
from engine.sync_runs import LatestSync, SyncRun

RECORDED: dict[str, tuple[str, type[Fact]]] = {
    "invoice": ("lago.Invoice", Invoice),
    "customer": ("lago.Customer", Customer),
    "billing_entity": ("lago.BillingEntity", BillingEntity),
}
LISTED: dict[str, tuple[str, type[Fact]]] = {
    "subscriptions": ("items", Subscription),
    "wallets": ("wallets", Wallet),
    "credit_notes": ("credit_notes", CreditNote),
    "applied_coupons": ("applied_coupons", AppliedCoupon),
}
SYNC = {"id": 7, "startedAt": "2026-11-23T11:00:00Z", "completedAt": "2026-11-23T11:30:00Z", "status": "completed"}


def handed() -> Iterator[tuple[str, str, Fact]]:
    """Everything recorded that a policy can be handed, with where it stands and the name of its kind."""
    for key, (kind, model) in RECORDED.items():
        for place, raw in recorded.every_answer(key):
            yield place, kind, model.model_validate(raw)
    for key, (name, model) in LISTED.items():
        for place, rows in recorded.every_answer(key):
            items = tuple(model.model_validate(row) for row in rows)
            if name == "items":
                yield place, "lago.Subscriptions", Subscriptions.model_validate({name: items})
            else:
                nothing = {"applied_coupons": (), "credit_notes": (), "wallets": ()}
                yield place, "lago.Credits", Credits.model_validate({**nothing, name: items})


def test_every_recorded_value_has_the_type_that_is_declared_of_it() -> None:
    count = 0
    for place, kind, fact in handed():
        found, unfit = document(KINDS[kind], fact.clear(), "it")
        assert unfit == [], place
        assert misfits(KINDS[kind].type, found) == [], place
        count += 1
    assert count > 500


def misfits(type: Type, value: Any, path: str = "it") -> list[str]:
    """Every part of a value that is not of its type: the same question asked in another way than `document` does."""
    match type:
        case Nullable(of):
            return [] if value is None else misfits(of, value, path)
        case Record(_, fields):
            if not isinstance(value, dict) or value.keys() != fields.keys():
                return [path]
            return [bad for name, of in fields.items() for bad in misfits(of, value[name], f"{path}.{name}")]
        case ListOf(of):
            return [bad for item in value for bad in misfits(of, item, path + "[]")]
        case MapOf(of):
            return [bad for item in value.values() for bad in misfits(of, item, path + "[]")]
        case Words(_, words):
            return [] if value in words else [path]
    known = {BOOL: bool, INT: int, STRING: str, TIMESTAMP: datetime}[type]  # type: ignore[index]
    fits = isinstance(value, known) and not (type == INT and isinstance(value, bool))
    return [] if fits and (type != TIMESTAMP or value.tzinfo is not None) else [path]


def words(type: Type, seen: set[str]) -> Iterator[Words]:
    """Every enum below a type, each record looked into once."""
    match type:
        case Words():
            yield type
        case Nullable(of) | ListOf(of) | MapOf(of):
            yield from words(of, seen)
        case Record(name, fields) if name not in seen:
            seen.add(name)
            for field in fields.values():
                yield from words(field, seen)


def test_the_words_are_lago_s_own_and_each_is_where_it_belongs() -> None:
    seen: set[str] = set()
    found = {one.name: one.values for kind in KINDS.values() for one in words(kind.type, seen)}
    assert found["Invoice.status"] >= {"draft", "finalized", "voided", "failed", "pending", "closed"}
    assert found["Invoice.payment_status"] == {"pending", "succeeded", "failed"}
    assert found["SyncRun.status"] == {"running", "completed", "failed"}
    assert {"Fee.type", "FeeItem.type"} & set(found) == {"FeeItem.type"}
    assert len(found) == 22


def test_only_what_the_journal_keeps_can_be_read() -> None:
    for kind in KINDS.values():
        keys = {kind.model.model_fields[name].alias or name for name in kind.model.CLEAR}
        assert set(kind.type.fields) == keys
    assert "email" not in type_of(Customer).fields


def test_the_names_are_those_of_the_console_too() -> None:
    fact = LatestSync(run=SyncRun.model_validate(SYNC), source="a file")
    found, unfit = document(KINDS["SyncRun"], fact.clear(), "sync")
    assert unfit == []
    assert found == {
        "id": "7",
        "status": "completed",
        "startedAt": datetime(2026, 11, 23, 11, 0, tzinfo=UTC),
        "completedAt": datetime(2026, 11, 23, 11, 30, tzinfo=UTC),
    }


def test_a_fact_that_is_not_there_is_said_to_be_missing() -> None:
    found, (unfit,) = document(KINDS["SyncRun"], LatestSync(run=None, source="none configured").clear(), "sync")
    assert (found, unfit.path, unfit.why) == (None, "sync", "is not there")
    assert unfit.spoils("sync.status")


@pytest.mark.parametrize(
    ("change", "path", "why"),
    [
        ({"status": "sealed"}, "invoice.status", "is `sealed`, a word that is not known here"),
        ({"number": "A\ud800"}, "invoice.number", "holds half a character"),
        ({"created_at": "2026-11-23T12:00:00"}, "invoice.created_at", "is a moment without its offset"),
        ({"total_amount_cents": 2**63}, "invoice.total_amount_cents", "is beyond 64 bits"),
        ({"total_amount_cents": True}, "invoice.total_amount_cents", "is no int"),
        ({"total_amount_cents": "1"}, "invoice.total_amount_cents", "is no int"),
        ({"customer": None}, "invoice.customer", "was not said"),
        ({"billing_periods": None}, "invoice.billing_periods", "was not said"),
        ({"fees": [{"item": {}, "amount_cents": 1}]}, "invoice.fees[].item.type", "was not said"),
    ],
)
def test_what_does_not_fit_is_told_and_stands_as_null(change: dict[str, Any], path: str, why: str) -> None:
    values = recorded.invoice("finalize_ok", "draft").clear() | change
    found, unfit = document(KINDS["lago.Invoice"], values, "invoice")
    assert found is not None
    assert (path, why) in [(one.path, one.why) for one in unfit]


def test_a_value_spoils_whoever_reads_it_or_what_it_stands_in_and_nobody_else() -> None:
    (unfit, *_) = document(KINDS["lago.Invoice"], {"fees": [{"item": {}, "amount_cents": "x"}]}, "invoice")[1][-1:]
    assert unfit.path.startswith("invoice.")
    from engine.policy.kinds import Unfit

    one = Unfit("invoice.fees[].amount_cents", "is no int")
    assert [one.spoils(read) for read in ("invoice.fees", "invoice.fees[].amount_cents", "invoice", "invoice.fees[]")]
    assert not any(one.spoils(read) for read in ("invoice.fees_amount_cents", "invoice.fees[].units", "planned.fees"))


def test_what_was_billed_before_is_the_last_six_of_one_currency_newest_first() -> None:
    invoice = recorded.invoice("finalize_ok", "draft")
    rows = [listed(number, cents, "EUR") for number, cents in enumerate([100, 900, 200, 300, 400, 500, 600], 1)]
    history = InvoiceHistory.before(invoice, [*rows, listed(8, 10**9, "USD")])
    assert (history.count, history.median_sub_total_including_taxes_amount_cents) == (6, 450)
    assert [one.number for one in history.invoices] == [f"ACM-1-{number}" for number in (7, 6, 5, 4, 3, 2)]
    assert InvoiceHistory.before(invoice, []).median_total_amount_cents is None


def listed(number: int, cents: int, currency: str) -> ListedInvoice:
    """A finalized invoice as a list shows it."""
    return ListedInvoice.model_validate(
        {
            "lago_id": f"00000000-0000-4000-8000-00000000000{number}",
            "number": f"ACM-1-{number}",
            "issuing_date": f"2026-0{number}-01",
            "invoice_type": "subscription",
            "status": "finalized",
            "currency": currency,
            "sub_total_including_taxes_amount_cents": cents,
            "total_amount_cents": 0,
            "customer": {"lago_id": "1", "external_id": "cus"},
        }
    )
