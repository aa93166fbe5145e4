"""`void_invoice` on the recordings: a second one-way step, carried out by an engine that knows nothing of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lago_server import Played

from engine.journal import Reader, verify

TOTAL = "589.40 EUR"
ALONE = "767.10 EUR"


def newest_of(played: Played) -> str | None:
    """The type of the journal's newest record for the void."""
    with Reader.open(played.journal) as journal:
        state = journal.effect(f"lago/127.0.0.1/invoice/{played.invoice}/void")
    return state.type if state else None


def writes(played: Played) -> list[str]:
    """Every write that arrived, in order."""
    return [f"{seen.method} {seen.target.rpartition('/')[2]}" for seen in played.player.writes]


@pytest.fixture
def finalized(tmp_path: Path) -> Callable[..., Played]:
    """An invoice that took a coupon and prepaid credits, finalized and ready to be voided."""

    def make(name: str = "voided_with_coupon_and_wallet", start: str = "finalized", *faults: str) -> Played:
        return Played(name, tmp_path, faults=faults, start=start)

    return make


def test_it_voids_verifies_and_says_what_came_back(finalized: Callable[..., Played]) -> None:
    with finalized() as played:
        done = played.void(TOTAL)
        assert done.code == 0, done.out + done.err
        assert "Voided ACM-027-001 for 589.40 EUR." in done.last_line
        assert "coupons and prepaid credits came back" in done.out
        assert "no new draft came of it" in done.out
        assert (writes(played), newest_of(played)) == (["POST void"], "effect.done")
        assert played.player.failures == []
        assert verify(played.journal).is_intact


def test_json_ends_with_an_outcome_of_its_own(finalized: Callable[..., Played]) -> None:
    with finalized() as played:
        done = played.void(TOTAL, "--format", "json")
        end = json.loads(done.out.splitlines()[-1])
        assert (end["exit"], end["outcome"], end["attribution"]) == (0, "voided", "ours")
        assert end["invoice"] == {
            "lago_id": played.invoice,
            "number": "ACM-027-001",
            "status": "voided",
            "ui_status": "voided",
            "currency": "EUR",
            "total_amount_cents": 58940,
        }
        records = [json.loads(line) for line in done.out.splitlines()]
        assert {one["phase"] for one in records if one["type"] == "check.verdict"} == {"operator", "first", "verify"}
        asked = next(one for one in records if one["type"] == "consent.asked")
        assert asked["preview"]["restored"] == [
            ["coupons 10.00 EUR", "comes back: they can be used again, unless they have expired"],
            ["prepaid credits 50.00 EUR", "comes back: they return to the wallet"],
        ]


def test_the_same_command_again_is_one_line_and_sends_nothing(finalized: Callable[..., Played]) -> None:
    with finalized() as played:
        first = played.void(TOTAL)
        again = played.void(TOTAL)
        run = first.last_line.rpartition(" ")[2]
        assert (first.code, again.code) == (0, 0)
        assert f"already voided (ACM-027-001) on 2026-11-23, by run {run}; nothing to do" in again.last_line
        assert writes(played) == ["POST void"]


def test_an_invoice_that_somebody_else_voided_is_not_claimed(finalized: Callable[..., Played]) -> None:
    with finalized("voided", "voided") as played:
        done = played.void(ALONE)
        assert done.code == 0
        assert "already voided (ACM-026-001) on 2026-11-23, not by this journal; nothing to do" in done.last_line
        assert writes(played) == []


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_draft_is_no_invoice_that_can_be_voided(finalized: Callable[..., Played], more: tuple[str, ...]) -> None:
    with finalized("voided", "draft") as played:
        done = played.void(ALONE, *more)
        assert done.code == 4
        assert "Not voided: 1 check denied (`invoice_is_voidable`). Nothing was written." in done.last_line
        assert writes(played) == []


