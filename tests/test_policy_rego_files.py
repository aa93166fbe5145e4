"""A policy file that hands its set to OPA: what it may say, what is asked, and what comes of it beside other sets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opas import saying

from engine.clock import Clock
from engine.folders import SHIPPED_POLICIES
from engine.opa.answers import Answered
from engine.opa.asking import Asker
from engine.policy import rego
from engine.policy.deciding import decide, questions
from engine.policy.decision import Override
from engine.policy.model import PolicySet
from engine.policy_files.library import Policies, check
from engine.policy_files.reading import read
from engine.policy_testing.judging import judge
from engine.policy_testing.reading import read as read_cases
from engine.settings import OpaTarget
from engine.source import parse

CLOSE = """\
apiVersion: policy/v1
kind: PolicySet
metadata: {name: close, version: "1"}
engine: opa
applies_to: {actions: [lago.finalize_invoice]}
facts: {invoice: lago.Invoice, planned: lago.Invoice}
params: {most_cents: 100000, max_age: 24h}
opa:
  package: lago.close
  files: [rego, limits.json]
  timeout: 2s
  approve: {count: 2, roles: [cfo], valid_for: 4h, bound_to: [invoice.lago_id]}
"""
CASES = """\
test: close
defaults: {facts: facts.json}
cases:
  - name: asked
    expect: {deny: {outcome: deny, says: too large}, result: deny}
  - name: said
    rego: {deny: [], approve: [over the limit]}
    expect: {deny: pass, approve: approve, result: approve}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rego" / "deep").mkdir(parents=True)
    (tmp_path / "rego" / "close.rego").write_text("package lago.close\n")
    (tmp_path / "rego" / "deep" / "more.rego").write_text("package lago.more\n")
    (tmp_path / "rego" / "README.md").write_text("not read\n")
    (tmp_path / "limits.json").write_text("{}")
    (tmp_path / "close.yaml").write_text(CLOSE)
    (tmp_path / "close.test.yaml").write_text(CASES)
    (tmp_path / "facts.json").write_text((SHIPPED_POLICIES / "billing.facts.json").read_text())
    return tmp_path


def close(folder: Path) -> PolicySet:
    found = check(folder / "close.yaml")
    assert found.set is not None, [one.plain() for one in found.diagnostics]
    return found.set


def cases(folder: Path, text: str = CASES) -> Any:
    (folder / "close.test.yaml").write_text(text)
    return read_cases(folder / "close.test.yaml", "close.test.yaml", close(folder)).cases


def told(folder: Path, *changes: tuple[str, str]) -> list[str]:
    text = CLOSE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    found, diagnostics = read(parse(text.encode(), "close.yaml"), folder)
    assert (found is None) is bool(diagnostics)
    return [one.plain() for one in diagnostics]


def test_a_set_in_rego_is_read_with_the_bytes_of_its_files(folder: Path) -> None:
    found = close(folder)
    assert found.opa is not None
    question = found.opa.question
    assert (question.package, question.seconds, question.server) == ("lago.close", 2.0, "")
    assert question.rego.loads == ("rego", "limits.json")
    assert dict(question.rego.files) == {
        "rego/close.rego": b"package lago.close\n",
        "rego/deep/more.rego": b"package lago.more\n",
        "limits.json": b"{}",
    }
    assert found.opa.place.endswith("close.yaml:9")


def test_a_byte_of_rego_is_a_byte_of_the_digest(folder: Path) -> None:
    before = close(folder).digest
    (folder / "rego" / "deep" / "more.rego").write_text("package lago.more \n")
    assert close(folder).digest != before


def test_a_set_at_a_server_has_no_files(folder: Path) -> None:
    (folder / "close.yaml").write_text(
        CLOSE.replace("files: [rego, limits.json]", "server: http://localhost:8181/").replace("  timeout: 2s\n", "")
    )
    found = close(folder).opa
    assert found is not None
    assert (found.question.server, found.question.seconds) == ("http://localhost:8181", 5.0)
    assert dict(found.question.rego.files) == {}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("engine: opa", "engine: opaa", "close.yaml:4:9: error[RP005]: `engine` cannot be `opaa` (help: did you mean `opa`?)"),
        ("lago.close", "lago-close", "RP006]: `lago-close` is no package"),
        ("[rego, ", "[reg, ", "`reg` cannot be read: No such file or directory"),
        ("[rego, ", "[../rego, ", "`../rego` cannot be a file of Rego"),
        ("[rego, ", "[/etc/passwd, ", "`/etc/passwd` cannot be a file of Rego"),
        ("[rego, ", '["p:rego", ', "`p:rego` cannot be a file of Rego"),
        ("[rego, limits.json]", "[]", "`files` is empty"),
        ("timeout: 2s", "timeout: 2h", "`timeout` is no time that an operator waits (help: it can be `1s` to `60s`)"),
        ("  timeout", "  server: https://opa.example.com\n  timeout", "and this says both"),
        ("  files: [rego, limits.json]\n", "", "and this says neither"),
        ("files: [rego, limits.json]", "server: http://opa.example.com", "`server` is no address (help: http is for loopback"),
        ("roles: [cfo]", "roles: []", "`roles` is empty, so nobody could"),
        ("invoice.lago_id]", "invoice.lago_di]", "has no field 'lago_di'"),
        ("  package", "  pakage", "`opa` has no key `pakage`"),
        ("facts:", "policies: []\nfacts:", "a policy file in Rego has no key `policies`"),
        ("  package: lago.close\n", "", "`opa` lacks `package`"),
    ],
    ids=lambda one: str(one)[:30].strip(),
)  # fmt: skip
def test_what_is_wrong_with_it_is_told_at_its_place(folder: Path, old: str, new: str, says: str) -> None:
    found = told(folder, (old, new))
    assert any(says in one for one in found), found


