"""No way leads to a one-way request past the approvals that a policy asks for: every entry point, every flaw."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import signers
from lago_server import Played, Result
from signers import Key, Person
from test_consent_on_a_terminal import on_a_terminal

from engine import plan as plans
from engine.clock import Clock
from engine.journal import Journal, Reader, verify

TOTAL = "636.04 EUR"
CONSENT = ("--confirm", "cus_hooli", "--total", TOTAL)
POLICY = """\
apiVersion: policy/v1
kind: PolicySet
metadata: {{name: billing, version: "1", owner: tests, title: Somebody else looks at it}}
applies_to: {{actions: [lago.finalize_invoice]}}
facts: {{invoice: lago.Invoice}}
policies:
  - id: somebody-else
    title: Somebody else has looked at it
    require: invoice.total_amount_cents < {limit}
    effect: approve
    approve:
      {{count: {count}, roles: [billing_approver], distinct_from: [operator], valid_for: 1h, bound_to: [invoice.lago_id]}}
    message: '"somebody else looks at it"'
"""
JANE = Person("jane", ("billing_admin", "billing_approver"))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Key]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: signers.key(folder, name) for name in ("omar", "ann", "jane")}


@pytest.fixture
def ok(tmp_path: Path) -> Iterator[Played]:
    """A draft, and a policy that wants a second person for it."""
    with Played("finalize_ok", tmp_path, settings={"SSH_AUTH_SOCK": ""}) as played:
        played.player.refreshes_again = True
        ask(played)
        yield played


def ask(played: Played, limit: int = 0, count: int = 1) -> None:
    """Put the policy in place: a total of `limit` cents and more takes so many approvals."""
    folder = played.folder / "policies"
    folder.mkdir(exist_ok=True)
    (folder / "billing.yaml").write_text(POLICY.format(limit=limit, count=count))


def ask_nobody(played: Played) -> None:
    ask(played, limit=10**9)


def as_person(played: Played, keys: dict[str, Key], name: str) -> None:
    """From now on this account is that person's."""
    people = {
        "jane": Person("jane", ("billing_admin", "billing_approver"), [keys["jane"]]),
        "omar": Person("omar", ("billing_approver",), [keys["omar"]]),
        "ann": Person("ann", ("billing_approver",), [keys["ann"]]),
    }
    me = people.pop(name)
    signers.operators(played.folder / "operators.yaml", me, *people.values())


def planned(played: Played) -> None:
    result = played.run("plan", "finalize_invoice", "--invoice", played.invoice)
    assert result.code == 0, result.out + result.err


def approve(played: Played, keys: dict[str, Key], name: str, word: str = "approve", *more: str, **env: str) -> Result:
    as_person(played, keys, name)
    result = played.run(word, "plan.json", "--key", str(keys[name].file), *CONSENT, *more, **env)
    as_person(played, keys, "jane")
    return result


def untouched(played: Played) -> bool:
    """Nothing one-way was sent, and nothing one-way was begun."""
    with Reader.open(played.journal) as journal:
        begun = journal.effect(f"lago/127.0.0.1/invoice/{played.invoice}/finalize")
    return played.player.count("/finalize") == 0 and (begun is None or begun.type == "effect.not_sent")


# Every way to the call


def by_run(played: Played) -> int:
    return played.finalize(TOTAL).code


def on_the_terminal(played: Played) -> int:
    return on_a_terminal(played, b"cus_hooli\n")[0]


def by_plan(played: Played) -> int:
    planned(played)
    return played.run("apply", "plan.json").code


def by_plan_and_flags(played: Played) -> int:
    planned(played)
    return played.run("apply", "plan.json", *CONSENT).code


def by_recording(played: Played) -> int:
    words = ("test", "finalize_invoice", "--record", "mine", "--send", "--invoice", played.invoice)
    return played.run(*words, *CONSENT).code


