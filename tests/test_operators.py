"""Operators: whose run it is, by the account of the real uid and nothing else."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from engine.errors import Denied, Exit, SettingsFault
from engine.operators import Operator, account, who


@pytest.fixture
def as_jane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's account is jane, uid 1000, once `tmp_path` is made by who really runs this."""
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: pwd.struct_passwd(("jane", "x", uid, 1, "", "/", "")))


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "operators.yaml"
    path.write_text(text)
    return path


JANE = "operators:\n  - {id: jane.doe, roles: [billing_admin, auditor], os_account: jane}\n"


def wrong(path: Path) -> list[str]:
    """All that is wrong with the file, without its folder."""
    with pytest.raises(SettingsFault) as caught:
        who(path)
    assert caught.value.exit is Exit.INVALID
    assert caught.value.hint is not None
    return caught.value.message.replace(f"{path.parent}/", "").split("; also ")


@pytest.mark.usefixtures("as_jane")
def test_an_operator_is_known_by_the_account(tmp_path: Path) -> None:
    text = JANE + "  - {id: joe, roles: [], os_account: joe, ssh_keys: []}\n"
    assert who(file(tmp_path, text)) == Operator(
        "jane.doe", ("billing_admin", "auditor"), "jane", "os account jane, uid 1000"
    )


@pytest.mark.usefixtures("as_jane")
def test_what_a_run_keeps_of_its_operator(tmp_path: Path) -> None:
    assert who(file(tmp_path, JANE)).as_data() == {
        "id": "jane.doe",
        "roles": ["billing_admin", "auditor"],
        "os_account": "jane",
        "how": "os account jane, uid 1000",
    }


def test_the_user_variable_is_nobodys_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "SUDO_USER", "USERNAME"):
        monkeypatch.setenv(name, "jane")
    mine = pwd.getpwuid(os.getuid()).pw_name
    assert account() == mine
    path = file(tmp_path, JANE.replace("os_account: jane", "os_account: not-" + mine))
    with pytest.raises(Denied):
        who(path)


@pytest.mark.usefixtures("as_jane")
def test_the_real_account_counts_and_not_the_effective_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert who(file(tmp_path, JANE)).id == "jane.doe"


@pytest.mark.usefixtures("as_jane")
def test_without_a_file_nothing_runs_and_the_message_shows_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsFault) as caught:
        who(tmp_path / "operators.yaml")
    assert caught.value.exit is Exit.INVALID
    assert caught.value.message == f"there is no operators file at {tmp_path}/operators.yaml"
    assert caught.value.hint is not None
    example = caught.value.hint.removeprefix("It looks like this: ")
    assert who(file(tmp_path, example)) == Operator("jane", ("billing_admin",), "jane", "os account jane, uid 1000")


@pytest.mark.usefixtures("as_jane")
def test_an_account_that_the_file_does_not_name_is_denied(tmp_path: Path) -> None:
    path = file(tmp_path, JANE.replace("jane}", "joe}"))
    with pytest.raises(Denied) as caught:
        who(path)
    assert caught.value.exit is Exit.DENIED
    assert caught.value.message == f"the account jane is no operator: {path} does not name it"
    assert caught.value.hint == "An operator has `os_account: jane` there; who may edit that file can add it."


def test_an_account_without_a_name_goes_by_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(os, "getuid", lambda: 12345)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert account() == "uid:12345"
    path = file(tmp_path, JANE)
    with pytest.raises(Denied, match="the account uid:12345 is no operator"):
        who(path)
    path.write_text(JANE.replace("os_account: jane", 'os_account: "uid:12345"'))
    assert who(path).how == "os account uid:12345, uid 12345"


@pytest.mark.usefixtures("as_jane")
def test_an_account_is_one_word(tmp_path: Path) -> None:
    text = JANE.replace("os_account: jane", 'os_account: "jane doe"')
    assert wrong(file(tmp_path, text)) == [
        "operators.yaml:2:65: `os_account` must be one word without spaces, at most 64 characters"
    ]


@pytest.mark.usefixtures("as_jane")
@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["operators.yaml:1:1: the file is empty"]),
        ("operators: []\n", ["operators.yaml:1:12: `operators` is empty"]),
        ("- id: jane\n", ["operators.yaml:1:1: a mapping is needed, with `operators`"]),
        ("operator: []\n", ["operators.yaml:1:1: unknown key `operator`; did you mean `operators`?"]),
        ("operators: jane\n", ["operators.yaml:1:12: `operators` must be a list"]),
        ("operators:\n  - jane\n", ["operators.yaml:2:5: an operator must be a mapping"]),
        (
            "operators:\n  - {id: jane, role: [x]}\n",
            [
                "operators.yaml:2:5: `os_account` is missing",
                "operators.yaml:2:5: `roles` is missing",
                "operators.yaml:2:16: unknown key `role`; did you mean `roles`?",
            ],
        ),
        (
            "operators:\n  - {id: jane, roles: billing_admin, os_account: jane}\n",
            ["operators.yaml:2:23: `roles` must be a list"],
        ),
        (
            "operators:\n  - {id: 'a b', roles: [3, ''], os_account: [jane]}\n",
            [
                "operators.yaml:2:10: `id` must be one word without spaces, at most 64 characters",
                "operators.yaml:2:25: each of `roles` must be a text",
                "operators.yaml:2:28: each of `roles` must be one word without spaces, at most 64 characters",
                "operators.yaml:2:45: `os_account` must be a text",
            ],
        ),
        (
            JANE + "  - {id: jane.doe, roles: [], os_account: jane}\n",
            [
                "operators.yaml:3:10: `id` `jane.doe` stands twice",
                "operators.yaml:3:43: `os_account` `jane` stands twice",
            ],
        ),
    ],
)
def test_everything_that_is_wrong_is_told_where_it_stands(tmp_path: Path, text: str, faults: list[str]) -> None:
    assert wrong(file(tmp_path, text)) == faults


@pytest.mark.usefixtures("as_jane")
@pytest.mark.parametrize("word", ["on", "010", "1000"])
def test_an_account_that_yaml_would_misread_is_no_account(tmp_path: Path, word: str) -> None:
    assert wrong(file(tmp_path, JANE.replace("os_account: jane", f"os_account: {word}"))) != []
    assert who(file(tmp_path, JANE + f'  - {{id: norman, roles: [], os_account: "{word}"}}\n')).id == "jane.doe"


@pytest.mark.usefixtures("as_jane")
def test_a_second_key_of_the_same_name_is_not_kept_silently(tmp_path: Path) -> None:
    assert wrong(file(tmp_path, JANE + JANE)) == ["operators.yaml:3:1: `operators` stands twice"]


@pytest.mark.usefixtures("as_jane")
def test_a_file_that_cannot_be_read_is_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "operators.yaml"
    path.mkdir()
    assert wrong(path) == ["the operators file operators.yaml cannot be read: Is a directory"]


@pytest.mark.usefixtures("as_jane")
def test_what_is_not_yaml_says_where(tmp_path: Path) -> None:
    faults = wrong(file(tmp_path, "operators: [\n"))
    assert len(faults) == 1
    assert faults[0].startswith("operators.yaml:2:1: this is not YAML")
