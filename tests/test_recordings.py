"""Every recorded scenario, played over a real loopback socket against the real command: how a run must end on it.

What is asserted of each: the exit code, the last line, the writes that were sent and no others, and the journal's
newest record for the effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lago_server import Played

from engine.journal import Reader, verify

REFRESH, FINALIZE = "refresh", "finalize"


@dataclass(frozen=True)
class Row:
    """One scenario: the total that is confirmed, and what must come of it."""

    scenario: str
    total: str
    exit: int
    says: str
    newest: str | None = "effect.done"
    writes: tuple[str, ...] = (REFRESH, FINALIZE)
    more: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    label: str = ""

    def __str__(self) -> str:
        return self.label or self.scenario


ROWS = [
    Row("finalize_ok", "636.04 EUR", 0, "Finalized ACM-013-001 for 636.04 EUR."),
    Row("in_advance", "118.80 EUR", 0, "Finalized ACM-037-001 for 118.80 EUR."),
    Row("no_tax_and_usd", "350.05 USD", 0, "Finalized ACM-038-001 for 350.05 USD."),
    Row("two_subscriptions", "970.80 EUR", 0, "Finalized ACM-034-001 for 970.80 EUR."),
    Row("termination", "108.86 EUR", 0, "Finalized ACM-033-001 for 108.86 EUR."),
    Row("timezone_tokyo", "326.70 EUR", 0, "Finalized ACM-035-001 for 326.70 EUR."),
    Row("coupon_at_finalize", "479.14 EUR", 0, "Finalized ACM-017-001 for 467.14 EUR."),
    Row("percentage_coupon", "584.57 EUR", 0, "Finalized ACM-018-001 for 543.65 EUR."),
    Row("wallet_at_finalize", "699.25 EUR", 0, "Finalized ACM-019-001 for 649.25 EUR."),
    Row("credit_note_at_finalize", "262.24 EUR", 0, "Finalized ACM-021-002 for 234.52 EUR."),
    Row("wallet_covers_all", "515.80 EUR", 0, "Finalized ACM-020-001 for 0.00 EUR."),
    Row("zero_fees_finalized", "0.00 EUR", 0, "Finalized ACM-023-001 for 0.00 EUR."),
    Row("zero_fees_skipped", "0.00 EUR", 4, "`will_be_issued`", None, ()),
    Row(
        "zero_fees_skipped", "0.00 EUR", 0, "Closed, not issued", more=("--accept-closed",), label="zero_fees_accepted"
    ),
    Row("late_event_refreshed", "1040.89 EUR", 0, "Finalized ACM-015-001 for 1,040.89 EUR."),
    Row("late_event_refreshed", "302.89 EUR", 4, "`total_matches`", None, (REFRESH,), label="late_event_old_total"),
    Row("late_event", "518.29 EUR", 14, "Finalized, but NOT as confirmed: ACM-014-001 for 1,256.29 EUR."),
    Row(
        "tax_changed_after_review", "692.82 EUR", 6, "The draft was refreshed; nothing was finalized.", None, (REFRESH,)
    ),
    Row("provider_taxes", "300.08 USD", 0, "Finalized ACM-040-001 for 300.08 USD."),
    Row("provider_taxes_failed", "", 10, "Not issued", "effect.rejected"),
    Row("draft_taxes_pending", "0.00 USD", 4, "`tax_ready`", None, (), env={"RUNBOOK_TAXES_DEADLINE": "0.2"}),
    Row("draft_taxes_failed", "", 10, "Not issued", "effect.rejected"),
    Row("finalized_by_somebody_else", "355.00 EUR", 0, "That this run did it is not proven.", "effect.observed"),
    Row("deleted_draft", "", 10, "the invoice is gone", "effect.rejected"),
    Row("answer_lost_then_done", "207.22 EUR", 0, "That this run did it is not proven.", "effect.observed"),
    Row("server_killed_then_not_done", "", 13, "UNKNOWN whether invoice", "effect.unknown"),
    Row("error_500_still_draft", "", 10, "now the invoice reads `draft`", "effect.rejected"),
    Row("error_500_yet_finalized", "925.98 EUR", 0, "That this run did it is not proven.", "effect.observed"),
    Row("two_at_once", "806.34 EUR", 0, "Finalized ACM-048-001 for 806.34 EUR."),
]


def total_of(played: Played) -> str:
    """The draft's total after the refresh, as a person would type it."""
    from engine.http.answers import parse
    from engine.sandbox.scenario import key_of
    from engine.values import Money

    reads = [stage for stage in played.player.stages if stage.kind == "reads"]
    found = ""
    for stage in reads:
        reply = stage.find(key_of("GET", f"/api/v1/invoices/{played.invoice}"))
        invoice = parse(reply.body)["invoice"] if reply is not None and reply.status == 200 else {}
        if invoice.get("status") == "draft" and invoice["total_amount_cents"]:
            found = Money(invoice["total_amount_cents"], invoice["currency"]).plain
    return found