def by_resuming(*begin: str) -> Callable[[Played], int]:
    """A run that never connected, begun when nobody asked for an approval, and taken up when somebody does."""

    def resume(played: Played) -> int:
        ask_nobody(played)
        if begin[0] == "apply":
            planned(played)
        reads = [0]

        def stop_after_the_recheck(method: str, target: str) -> None:
            reads[0] += target.endswith("/billing_entities/acme")
            if reads[0] == 3:
                played.sandbox.refuse()

        played.sandbox.before = stop_after_the_recheck
        words = begin if begin[0] == "apply" else (*begin, "--invoice", played.invoice)
        result = played.run(*words, *CONSENT)
        assert result.code == 7, result.out
        ask(played)
        with Played("finalize_ok", played.folder / "again", settings=dict(played.settings)) as again:
            again.player.refreshes_again = True
            shutil.copytree(played.folder / "policies", again.folder / "policies")
            code = again.run("resume", result.out.split("\t")[1], *CONSENT, RUNBOOK_JOURNAL=str(played.journal)).code
            assert again.player.count("/finalize") == 0
        return code

    return resume


WAYS: dict[str, Callable[[Played], int]] = {
    "run": by_run,
    "run on a terminal": on_the_terminal,
    "apply": by_plan,
    "apply with flags": by_plan_and_flags,
    "test --record --send": by_recording,
    "resume of a run": by_resuming("run", "finalize_invoice"),
    "resume of an applied plan": by_resuming("apply", "plan.json"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_way_leads_past_an_approval_that_is_missing(way: Callable[[Played], int], ok: Played) -> None:
    assert way(ok) == 5
    assert untouched(ok)


def test_the_demo_asks_like_everything_else(ok: Played) -> None:
    result = ok.run("demo", *CONSENT)
    assert result.code in (2, 5), result.out + result.err
    assert "effect.intent" not in result.out


def test_scenarios_that_a_policy_stops_send_nothing(ok: Played) -> None:
    from engine.folders import SHIPPED

    result = ok.run("test", "finalize_invoice", "-k", "finalized", RUNBOOK_PATH=str(SHIPPED))
    assert result.code in (0, 8), result.out  # they play by the policies that come along, or fail by these


def test_without_a_plan_it_is_said_how_one_is_had(ok: Played) -> None:
    result = ok.finalize(TOTAL)
    assert "Approval missing: `somebody-else` needs 1 of role billing_approver" in result.last_line
    assert f"runbook plan finalize_invoice --invoice {ok.invoice}" in result.last_line
    assert ok.player.writes == []


def test_an_approved_plan_is_applied_and_the_intent_names_who_approved(ok: Played, keys: dict[str, Key]) -> None:
    as_person(ok, keys, "jane")
    planned(ok)
    missing = ok.run("apply", "plan.json", "-n")
    assert missing.code == 5
    assert missing.last_line.endswith("runbook approve plan.json")
    assert approve(ok, keys, "omar", "approve", "--reason", "agreed").code == 0
    assert ok.run("apply", "plan.json", "-n").code == 0
    result = ok.run("apply", "plan.json")
    assert result.code == 0, result.out
    assert "approved by omar: agreed" in result.out
    with Reader.open(ok.journal) as journal:
        intent = next(one for one in journal.run(result.out.split("\t")[1]) if one.type == "effect.intent")
    assert [one["approver"] for one in intent.data["approvals"]] == ["omar"]
    assert intent.data["plan"] == plans.read(ok.folder / "plan.json").digest
    run, digest = result.out.split("\t")[1], intent.data["plan"]
    shown = ok.run("audit", "show", run).out
    assert "approved by omar at" in shown
    assert "to be approved: `" in shown
    assert ok.run("explain", run).last_line.endswith(": agreed")
    assert "\tapproval\tok\tapproved by omar at " in ok.run("explain", run).last_line
    assert verify(ok.journal).is_intact
    assert ok.run("audit", "export", run, "-o", "evidence").code == 0
    assert f',"{digest}","omar",""' in (ok.folder / "evidence" / "runs.csv").read_text()
    assert '"signature":"-----BEGIN SSH SIGNATURE-----' in (ok.folder / "evidence" / "records.jsonl").read_text()


def test_who_was_not_let_decide_stands_in_the_list_of_runs_as_no_run(ok: Played, keys: dict[str, Key]) -> None:
    as_person(ok, keys, "jane")
    planned(ok)
    assert approve(ok, keys, "jane").code == 4
    assert approve(ok, keys, "omar").code == 0
    listed = ok.run("--format", "human", "audit", "list").out
    assert "approval: denied (4)" in listed
    assert "  approved (0)" in listed


def test_an_approval_in_a_file_counts_and_is_kept(ok: Played, keys: dict[str, Key]) -> None:
    as_person(ok, keys, "jane")
    planned(ok)
    elsewhere = {"RUNBOOK_JOURNAL": str(ok.folder / "elsewhere" / "journal.db")}
    assert approve(ok, keys, "omar", **elsewhere).code == 0
    assert ok.run("apply", "plan.json", "-n").code == 5
    result = ok.run("apply", "plan.json", "--approval", "plan.omar.approval.json")
    assert result.code == 0, result.out
    with Reader.open(ok.journal) as journal:
        kept = [one for one in journal.run(result.out.split("\t")[1]) if one.type == "approval.given"]
    paper = json.loads((ok.folder / "plan.omar.approval.json").read_text())
    assert [one.data["signature"] for one in kept] == [paper["signature"]]


def changed(played: Played, keys: dict[str, Key]) -> None:
    paper = json.loads((played.folder / "plan.omar.approval.json").read_text())
    paper["approval"]["valid_until"] = "2027-01-01T00:00:00.000000Z"
    (played.folder / "plan.omar.approval.json").write_text(json.dumps(paper))


def of_a_key_that_was_taken_away(played: Played, keys: dict[str, Key]) -> None:
    people = (Person("omar", ("billing_approver",), [keys["ann"]]),)
    signers.operators(played.folder / "operators.yaml", JANE, *people)


def of_a_role_that_was_taken_away(played: Played, keys: dict[str, Key]) -> None:
    signers.operators(played.folder / "operators.yaml", JANE, Person("omar", ("auditor",), [keys["omar"]]))


def not_enough(played: Played, keys: dict[str, Key]) -> None:
    ask(played, count=2)


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(changed, 5), (of_a_key_that_was_taken_away, 5), (of_a_role_that_was_taken_away, 5), (not_enough, 6)],
)
def test_an_approval_that_does_not_count_stops_the_run(
    spoil: Callable[[Played, dict[str, Key]], None], code: int, ok: Played, keys: dict[str, Key]
) -> None:
    as_person(ok, keys, "jane")
    planned(ok)
    elsewhere = {"RUNBOOK_JOURNAL": str(ok.folder / "elsewhere" / "journal.db")}
    assert approve(ok, keys, "omar", **elsewhere).code == 0
    spoil(ok, keys)
    result = ok.run("apply", "plan.json", "--approval", "plan.omar.approval.json")
    assert result.code == code, result.out
    assert untouched(ok)
    assert ok.player.writes == []


