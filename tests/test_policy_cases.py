"""`runbook policy test`: cases beside policies, how it is told that one is otherwise, and what was never seen."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from author import timeless
from lago_server import Result

import cli
from engine.errors import Invalid
from engine.folders import SHIPPED_POLICIES as POLICIES
from engine.policy.kinds import KINDS, document
from engine.policy.model import PolicySet
from engine.policy_files.library import Policies
from engine.policy_files.reading import read as read_policy
from engine.policy_testing.coverage import coverage
from engine.policy_testing.judging import judge
from engine.policy_testing.model import Case, CaseFile
from engine.policy_testing.reading import read
from engine.source import parse

SMALL = """\
apiVersion: policy/v1
kind: PolicySet
metadata: {name: small, version: "1"}
applies_to: {actions: [lago.finalize_invoice], environments: [production]}
facts: {invoice: lago.Invoice, sync: SyncRun, planned: lago.Invoice}
params:
  most_cents: {EUR: 100000}
  max_age: 24h
variables:
  is_old: sync.completedAt != null && now - sync.completedAt > params.max_age
policies:
  - id: fresh
    title: The sync is not old
    require: sync.status == "completed" && !variables.is_old
    effect: deny
    message: '"sync " + sync.id + " is " + sync.status'
    override: {roles: [lead], reason: required}
  - id: small-total
    title: The total is small
    when: size(invoice.fees) > 0
    require: invoice.total_amount_cents <= params.most_cents[invoice.currency]
    effect: warn
  - id: planned
    require: invoice.total_amount_cents == planned.total_amount_cents && plan.figures_digest == planned.figures_digest
    effect: deny
    evaluate: commit
