"""Approvals as values: what a signature is of, whose it is, and whether what was signed suffices. Real keys, no Lago."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import signers
from signers import Key

from engine.approvals import papers
from engine.approvals.assessment import Assessment
from engine.approvals.papers import Approval, Assessor, Question, Signed
from engine.errors import Invalid, SettingsFault
from engine.files import strict_json
from engine.operators import Operator
from engine.plan import Bond
from engine.policy.decision import ApprovalNeed
from engine.signatures import signing
from engine.signatures.ssh_keys import PublicKey, signer
from engine.values import canonical

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FIGURES = "sha256:" + "f" * 64
PLAN = Bond(
    digest="sha256:" + "a" * 64,
    figures_digest=FIGURES,
    made_by="jane",
    made_at=NOW,
    expires_at=NOW + timedelta(hours=4),
    rejecters=("billing_approver",),
)
NEED = ApprovalNeed("billing", "second-approver", 1, ("billing_approver",), ("operator",), 4 * 3600, {})


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Key]:
    """A key for each person of this file."""
    folder = tmp_path_factory.mktemp("keys")
    return {name: signers.key(folder, name) for name in ("omar", "ann", "jane", "eve")}


def person(name: str, keys: dict[str, Key], *roles: str) -> Operator:
    return Operator(name, roles or ("billing_approver",), name, "", (keys[name].public,))


@pytest.fixture
def assessor(keys: dict[str, Key]) -> Assessor:
    people = [person(name, keys) for name in ("omar", "ann", "jane")]
    return Assessor({one.id: one for one in people})


def approval(by: str = "omar", **changes: Any) -> Approval:
    values: dict[str, Any] = {
        "v": 1,
        "type": "runbook.approval",
        "decision": "approve",
        "plan": PLAN.digest,
        "figures_digest": FIGURES,
        "subject": "lago:invoice:1",
        "expected": "cus_hooli",
        "approver": by,
        "roles": ("billing_approver",),
        "at": NOW,
        "valid_until": NOW + timedelta(hours=4),
    }
    return Approval(**{**values, **changes})


def signed(keys: dict[str, Key], by: str = "omar", with_key: str = "", **changes: Any) -> Signed:
    return papers.sign(approval(by, **changes), keys[with_key or by].file, can_ask=False)


def question(*needs: ApprovalNeed, **changes: Any) -> Question:
    values: dict[str, Any] = {"plan": PLAN, "figures_digest": FIGURES, "operator": "jane", "now": NOW}
    return Question(needs or (NEED,), **{**values, **changes})


def lacking(found: Assessment) -> list[str]:
    """Why what was signed does not suffice."""
    assert not found.suffices
    assert found.lacking
    return [one.partition(": ")[2] for one in found.set_aside]


def test_one_approval_by_somebody_else_with_the_role_suffices(assessor: Assessor, keys: dict[str, Key]) -> None:
    found = assessor.assess(question(), [signed(keys)])
    assert found.suffices
    assert [one.approver for one in found.given] == ["omar"]
    assert found.set_aside == ()


def test_without_any_it_is_said_what_is_asked_for(assessor: Assessor) -> None:
    found = assessor.assess(question(replace(NEED, message="the total is over the limit")), [])
    assert found.lacking == (
        "`second-approver` needs 1 of role billing_approver, and not who made or applies the plan:"
        " the total is over the limit",
    )


def test_where_nothing_is_asked_for_nothing_is_missing(assessor: Assessor) -> None:
    assert assessor.assess(Question((), PLAN, FIGURES, "jane", NOW), []).suffices


@pytest.mark.parametrize(
    ("made", "asked", "why"),
    [
        ({"plan": "sha256:" + "b" * 64}, {}, "it is for another plan"),
        ({"figures_digest": "sha256:" + "0" * 64}, {}, "it is for other figures than those that stand now"),
        ({}, {"figures_digest": "sha256:" + "0" * 64}, "it is for other figures than those that stand now"),
        ({}, {"plan": None}, "it is for another plan"),
        ({"valid_until": NOW}, {}, "it was good until 2026-11-23T12:00:00Z"),
        ({}, {"now": NOW + timedelta(hours=4)}, "it was good until 2026-11-23T16:00:00Z"),
        ({"at": NOW - timedelta(hours=4)}, {}, "it is older than 4h"),
        ({"at": NOW + timedelta(minutes=6)}, {}, "it was given 6m from now: a clock is wrong"),
        ({}, {"overrides": frozenset({"freeze"})}, "whoever gave it has not seen that `freeze` is overridden"),
        ({"by": "eve", "with_key": "eve"}, {}, "the operators file names no `eve`"),
        ({"by": "jane"}, {}, "it needs somebody else than who runs it"),
        ({"by": "jane"}, {"operator": "ann"}, "it needs somebody else than who made the plan"),
        ({"by": "omar"}, {"operator": "omar"}, "it needs somebody else than who runs it"),
    ],
)
def test_an_approval_that_does_not_fit_is_set_aside_and_said_why(
    made: dict[str, Any], asked: dict[str, Any], why: str, assessor: Assessor, keys: dict[str, Key]
) -> None:
    assert lacking(assessor.assess(question(**asked), [signed(keys, **made)])) == [why]


def test_a_role_counts_as_the_operators_file_gives_it_now(keys: dict[str, Key]) -> None:
    paper = signed(keys, roles=("billing_approver",))
    assessor = Assessor({"omar": person("omar", keys, "auditor")})
    assert lacking(assessor.assess(question(), [paper])) == ["it needs role billing_approver"]


def test_a_key_that_the_file_no_longer_gives_signs_nothing(keys: dict[str, Key]) -> None:
    assessor = Assessor({"omar": replace(person("omar", keys), ssh_keys=(keys["ann"].public,))})
    (why,) = lacking(assessor.assess(question(), [signed(keys)]))
    assert why == f"it is signed with another key ({keys['omar'].public.fingerprint})"


def test_somebody_else_s_key_makes_no_approval_of_mine(assessor: Assessor, keys: dict[str, Key]) -> None:
    (why,) = lacking(assessor.assess(question(), [signed(keys, by="omar", with_key="ann")]))
    assert why.startswith("it is signed with another key")


def test_what_was_changed_after_it_was_signed_is_worth_nothing(assessor: Assessor, keys: dict[str, Key]) -> None:
    paper = signed(keys, valid_until=NOW)
    longer = approval(valid_until=NOW + timedelta(days=9))
    changed = replace(paper, approval=longer, body=canonical(longer.model_dump(exclude_defaults=True)))
    assert lacking(assessor.assess(question(), [changed])) == [
        "what was signed is not what stands there: it was changed afterwards"
    ]


def test_a_signature_for_another_purpose_is_none(keys: dict[str, Key], tmp_path: Path) -> None:
    (tmp_path / "mail").write_bytes(b"hello")
    command = ["ssh-keygen", "-Y", "sign", "-q", "-n", "email", "-f", str(keys["omar"].file), str(tmp_path / "mail")]
    subprocess.run(command, check=True)
    with pytest.raises(ValueError, match="for another purpose"):
        signing.verify(b"hello", (tmp_path / "mail.sig").read_text(), [keys["omar"].public])


def test_two_are_two_people(assessor: Assessor, keys: dict[str, Key]) -> None:
    two = replace(NEED, count=2)
    once, again = signed(keys), signed(keys, at=NOW + timedelta(minutes=1))
    found = assessor.assess(question(two), [once, again])
    assert found.lacking == (
        "`second-approver` needs 1 more of role billing_approver, and not who made or applies the plan",
    )
    assert assessor.assess(question(two), [once, signed(keys, by="ann")]).suffices


def test_every_policy_that_asks_has_to_be_satisfied(keys: dict[str, Key]) -> None:
    assessor = Assessor({"omar": person("omar", keys), "ann": person("ann", keys, "finance_lead")})
    both = question(NEED, replace(NEED, policy="close", roles=("finance_lead",)))
    assert [one.partition(" ")[0] for one in assessor.assess(both, [signed(keys)]).lacking] == ["`close`"]
    assert assessor.assess(both, [signed(keys), signed(keys, by="ann")]).suffices


def test_an_approval_is_bound_to_what_the_policy_says(assessor: Assessor, keys: dict[str, Key]) -> None:
    bound = replace(NEED, bound_to={"invoice.total_amount_cents": 63604})
    assert assessor.assess(question(bound), [signed(keys, bound_to={"invoice.total_amount_cents": 63604})]).suffices
    for other in ({"invoice.total_amount_cents": 63605}, {}):
        assert lacking(assessor.assess(question(bound), [signed(keys, bound_to=other)])) == [
            "`invoice.total_amount_cents` is not what it was when it was given"
        ]


def test_a_policy_that_does_not_ask_for_somebody_else_takes_one_s_own(assessor: Assessor, keys: dict[str, Key]) -> None:
    assert assessor.assess(question(replace(NEED, distinct_from=())), [signed(keys, by="jane")]).suffices


def test_a_rejection_by_who_may_approve_voids_the_plan_whatever_else_there_is(
    assessor: Assessor, keys: dict[str, Key]
) -> None:
    no = signed(keys, by="ann", decision="reject", reason="wrong month", valid_until=NOW)
    found = assessor.assess(question(now=NOW + timedelta(hours=1)), [signed(keys), no])
    assert not found.suffices
    assert found.rejected is not None
    assert found.rejected.reason == "wrong month"
    # The policy has gone meanwhile; whoever the plan was put to may still reject it.
    assert not assessor.assess(Question((), PLAN, FIGURES, "jane", NOW), [no]).suffices


def test_a_rejection_by_anybody_else_is_a_word_like_any(keys: dict[str, Key]) -> None:
    assessor = Assessor({"omar": person("omar", keys), "ann": person("ann", keys, "auditor")})
    no = signed(keys, by="ann", decision="reject", reason="no")
    assert assessor.assess(question(), [signed(keys), no]).suffices


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_every_kind_of_key_that_people_have_signs(kind: str, tmp_path: Path) -> None:
    made = signers.key(tmp_path, "id", kind=kind)
    signature = signing.sign(b"words", made.file, can_ask=False)
    assert signing.verify(b"words", signature, [made.public]) == made.public == signer(signature)
    shown = subprocess.run(["ssh-keygen", "-lf", str(made.file)], capture_output=True, text=True, check=True).stdout
    assert shown.split(" ")[1] == made.public.fingerprint


# Keys


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An agent of our own, that ends with the test."""
    with signers.agent(tmp_path_factory.mktemp("a")) as socket:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        yield


