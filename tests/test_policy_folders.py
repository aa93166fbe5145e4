"""No policy file is passed over without a word, since another of its name would decide instead."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from forked import run

from engine.errors import SettingsFault, UsageFault
from engine.folders import SHIPPED_POLICIES, policy_files
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
