"""A person's word on an outcome that reading cannot settle, and what it allows: a new run, never the old request again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lago_server import Result
from patient_lago import Patient

from engine.journal import Reader, verify

TOTAL = "636.04 EUR"
ONCE = {"RUNBOOK_SETTLE_WINDOW": "0", "RUNBOOK_SETTLE_MIN_READS": "1"}


def total_of(played: Patient) -> str:
    """The total that a run against this draft confirms."""
    from test_recordings import total_of

    return total_of(played)


def unknown(played: Patient, total: str) -> str:
    """A run that ends 13; answers its id."""
    done = played.finalize(total, **ONCE)
    assert done.code == 13, done.out + done.err
    assert played.newest == "effect.unknown"
    (run,) = played.runs
    return run


def resolve(played: Patient, run: str, word: str, confirm: str | None = None) -> Result:
    """`runbook resolve` with a person's word."""
    who = played.customer if confirm is None else confirm
    return played.run("resolve", run, word, "--reason", "asked Lago's support", "--confirm", who)


def said(played: Patient, run: str) -> list[tuple[object, object, object]]:
    """The words that were recorded for a run: word, what it read, whether the reading overruled it."""
    with Reader.open(played.journal) as journal:
        words = [record.data for record in journal.run(run) if record.type == "operator.resolve"]
    return [(word["word"], word["reads"], word["overruled"]) for word in words]


def listed(played: Patient, run: str) -> str:
    """What the table of `audit list` says that came of a run."""
    lines = played.run("audit", "list", "--format", "human").out.splitlines()
    return next(line.split("  ")[-1] for line in lines if line.startswith(run))


def entered(played: Patient, run: str) -> tuple[object, ...]:
    """The same for a program."""
    lines = map(json.loads, played.run("audit", "list", "--format", "json").out.splitlines())
    fields = ("outcome", "exit", "attribution", "released_by")
    return next(tuple(line[field] for field in fields) for line in lines if line["run"] == run)


@pytest.fixture
def played(tmp_path: Path) -> Patient:
    """A Lago whose server died in the middle of finalize: rolled back, still a draft."""
    return Patient("server_killed_then_not_done", tmp_path)


def test_while_it_is_unknown_every_new_run_is_13_names_it_and_sends_nothing(played: Patient) -> None:
    with played:
        total = total_of(played)
        run = unknown(played, total)
        sent = len(played.player.writes)
        again = played.finalize(total)
        assert again.code == 13, again.out + again.err
        assert f"runbook resume {run}" in again.last_line
        assert len(played.player.writes) == sent
        resumed = played.run("resume", run, "--confirm", played.customer, "--total", total)
        assert resumed.code == 13, resumed.out + resumed.err
        assert (len(played.player.writes), played.newest) == (sent, "effect.unknown")


def test_applied_needs_a_read_that_agrees(played: Patient) -> None:
    with played:
        run = unknown(played, total_of(played))
        refused = resolve(played, run, "--applied")
        assert refused.code == 13, refused.out + refused.err
        assert "`--applied` needs a read that agrees, and the invoice reads `draft`" in refused.last_line
        assert (played.newest, said(played, run)) == ("effect.unknown", [])


@pytest.mark.parametrize("word", ["--applied", "--not-applied", "--reissue"])
def test_another_customer_s_name_is_5_and_nothing_is_recorded(word: str, played: Patient) -> None:
    with played:
        run = unknown(played, total_of(played))
        wrong = resolve(played, run, word, confirm="cus_other")
        assert wrong.code == 5, wrong.out + wrong.err
        assert played.customer in wrong.out + wrong.err
        assert (played.newest, said(played, run)) == ("effect.unknown", [])


