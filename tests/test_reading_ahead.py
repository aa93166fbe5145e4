"""Reads of one phase go on side by side; what is recorded and told keeps the order of the steps all the same."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lago_server import PROJECT, Played
from patient_lago import Patient
from test_interrupted_runs import Running

from engine.journal import Reader
from engine.under_way import InTurn, UnderWay

TOTAL = "636.04 EUR"
# The reads of `finalize_invoice` that need nothing but the draft, and those that need the customer first.
WITH_THE_DRAFT = ("/customers/", "/subscriptions", "/billing_entities/", "/sync/status", "status%5B%5D=finalized")
OF_THE_CUSTOMER = ("/applied_coupons", "/credit_notes", "/wallets")


def watching(played: Played, watch: Callable[[str], None]) -> None:
    """Have every request's target looked at before it is answered."""
    look = played.sandbox.before

    def before(method: str, target: str) -> None:
        look(method, target)
        watch(target)

    played.sandbox.before = before


@pytest.mark.parametrize("together", [WITH_THE_DRAFT, OF_THE_CUSTOMER])
def test_each_of_them_is_answered_only_once_all_of_them_were_asked(together: tuple[str, ...], tmp_path: Path) -> None:
    met: list[str] = []
    all_there = threading.Barrier(len(together))

    def watch(target: str) -> None:
        if not all_there.broken and len(met) < len(together) and any(part in target for part in together):
            met.append(target)
            all_there.wait(10)

    with Played("finalize_ok", tmp_path) as played:
        watching(played, watch)
        result = played.finalize(TOTAL)
    assert (result.code, len(met), all_there.broken) == (0, len(together), False), result.out + result.err


def test_what_comes_first_is_told_last_when_its_step_is_the_last(tmp_path: Path) -> None:
    def watch(target: str) -> None:
        time.sleep(0.1 if "/customers/" in target else 0.05 if "/subscriptions" in target else 0)

    with Patient("finalize_ok", tmp_path) as played:
        watching(played, watch)
        result = played.finalize(TOTAL)
        with Reader.open(played.journal) as journal:
            records = journal.run(played.runs[0])
    facts = [(record.step, record.data["phase"]) for record in records if record.type == "fact"]
    reads = ["customer", "subscriptions", "credits", "entity"]
    assert result.code == 0, result.err
    assert facts == [
        *((step, "first") for step in ("draft", *reads, "history", "sync")),
        ("refreshed", "write"),
        *((step, "refreshed") for step in ("refreshed", *reads)),
        *((step, "recheck") for step in ("refreshed", *reads)),
        *((step, "verify") for step in ("issued", "lists")),
    ]
    told = [line.split("\t")[2] for line in result.out.splitlines()]
    assert [step for step in told if step in reads] == reads, result.out


def test_a_draft_that_cannot_be_opened_is_all_that_is_asked_for(tmp_path: Path) -> None:
    asked: list[str] = []
    with Played("finalize_ok", tmp_path, faults=["reads:404"]) as played:
        watching(played, asked.append)
        result = played.finalize(TOTAL)
        assert (result.code, asked) == (4, [f"/api/v1/invoices/{played.invoice}"])


def test_one_that_is_refused_ends_the_run_and_those_under_way_are_not_waited_for(tmp_path: Path) -> None:
    def watch(target: str) -> None:
        if "/customers/" not in target and any(part in target for part in WITH_THE_DRAFT):
            time.sleep(20 if "/billing_entities/" in target else 1)

    with Played("finalize_ok", tmp_path, faults=["reads:401@2"]) as played:
        watching(played, watch)
        started = time.monotonic()
        result = played.finalize(TOTAL)
    assert (result.code, time.monotonic() - started < 15) == (7, True), result.out + result.err
    assert "refused the key" in result.out


def test_ctrl_c_is_answered_while_several_answers_are_waited_for(tmp_path: Path) -> None:
    hanging = threading.Semaphore(0)

    def watch(target: str) -> None:
        if any(part in target for part in WITH_THE_DRAFT):
            hanging.release()
            time.sleep(20)

    with Patient("finalize_ok", tmp_path) as played:
        watching(played, watch)
        running = Running(played)
        for _ in WITH_THE_DRAFT:
            assert hanging.acquire(timeout=20)
        running.hears(signal.SIGINT)
        result = running.end(10)
    assert (result.code, "Nothing was written." in result.out) == (130, True), result.out


def test_work_hands_over_its_value_and_raises_what_it_raised() -> None:
    first, second = UnderWay(lambda: 1), UnderWay(lambda: int("a"))
    assert first.result() == 1
    with pytest.raises(ValueError, match="invalid literal"):
        second.result()


def test_in_turn_nothing_is_done_before_it_is_asked_for() -> None:
    done: list[int] = []
    first, second = InTurn(lambda: done.append(1)), InTurn(lambda: done.append(2))
    second.result()
    first.result()
    assert done == [2, 1]


def test_models_that_several_threads_use_first_at_once_are_built_whole() -> None:
    """pydantic builds a model when it is first used; before 2.14 two threads could get in each other's way."""
    program = """
import json, sys
from pathlib import Path
from engine.lago_models import BillingEntity, Customer, Invoice, InvoiceHistory, ListedInvoice
from engine.sandbox.scenario import SHIPPED, load
from engine.under_way import UnderWay
sys.setswitchinterval(1e-6)
scenario = load(SHIPPED / "finalize_ok")
bodies = [json.loads(reply.body) for stage in scenario.stages for _, reply in stage.calls]
kinds = {"invoice": [Invoice, ListedInvoice], "customer": [Customer], "billing_entity": [BillingEntity]}
work = [(kind, body[key]) for body in bodies for key in body for kind in kinds.get(key, [])]
done = [UnderWay(lambda kind=kind, said=said: kind.model_validate(said)) for kind, said in work]
print(len(done) > 8 and all(type(one.result()) is kind for one, (kind, _) in zip(done, work)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=PROJECT)
    assert (done.stdout, done.stderr) == ("True\n", "")
