"""The invoices that the sandbox serves, and what each one shows. Floor 5."""

from __future__ import annotations

from engine.plain import dataclass
from engine.sandbox.player import Player
from engine.sandbox.scenario import SHIPPED, Scenario, load


@dataclass(frozen=True, slots=True)
class Entry:
    """One invoice: its scenario, what it shows, and how the runbook that it is for ends on it.

    `start` is the stage that it begins at, else the first, a draft.
    """

    scenario: str
    shows: str
    ends: str
    runbook: str = "finalize_invoice"
    start: str = ""


CATALOGUE = (
    Entry("finalize_ok", "the plain case: five fees, VAT 20%", "0"),
    Entry("late_event_refreshed", "usage that came late: the refresh raises the total", "0"),
    Entry("coupon_at_finalize", "a coupon that is not on the draft", "0"),
    Entry("percentage_coupon", "a 7% coupon, two taxes, and where the cents go", "0"),
    Entry("wallet_covers_all", "prepaid credits pay all of it: total 0, paid", "0"),
    Entry("timezone_tokyo", "a customer nine hours ahead", "0"),
    Entry("two_subscriptions", "one invoice for two subscriptions", "0"),
    Entry("provider_taxes", "taxes from a provider: accepted, then pending", "0 or 12"),
    Entry("zero_fees_skipped", "no fees: Lago would close it, not issue it", "4"),
    Entry("tax_changed_after_review", "a tax changes between consent and call", "6"),
    Entry("late_event", "usage moves the total inside the call itself", "14"),
    Entry("answer_lost_then_done", "the answer is lost, and it is done all the same", "0"),
    Entry("error_500_yet_finalized", "Lago says 500, and it is finalized", "0"),
    Entry(
        "voided_with_coupon_and_wallet", "an issued invoice: what a void gives back", "0", "void_invoice", "finalized"
    ),
)

DEMO = "finalize_ok"


def scenario_of(entry: Entry) -> Scenario:
    """The entry's scenario, fresh."""
    return load(SHIPPED / entry.scenario)


def player_of(entry: Entry) -> Player:
    """The entry's scenario, to be played from where it starts."""
    return Player(scenario_of(entry), entry.start, refreshes_again=True)
