"""`approve` and `reject` as an approver meets them: shown, asked, signed, kept; and what stands against it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import signers
from journal_builders import START, opened
from lago_server import Played, Result
from signers import NEED, Key, Person, asking, seal

from engine import plan as plans
from engine.approvals import papers
from engine.journal import Reader, verify

CONSENT = ("--confirm", "cus_hooli", "--total", "636.04 EUR")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Key]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: signers.key(folder, name) for name in ("omar", "ann")}


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    """A plan by jane, as its file holds it, and the journal that knows it."""
    with Played("finalize_ok", tmp_path_factory.mktemp("plan")) as played:
        result = played.run("plan", "finalize_invoice", "--invoice", played.invoice, RUNBOOK_ENVIRONMENT="production")
        assert result.code == 0, result.out
        return (played.folder / "plan.json").read_bytes(), played.journal


@pytest.fixture
def desk(tmp_path: Path, planned: tuple[bytes, Path], keys: dict[str, Key]) -> Played:
    """Where omar, who may approve, has jane's plan before him. There is no Lago, and no key to one."""
    nowhere = {"LAGO_API_URL": "", "LAGO_API_KEY": "", "BILLING_CONSOLE_URL": "", "SSH_AUTH_SOCK": ""}
    played = Played("finalize_ok", tmp_path, settings=nowhere)
    played.operators = signers.operators(
        tmp_path / "operators.yaml",
        Person("omar", ("billing_approver",), [keys["omar"]]),
        Person("jane", ("billing_admin", "billing_approver")),
    )
    played.journal.parent.mkdir(mode=0o700)
    shutil.copyfile(planned[1], played.journal)
    played.journal.chmod(0o600)
    (tmp_path / "plan.json").write_bytes(planned[0])
    asking(tmp_path / "plan.json")
    return played


def approve(desk: Played, keys: dict[str, Key], *more: str, by: str = "omar", **env: str) -> Result:
    return desk.run("approve", "plan.json", "--key", str(keys[by].file), *CONSENT, *more, **env)


def records(desk: Played, result: Result) -> list[Any]:
    with Reader.open(desk.journal) as journal:
        return journal.run(result.out.split("\t")[1])


def test_an_approver_sees_what_a_consent_shows_and_signs_it(desk: Played, keys: dict[str, Key]) -> None:
    result = approve(desk, keys, "--reason", "agreed with the customer")
    assert result.code == 0, result.out + result.err
    for shown in ("Hooli SAS (cus_hooli)", "2026-10-01..2026-10-31", "API calls; 31765 units", "total: 636.04 EUR",
                  "issuing date: 2026-12-01 -> 2026-11-23", "may_deduct\tnothing", "PRODUCTION", "by jane for production",
                  "`second-approver` needs 1 of role billing_approver"):  # fmt: skip
        assert shown in result.out
    assert "Approved by omar: finalize the draft of cus_hooli for 636.04 EUR, plan" in result.last_line
    assert result.last_line.endswith("runbook apply plan.json --approval plan.omar.approval.json")
    paper = papers.read(desk.folder / "plan.omar.approval.json")
    plan = plans.read(desk.folder / "plan.json")
    assert (paper.approval.plan, paper.approval.figures_digest) == (plan.digest, plan.figures_digest)
    assert (paper.approval.approver, paper.approval.reason) == ("omar", "agreed with the customer")
    assert paper.approval.valid_until == paper.approval.at + timedelta(hours=4) < plan.expires_at
    kept = {one.type: one.data for one in records(desk, result)}
    assert kept["run.start"]["mode"] == "approve"
    assert kept["consent.asked"]["figures_digest"] == plan.figures_digest
    assert kept["approval.given"]["approval"] == json.loads(paper.body)
    assert kept["approval.given"]["signature"] == paper.signature
    assert kept["run.end"]["outcome"] == "approved"
    assert kept["run.end"]["invoice"]["total_amount_cents"] == 63604
    assert verify(desk.journal).is_intact