"""
BEGINNING = """\
test: small
defaults: {facts: small.json, now: 2026-11-23T12:00:00Z}
cases:
"""
Runbook = Callable[..., Result]
Screen = Callable[[str, str], None]
Expected = Callable[[Path, str], None]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy file, and facts that pass it."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "policies"
    place.mkdir()
    (place / "small.yaml").write_text(SMALL)
    (place / "small.json").write_text((POLICIES / "billing.facts.json").read_text())
    return place


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


def small() -> PolicySet:
    found, diagnostics = read_policy(parse(SMALL.encode(), "policies/small.yaml"))
    assert found is not None, [one.plain() for one in diagnostics]
    return found


def cases(folder: Path, text: str) -> CaseFile:
    """The file of these cases, read."""
    path = folder / "small.test.yaml"
    path.write_text(BEGINNING + text)
    return read(path, "policies/small.test.yaml", small())


def outcome(folder: Path, what: str) -> dict[str, str]:
    """What each policy comes to in a case that is judged on this."""
    (case,) = cases(folder, f"  - {{name: one, {what}, expect: {{result: pass}}}}\n").cases
    decision, _ = judge(case)
    return {**{one.id: one.outcome for one in decision.policies}, "result": decision.result}


# What comes with runbook


@pytest.mark.parametrize("name", sorted(Policies().files()))
def test_policies_that_come_along_pass_their_cases_and_every_condition_is_seen_both_ways(name: str) -> None:
    (policies,) = Policies().load([name])
    file = read(POLICIES / f"{name}.test.yaml", f"{name}.test.yaml", policies)
    assert [(case.name, found) for case in file.cases if (found := judge(case)[1])] == []
    covered = coverage(file, None)
    assert (covered.percent, covered.missing, covered.is_enough, covered.threshold) == (100, [], True, 100)
    assert {policy.id for policy in file.set.policies} == {id for case in file.cases for id in case.expect}


def test_of_the_policies_that_come_along_only_guards_against_null_are_never_seen_otherwise() -> None:
    (policies,) = Policies().load(["billing"])
    covered = coverage(read(POLICIES / "billing.test.yaml", "billing.test.yaml", policies), None)
    assert {(one.owner, one.text, value) for one in covered.conditions for value in one.excused} == {
        ("own-clock", "invoice.issuing_date != null", False),
        ("usual-amount", "variables.usual != null", False),
        ("absurd-amount", "variables.usual != null", False),
    }


def test_the_facts_that_come_along_are_whole_documents_of_their_kinds() -> None:
    from engine.policy.documents import as_json, handed

    facts = json.loads((POLICIES / "billing.facts.json").read_text())
    policies = Policies().load(["billing"])[0]
    for name, kind in policies.facts.items():
        found, unfit = document(KINDS[kind.name], handed(kind, facts[name]).values, name)
        assert unfit == []
        assert found is not None
        assert as_json(found) == facts[name]


# What a case is judged on


def test_facts_come_from_a_file_and_a_case_changes_them_by_the_paths_that_expressions_read(folder: Path) -> None:
    assert outcome(folder, "with: {}") == {
        "fresh": "pass", "small-total": "pass", "planned": "not_applicable", "result": "pass",
    }  # fmt: skip
    assert outcome(folder, "with: {sync.status: failed}")["fresh"] == "deny"
    assert outcome(folder, "with: {sync.completedAt: 2026-11-22T11:59:59Z}")["fresh"] == "deny"
    assert outcome(folder, "with: {now: 2026-11-24T06:12:01Z}, now: 2026-11-23T12:00:00Z")["fresh"] == "pass"
    assert outcome(folder, "with: {params.max_age: 1h}")["fresh"] == "deny"
    assert outcome(folder, "with: {params.most_cents.EUR: 5}")["small-total"] == "warn"
    assert outcome(folder, "with: {invoice.fees: []}")["small-total"] == "not_applicable"
    assert outcome(folder, "without: [sync]")["fresh"] == "error"
    assert outcome(folder, "without: [invoice.currency]")["small-total"] == "error"
    assert outcome(folder, "phase: commit")["planned"] == "pass"
    assert outcome(folder, "phase: commit, with: {planned.total_amount_cents: 1}")["planned"] == "deny"
    assert outcome(folder, "phase: commit, with: {plan.figures_digest: x}")["planned"] == "pass"
    assert outcome(folder, "phase: commit, with: {planned.figures_digest: x}")["planned"] == "deny"


def test_a_case_of_an_environment_that_the_set_is_not_for_is_judged_by_nothing(folder: Path) -> None:
    assert outcome(folder, "environment: staging") == {"result": "deny"}
    (case,) = cases(folder, "  - {name: one, environment: staging, expect: {fresh: pass, result: pass}}\n").cases
    fresh, result = judge(case)[1]
    assert (fresh.actual, result.actual) == ("not judged", "deny")
    assert fresh.more[0].startswith("no policy set is for `lago.finalize_invoice` in `staging`")


def test_an_override_counts_as_it_does_in_a_run(folder: Path) -> None:
    told = "with: {sync.status: failed}, overrides: [{policy: fresh, by: {id: lea, roles: [%s]}, reason: because}]"
    assert outcome(folder, told % "lead")["result"] == "pass"
    assert outcome(folder, told % "clerk")["result"] == "deny"


# How it is told

FAILS = """\
test: small
defaults: {facts: small.json, now: 2026-11-23T12:00:00Z}
coverage: {threshold: 80}
cases:
  - name: as it is
    expect: {result: pass}
  - name: a failed sync is let through
    with: {sync.status: failed}
    expect:
      fresh: pass
      small-total: {outcome: warn, says: too much}
      result: pass
