"""No policy file is passed over without a word, since another of its name would decide instead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from forked import run

from engine.errors import SettingsFault, UsageFault
from engine.folders import SHIPPED, SHIPPED_POLICIES, policy_files
from engine.policy_files.library import Policies


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "policies"
    own.mkdir()
    return own


def test_the_first_folder_that_has_a_name_counts_and_cases_are_no_policies(folder: Path) -> None:
    for name in ("billing.yaml", "billing.test.yaml", ".billing.yaml.swp.yaml", "notes.md"):
        (folder / name).touch()
    assert policy_files([folder]) == {"billing": folder / "billing.yaml", "voids": SHIPPED_POLICIES / "voids.yaml"}


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.symlink_to("nowhere")])
def test_what_cannot_be_read_is_told_and_not_looked_for_elsewhere(folder: Path, make: object) -> None:
    make(folder / "billing.yaml")  # type: ignore[operator]
    with pytest.raises(UsageFault, match=r"billing\.yaml cannot be read"):
        Policies(lambda: [folder]).load(["billing"])


def test_a_file_with_another_ending_does_not_let_the_set_of_a_later_folder_decide(folder: Path) -> None:
    (folder / "billing.yml").touch()
    (folder / "data.yml").touch()
    with pytest.raises(SettingsFault) as raised:
        policy_files([folder])
    shipped = SHIPPED_POLICIES / "billing.yaml"
    assert (
        raised.value.message
        == f"{folder}/billing.yml is no policy file by its ending, and {shipped} would decide instead"
    )
    (folder / "billing.yaml").touch()
    assert policy_files([folder])["billing"] == folder / "billing.yaml"


def test_a_folder_that_cannot_be_looked_into_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(path: Path) -> list[str]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "listdir", locked)
    with pytest.raises(SettingsFault, match="cannot be looked into: Permission denied"):
        policy_files([folder])


def test_a_folder_that_somebody_named_has_to_be_there(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "RUNBOOK_POLICIES": str(tmp_path / "not-mounted")}
    done = run(("validate",), env, tmp_path).result
    assert done.code == 3
    assert f"there is no folder {tmp_path}/not-mounted of policies, which RUNBOOK_POLICIES names" in done.err
    del env["RUNBOOK_POLICIES"]
    assert run(("validate",), env, tmp_path).result.code == 0


def test_a_set_whose_action_is_misspelt_is_told_where_another_one_decides(folder: Path, tmp_path: Path) -> None:
    (folder / "more.yaml").write_text(
        "apiVersion: policy/v1\nkind: PolicySet\nmetadata: {name: more, version: '1', owner: us}\n"
        "applies_to: {actions: [lago.finalise_invoice]}\nfacts: {invoice: lago.Invoice}\n"
        "policies:\n  - {id: small, require: invoice.total_amount_cents < 100, effect: deny}\n"
    )
    text = (
        (SHIPPED / "finalize_invoice.yaml").read_text("utf-8").replace("policy: [billing]", "policy: [billing, more]")
    )
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "finalize_invoice.yaml").write_text(text, "utf-8")
    done = run(("validate", "runbooks/finalize_invoice.yaml"), {"HOME": str(tmp_path)}, tmp_path).result
    assert done.code == 3
    assert "error[RB038]: the policy set `more` is for `lago.finalise_invoice`, which is no one-way step" in done.err
    assert "did you mean `lago.finalize_invoice`?" in done.err


def test_an_empty_file_among_the_policies_is_counted_as_one(folder: Path, tmp_path: Path) -> None:
    (folder / "new.yaml").touch()
    done = run(("validate",), {"HOME": str(tmp_path)}, tmp_path).result
    assert (done.code, done.out) == (3, "1 error in 1 of 3 runbooks and 3 policy sets\n")
