"""A write of one's own, and a one-way step of one's own, take part in a run as those of runbook do: on no Lago at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lago_server import Played, Result
from own_code import write
from own_writes import CLOSE, CLOSING, CONTRACTS, register, written

from engine.journal import Reader, verify

CONSENT = ("--confirm", "cus_hooli", "--ceiling", "1000.00 EUR")
OPEN = {"customer": "cus_hooli", "ceiling": "1000.00 EUR", "status": "open", "is_reviewed": False}


class Desk:
    """Somebody whose runbook closes contracts in a register."""

    def __init__(self, played: Played) -> None:
        code = write(played.folder / "code", "contracts.py", CONTRACTS)
        write(played.folder, "own/close_contract.yaml", CLOSE)
        write(played.folder, "policies/closing.yaml", CLOSING)
        self.played = played
        self.register = register(code.parent)
        self.env = {
            "RUNBOOK_PATH": str(played.folder / "own"), "RUNBOOK_EXTENSIONS": str(code), "COLUMNS": "80",
            "RUNBOOK_POLICIES": str(played.folder / "policies"), "RUNBOOK_SETTLE_WINDOW": "0", "RUNBOOK_SETTLE_MIN_READS": "1",
        }  # fmt: skip

    def close(self, *words: str) -> Result:
        """`runbook run close_contract`."""
        return self.do("run", "close_contract", "--contract", "C-1", *words)

    def do(self, *words: str) -> Result:
        """Any command here."""
        return self.played.run(*words, "--format", "human", **self.env)

    def recorded(self) -> list[list[str]]:
        """The types of the records that are about what was done, of each run."""
        with Reader.open(self.played.journal) as journal:
            runs = [journal.run(one.run) for one in reversed(journal.runs())]
        return [[one.type for one in run if one.type.startswith(("effect.", "operator."))] for run in runs]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The desk; nobody asks the Lago that is set up beside it."""
    with Played("finalize_ok", tmp_path) as played:
        yield Desk(played)
        assert (played.player.writes, verify(played.journal).why) == ([], "")


def test_a_dry_run_calls_neither_and_says_what_each_would_do(desk: Desk) -> None:
    done = desk.close("--dry-run")
    assert (done.code, "\nWould close contract C-1. Nothing was written.\n" in done.out) == (0, True), done.out
    assert "! a review (`reviewed`) comes first and may change what is shown here" in done.out
    assert "  Then the register does\n    ! legal is told\n" in done.out
    assert "Lago" not in done.out
    assert written(desk.register) == ([], OPEN)


def test_each_is_called_once_after_the_consent_and_nobody_closes_it_again(desk: Desk) -> None:
    unasked = desk.close()
    assert (unasked.code, written(desk.register)) == (5, ([], OPEN)), unasked.out
    done = desk.close(*CONSENT)
    assert (done.code, done.last_line.split("   ")[0]) == (0, "Closed contract C-1."), done.out
    assert written(desk.register) == (["review C-1", "close C-1"], {**OPEN, "is_reviewed": True, "status": "closed"})
    again = desk.close(*CONSENT)
    assert (again.code, "already closed, by run" in again.out) == (0, True), again.out
    assert desk.recorded() == [[], ["effect.intent", "effect.done"], []]


@pytest.mark.parametrize(
    ("fault", "code", "sent", "says"),
    [
        ("review refused", 10, [], "the register refused it: 422; now the contract reads `open`. Nothing was closed."),
        (
            "review lost after", 7, ["review C-1"],
            "The register gave no answer: the line went dead. A review was sent; nothing was closed.",
        ),
        ("close refused", 10, ["review C-1"], "Not closed: 422 locked; now the contract reads `open`."),
        (
            "close lost after", 0, ["review C-1", "close C-1"],
            "Closed, as confirmed: contract C-1. That this run did it is not proven.",
        ),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_and_nothing_is_sent_twice(
    fault: str, code: int, sent: list[str], says: str, desk: Desk
) -> None:
    register(desk.register.parent, fault)
    done = desk.close(*CONSENT)
    assert (done.code, says in " ".join(done.out.split()), written(desk.register)[0]) == (code, True, sent), done.out


def test_an_outcome_that_is_not_known_is_held_and_settled_by_reading_or_by_a_person(desk: Desk) -> None:
    register(desk.register.parent, "close lost before")
    done = desk.close(*CONSENT)
    assert (done.code, "UNKNOWN whether contract C-1 is closed." in done.out) == (13, True), done.out
    assert "do not  close it again, here or in the register's own screens" in done.out
    run = done.out.split("runbook resume ")[1].split()[0]
    held = desk.close(*CONSENT)
    assert (held.code, f"runbook resume {run}" in held.out) == (13, True), held.out
    assert desk.do("resume", run).code == 13
    released = desk.do("resolve", run, "--reissue", "--reason", "legal looked", "--confirm", "cus_hooli")
    assert (released.code, "the next run may close this contract" in " ".join(released.out.split())) == (0, True)
    assert written(desk.register)[0] == ["review C-1", "close C-1"]
    register(desk.register.parent)
    assert desk.close(*CONSENT).code == 0
    opened = ["effect.intent", "effect.unknown"]
    assert desk.recorded() == [[*opened, "operator.resolve", "effect.released"], [], ["effect.intent", "effect.done"]]