def test_a_file_that_is_none_of_opas_is_told(folder: Path) -> None:
    (folder / "empty").mkdir()
    (found,) = told(folder, ("[rego, ", "[empty, "))
    assert "nothing in `empty` is Rego or data" in found


def test_opa_is_asked_about_the_declared_facts_with_the_params(folder: Path) -> None:
    (case, _) = cases(folder)
    ((name, question, facts),) = questions([case.set], case.occasion)
    assert (name, question.package) == ("close", "lago.close")
    assert sorted(facts) == ["invoice", "now", "operator", "params", "plan", "planned", "run"]
    assert facts["params"] == {"most_cents": 100000, "max_age": "86400s"}
    assert facts["invoice"] == json.loads((folder / "facts.json").read_text())["invoice"]
    assert facts["planned"] == facts["invoice"] | facts["plan"]
    assert facts["now"] == "2026-11-23T12:00:00.000000Z"


def test_cases_ask_the_real_opa_unless_they_say_what_it_answers(folder: Path, tmp_path: Path) -> None:
    opa = saying(tmp_path / "bin", {"deny": ["too large"]})
    asker = Asker(OpaTarget(opa.path), Clock(), {"PATH": "/usr/bin:/bin"})
    assert [judge(case, asker.ask)[1] for case in cases(folder)] == [[], []]
    assert opa.facts["invoice"]["number"] == "ACM-DRAFT"
    (first, _) = cases(folder)
    (deny,) = judge(first)[1]
    assert (deny.what, deny.actual, deny.more) == ("deny", "not judged", ("rego: OPA was not asked",))


def test_rego_restricts_what_other_sets_let_pass_and_lifts_nothing_that_they_deny(folder: Path) -> None:
    (case, _) = cases(folder)
    (billing,) = Policies().load(["billing"])
    lenient = {"close": Answered("opa", {"deny": [], "warn": []})}
    strict = {"close": Answered("opa", {"deny": ["no"]})}
    facts = cases(folder, CASES)[0].occasion.facts
    occasion = replace(case.occasion, facts=facts, answers=lenient)
    # `billing` wants more facts than this occasion has, and so denies: nothing that Rego says lifts that.
    assert decide([case.set], occasion).result == "pass"
    assert decide([billing, case.set], occasion).result == "deny"
    assert decide([case.set], replace(occasion, answers=strict)).result == "deny"


def test_nobody_overrides_rego(folder: Path) -> None:
    (case, _) = cases(folder)
    lifted = Override("deny", "lea", ("finance_lead",), "because")
    occasion = replace(case.occasion, answers={"close": Answered("opa", {"deny": ["no"]})}, overrides=(lifted,))
    assert decide([case.set], occasion).result == "deny"


def test_an_approval_that_rego_asks_for_is_bound_as_the_file_says(folder: Path) -> None:
    (case, _) = cases(folder)
    answers = {"close": Answered("opa", {"approve": ["over the limit"]})}
    (need,) = decide([case.set], replace(case.occasion, answers=answers)).needs
    assert (need.policy, need.count, need.roles, need.valid_for) == ("approve", 2, ("cfo",), 4 * 3600)
    assert set(need.bound_to) == {"invoice.lago_id", "plan.figures_digest"}


def test_a_fact_that_is_not_as_declared_denies_before_rego_is_believed(folder: Path) -> None:
    text = CASES.replace("  - name: asked\n", "  - name: asked\n    without: [invoice.currency]\n")
    (case, _) = cases(folder, text)
    answers = {"close": Answered("opa", {"deny": []})}
    (policy,) = decide([case.set], replace(case.occasion, answers=answers)).policies
    assert (policy.id, policy.outcome, policy.error) == ("rego", "error", "`invoice.currency` was not said")


def test_what_opa_answered_stands_in_the_record_and_decides_the_same_again(folder: Path) -> None:
    (case, _) = cases(folder)
    answer = rego.kept(Answered("opa.example.com", {"deny": ["no"], "x": 1}, decision_id="4ca6", revisions={"b": "r7"}))
    decision = decide([case.set], replace(case.occasion, answers={"close": answer}))
    data = json.loads(json.dumps(decision.as_data()))
    assert data["given"]["rego"] == {
        "close": {
            "by": "opa.example.com",
            "decision_id": "4ca6",
            "revisions": {"b": "r7"},
            "document": {"deny": ["no"]},
        }
    }
    again = {name: Answered.of(one) for name, one in data["given"]["rego"].items()}
    assert decide([case.set], replace(case.occasion, answers=again)).as_data() == decision.as_data()
