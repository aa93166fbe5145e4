"""What validates can be run: runbooks that are not the shipped one, played against a recorded Lago."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lago_server import Played, Result

from engine.library import SHIPPED

DOCS = SHIPPED.parent / "docs"
TOTAL = "636.04 EUR"

DRAFT = """  - {id: draft, title: Open the draft, step: lago.get_invoice, with: {invoice: "${inputs.invoice}"}}
"""
CUSTOMER = """  - {id: customer, title: Open the customer, step: lago.get_customer, with: {invoice: "${draft}"}}
"""
REFRESH = """  - {id: refreshed, step: lago.refresh_invoice, with: {invoice: "${draft}"}}
"""
CALL = """  - {id: billed, step: lago.get_customer, with: {invoice: "${draft}"}}
  - {id: entity, step: lago.get_billing_entity, with: {invoice: "${draft}"}}
  - {id: history, step: lago.get_history, with: {invoice: "${draft}"}}
  - {id: sync, step: billing.latest_sync}
  - id: policy
    policy: [billing]
    with: {invoice: "${refreshed}", customer: "${billed}", entity: "${entity}", history: "${history}", sync: "${sync}"}
  - {id: consent, confirm: "${draft.customer.external_id}", with: {invoice: "${refreshed}"}}
  - {id: finalize, step: lago.finalize_invoice, with: {confirmed: "${consent}"}}
  - {id: issued, step: lago.read_back, with: {finalized: "${finalize}"}}
  - {id: as_confirmed, check: issued_as_confirmed, with: {confirmed: "${consent}", issued: "${issued}"}}
"""


def own(steps: str, inputs: str = "") -> str:
    """A runbook `own` of these steps."""
    head = "runbook: own\nversion: 1\ntitle: A runbook of our own\nsummary: Does what it says.\n"
    return f"{head}inputs:\n  invoice: {{type: invoice_id}}\n{inputs}subject: lago:invoice:${{draft.lago_id}}\nsteps:\n{steps}"


def play(played: Played, text: str, *words: str, name: str = "own") -> Result:
    """Run this text as a runbook."""
    folder = played.folder / "own"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return played.run("run", name, "--invoice", played.invoice, *words, RUNBOOK_PATH=str(folder))


def confirmed(played: Played, *more: str) -> tuple[str, ...]:
    """The flags that consent to the recorded draft."""
    return ("--confirm", played.customer, *more)


def test_the_example_of_the_manual_finalizes(tmp_path: Path) -> None:
    text, _ = re.findall(r"^```yaml\n(.*?)^```$", (DOCS / "runbook-format.md").read_text(), re.MULTILINE | re.DOTALL)
    with Played("finalize_ok", tmp_path) as played:
        previewed = play(played, text, "--total", TOTAL, "--dry-run", name="finalize_reviewed")
        assert previewed.code == 0, previewed.out + previewed.err
        assert played.player.writes == []
        done = play(played, text, *confirmed(played, "--total", TOTAL), name="finalize_reviewed")
        assert done.code == 0, done.out + done.err
        assert "Finalized ACM-013-001 for 636.04 EUR." in done.last_line
        assert [seen.target.rpartition("/")[2] for seen in played.player.writes] == ["refresh", "finalize"]


def test_a_runbook_that_only_looks_ends_with_what_it_saw(tmp_path: Path) -> None:
    looks = own(DRAFT + CUSTOMER + "  - {id: is_draft, check: invoice_is_draft, with: {invoice: '${draft}'}}\n")
    with Played("finalize_ok", tmp_path) as played:
        for words in ((), ("--dry-run",)):
            done = play(played, looks, *words)
            assert done.code == 0, done.out + done.err
            assert "1 check passed. Nothing was written." in done.last_line
        assert played.player.writes == []


@pytest.mark.parametrize(("month", "code"), [("2026-10", 0), ("2026-09", 4)])
def test_a_month_may_stand_in_the_file_itself(month: str, code: int, tmp_path: Path) -> None:
    with_ = f"{{invoice: '${{draft}}', customer: '${{customer}}', expected: {month}}}"
    judge = f"  - {{id: period, check: period_matches, with: {with_}}}\n"
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, own(DRAFT + CUSTOMER + judge))
        assert done.code == code, done.out + done.err


@pytest.mark.parametrize(("age", "code"), [("30d", 0), ("1s", 4)])
def test_a_duration_may_stand_in_the_file_itself(age: str, code: int, tmp_path: Path) -> None:
    judge = f"  - {{id: fresh, check: sync_is_fresh, with: {{sync: '${{sync}}', max_age: {age}}}}}\n"
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, own(DRAFT + "  - {id: sync, step: billing.latest_sync}\n" + judge))
        assert done.code == code, done.out + done.err


def test_a_consent_may_show_no_more_than_the_invoice(tmp_path: Path) -> None:
    total = "  total: {type: money, optional: true}\n"
    judge = "  - {id: total, check: total_matches, with: {invoice: '${refreshed}', expected: '${inputs.total}'}}\n"
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, own(DRAFT + REFRESH + judge + CALL, total), *confirmed(played, "--total", TOTAL))
        assert done.code == 0, done.out + done.err
        assert "Finalized ACM-013-001 for 636.04 EUR." in done.last_line
        assert "how much is not known" in done.out


STEP_LINES = [
    line for line in (SHIPPED / "finalize_invoice.yaml").read_text().splitlines() if line.startswith("  - {id: ")
]


def without(line: str) -> str:
    """The shipped runbook without this step and the notes about it."""
    text = (SHIPPED / "finalize_invoice.yaml").read_text().replace(line + "\n", "")
    id = line[9 : line.index(",")]
    text = re.sub(rf"  - on: {id}\.\w+\n(?:    .*\n)+", "", text)
    for name in set(re.findall(r"\$\{inputs\.(\w+)\}", line)) - set(re.findall(r"\$\{inputs\.(\w+)\}", text)):
        text = re.sub(rf"^  {name}: .*\n", "", text, flags=re.MULTILINE)
    return text.replace("runbook: finalize_invoice", "runbook: own")


@pytest.mark.parametrize(
    "line",
    [line for line in STEP_LINES if "check: " in line and "inputs.total" not in line],
    ids=lambda line: line[9 : line.index(",")],
)
def test_the_shipped_runbook_runs_without_any_one_of_its_checks(line: str, tmp_path: Path) -> None:
    text = without(line)
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, text, *confirmed(played, "--total", TOTAL))
        assert done.code == 0, done.out + done.err
        assert "Finalized ACM-013-001 for 636.04 EUR." in done.last_line


def test_without_an_input_for_the_total_nobody_but_a_person_at_a_terminal_consents(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, own(DRAFT + REFRESH + CALL), *confirmed(played))
        assert done.code == 5, done.out + done.err
        assert "no input `total`" in done.last_line
        assert played.player.writes == []


def test_a_total_that_no_check_compares_is_still_compared_by_the_consent(tmp_path: Path) -> None:
    compares = "  - {id: right, check: total_matches, with: {invoice: '${draft}', expected: '${inputs.total}'}}\n"
    text = own(DRAFT + REFRESH + compares + CALL, "  total: {type: money, optional: true}\n")
    with Played("late_event_refreshed", tmp_path) as played:
        done = play(played, text, *confirmed(played, "--total", "302.89 EUR"))
        assert done.code == 5, done.out + done.err
        assert "`--total` is not 1,040.89 EUR" in done.last_line
        assert played.player.count("/finalize") == 0