def test_an_approval_expires_by_the_policy_s_own_time(ok: Played, keys: dict[str, Key]) -> None:
    as_person(ok, keys, "jane")
    planned(ok)
    assert approve(ok, keys, "omar").code == 0
    result = ok.run("apply", "plan.json", RUNBOOK_CLOCK="2026-11-23T13:30:00Z")
    assert result.code == 5
    assert "it was good until" in result.out
    assert untouched(ok)


def test_nobody_approves_what_they_made_or_apply(ok: Played, keys: dict[str, Key]) -> None:
    as_person(ok, keys, "jane")
    planned(ok)
    assert approve(ok, keys, "jane").code == 4
    assert approve(ok, keys, "omar").code == 0
    signers.operators(
        ok.folder / "operators.yaml",
        Person("omar", ("billing_admin", "billing_approver"), [keys["omar"]]),
        Person("jane", ("billing_admin",)),
    )
    result = ok.run("apply", "plan.json", *CONSENT)
    assert result.code == 5
    assert "it needs somebody else than who runs it" in result.out


def test_two_people_are_two(ok: Played, keys: dict[str, Key]) -> None:
    ask(ok, count=2)
    as_person(ok, keys, "jane")
    planned(ok)
    assert approve(ok, keys, "omar").code == 0
    assert approve(ok, keys, "omar").code == 0
    assert ok.run("apply", "plan.json").code == 5
    assert approve(ok, keys, "ann").code == 0
    assert ok.run("apply", "plan.json").code == 0


