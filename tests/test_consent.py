"""Consent to values: who can give it, what the flags must be, and how drift is told."""

from __future__ import annotations

import pytest

from engine.consent.given import Consenting, drift
from engine.errors import NotConfirmed
from engine.values import Money

NEEDED = {"total": Money(63604, "EUR")}
COMMAND = ("runbook", "run", "finalize_invoice")


def consenting(typed: str | None = None, *, asks: bool = False, total: str | None = None) -> Consenting:
    given = {"invoice": "c8117fcb", **({"total": total} if total else {})}
    return Consenting((lambda prompt: None) if asks else None, typed, given, COMMAND)


def test_a_terminal_can_be_asked() -> None:
    consenting(asks=True).require("cus_hooli", NEEDED, NEEDED)


def test_both_flags_consent_without_a_terminal() -> None:
    both = consenting("cus_hooli", total="636.04 EUR")
    both.require("cus_hooli", NEEDED, NEEDED)
    assert both.by_flags(NEEDED)


@pytest.mark.parametrize(("typed", "total"), [(None, None), ("cus_hooli", None), (None, "636.04 EUR")])
def test_one_flag_alone_is_no_consent_and_the_message_shows_both(typed: str | None, total: str | None) -> None:
    with pytest.raises(NotConfirmed) as refused:
        consenting(typed, total=total).require("cus_hooli", NEEDED, NEEDED)
    wanted = "runbook run finalize_invoice --invoice c8117fcb --confirm cus_hooli --total '636.04 EUR'"
    assert refused.value.hint is not None
    assert wanted in refused.value.hint


@pytest.mark.parametrize("asks", [True, False])
def test_another_customer_is_refused_even_where_one_could_ask(asks: bool) -> None:
    with pytest.raises(NotConfirmed, match="cus_other"):
        consenting("cus_other", asks=asks, total="636.04 EUR").require("cus_hooli", NEEDED, NEEDED)


def test_the_shown_command_quotes_what_a_shell_would_split() -> None:
    assert "--confirm 'cus; rm -rf'" in consenting().show("cus; rm -rf", NEEDED)


def test_a_flag_without_a_value_is_shown_without_one() -> None:
    one = Consenting(None, None, {"invoice": "x", "accept_closed": "true"}, COMMAND, frozenset({"accept_closed"}))
    assert one.again() == "runbook run finalize_invoice --invoice x --accept-closed"


def test_drift_names_each_figure_with_both_values() -> None:
    before = {"refreshed": {"sums": {"total_amount_cents": 63604}, "fees": [["charge", 1], ["charge", 2]]}}
    after = {"refreshed": {"sums": {"total_amount_cents": 63605}, "fees": [["charge", 1], ["charge", 3]]}}
    assert list(drift(before, after)) == [
        "refreshed.fees[1][1]: 2 -> 3",
        "refreshed.sums.total_amount_cents: 63604 -> 63605",
    ]


def test_drift_tells_what_came_and_what_went() -> None:
    assert list(drift({"a": 1}, {"b": 2})) == ["a: 1 -> nothing", "b: nothing -> 2"]


def test_drift_tells_amounts_with_the_currency_that_stands_beside_or_above_them() -> None:
    before = {"currency": "EUR", "sums": {"total_amount_cents": 58940, "count": 1}}
    after = {"currency": "EUR", "sums": {"total_amount_cents": 0, "count": 2}}
    assert list(drift(before, after)) == ["sums.count: 1 -> 2", "sums.total: 589.40 EUR -> 0.00 EUR"]
    wallets = [{"currency": "JPY", "balance_cents": 5000}]
    assert list(drift({"wallets": wallets}, {"wallets": [{"currency": "JPY", "balance_cents": 0}]})) == [
        "wallets[0].balance: 5,000 JPY -> 0 JPY"
    ]


def test_drift_tells_what_a_list_lost_and_what_is_new_in_it() -> None:
    coupon = {"coupon_code": "ten_off", "amount_cents": 1000, "amount_currency": "EUR", "expiration_at": None}
    assert list(drift({"coupons": [coupon]}, {"coupons": []})) == [
        "coupons: no longer coupon_code ten_off, amount 10.00 EUR, amount_currency EUR"
    ]
    assert list(drift({"codes": ["a"]}, {"codes": ["a", "b"]})) == ["codes: new b"]


def test_equal_figures_have_no_drift() -> None:
    assert list(drift({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]})) == []


def test_of_lists_in_another_order_the_same_things_are_compared() -> None:
    before = [{"identity": ["a"], "units": "1"}, {"identity": ["b"], "units": "2"}]
    after = [{"identity": ["b"], "units": "3"}, {"identity": ["a"], "units": "1"}]
    assert list(drift({"fees": before}, {"fees": after})) == ["fees[1].units: 2 -> 3"]
    swapped = [{"identity": ["b"], "units": "1"}, {"identity": ["c"], "units": "2"}]
    assert "fees[0].identity[0]: a -> b" in list(drift({"fees": before}, {"fees": swapped}))