def test_a_rejection_needs_a_reason_and_is_signed_too(desk: Played, keys: dict[str, Key]) -> None:
    words = ("reject", "plan.json", "--key", str(keys["omar"].file), *CONSENT)
    assert desk.run(*words).code == 2
    assert desk.run(*words, "--reason", "  ").code == 2
    result = desk.run(*words, "--reason", "wrong month")
    assert result.code == 0, result.out
    assert "Rejected by omar" in result.last_line
    assert papers.read(desk.folder / "plan.omar.approval.json").approval.decision == "reject"
    assert [one.type for one in records(desk, result)][-2:] == ["approval.rejected", "run.end"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "--confirm cus_hooli --total '636.04 EUR'"),
        (("--confirm", "cus_hooli"), "--total '636.04 EUR'"),
        (("--confirm", "cus_other", "--total", "636.04 EUR"), "is not this invoice's customer"),
        (("--confirm", "cus_hooli", "--total", "636.05 EUR"), "`--total` 636.05 EUR, and it is 636.04 EUR"),
    ],
)
def test_without_a_terminal_the_customer_and_the_total_are_named(
    words: tuple[str, ...], told: str, desk: Played, keys: dict[str, Key]
) -> None:
    result = desk.run("approve", "plan.json", "--key", str(keys["omar"].file), *words)
    assert result.code == 5
    assert told in result.out
    assert not (desk.folder / "plan.omar.approval.json").exists()
    assert "approval.given" not in [one.type for one in records(desk, result)]


def test_who_has_no_such_role_cannot_approve(desk: Played, keys: dict[str, Key]) -> None:
    desk.operators = signers.operators(desk.folder / "operators.yaml", Person("omar", ("auditor",), [keys["omar"]]))
    result = approve(desk, keys)
    assert result.code == 4
    assert "The plan is not for omar to decide on, who has none of the roles that may." in result.last_line
    assert "needs 1 of role billing_approver" in result.out


def test_who_made_the_plan_cannot_approve_it_but_may_reject_it(desk: Played, keys: dict[str, Key]) -> None:
    desk.operators = signers.operators(
        desk.folder / "operators.yaml", Person("jane", ("billing_admin", "billing_approver"), [keys["ann"]])
    )
    result = approve(desk, keys, by="ann")
    assert result.code == 4
    assert "The plan was made by jane, and it needs somebody else's approval." in result.last_line
    no = desk.run("reject", "plan.json", "--key", str(keys["ann"].file), *CONSENT, "--reason", "my mistake")
    assert no.code == 0, no.out


def test_a_plan_whose_run_stopped_before_its_call_can_still_be_rejected_and_not_be_approved(
    desk: Played, keys: dict[str, Key]
) -> None:
    mark = plans.read(desk.folder / "plan.json").mark
    with opened(desk.journal) as journal:
        journal.append("JANES", "run.start", None, START)
        journal.append("JANES", "consent.given", "consent", {"subject": mark})
    used = approve(desk, keys)
    assert (used.code, "The plan was used by run JANES" in used.last_line) == (6, True)
    no = desk.run("reject", "plan.json", "--key", str(keys["omar"].file), *CONSENT, "--reason", "wrong month")
    assert no.code == 0, no.out
    with opened(desk.journal) as journal:
        journal.intend("JANES", "finalize", f"lago/127.0.0.1/invoice/{desk.invoice}/finalize", {"subject": mark})
    late = desk.run("reject", "plan.json", "--key", str(keys["omar"].file), *CONSENT, "--reason", "wrong month")
    assert (late.code, "The plan was used by run JANES" in late.last_line) == (6, True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data["inputs"].update(invoice="../../x"), "The plan has an input that cannot be read"),
        (lambda data: data["inputs"].clear(), "the plan has no `invoice`, which `finalize_invoice` needs"),
        (lambda data: data.update(subject="lago:invoice:another"), "its facts do not come to its figures"),
        (lambda data: data["decisions"][0].update(needs="x"), "what its policies ask for: `needs` is no list"),
        (lambda data: data["decisions"][0]["needs"][0].update(count=-1), "what its policies ask for: `count`: "),
        (lambda data: data["decisions"][0]["needs"][0].update(roles="abc"), "what its policies ask for: `roles`: "),
        (lambda data: data["decisions"][0]["needs"][0].update(valid_for=10**15), "ask for: `valid_for`: "),
    ],
)
def test_a_plan_that_somebody_wrote_with_a_right_digest_is_told_what_is_wrong_with_it(
    change: Any, told: str, desk: Played, keys: dict[str, Key]
) -> None:
    data = json.loads((desk.folder / "plan.json").read_text())
    change(data)
    seal(desk.folder / "plan.json", data)
    result = approve(desk, keys)
    assert (result.code, told in result.out + result.err) == (3, True), result.out + result.err
    assert "defect" not in result.err