@pytest.mark.usefixtures("agent")
def test_a_key_that_only_the_agent_holds_signs_by_its_public_half(tmp_path: Path) -> None:
    made = signers.key(tmp_path, "id")
    assert signing.held_by_agent() == []
    subprocess.run(["ssh-add", "-q", str(made.file)], check=True, stdin=subprocess.DEVNULL)
    public = made.public
    made.file.unlink()
    assert signing.held_by_agent() == [public]
    assert signing.verify(b"words", signing.sign(b"words", public, can_ask=False), [public]) == public


def refused(key: Any) -> SettingsFault:
    with pytest.raises(SettingsFault) as caught:
        signing.sign(b"words", key, can_ask=False)
    return caught.value


def test_a_key_that_cannot_sign_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    locked = signers.key(tmp_path, "locked", passphrase="correct horse")
    assert "has a passphrase" in refused(locked.file).message
    assert refused(locked.file).hint == f"Hand it to your agent first: ssh-add {locked.file}"
    assert "there is no key at" in refused(tmp_path / "none").message
    assert "no agent holds the key SHA256:" in refused(locked.public).message
    (tmp_path / "text").write_text("no key")
    (tmp_path / "text").chmod(0o600)
    assert "is no SSH key that can be read" in refused(tmp_path / "text").message
    opened = signers.key(tmp_path, "opened")
    opened.file.chmod(0o644)
    if os.getuid() == opened.file.stat().st_uid:
        assert "others may read the key" in refused(opened.file).message