def test_a_preview_shows_what_comes_back_and_writes_nothing(
    finalized: Callable[..., Played], screen: Callable[[str, str], None]
) -> None:
    with finalized() as played:
        done = played.void(TOTAL, "--dry-run", "--detailed-exitcode", "--format", "human", COLUMNS="80")
        assert done.code == 20
        assert writes(played) == []
        run = re.search(r"run (\w{12})", done.out)
        assert run is not None
        shown = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:80", done.out.replace(run[1], "1NG8AP0Q4BMT"))
        screen("human_void_dry_run", re.sub(r"\d\.\ds$", "0.0s", shown, flags=re.MULTILINE))


def test_without_consent_nothing_is_sent_and_the_flags_are_shown(finalized: Callable[..., Played]) -> None:
    with finalized() as played:
        done = played.run("run", "void_invoice", "--invoice", played.invoice, "--reason", "Billed twice, ticket 4711")
        assert done.code == 5
        assert f"--confirm {played.customer} --total '{TOTAL}'" in done.out + done.err
        other = played.void("589.41 EUR")
        assert other.code == 4
        assert writes(played) == []


def test_a_reason_that_says_nothing_is_none(finalized: Callable[..., Played]) -> None:
    with finalized() as played:
        done = played.void(TOTAL, reason="oops")
        assert done.code == 4
        assert "`reason_given`" in done.last_line
        assert played.player.log == []


def test_an_answer_that_is_lost_is_settled_by_reading(finalized: Callable[..., Played]) -> None:
    with finalized("voided_with_coupon_and_wallet", "finalized", "void:lost-after") as played:
        done = played.void(TOTAL)
        assert done.code == 0, done.out + done.err
        assert "Voided, as confirmed: ACM-027-001 for 589.40 EUR. That this run did it is not proven." in done.out
        assert (writes(played), newest_of(played)) == (["POST void"], "effect.observed")


def test_what_stays_unknown_is_13_and_nobody_voids_it_again(finalized: Callable[..., Played]) -> None:
    with finalized("voided_with_coupon_and_wallet", "finalized", "void:lost-before") as played:
        first = played.void(TOTAL)
        assert first.code == 13
        assert f"UNKNOWN whether invoice {played.invoice} is voided." in first.out
        assert "do not  void it again, here or in Lago's own screens" in first.out
        run = first.last_line.rpartition(" ")[2]
        held = played.void(TOTAL)
        assert held.code == 13
        assert f"run {run} has a void call on this invoice whose outcome is open" in held.out
        given_up = played.run("resolve", run, "--reissue", "--reason", "seen in Lago", "--confirm", played.customer)
        assert given_up.code == 0
        assert "the next run may void this invoice" in given_up.out
        assert (writes(played), newest_of(played)) == (["POST void"], "effect.released")


@pytest.mark.parametrize(
    ("fault", "code", "newest"),
    [
        ("void:500-before", 10, "effect.rejected"),
        ("void:500-after", 0, "effect.observed"),
        ("void:404", 13, "effect.unknown"),
        ("void:401", 10, "effect.rejected"),
        ("void:429", 10, "effect.rejected"),
        ("void:html", 13, "effect.unknown"),
        ("void:foreign", 13, "effect.unknown"),
        ("void:truncated", 0, "effect.observed"),
    ],
)
def test_what_an_answer_means(finalized: Callable[..., Played], fault: str, code: int, newest: str) -> None:
    with finalized("voided_with_coupon_and_wallet", "finalized", fault) as played:
        done = played.void(TOTAL)
        assert (done.code, newest_of(played)) == (code, newest), done.out + done.err
        assert writes(played) == ["POST void"]


def test_finalize_and_void_of_one_invoice_are_two_effects(tmp_path: Path) -> None:
    with Played("voided_with_coupon_and_wallet", tmp_path) as played:
        first = played.finalize("651.40 EUR")
        assert first.code == 0, first.out + first.err
        assert "Finalized ACM-027-001 for 589.40 EUR." in first.last_line
        then = played.void(TOTAL)
        assert then.code == 0, then.out + then.err
        assert writes(played) == ["PUT refresh", "PUT finalize", "POST void"]
        again = played.finalize("651.40 EUR")
        assert again.code == 4
        assert "`invoice_is_draft`" in again.last_line