def test_in_a_folder_of_a_group_the_group_may_read_an_approval(desk: Played, keys: dict[str, Key]) -> None:
    assert approve(desk, keys).code == 0
    assert (desk.folder / "plan.omar.approval.json").stat().st_mode & 0o777 == 0o600
    desk.folder.chmod(0o2770)
    assert approve(desk, keys).code == 0
    assert (desk.folder / "plan.omar.approval.json").stat().st_mode & 0o777 == 0o640


def test_a_plan_for_which_nobody_is_asked_needs_no_approval(desk: Played, keys: dict[str, Key]) -> None:
    data = json.loads((desk.folder / "plan.json").read_text())
    del data["decisions"]
    seal(desk.folder / "plan.json", data)
    result = approve(desk, keys)
    assert result.code == 4
    assert "No policy asks for an approval of this plan" in result.last_line


def test_keys_are_those_of_the_operators_file(desk: Played, keys: dict[str, Key]) -> None:
    other = approve(desk, keys, by="ann")
    assert other.code == 3
    assert "it is signed with another key (SHA256:" in other.last_line
    assert not (desk.folder / "plan.omar.approval.json").exists()
    without = desk.run("approve", "plan.json", *CONSENT)
    assert without.code == 3
    assert "no agent here holds a key that the operators file gives omar" in without.last_line.lower()
    desk.operators = signers.operators(desk.folder / "operators.yaml", Person("omar", ("billing_approver",)))
    none = approve(desk, keys)
    assert none.code == 3
    assert "gives omar no key to sign with" in none.last_line


def test_an_operators_file_that_everybody_may_write_says_nothing(desk: Played, keys: dict[str, Key]) -> None:
    desk.operators.chmod(0o666)
    result = approve(desk, keys)
    assert result.code == 3
    assert "Every account on this machine may write" in result.last_line
    assert "chmod o-w" in result.out
    assert result.out.count("says who is an operator") == 1, "a note above the run, once"


def test_an_operators_file_that_everybody_may_replace_says_nothing_either(
    desk: Played, keys: dict[str, Key], tmp_path: Path
) -> None:
    open_to_all, kept = tmp_path / "open", tmp_path / "kept"
    open_to_all.mkdir()
    kept.mkdir()
    desk.operators = desk.operators.rename(open_to_all / "operators.yaml")
    open_to_all.chmod(0o777)
    (kept / "operators.yaml").symlink_to(desk.operators)
    for place in (desk.operators, kept / "operators.yaml"):
        result = approve(desk, keys, RUNBOOK_OPERATORS=str(place))
        assert result.code == 3
        assert f"Every account on this machine may replace what lies in {open_to_all}" in result.last_line
    open_to_all.chmod(0o1777)
    assert approve(desk, keys).code == 0


def test_an_expired_plan_is_not_approved(desk: Played, keys: dict[str, Key]) -> None:
    result = approve(desk, keys, RUNBOOK_CLOCK="2026-11-23T17:00:00Z")
    assert result.code == 6
    assert "The plan expired 59m" in result.last_line or "The plan expired 1h" in result.last_line
    assert f"Have it planned anew: runbook plan finalize_invoice --invoice {desk.invoice}" in result.out


def test_a_plan_that_shows_one_thing_and_binds_another_is_refused(desk: Played, keys: dict[str, Key]) -> None:
    path = desk.folder / "plan.json"
    data = json.loads(path.read_text())
    values = data["facts"]["draft"]["values"]
    values["total_amount_cents"] = 100
    data["facts"]["draft"]["digest"] = data["facts"]["refreshed"]["digest"] = approvals_digest(values)
    seal(path, data)
    result = approve(desk, keys)
    assert result.code == 3
    assert "its facts do not come to its figures" in result.last_line


def approvals_digest(values: Any) -> str:
    from engine.values import digest

    return digest(values)


