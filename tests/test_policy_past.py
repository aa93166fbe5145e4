"""Past decisions from the journal alone: what they were taken on, what they would be today, and as OPA would log them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from journal_builders import START, opened
from lago_server import Played, Result
from opas import saying

import cli
from engine.events import Recorded
from engine.folders import SHIPPED_POLICIES
from engine.journal import Journal
from engine.opa.answers import Answered
from engine.policy.deciding import decide
from engine.policy.decision import Decision, Override, Phase
from engine.policy.documents import handed
from engine.policy.kinds import KINDS
from engine.policy.model import PolicySet
from engine.policy.occasion import Handed, Occasion
from engine.policy_decisions.decided import documents, past
from engine.policy_files.library import Policies
from engine.values import digest

FACTS = json.loads((SHIPPED_POLICIES / "billing.facts.json").read_text())
NAMES = {
    "invoice": "lago.Invoice", "customer": "lago.Customer", "entity": "lago.BillingEntity",
    "history": "lago.InvoiceHistory", "sync": "SyncRun",
}  # fmt: skip
NOW = datetime.fromisoformat("2026-11-23T12:00:00Z")
RUN = "01J9Z4KQ0001"
Runbook = Callable[..., Result]
Screen = Callable[[str, str], None]


def changed(**changes: Any) -> dict[str, Any]:
    """The facts with other values, by `fact__field`."""
    found: dict[str, Any] = json.loads(json.dumps(FACTS))
    for path, value in changes.items():
        name, _, field = path.partition("__")
        found[name][field] = value
    return found


class Keeper:
    """Somebody who keeps decisions in a journal as a run does: the facts first, then what was decided on them."""

    def __init__(self, journal: Journal, run: str = RUN) -> None:
        self.journal, self.run = journal, run

    def begin(self, **more: Any) -> None:
        self.journal.append(self.run, "run.start", None, {**START, **more})

    def facts(self, said: dict[str, Any]) -> dict[str, Handed]:
        """Record each fact, and answer them with their origins."""
        found = {}
        for name, kind in NAMES.items():
            fact = handed(KINDS[kind], said[name])
            data = {
                "phase": "first", "requests": [f"GET /api/v1/{name}"], "at": "2026-11-23T11:59:00.000000Z",
                "kind": fact.model, "digest": digest(fact.values), "values": fact.values,
            }  # fmt: skip
            record = self.journal.append(self.run, "fact", name, data)
            origin = {"step": name, "kind": fact.model, "digest": data["digest"], "seq": record.seq}
            found[name] = replace(fact, origin={**origin, "requests": data["requests"], "at": data["at"]})
        return found

    def decide(
        self,
        sets: list[PolicySet],
        said: dict[str, Any],
        phase: Phase = "plan",
        planned: dict[str, Handed] | None = None,
        overrides: tuple[Override, ...] = (),
        answers: dict[str, Answered] | None = None,
    ) -> dict[str, Handed]:
        facts = self.facts(said)
        occasion = Occasion(
            phase=phase,
            now=NOW,
            action="lago.finalize_invoice",
            environment="production",
            run=self.run,
            runbook="month_end",
            mode="run",
            operator="jane",
            roles=("billing_admin",),
            figures_digest="sha256:" + "1" * 64,
            facts=facts,
            planned=planned,
            planned_digest="sha256:" + "1" * 64,
            overrides=overrides,
            answers=answers or {},
        )
        data = {**decide(sets, occasion).as_data(), "at": "first" if phase == "plan" else "recheck"}
        self.journal.append(self.run, "policy.decision", "policy", data)
        return facts


def billing() -> PolicySet:
    return Policies().load(["billing"])[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("RUNBOOK_JOURNAL", str(tmp_path / "journal.db"))
    monkeypatch.setenv("RUNBOOK_PATH", str(tmp_path / "runbooks"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def kept(folder: Path) -> Path:
    """A journal with a run of two decisions: one that passed with a warning, and one right before the call that denied."""
    with opened(folder / "journal.db") as journal:
        keeper = Keeper(journal)
        keeper.begin()
        first = keeper.decide([billing()], changed(invoice__sub_total_including_taxes_amount_cents=200_000))
        keeper.decide([billing()], changed(invoice__total_amount_cents=63_605), "commit", first)
    return folder


@pytest.fixture
def runbook(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runbook:
    """The command, in this process."""

    def call(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["runbook", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Result(int(ended.value.code or 0), out, err)

    return call


def records(folder: Path, run: str = RUN) -> list[Recorded]:
    with opened(folder / "journal.db") as journal:
        return journal.run(run)


# Made again


def test_a_decision_is_taken_again_from_the_journal_as_it_was(kept: Path) -> None:
    found = list(past(records(kept), lambda _: [], lambda _: []))
    assert [one.data["result"] for one in found] == ["warn", "deny"]
    for one in found:
        again = json.loads(json.dumps(decide([billing()], one.occasion).as_data()))
        assert {**again, "at": one.data["at"]} == one.data
        assert one.lacking == ()


def test_right_before_the_call_planned_is_what_the_decision_before_was_taken_on(kept: Path) -> None:
    _, second = past(records(kept), lambda _: [], lambda _: [])
    found = documents(second)
    assert (found["invoice"]["total_amount_cents"], found["planned"]["total_amount_cents"]) == (63605, 63604)
    assert found["planned"]["figures_digest"] == found["plan"]["figures_digest"]


def test_of_a_plan_that_was_applied_planned_is_what_the_run_that_made_it_decided_on(folder: Path) -> None:
    mark = "sha256:" + "2" * 64
    with opened(folder / "journal.db") as journal:
        planner, applier = Keeper(journal, "01J9Z4KQ0002"), Keeper(journal)
        planner.begin(mode="preview")
        planned = planner.decide([billing()], changed(invoice__total_amount_cents=1))
        journal.append("01J9Z4KQ0002", "plan.made", None, {"plan": mark, "subject": f"plan:{mark}"})
        applier.begin(plan={"digest": mark})
        applier.decide([billing()], FACTS, "plan", planned)
        (one,) = past(journal.run(RUN), journal.about, journal.run)
        assert documents(one)["planned"]["total_amount_cents"] == 1
        again = json.loads(json.dumps(decide([billing()], one.occasion).as_data()))
    assert {**again, "at": "first"} == one.data


def test_overrides_and_answers_of_opa_are_made_again_too(folder: Path) -> None:
    lea = Override("sync-fresh", "lea", ("finance_lead",), "no usage since")
    answer = Answered("opa", {"deny": ["no"]}, decision_id="4ca6")
    with opened(folder / "journal.db") as journal:
        keeper = Keeper(journal)
        keeper.begin()
        said = {"policy": lea.policy, "operator": lea.operator, "roles": list(lea.roles), "reason": lea.reason}
        journal.append(RUN, "override.given", None, said)
        old = changed(sync__completedAt="2026-11-01T00:00:00Z")
        keeper.decide([billing()], old, overrides=(lea,), answers={"close": answer})
        (one,) = past(journal.run(RUN), journal.about, journal.run)
    assert (one.occasion.overrides, one.occasion.answers) == ((lea,), {"close": answer})
    assert decide([billing()], one.occasion).result == one.data["result"] == "pass"


def test_a_fact_that_the_journal_does_not_hold_as_it_was_is_lacking(kept: Path) -> None:
    found = records(kept)
    spoiled = [one if one.step != "sync" else replace(one, data={**one.data, "digest": "sha256:0"}) for one in found]
    first, _ = past(spoiled, lambda _: [], lambda _: [])
    assert first.lacking == ("sync",)
    assert decide([billing()], first.occasion).result == "deny"


# `policy facts`


def test_facts_are_the_documents_that_policies_read_and_fit_their_schema(kept: Path, runbook: Runbook) -> None:
    done = runbook("policy", "facts", RUN, "--json")
    found = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert {name: found[name] for name in ("customer", "entity", "history", "sync")} == {
        name: FACTS[name] for name in ("customer", "entity", "history", "sync")
    }
    assert found["now"] == "2026-11-23T12:00:00.000000Z"
    assert found["operator"] == {"id": "jane", "roles": ["billing_admin"]}
    assert found["run"] == {
        "id": RUN, "runbook": "month_end", "environment": "production", "action": "lago.finalize_invoice",
        "phase": "commit", "mode": "run",
    }  # fmt: skip
    schema = json.loads(runbook("policy", "facts", RUN, "--schema").out)
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(found, schema, jsonschema.Draft7Validator)
    assert sorted(schema["required"]) == sorted(found)
    del found["invoice"]["lago_id"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, schema, jsonschema.Draft7Validator)
    early = json.loads(runbook("policy", "facts", RUN, "--json", "--at", "first").out)
    assert early["run"]["phase"] == "plan"


def test_facts_of_a_run_are_what_a_case_can_begin_with(kept: Path, runbook: Runbook) -> None:
    place = kept / "policies"
    place.mkdir()
    (place / "billing.yaml").write_text((SHIPPED_POLICIES / "billing.yaml").read_text())
    (place / "run.json").write_text(runbook("policy", "facts", RUN, "--json").out)
    (place / "billing.test.yaml").write_text(
        "test: billing\ncases:\n  - name: as it was\n    facts: run.json\n    phase: commit\n"
        "    expect: {unchanged-since-plan: deny, sync-fresh: pass, result: deny}\n"
    )
    assert runbook("policy", "test").code == 0


def test_facts_for_a_person_stand_a_line_each_with_their_origin(
    kept: Path, runbook: Runbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = runbook("policy", "facts", RUN, "--format", "human", "--color", "never")
    lines = done.out.splitlines()
    assert "sync  LatestSync, GET /api/v1/sync, read 2026-11-23T11:59:00Z" in lines
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []
    assert "  sync.completedAt  2026-11-23T06:12:00.000000Z" in lines
    early = runbook("policy", "facts", RUN, "--at", "first", "--format", "human").out
    assert "  planned                 as `invoice`\n" in early
    plain = runbook("policy", "facts", RUN, "--format", "plain").out.splitlines()
    assert "invoice.billing_periods[0].invoicing_reason\tsubscription_periodic" in plain


def test_the_schema_of_a_policy_file_needs_no_run(folder: Path, runbook: Runbook) -> None:
    schema = json.loads(runbook("policy", "facts", "--set", "billing").out)
    assert sorted(schema["required"]) == sorted([*NAMES, "now", "operator", "run", "plan", "planned", "params"])
    assert schema["properties"]["params"]["properties"]["max_sync_age"] == {"type": "string", "pattern": "^-?[0-9]+s$"}


def test_what_there_is_no_decision_of_is_a_usage_error(kept: Path, runbook: Runbook) -> None:
    with opened(kept / "journal.db") as journal:
        Keeper(journal, "02J9Z4KQ0002").begin()
    for words, says in (
        (["facts"], "name a run"),
        (["facts", RUN, "--set", "billing"], "name a run, or a policy file with --set"),
        (["facts", "--set", "biling"], "there are no policies `biling`"),
        (["facts", "02J9"], "no policies decided in run 02J9Z4KQ0002"),
        (["facts", RUN, "--at", "refreshed"], f"no decision of run {RUN} rests on the reads `refreshed`"),
        (["replay", "--since", "yesterday"], "`yesterday` is no time since when"),
        (["log", "--erase", "input"], "`input` is no JSON pointer"),
    ):
        done = runbook("policy", *words)
        assert (done.code, done.err.startswith(f"error: {says}")) == (2, True), done.err


# `policy replay`


def test_under_the_same_policies_everything_is_as_it_was(kept: Path, runbook: Runbook) -> None:
    done = runbook("policy", "replay", "--format", "human")
    assert (done.code, done.out) == (0, "2 decisions of 1 run: all would be the same\n")


def test_under_other_policies_what_would_be_otherwise_is_listed(kept: Path, runbook: Runbook, screen: Screen) -> None:
    place = kept / "policies"
    place.mkdir()
    text = (SHIPPED_POLICIES / "billing.yaml").read_text()
    text = text.replace("unusual_times: 3", "unusual_times: 9").replace("max_sync_age: 3d", "max_sync_age: 1h")
    (place / "billing.yaml").write_text(text.replace('version: "1"', 'version: "2"'))
    done = runbook("policy", "replay", "--format", "json")
    first, second, end = (json.loads(line) for line in done.out.splitlines())
    assert done.code == 0
    assert (first["then"], first["now"], first["same"]) == ("warn", "deny", False)
    assert [(one["policy"], one["then"], one["now"]) for one in first["changes"]] == [
        ("sync-fresh", "pass", "deny"),
        ("usual-amount", "warn", "pass"),
    ]
    assert [one["set"] for one in first["sets"]] == ["billing"]
    assert first["sets"][0]["then"] != first["sets"][0]["now"]
    assert [(one["policy"], one["then"], one["now"]) for one in second["changes"]] == [("sync-fresh", "pass", "deny")]
    counts = {"decisions": 2, "same": 0, "differ": 2, "opa_not_asked": 0, "skipped": {}}
    assert end == {"v": 1, "type": "policy.replayed", **counts}
    human = runbook("policy", "replay", RUN, "--format", "human", "--color", "never").out
    assert human.splitlines()[0] == f"{RUN}  2026-11-23 12:00  month_end, plan  warn -> deny"
    assert "    sync-fresh    pass -> deny  usage sync run-77 is completed since" in human
    assert human.splitlines()[-1] == "2 decisions of 1 run: 0 as it was, 2 would be otherwise"
    plain = runbook("policy", "replay", "--format", "plain").out.splitlines()
    assert plain[0].split("\t")[:2] == ["differs", RUN]


def test_only_runs_since_then_are_looked_at(kept: Path, runbook: Runbook) -> None:
    assert "no decision" in runbook("policy", "replay", "--since", "2026-11-24").out
    assert "2 decisions" in runbook("policy", "replay", "--since", "2026-11-23").out
    assert "2 decisions" in runbook("policy", "replay", "--since", "2026-11-23T12:00:00Z").out


def test_a_policy_file_that_is_wrong_today_is_told_and_the_run_left_out(kept: Path, runbook: Runbook) -> None:
    (kept / "policies").mkdir()
    (kept / "policies" / "billing.yaml").write_text("apiVersion: policy/v1\nkind: PolicySet\n")
    done = runbook("policy", "replay", "--format", "json")
    (end,) = (json.loads(line) for line in done.out.splitlines())
    assert (end["decisions"], list(end["skipped"])) == (0, [RUN])
    assert "lacks `policies`" in end["skipped"][RUN]


# `policy log`


def test_a_decision_is_an_event_of_opas_decision_log_without_the_names_of_customers(
    kept: Path, runbook: Runbook
) -> None:
    done = runbook("policy", "log", RUN)
    first, second = (json.loads(line) for line in done.out.splitlines())
    log = first["labels"]["id"]
    assert first["decision_id"] == f"{log}/{records(kept)[6].seq}"
    assert first["bundles"] == {"billing": {"revision": billing().digest}}
    assert (first["path"], first["timestamp"]) == ("runbook/lago/finalize_invoice", "2026-11-23T12:00:00.000000Z")
    assert first["requested_by"] == "jane"
    assert first["erased"] == ["/input/customer/name", "/input/invoice/customer/name", "/input/planned/customer/name"]
    assert "Hooli" not in done.out
    assert first["input"]["customer"]["external_id"] == "cus_hooli"
    assert first["result"]["result"] == "warn"
    assert [one["policy"] for one in first["result"]["warn"]] == ["billing/usual-amount"]
    assert [one["policy"] for one in second["result"]["deny"]] == ["billing/unchanged-since-plan"]


def test_more_is_taken_out_on_request_and_everything_left_in_as_well(kept: Path, runbook: Runbook) -> None:
    done = runbook("policy", "log", "--erase", "/input/customer/external_id", "--erase", "/input/invoice/fees/*/units")
    event = json.loads(done.out.splitlines()[0])
    assert "external_id" not in event["input"]["customer"]
    assert {"units" in fee for fee in event["input"]["invoice"]["fees"]} == {False}
    assert event["erased"][-2:] == ["/input/customer/external_id", "/input/invoice/fees/*/units"]
    whole = json.loads(runbook("policy", "log", "--whole").out.splitlines()[0])
    assert ("erased" in whole, whole["input"]["customer"]["name"]) == (False, "Hooli SAS")


# `explain RUN`


def test_a_run_s_decisions_are_explained_again_from_the_journal_alone(
    kept: Path, runbook: Runbook, screen: Screen
) -> None:
    done = runbook("explain", RUN, "--format", "human", "--color", "never")
    assert (done.code, done.err) == (0, "")
    told = done.out.replace(str(SHIPPED_POLICIES.parent) + "/", "")
    told = re.sub(r"policies [0-9a-f]{12}", "policies c4924f7d4fb0", told)  # that of the shipped file, where it lies,
    told = re.sub(r"\s+policies/billing\.yaml:\d{3}", "  policies/billing.yaml:100", told)  # which sets its column,
    screen("human_explain_run", told)  # and where its policies stand
    plain = runbook("explain", RUN.lower(), "--format", "plain").out.splitlines()
    assert [line.split("\t")[1:4] for line in plain][:2] == [[RUN, "policy", "warn"], [RUN, "usual-amount", "warn"]]


def test_the_tree_of_a_decision_is_that_of_its_record(kept: Path, runbook: Runbook) -> None:
    done = runbook("explain", RUN, "--format", "json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert lines == [one.as_json() for one in records(kept) if one.type == "policy.decision"]


def test_what_is_no_run_of_this_journal_is_told_as_such(kept: Path, runbook: Runbook) -> None:
    assert runbook("explain", "RB012").code == 0
    assert runbook("explain", "01J9Z4KQ0009").err.startswith("error: no run begins with `01J9Z4KQ0009`")
    assert runbook("explain", "sync_is_frsh").err.startswith("error: there is nothing to explain of `sync_is_frsh`")


def test_a_decision_that_is_read_back_says_what_it_said(kept: Path) -> None:
    for one in past(records(kept), lambda _: [], lambda _: []):
        again = Decision.of(one.data)
        assert again.result == one.data["result"]
        assert json.loads(json.dumps([policy.as_data() for policy in again.policies])) == one.data["policies"]


# In a run


REGO = """\
apiVersion: policy/v1
kind: PolicySet
metadata: {name: close, version: "1"}
engine: opa
facts: {invoice: lago.Invoice, sync: SyncRun}
opa: {package: lago.close, files: [close.rego], timeout: 5s}
"""


def test_a_run_asks_opa_and_replay_and_explain_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = (SHIPPED_POLICIES.with_name("runbooks") / "finalize_invoice.yaml").read_text()
    opa = saying(tmp_path / "bin", {"deny": ["not in this month"], "warn": []})
    with Played("finalize_ok", tmp_path / "run") as played:
        for name, text in (
            ("policies/close.yaml", REGO),
            ("policies/close.rego", "package lago.close\n"),
            ("runbooks/finalize_invoice.yaml", shipped.replace("policy: [billing]", "policy: [billing, close]")),
        ):
            place = played.folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        done = played.run(
            "run", "finalize_invoice", "--invoice", played.invoice, "--dry-run",
            RUNBOOK_OPA=str(opa.path), RUNBOOK_PATH="runbooks", RUNBOOK_POLICIES="policies",
        )  # fmt: skip
        assert done.code == 4, done.out + done.err
        assert "not in this month" in done.out
        assert opa.facts["invoice"]["lago_id"] == played.invoice
        assert not any("sandbox" in value for value in opa.environment.values())
        run = done.out.split("\t")[1]
        opa.path.unlink()
        again = played.run("policy", "replay", run, RUNBOOK_PATH="runbooks", RUNBOOK_POLICIES="policies")
        assert again.out.splitlines()[0].split("\t")[0] == "same"
        assert "1 decision on what OPA answered then; --ask-opa asks it anew" in again.out
        anew = played.run("policy", "replay", run, "--ask-opa", RUNBOOK_OPA=str(opa.path), RUNBOOK_POLICIES="policies",
                          RUNBOOK_PATH="runbooks")  # fmt: skip
        assert "it cannot be run: No such file or directory" in anew.out
        assert "not in this month" in played.run("explain", run).out