"""


def test_what_differs_and_what_was_never_seen_is_shown_with_its_line(
    folder: Path, runbook: Runbook, screen: Screen
) -> None:
    (folder / "small.test.yaml").write_text(FAILS)
    done = runbook("policy", "test", "--format", "human", "--color", "never")
    assert (done.code, done.err) == (8, "")
    screen("human_policy_test_failed", timeless(done.out))
    done = runbook("policy", "test", "small", "--format", "plain")
    assert done.code == 8
    screen("plain_policy_test_failed", timeless(done.out))


def test_json_has_a_line_for_each_case_one_for_the_coverage_and_one_at_the_end(folder: Path, runbook: Runbook) -> None:
    (folder / "small.test.yaml").write_text(FAILS)
    done = runbook("policy", "test", "--format", "json")
    first, second, covered, end = (json.loads(line) for line in done.out.splitlines())
    assert (first["type"], first["set"], first["case"], first["passed"]) == ("policy.case", "small", "as it is", True)
    assert [(one["what"], one["expected"], one["actual"], one["line"]) for one in second["differences"]] == [
        ("fresh", "pass", "deny", 10),
        ("small-total", "warn", "pass", 11),
        ("small-total says", "too much", "The total is small", 11),
        ("result", "pass", "deny", 12),
    ]
    assert (covered["type"], covered["percent"], covered["enough"]) == ("policy.coverage", 45, False)
    assert covered["missing"][0] == {
        "policy": "variables.is_old", "condition": "sync.completedAt != null && now - sync.completedAt > params.max_age",
        "line": 10, "col": 11, "never": "true",
    }  # fmt: skip
    end.pop("seconds")
    assert end == {"v": 1, "type": "policy.end", "exit": 8, "cases": 2, "passed": 1, "failed": 1}


def test_a_ci_gets_a_report_and_annotations_at_the_lines(folder: Path, runbook: Runbook) -> None:
    (folder / "small.test.yaml").write_text(FAILS)
    done = runbook("policy", "test", "--format", "github", "--junit", "report.xml")
    assert done.code == 8
    told = [line.partition("::")[2].partition("::") for line in done.err.splitlines()]
    assert [place for place, _, _ in told] == [
        "error file=policies/small.test.yaml,line=10,title=runbook policy test",
        "error file=policies/small.test.yaml,line=3",
    ]
    root = ElementTree.parse(folder.parent / "report.xml").getroot()
    assert [(case.get("classname"), case.get("name"), len(case)) for case in root.iter("testcase")] == [
        ("policies.small_test", "as it is", 0),
        ("policies.small_test", "a failed sync is let through", 1),
        ("policies.small_test", "coverage", 1),
    ]


def test_ctrl_c_ends_with_130_and_what_was_judged_and_what_was_not_is_told(
    folder: Path, runbook: Runbook, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = "".join(f"  - {{name: case {number}, expect: {{result: pass}}}}\n" for number in range(1, 15))
    (folder / "small.test.yaml").write_text(FAILS[: FAILS.index("  - name: a failed")] + more)

    def pressed(case: Case, ask: object) -> object:
        if case.name == "case 1":
            os.kill(os.getpid(), signal.SIGINT)
        return judge(case)

    monkeypatch.setattr("engine.commands.policy_testing.judge", pressed)
    done = runbook("policy", "test", "--format", "human", "--color", "never", "--junit", "report.xml")
    assert (done.code, done.err) == (130, "")
    screen("human_policy_test_stopped", timeless(done.out))
    assert 'tests="15" failures="0" errors="14"' in (folder.parent / "report.xml").read_text()


def test_words_pick_cases_without_looking_at_coverage_and_a_threshold_goes_before_the_file_s(
    folder: Path, runbook: Runbook
) -> None:
    (folder / "small.test.yaml").write_text(FAILS)
    done = runbook("policy", "test", "-k", "as it", "--format", "plain")
    assert (done.code, len(done.out.splitlines())) == (0, 2)
    assert runbook("policy", "test", "-x", "-k", "failed", "--format", "plain").code == 8
    (folder / "small.test.yaml").write_text(FAILS[: FAILS.index("  - name: a failed")])
    assert runbook("policy", "test").code == 8
    assert runbook("policy", "test", "--threshold", "36").code == 0
    nothing = runbook("policy", "test", "-k", "as it was")
    assert (nothing.code, nothing.err) == (2, "error: no case is like `as it was` (help: did you mean `as it is`?)\n")


def test_a_condition_that_is_excused_is_not_missed_and_one_that_is_seen_all_the_same_is_told(folder: Path) -> None:
    excuse = "    - {policy: small-total, condition: size(invoice.fees) > 0, value: %s, why: there always is one}\n"
    text = "  - {name: one, expect: {result: pass}}\ncoverage:\n  not_reached:\n" + excuse
    covered = coverage(cases(folder, text % "false"), 100)
    (found,) = [one for one in covered.conditions if one.text == "size(invoice.fees) > 0"]
    assert (found.missing, found.wrongly_excused, found.excused) == ([], [], {False: "there always is one"})
    covered = coverage(cases(folder, text % "true"), 0)
    (found,) = [one for one in covered.conditions if one.text == "size(invoice.fees) > 0"]
    assert (found.missing, found.wrongly_excused, covered.is_enough) == ([False], [True], False)


# What is wrong with a test file

WRONG = """\
test: other
tests: []
defaults: {facts: nothing.json, nw: 1}
coverage:
  threshold: 101
  not_reached:
    - {policy: fresj, condition: x, value: true, why: never}
    - {policy: fresh, condition: sync.status == "running", value: true, why: never}
    - {policy: fresh, in: whn, condition: variables.is_old, value: true, why: never}
    - {policy: fresh, condition: variables.is_old}