def newest_of(played: Played) -> str | None:
    """The type of the journal's newest record for the effect."""
    with Reader.open(played.journal) as journal:
        state = journal.effect(f"lago/127.0.0.1/invoice/{played.invoice}/finalize")
    return state.type if state else None


# The first of each exit code is run as it is installed, in a process of its own.
INSTALLED = [next(row for row in ROWS if row.exit == code) for code in sorted({row.exit for row in ROWS})]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_run_ends_as_the_recordings_say(row: Row, tmp_path: Path) -> None:
    with Played(row.scenario, tmp_path, is_installed=row in INSTALLED) as played:
        done = played.finalize(row.total or total_of(played), *row.more, **row.env)
        told = f"{done.out}\n{done.err}"
        assert done.code == row.exit, told
        assert row.says in done.last_line, told
        assert [seen.target.rpartition("/")[2] for seen in played.player.writes] == list(row.writes)
        assert played.player.failures == []
        assert newest_of(played) == row.newest
        assert verify(played.journal).is_intact


def test_the_same_command_again_is_one_line_and_sends_nothing(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        first = played.finalize("636.04 EUR")
        again = played.finalize("636.04 EUR")
        run = first.last_line.rpartition(" ")[2]
        assert (first.code, again.code) == (0, 0)
        assert f"already finalized as ACM-013-001 on 2026-11-23, by run {run}; nothing to do" in again.last_line
        assert len(played.player.writes) == 2


def test_a_closed_invoice_is_told_by_the_journal_when_lago_shows_it_nowhere(tmp_path: Path) -> None:
    with Played("zero_fees_skipped", tmp_path) as played:
        first = played.finalize("0.00 EUR", "--accept-closed")
        again = played.finalize("0.00 EUR", "--accept-closed")
        assert (first.code, again.code) == (0, 0)
        assert "already closed, by run" in again.last_line
        assert played.player.count("/finalize") == 1


def test_pending_at_the_deadline_is_12_and_resume_ends_it(tmp_path: Path) -> None:
    with Played("provider_taxes", tmp_path) as played:
        first = played.finalize("300.08 USD", RUNBOOK_PENDING_DEADLINE="0")
        assert first.code == 12, first.out + first.err
        assert newest_of(played) == "effect.pending"
        ended = played.run("resume", first.last_line.rpartition(" ")[2])
        assert ended.code == 0, ended.out + ended.err
        assert "Finalized ACM-040-001 for 300.08 USD." in ended.last_line
        assert (newest_of(played), played.player.count("/finalize")) == ("effect.done", 1)


def test_unknown_at_the_end_of_the_window_is_13_and_resume_ends_it(tmp_path: Path) -> None:
    quick = {"RUNBOOK_SETTLE_WINDOW": "0", "RUNBOOK_SETTLE_MIN_READS": "1"}
    with Played("answer_lost_then_done", tmp_path) as played:
        first = played.finalize("207.22 EUR", **quick)
        assert first.code == 13, first.out + first.err
        run = first.last_line.rpartition(" ")[2]
        held = played.finalize("207.22 EUR")
        ended = played.run("resume", run)
        assert ended.code == 0, ended.out + ended.err
        assert run in held.last_line
        assert (newest_of(played), played.player.count("/finalize")) == ("effect.observed", 1)


@pytest.mark.parametrize(
    ("scenario", "exit", "says"),
    [
        ("one_off", 0, "already finalized"),
        ("paid_failed_overdue", 0, "already finalized"),
        ("voided", 0, "already finalized"),
    ],
)
def test_what_is_past_its_draft_is_not_touched(tmp_path: Path, scenario: str, exit: int, says: str) -> None:
    with Played(scenario, tmp_path) as played:
        at = next(k for k, stage in enumerate(played.player.stages) if stage.name == "finalized")
        played.player._go(at)
        done = played.finalize("1.00 EUR")
        assert done.code == exit, done.out + done.err
        assert says in done.last_line
        assert played.player.writes == []


def test_a_voided_invoice_is_denied(tmp_path: Path) -> None:
    with Played("voided", tmp_path) as played:
        at = next(k for k, stage in enumerate(played.player.stages) if stage.name == "voided")
        played.player._go(at)
        done = played.finalize("1.00 EUR")
        assert done.code == 4, done.out + done.err
        assert played.player.writes == []
