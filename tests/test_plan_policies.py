"""A plan holds under the policies that judged it; and nobody is sent to a run that would lack an approval."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lago_server import Played, Result

from engine.folders import SHIPPED_POLICIES

LIMIT = "EUR: 1000000,"


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Played]:
    """A draft that a second person has to approve, since the limit is 500.00 EUR here."""
    with Played("finalize_ok", tmp_path) as played:
        write(played, limit="EUR: 50000,")
        yield played


def write(played: Played, *, limit: str = LIMIT, more: str = "") -> None:
    text = (SHIPPED_POLICIES / "billing.yaml").read_text("utf-8")
    assert text.count(LIMIT) == 1
    (played.folder / "policies").mkdir(exist_ok=True)
    (played.folder / "policies" / "billing.yaml").write_text(text.replace(LIMIT, limit) + more, "utf-8")


def plan(played: Played) -> Result:
    return played.run("plan", "finalize_invoice", "--invoice", played.invoice)


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_a_limit_that_was_raised_after_a_plan_was_made_is_no_way_around_its_approval(
    words: tuple[str, ...], asked: Played
) -> None:
    assert plan(asked).code == 0
    write(asked, limit="EUR: 5000000,")
    done = asked.run("apply", "plan.json", *words)
    assert done.code == 6, done.out + done.err
    assert "\tplan\tFAIL\tother policies than the plan was made under\n" in done.out
    assert "Stale: The policies are not those that judged the plan. Nothing was written." in done.last_line
    assert asked.player.writes == []


def test_params_of_the_environment_are_part_of_what_judged_it(asked: Played) -> None:
    assert plan(asked).code == 0
    there = asked.env.get("RUNBOOK_ENVIRONMENT", "127.0.0.1")
    write(asked, limit="EUR: 50000,", more=f'\nenvironments:\n  "{there}":\n    params: {{unusual_times: 4}}\n')
    assert asked.run("apply", "plan.json").code == 6


def test_a_dry_run_names_the_approvals_that_a_run_would_lack_and_how_to_get_them(asked: Played) -> None:
    done = asked.run("run", "finalize_invoice", "--invoice", asked.invoice, "--dry-run")
    assert done.code == 0, done.out + done.err
    assert "Would finalize the draft of cus_hooli for 636.04 EUR. 1 approval needed first." in done.last_line
    assert done.last_line.rstrip().endswith(f"runbook plan finalize_invoice --invoice {asked.invoice}")
    assert plan(asked).code == 0
    assert asked.run("apply", "plan.json", "--dry-run").last_line.rstrip().endswith("runbook approve plan.json")
