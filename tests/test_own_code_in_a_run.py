"""A run whose steps and checks did not come with runbook: what they may do to it, and what the journal keeps of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lago_server import Played, Result
from own_code import CHECK, CONTRACT_STEPS, REVIEW, STEP, write
from test_own_runbooks import CALL, DRAFT, REFRESH, TOTAL, own

from engine.errors import Bug
from engine.extensions.containing import contained_step
from engine.http.exchange import NoAnswer
from engine.journal import Reader
from engine.steps import REGISTRY as STEPS
from engine.steps.base import OneWayStep

AGREED = """  - {id: customer, step: lago.get_customer, with: {invoice: "${draft}"}}
  - {id: contract, step: acme.get_contract, with: {customer: "${customer}"}}
"""
SMALL = """  - {id: small, check: acme.within_limit, with: {invoice: "${refreshed}", limit: "${contract.ceiling}"}}
"""
EQUAL = """  - {id: total, check: total_matches, with: {invoice: '${refreshed}', expected: '${inputs.total}'}}
"""
AFTER = """  - {id: still_small, check: acme.within_limit, with: {invoice: "${issued}", limit: "${contract.ceiling}"}}
"""
FINALIZES = own(DRAFT + AGREED + REFRESH + SMALL + EQUAL + CALL + AFTER, "  total: {type: money, optional: true}\n")
FILE = {"kind": "file", "version": None}


def play(played: Played, text: str, code: Mapping[str, str], *words: str) -> Result:
    """Run this runbook with these files of code."""
    files = [write(played.folder / "code", name, content) for name, content in code.items()]
    name = text.split()[1]
    write(played.folder, f"own/{name}.yaml", text)
    env = {"RUNBOOK_PATH": str(played.folder / "own"), "RUNBOOK_EXTENSIONS": ":".join(map(str, files))}
    return played.run("run", name, "--invoice", played.invoice, *words, **env)


def finalize(played: Played, code: Mapping[str, str]) -> Result:
    """The runbook that finalizes, with consent by flags."""
    return play(played, FINALIZES, code, "--confirm", played.customer, "--total", TOTAL)


def records(played: Played) -> list[Any]:
    """What the journal holds of the one run."""
    with Reader.open(played.journal) as journal:
        (run,) = journal.runs()
        return list(journal.run(run.run))


def judging(body: str) -> str:
    """The check with another body."""
    head, _, rest = CHECK.partition("    total = params")
    return head + "".join(f"    {line}\n" for line in body.splitlines()) + "\n\nCHECK" + rest.split("\n\n\nCHECK")[1]


def reading(body: str) -> str:
    """The step with another body."""
    head, _, rest = STEP.partition("    contract = Contract")
    return head + "".join(f"    {line}\n" for line in body.splitlines()) + "\n\nSTEP" + rest.split("\n\n\nSTEP")[1]


def test_an_own_step_and_an_own_check_take_part_in_a_real_run(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = finalize(played, {"checks.py": CHECK, "contracts.py": STEP})
        assert done.code == 0, done.out + done.err
        assert "Finalized ACM-013-001 for 636.04 EUR." in done.last_line
        kept = records(played)
        shown = played.run("audit", "show", kept[0].run)
    sums = {name: hashlib.sha256(text.lstrip("\n").encode()).hexdigest() for name, text in (("c", CHECK), ("s", STEP))}
    assert kept[0].data["extensions"] == [
        {**FILE, "name": "checks.py", "digest": f"sha256:{sums['c']}", "gives": ["acme.within_limit"]},
        {**FILE, "name": "contracts.py", "digest": f"sha256:{sums['s']}", "gives": ["acme.get_contract"]},
    ]
    facts = [one.data for one in kept if one.type == "fact" and one.step == "contract"]
    assert [fact["phase"] for fact in facts] == ["first", "refreshed", "recheck"]
    assert facts[0]["kind"] == "Contract"
    assert facts[0]["requests"] == ["GET contracts/C-1"]
    assert facts[0]["values"] == {"number": "C-1", "ceiling": {"amount_cents": 100_000, "currency": "EUR"}}
    verdicts = [one.data for one in kept if one.type == "check.verdict" and one.data["check"] == "acme.within_limit"]
    assert [(one["phase"], one["verdict"]) for one in verdicts] == [
        ("first", "pass"),
        ("refreshed", "pass"),
        ("verify", "pass"),
    ]
    assert f"with code of its own: checks.py ({sums['c'][:12]}) gives acme.within_limit" in shown.out


def test_an_own_check_denies_like_any_other(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, REVIEW.replace("1000.00", "636.03"), {"checks.py": CHECK})
        assert done.code == 4, done.out + done.err
        assert "Have it looked at." in done.out
        assert played.player.writes == []


def test_what_an_own_step_learned_is_bound_by_the_consent(tmp_path: Path) -> None:
    moving = STEP.replace("def read(", "READS: list[int] = []\n\n\ndef read(").replace(
        "    contract = ", "    READS.append(1)\n    contract = "
    )
    moving = moving.replace("100_000", "100_000 + (1 if len(READS) == 3 else 0)")
    with Played("finalize_ok", tmp_path) as played:
        done = finalize(played, {"checks.py": CHECK, "contracts.py": moving})
        assert done.code == 6, done.out + done.err
        assert played.player.count("/finalize") == 0


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("raise KeyError('x')", "KeyError: 'x'"),
        ("import sys\nsys.exit(0)", "RuntimeError: it tried to end the program"),
        ("return None", "TypeError: it answered with NoneType, and not with a verdict"),
        ("return True", "TypeError: it answered with bool, and not with a verdict"),
        ("return Verdict('ok', 'fine')", "TypeError: its verdict is not `pass`, `warn` or `deny` with texts"),
        ("return passed(7)", "TypeError: its verdict is not `pass`, `warn` or `deny` with texts"),
        ("return passed('fine', share=0.5)", "TypeError: float has no place in a record"),
    ],
)
def test_a_check_that_does_not_judge_denies(body: str, why: str, tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, REVIEW, {"checks.py": judging(body)}, "--format", "json")
        assert done.code == 4, done.out + done.err
        (verdict,) = [line for line in map(json.loads, done.out.splitlines()) if line["type"] == "check.verdict"]
    assert (verdict["verdict"], verdict["message"]) == ("deny", f"`acme.within_limit` could not judge: {why}")


def test_what_foreign_code_prints_is_not_mistaken_for_a_record(tmp_path: Path) -> None:
    code = {
        "checks.py": judging("print('looking')\nreturn passed('fine')"),
        "steps.py": reading("print('reading')\n1 / 0"),
    }
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, REVIEW, code, "--format", "json")
        assert done.code == 0, done.out + done.err
        assert [json.loads(line)["v"] for line in done.out.splitlines()] == [1] * len(done.out.splitlines())
        assert "looking" in done.err


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("return {}['x']", 1, "the step `acme.get_contract` of contracts.py failed: KeyError: 'x'"),
        ("import sys\nsys.exit(0)", 1, "failed: RuntimeError: it tried to end the program"),
        ("return Contract(number='1', ceiling=Money(1, 'EUR'))", 1, "answered with Contract, and not `Fetched`"),
        ("return Fetched(params.customer, (), world.clock.now(), 0.0)", 1, "answered with Customer, and not `Contract`"),
        ("from engine.api import Unreachable\nraise Unreachable('the register is closed')", 7, "the register is closed"),
        ("from engine.api import Denied\nraise Denied('there is no contract')", 4, "there is no contract"),
    ],
)  # fmt: skip
def test_a_step_that_fails_ends_the_run_before_anything_is_written(
    body: str, code: int, said: str, tmp_path: Path
) -> None:
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, REVIEW + CONTRACT_STEPS, {"checks.py": CHECK, "contracts.py": reading(body)})
        assert done.code == code, done.out + done.err
        assert said.casefold() in " ".join(done.out.split()).casefold()
        assert records(played)[-1].type == "run.end"
        assert played.player.writes == []


def test_a_fact_that_resume_could_not_make_again_is_refused_when_it_is_read(tmp_path: Path) -> None:
    hidden = STEP.replace("    def figures", "    secret: str = 'x'\n\n    def figures").replace(
        "return self.clear()", "return [self.clear(), self.secret]"
    )
    hidden = hidden.replace('number="C-1",', 'number="C-1", secret="y",')
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, REVIEW + CONTRACT_STEPS, {"checks.py": CHECK, "contracts.py": hidden})
        assert done.code == 1, done.out + done.err
        assert "a fact whose figures are not all in clear" in " ".join(done.out.split())


@pytest.mark.parametrize("body", ["import sys\nsys.exit(0)", "raise KeyError('x')"])
def test_after_the_call_a_check_that_fails_can_neither_hide_it_nor_make_it_good(body: str, tmp_path: Path) -> None:
    late = f"if params.invoice.status == 'finalized':\n    {body.replace(chr(10), chr(10) + '    ')}\nreturn passed('fine')"
    with Played("finalize_ok", tmp_path) as played:
        done = finalize(played, {"checks.py": judging(late), "contracts.py": STEP})
        assert done.code == 14, done.out + done.err
        assert played.player.count("/finalize") == 1
        assert [one.type for one in records(played)][-1] == "run.end"


def test_resume_says_that_the_code_has_changed(tmp_path: Path) -> None:
    code = {"checks.py": CHECK, "contracts.py": STEP}
    with Played("finalize_ok", tmp_path, faults=["finalize:lost-after"]) as played:
        env = {"RUNBOOK_SETTLE_WINDOW": "0", "RUNBOOK_SETTLE_MIN_READS": "1"}
        played.settings = {**played.settings, **env}
        ended = finalize(played, code)
        run = records(played)[0].run
        files = ":".join(str(played.folder / "code" / name) for name in code)
        write(played.folder / "code", "checks.py", CHECK + "# changed\n")
        paths = {"RUNBOOK_PATH": str(played.folder / "own"), "RUNBOOK_EXTENSIONS": files}
        gone = played.run("resume", run, RUNBOOK_PATH=paths["RUNBOOK_PATH"])
        assert gone.code == 3, gone.out + gone.err
        assert "unknown check `acme.within_limit`" in gone.err
        again = played.run("resume", run, **paths)
        assert again.code == 0, ended.out + again.out + again.err
        (resumed,) = [one for one in records(played) if one.type == "run.resume"]
        assert resumed.data["extensions_changed"] is True
        assert "runbook_changed" not in resumed.data
        assert "with changed code of its own" in " ".join(played.run("audit", "show", run).out.split())


def test_an_own_step_reads_from_lago_by_a_path_of_its_own(tmp_path: Path) -> None:
    reads = STEP.replace('("number", "ceiling")', '("currency", "name")')
    reads = reads.replace("    number: str\n    ceiling: Money\n", "    currency: str\n    name: str | None = None\n")
    reads = reads.replace("{self.number}, up to {self.ceiling}", "{self.currency}")
    head, _, rest = reads.partition("    contract = Contract")
    body = '    return world.lago.get(["customers", params.customer.external_id], "customer", Contract)\n\n\nSTEP'
    reads = head + body + rest.split("\n\n\nSTEP")[1]
    text = REVIEW + AGREED
    with Played("finalize_ok", tmp_path) as played:
        done = play(played, text, {"checks.py": CHECK, "plans.py": reads})
        assert done.code == 0, done.out + done.err
        (fact,) = [one.data for one in records(played) if one.step == "contract"]
    assert fact["requests"] == [f"GET /api/v1/customers/{played.customer}"]
    assert fact["values"] == {"currency": "EUR", "name": "Hooli SAS"}


def test_a_step_of_one_s_own_that_cannot_judge_or_look_leaves_the_outcome_unknown() -> None:
    def fails(*args: object) -> Any:
        raise KeyError("x")

    def ends(*args: object) -> Any:
        raise SystemExit(0)

    whole = STEPS["lago.finalize_invoice"]
    assert isinstance(whole, OneWayStep)
    for function in (fails, ends):
        step = contained_step(replace(whole, judge=function, sight=function), "acme.py")
        assert isinstance(step, OneWayStep)
        assert step.judge(None, NoAnswer("reset", 1.0)).state == "unknown"
        assert step.sight(None, None).state == "unreadable"  # type: ignore[arg-type]
        with pytest.raises(Bug, match=r"the step `lago\.finalize_invoice` of acme\.py failed"):
            contained_step(replace(whole, request=function), "acme.py").request(None, None)  # type: ignore[attr-defined]
