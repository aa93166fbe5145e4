"""`when:` and expressions between braces, in runs against a recorded Lago: what is left out, and what is handed on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lago_server import Played, Result
from test_own_runbooks import CALL, CUSTOMER, DRAFT, REFRESH, TOTAL, confirmed, own, play


def skipped(done: Result) -> list[tuple[str, str, str]]:
    """The step, condition and phase of each `step.skipped` that a run told as JSON, in order."""
    lines = [json.loads(line) for line in done.out.splitlines()]
    return [(one["step"], one["when"], one["phase"]) for one in lines if one["type"] == "step.skipped"]


def conditional(condition: str) -> str:
    """A read and a check that both depend on a condition."""
    return (
        f"  - {{id: customer, step: lago.get_customer, when: '{condition}', with: {{invoice: '${{draft}}'}}}}\n"
        f"  - {{id: right, check: customer_matches, when: '{condition}',"
        " with: {invoice: '${draft}', customer: '${customer}', expected: '${draft.customer.external_id}'}}\n"
    )


def test_a_step_whose_condition_is_true_is_taken(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, own(DRAFT + conditional('draft.status == "draft" && size(draft.fees) > 0')))
        assert done.code == 0, done.out + done.err
        assert "1 check passed." in done.last_line
        assert "left out" not in done.out


def test_a_step_whose_condition_is_false_is_left_out_and_said_to_be(tmp_path: Path) -> None:
    condition = "size(draft.fees) == 0"
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, own(DRAFT + conditional(condition)))
        assert done.code == 0, done.out + done.err
        assert "0 checks passed." in done.last_line
        assert done.out.count(f"left out, since this is false: {condition}") == 2
        told = play(played, own(DRAFT + conditional(condition)), "--format", "json")
        assert skipped(told) == [("customer", condition, "first"), ("right", condition, "first")]


def test_a_condition_is_judged_again_on_the_figures_after_the_refresh(tmp_path: Path) -> None:
    judge = (
        "  - {id: right, check: total_matches, when: 'refreshed.total_amount_cents > 100000',"
        " with: {invoice: '${refreshed}', expected: '${inputs.total}'}}\n"
    )
    text = own(DRAFT + REFRESH + judge + CALL, "  total: {type: money, optional: true}\n")
    with Played("late_event_refreshed", tmp_path) as played:
        done = play(played, text, *confirmed(played, "--total", "302.89 EUR"))
        assert done.code == 4, done.out + done.err  # 302.89 before the refresh, 1,040.89 after it
        assert played.player.count("/finalize") == 0


def test_what_is_left_out_before_a_consent_binds_nothing_and_the_run_goes_on(tmp_path: Path) -> None:
    judge = "  - {id: total, check: total_matches, with: {invoice: '${refreshed}', expected: '${inputs.total}'}}\n"
    steps = DRAFT + REFRESH + conditional("size(draft.fees) > 100") + judge + CALL
    with Played("finalize_ok", tmp_path) as played:
        text = own(steps, "  total: {type: money, optional: true}\n")
        done = play(played, text, *confirmed(played, "--total", TOTAL, "--format", "json"))
        assert done.code == 0, done.out + done.err
        phases = [phase for step, _, phase in skipped(done) if step == "customer"]
        assert phases == ["first", "refreshed", "recheck"]


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("${draft.customer.external_id}", 0),
        ('${draft.customer.external_id + ""}', 0),
        ('${size(draft.fees) > 100 ? "nobody" : draft.customer.external_id}', 0),
        ('${draft.customer.external_id + "-2"}', 4),
        ('${"${"}', 4),
    ],
)
def test_an_expression_between_braces_is_handed_on_with_its_type(expression: str, code: int, tmp_path: Path) -> None:
    judge = f"""  - id: right
    check: customer_matches
    with:
      invoice: ${{draft}}
      customer: ${{customer}}
      expected: >-
        {expression}
"""
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, own(DRAFT + CUSTOMER + judge))
        assert done.code == code, done.out + done.err


def test_an_expression_without_a_value_denies_and_says_why(tmp_path: Path) -> None:
    judge = """  - id: right
    check: customer_matches
    when: draft.fees[99].amount_cents > 0
    with: {invoice: "${draft}", customer: "${customer}"}
"""
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, own(DRAFT + CUSTOMER + judge))
        assert done.code == 4, done.out + done.err
        assert "`draft.fees[99]` of `draft.fees[99].amount_cents > 0` has no value" in done.out


def test_the_subject_may_be_computed(tmp_path: Path) -> None:
    text = own(DRAFT + CUSTOMER).replace(
        "subject: lago:invoice:${draft.lago_id}", "subject: 'lago:${draft.invoice_type + \":\" + draft.lago_id}'"
    )
    with Played("finalize_ok", tmp_path) as played:
        assert play(played, text).code == 0
        listed = played.run("audit", "list", "--subject", f"lago:subscription:{played.invoice}")
        assert "own" in listed.out


def test_whoever_reads_the_runbook_reads_its_conditions(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        play(played, own(DRAFT + conditional("size(draft.fees) > 100")))
        folder = str(played.folder / "own")
        shown = played.run("show", "own", RUNBOOK_PATH=folder)
        assert shown.out.count("; only when `size(draft.fees) > 100`") == 2
        page = played.run("docs", "own", RUNBOOK_PATH=folder).out
        assert page.count("; only when `size(draft.fees) > 100`") >= 2
        assert "| `step.skipped` |" in page


def test_the_run_has_its_id_in_an_expression_after_the_call_too(tmp_path: Path) -> None:
    """By then `${run}` is what was read back from the journal, and no longer the id alone."""
    total = "  total: {type: money, optional: true}\n"
    after = (
        "  - {id: recorded, check: attributed_in_journal, with: {run: '${run}'}}\n"
        "  - {id: again, check: attributed_in_journal, when: 'size(run.id) == 12', with: {run: '${run}'}}\n"
        "  - {id: left, check: attributed_in_journal, when: 'size(run.id) == 0', with: {run: '${run}'}}\n"
    )
    judge = "  - {id: total, check: total_matches, with: {invoice: '${refreshed}', expected: '${inputs.total}'}}\n"
    with Played("finalize_ok", tmp_path) as played:
        text = own(DRAFT + REFRESH + judge + CALL + after, total)
        done = play(played, text, *confirmed(played, "--total", TOTAL))
        assert done.code == 0, done.out + done.err
        assert done.out.count("the journal names") == 2
        assert done.out.count("left out, since this is false: size(run.id) == 0") == 1