def test_a_figure_that_moved_voids_plan_and_approval(tmp_path: Path, keys: dict[str, Key]) -> None:
    with Played("late_event_refreshed", tmp_path) as played:
        ask(played)
        as_person(played, keys, "jane")
        planned(played)
        consent = ("--confirm", played.customer, "--total", "302.89 EUR")
        as_person(played, keys, "omar")
        assert played.run("approve", "plan.json", "--key", str(keys["omar"].file), *consent).code == 0
        as_person(played, keys, "jane")
        result = played.run("apply", "plan.json")
        assert result.code == 6, result.out
        assert played.player.count("/finalize") == 0


def test_a_rejection_stops_the_plan_for_good(ok: Played, keys: dict[str, Key]) -> None:
    as_person(ok, keys, "jane")
    planned(ok)
    assert approve(ok, keys, "omar").code == 0
    assert approve(ok, keys, "ann", "reject", "--reason", "wrong month").code == 0
    result = ok.run("apply", "plan.json")
    assert result.code == 4
    assert "The plan was rejected by ann, at " in result.last_line
    assert "wrong month" in result.last_line
    assert untouched(ok)


def test_a_rejection_outlives_the_key_of_who_gave_it_and_nobody_approves_past_it(
    ok: Played, keys: dict[str, Key]
) -> None:
    as_person(ok, keys, "jane")
    planned(ok)
    assert approve(ok, keys, "omar", "reject", "--reason", "wrong month").code == 0
    signers.operators(
        ok.folder / "operators.yaml",
        Person("ann", ("billing_approver",), [keys["ann"]]),
        Person("jane", ("billing_admin",)),
    )
    late = ok.run("approve", "plan.json", "--key", str(keys["ann"].file), *CONSENT)
    assert (late.code, "The plan was rejected by omar, at " in late.last_line) == (4, True), late.out
    signers.operators(ok.folder / "operators.yaml", Person("jane", ("billing_admin",)))
    result = ok.run("apply", "plan.json")
    assert (result.code, ok.player.writes) == (4, [])
    assert "The plan was rejected by omar, at " in result.last_line


def test_a_rejection_that_comes_between_the_consent_and_the_call_still_stops_it(
    ok: Played, keys: dict[str, Key]
) -> None:
    as_person(ok, keys, "jane")
    planned(ok)
    assert approve(ok, keys, "omar").code == 0
    away = {"RUNBOOK_JOURNAL": str(ok.folder / "elsewhere" / "journal.db")}
    assert approve(ok, keys, "ann", "reject", "--reason", "wrong month", **away).code == 0
    paper = json.loads((ok.folder / "plan.ann.approval.json").read_text())
    mark = plans.read(ok.folder / "plan.json").mark
    reads = [0]

    def reject_at_the_recheck(method: str, target: str) -> None:
        reads[0] += target.endswith("/billing_entities/acme")
        if reads[0] == 3:
            reads[0] += 1
            with Journal.open(ok.journal, Clock()) as journal:
                journal.append("ELSEWHERE", "approval.rejected", None, {"subject": mark, **paper})

    ok.sandbox.before = reject_at_the_recheck
    result = ok.run("apply", "plan.json")
    assert result.code == 4, result.out
    assert "The plan was rejected by " in result.last_line
    with Reader.open(ok.journal) as journal:
        types = [one.type for one in journal.run(result.out.split("\t")[1])]
    assert "consent.given" in types
    assert "effect.intent" not in types
    assert ok.player.count("/finalize") == 0


def test_only_one_place_records_an_intent_and_it_cannot_do_so_without_the_barrier() -> None:
    """By the source: whoever adds a way to the call has to pass here."""
    root = Path(__file__).parent.parent / "engine"
    callers = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        for line in path.read_text().splitlines()
        if ".intend(" in line
    }
    assert callers == {"one_way/call.py", "run/log.py"}
    senders = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if "self.step.send(" in path.read_text() or "step.send(params, self.world, " in path.read_text()
    }
    assert senders == {"one_way/call.py"}