def test_without_openssh_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = signers.key(tmp_path, "id")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "ssh-keygen, which is not there" in refused(made.file).message


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "a line of a public key is needed"),
        ("ssh-ed25519", "no key"),
        ("ssh-ed25519 AAAA", "no key of this kind"),
        ("ssh-ed25519 !!!", "no key"),
        ("ssh-dss AAAAB3NzaC1kc3M=", "cannot sign"),
        ("ssh-ed25519-cert-v01@openssh.com AAAA", "cannot sign"),
    ],
)
def test_a_line_that_is_no_public_key_says_why(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        PublicKey.parse(line)


@pytest.mark.parametrize("text", ["", "words", "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----"])
def test_what_is_no_signature_is_told(text: str, keys: dict[str, Key]) -> None:
    with pytest.raises(ValueError, match="no SSH signature"):
        signing.verify(b"words", text, [keys["omar"].public])


# Files


def test_an_approval_is_read_as_it_was_written(keys: dict[str, Key], tmp_path: Path) -> None:
    paper = signed(keys, reason="agreed with the customer", bound_to={"invoice.lago_id": "1"})
    path = tmp_path / "a.json"
    strict_json.write(path, paper.as_data())
    assert papers.read(path) == paper
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4))
    assert papers.read(path) == paper


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data.update(more=1), "`more`: it is not known here"),
        (lambda data: data.pop("signature"), "`signature`: it is missing"),
        (lambda data: data["approval"].update(decision="maybe"), "`decision`"),
        (lambda data: data["approval"].update(plan="a"), "`plan`"),
        (lambda data: data["approval"].pop("at"), "`at`: it is missing"),
    ],
)
def test_a_file_that_is_no_approval_is_told_clearly(
    change: Any, told: str, keys: dict[str, Key], tmp_path: Path
) -> None:
    data = signed(keys).as_data()
    change(data)
    path = tmp_path / "a.json"
    path.write_text(json.dumps(data))
    with pytest.raises(Invalid) as caught:
        papers.read(path)
    assert told in caught.value.message