cases:
  - name: one
    facts: small.json
    now: 2026-11-23
    expect: {frsh: pass, small-total: denied, result: error}
  - name: one
    facts: small.yaml
    now: 2026-11-23T12:00:00Z
    with:
      sync.status: done
      sync.sttus: failed
      invoice.fees.x: 1
      invoice.fees[9].amount_cents: 3
      params.max_age: old
      params.max-age: 1h
      .a: 1
    without: [sink]
    overrides: [{policy: frsh, by: {id: lea, rols: []}, reason: because}]
    expect: {}
  - name: three
    facts: {}
    expect: {fresh: {outcome: pass, say: x}}
"""


def test_everything_that_is_wrong_is_told_at_once_at_its_place(folder: Path, expected: Expected) -> None:
    path = folder / "small.test.yaml"
    path.write_text(WRONG)
    (folder / "small.yaml").replace(folder / "kept.yaml")
    with pytest.raises(Invalid) as caught:
        read(path, "small.test.yaml", small())
    (folder / "small.json").write_text('{"now": 1, "now": 2}')
    told = "".join(f"{one.plain()}\n" for one in caught.value.diagnostics)
    expected(Path(__file__).parent / "invalid" / "policy_cases.txt", re.sub(r"(?m)^/.*/", "", told))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"now": 1,\n  "now" 2}', "line 2, column 9: Expecting ':' delimiter"),
        ('{"now": 1, "now": 2}', "a name stands twice in an object, or a number is none"),
        ("[]", "it is no JSON object"),
        ("[" * 100_000, "maximum recursion depth exceeded"),
    ],
    ids=["syntax", "twice", "no object", "too deep"],
)
def test_facts_that_cannot_be_read_say_where(folder: Path, content: str, why: str) -> None:
    (folder / "small.json").write_text(content)
    with pytest.raises(Invalid) as caught:
        cases(folder, "  - {name: one, expect: {result: pass}}\n")
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("RT005", "the facts `small.json` cannot be read")
    assert found.help.startswith(why)


def test_a_name_without_policies_or_without_cases_is_a_usage_error(folder: Path, runbook: Runbook) -> None:
    assert (
        runbook("policy", "test", "smal").err == "error: there are no policies `smal` (help: did you mean `small`?)\n"
    )
    done = runbook("policy", "test", "small")
    assert (done.code, done.err.split(" (")[0]) == (2, "error: the policies `small` have no tests")


def test_a_policy_file_that_is_wrong_is_told_and_reported(folder: Path, runbook: Runbook) -> None:
    (folder / "small.yaml").write_text(SMALL.replace("sync.status ==", "sync.sttus =="))
    (folder / "small.test.yaml").write_text(FAILS)
    done = runbook("policy", "test", "--junit", "report.xml")
    assert done.code == 3
    assert "did you mean" in done.err
    root: Any = ElementTree.parse(folder.parent / "report.xml").getroot()
    assert root.get("errors") == "1"