def test_not_applied_is_10_and_only_a_new_run_with_consent_of_its_own_sends_again(played: Patient) -> None:
    with played:
        total = total_of(played)
        run = unknown(played, total)
        closed = resolve(played, run, "--not-applied")
        assert closed.code == 10, closed.out + closed.err
        assert "now the invoice reads `draft`" in closed.last_line
        assert (played.newest, said(played, run)) == ("effect.rejected", [("not_applied", "draft", False)])
        resumed = played.run("resume", run, "--confirm", played.customer, "--total", total)
        assert resumed.code == 10, resumed.out + resumed.err
        unasked = played.run("run", "finalize_invoice", "--invoice", played.invoice)
        assert unasked.code == 5, unasked.out + unasked.err
        assert played.player.count("/finalize") == 1
        second = played.finalize(total)
        assert second.code == 0, second.out + second.err
        assert (played.player.count("/finalize"), played.newest) == (2, "effect.done")
        assert (played.unsafe, verify(played.journal).why) == ([], "")


def test_reissue_sends_nothing_and_lets_the_next_run_send(played: Patient) -> None:
    with played:
        total = total_of(played)
        run = unknown(played, total)
        sent = len(played.player.writes)
        released = resolve(played, run, "--reissue")
        assert released.code == 0, released.out + released.err
        assert "the next run may finalize this invoice" in released.last_line
        assert (len(played.player.writes), played.newest) == (sent, "effect.released")
        assert said(played, run) == [("reissue", "draft", False)]
        assert [listed(played, run), entered(played, run)] == [
            "unknown (0), released by jane",
            ("unknown", 0, "unproven", "jane"),
        ]
        resumed = played.run("resume", run, "--confirm", played.customer, "--total", total)
        assert resumed.code == 10, resumed.out + resumed.err
        assert (len(played.player.writes), listed(played, run)) == (sent, "refused (10), released by jane")
        second = played.finalize(total)
        assert second.code == 0, second.out + second.err
        assert (played.player.count("/finalize"), played.newest) == (2, "effect.done")
        assert (played.unsafe, verify(played.journal).why) == ([], "")


@pytest.mark.parametrize(
    ("word", "overruled"), [("--applied", False), ("--not-applied", True), ("--reissue", True)], ids=str
)
def test_what_lago_shows_overrules_a_person_s_word(word: str, overruled: bool, tmp_path: Path) -> None:
    with Patient("answer_lost_then_done", tmp_path) as played:
        total = total_of(played)
        run = unknown(played, total)
        decided = resolve(played, run, word)
        assert decided.code == 0, decided.out + decided.err
        assert "That this run did it is not proven." in decided.last_line
        assert listed(played, run) == "finalized (0), not proven ours"
        shown = played.run("audit", "show", run, "--format", "plain").out
        assert shown.count("attribution: unproven: found so by reading, so that this run did it is not proven") == 2
        assert (played.player.count("/finalize"), played.newest) == (1, "effect.observed")
        assert said(played, run) == [(word[2:].replace("-", "_"), "finalized", overruled)]
        again = resolve(played, run, "--reissue")
        assert (again.code, played.newest) == (0, "effect.observed"), again.out + again.err
        later = played.finalize(total)
        assert (later.code, played.player.count("/finalize")) == (0, 1), later.out + later.err


def test_a_word_while_lago_cannot_be_read_changes_nothing(played: Patient) -> None:
    with played:
        run = unknown(played, total_of(played))
        played.sandbox.refuse()
        unread = resolve(played, run, "--not-applied")
        assert unread.code == 7, unread.out + unread.err
        assert (played.newest, said(played, run)) == ("effect.unknown", [])


def test_a_dry_run_and_an_unknown_run_cannot_be_taken_up(tmp_path: Path) -> None:
    with Patient("finalize_ok", tmp_path) as played:
        looked = played.run("run", "finalize_invoice", "--invoice", played.invoice, "--total", TOTAL, "--dry-run")
        assert looked.code == 0, looked.out + looked.err
        (run,) = played.runs
        for words in (("resume", run), ("resume", "0ZZZZZZZZZZZ")):
            refused = played.run(*words, "--confirm", played.customer, "--total", TOTAL)
            assert refused.code == 2, refused.out + refused.err
        for word in ("--applied", "--not-applied", "--reissue"):
            assert resolve(played, "0ZZZZZZZZZZZ", word).code == 2
        assert (played.player.writes, played.newest) == ([], None)
        assert played.types(run)[-1] == "run.end"