def test_what_a_plan_says_of_itself_is_not_believed_but_made_anew(desk: Played, keys: dict[str, Key]) -> None:
    path = desk.folder / "plan.json"
    data = json.loads(path.read_text())
    data["preview"]["sums"] = [["total", "1.00 EUR"]]
    seal(path, data)
    result = approve(desk, keys)
    assert result.code == 0
    assert "total: 636.04 EUR" in result.out
    assert "1.00 EUR" not in result.out.replace("51.00 EUR", "")


def test_of_a_plan_that_the_journal_does_not_know_it_is_said_so(desk: Played, keys: dict[str, Key]) -> None:
    assert "This journal has no record of the plan" in approve(desk, keys).out


def test_warnings_and_overrides_are_seen_before_they_are_signed(desk: Played, keys: dict[str, Key]) -> None:
    path = desk.folder / "plan.json"
    data = json.loads(path.read_text())
    data["verdicts"][-1] |= {"verdict": "warn", "message": "midnight is near"}
    data["overrides"] = [{"policy": "freeze-window", "reason": "the migration is over"}]
    seal(path, data)
    result = approve(desk, keys)
    assert "midnight is near (`date_holds`)" in result.out
    assert "policy `freeze-window` is overridden: the migration is over" in result.out
    (lifted,) = papers.read(desk.folder / "plan.omar.approval.json").approval.overrides
    assert lifted.policy == "freeze-window"


def test_a_policy_s_own_time_ends_an_approval_before_the_plan(desk: Played, keys: dict[str, Key]) -> None:
    asking(desk.folder / "plan.json", {**NEED, "valid_for": 600})
    assert "good until 2026-11-23 12:10 UTC" in approve(desk, keys).last_line


def test_a_name_that_would_lead_elsewhere_stays_a_file_beside_the_plan() -> None:
    from engine.consent.approving import place_of

    assert place_of(Path("p/plan.json"), "../omar") == Path("p/plan...%2Fomar.approval.json")
    assert place_of(Path("other"), "omar@acme") == Path("other.omar@acme.approval.json")


def test_the_journal_tells_of_an_approval_in_words(desk: Played, keys: dict[str, Key]) -> None:
    run = approve(desk, keys, "--reason", "agreed").out.split("\t")[1]
    plan = plans.read(desk.folder / "plan.json")
    shown = desk.run("audit", "show", run).out
    assert f"of the plan {plan.short}, made by jane" in shown
    assert f"omar approved the plan {plan.short}: agreed" in shown
    assert f"signed with the key {keys['omar'].public.fingerprint}" in shown
    listed = desk.run("audit", "list", "--subject", plan.mark).out
    assert f"{run}\t" in listed
    assert "\tomar\tapprove\tapproved\t0\t" in listed
    assert desk.run("audit", "export", run, "-o", "evidence").code == 0
    report = (desk.folder / "evidence" / "report.txt").read_text()
    assert "approval of a plan: approved (0)" in report
    assert f"Plan {plan.short} agreed" in " ".join(report.split()).replace("plan", "Plan")


def test_the_first_of_one_s_keys_that_the_agent_holds_signs(
    desk: Played, keys: dict[str, Key], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with signers.agent(tmp_path_factory.mktemp("a")) as socket:
        env = {**os.environ, "SSH_AUTH_SOCK": str(socket)}
        subprocess.run(["ssh-add", "-q", str(keys["omar"].file)], check=True, env=env, stdin=subprocess.DEVNULL)
        result = desk.run("approve", "plan.json", *CONSENT, SSH_AUTH_SOCK=str(socket))
    assert result.code == 0, result.out
    assert papers.read(desk.folder / "plan.omar.approval.json").approval.approver == "omar"


def test_an_approval_is_verified_by_hand_as_the_page_says(desk: Played, keys: dict[str, Key]) -> None:
    assert approve(desk, keys, "--reason", "gezeichnet: Ömer").code == 0
    page = (Path(__file__).parent.parent / "docs" / "plans-and-approvals.md").read_text()
    (recipe,) = (part for part in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "-Y verify" in part)
    (desk.folder / "omar.pub").write_text(keys["omar"].line + "\n")
    ran = subprocess.run(["sh", "-e", "-c", recipe], cwd=desk.folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert 'Good "runbook-approval" signature for omar' in ran.stdout
