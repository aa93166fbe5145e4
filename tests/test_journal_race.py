"""Several real processes on one journal: one intent, one chain, nothing acknowledged is lost."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from journal_builders import EFFECT, begin, clock, opened
from talking import Talker, start

from engine.clock import Clock
from engine.errors import JournalFault
from engine.journal import IntentHeld, Journal, Reader, verify

RACERS = 8
ROUNDS = 150


def racing(path: Path, me: str) -> None:
    """Try for each effect that is named on the input, and say who has it."""
    journal = Journal.open(path, Clock())
    say("ready")
    for line in sys.stdin:
        effect, verdict = line.split()
        try:
            key = journal.intend(me, "finalize", effect, {}).data["effect_key"]
        except IntentHeld as held:
            say(f"held {held.state.run}")
            continue
        if verdict != "none":
            journal.append(me, verdict, "finalize", {}, key)
        say(f"won {key}")
    journal.close()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def race(racers: Sequence[Talker], effect: str, verdict: str) -> list[list[str]]:
    """All of them try for the same effect at once. What each of them says."""
    for racer in racers:
        racer.stdin.write(f"{effect} {verdict}\n")
    return [racer.stdout.readline().split() for racer in racers]


def test_of_eight_processes_that_want_one_intent_exactly_one_gets_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    racers = [start(racing, path, f"RUN{number}") for number in range(RACERS)]
    assert {racer.stdout.readline() for racer in racers} == {"ready\n"}
    winners = set()
    for number in range(ROUNDS):
        verdict = ("none", "effect.done", "effect.unknown", "effect.pending", "effect.observed")[number % 5]
        told = race(racers, f"{EFFECT}-{number}", verdict)
        assert sorted(words[0] for words in told) == ["held"] * (RACERS - 1) + ["won"]
        winner = next(f"RUN{at}" for at, words in enumerate(told) if words[0] == "won")
        assert {words[1] for words in told if words[0] == "held"} == {winner}
        winners.add(winner)
    for racer in racers:
        racer.communicate()
    assert len(winners) > 1
    report = verify(path)
    assert (report.why, report.count) == ("", 1 + ROUNDS + 4 * ROUNDS // 5)


def test_an_attempt_that_was_not_sent_lets_the_next_process_in_and_attempts_are_numbered_through(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    racers = [start(racing, path, f"RUN{number}") for number in range(RACERS)]
    assert {racer.stdout.readline() for racer in racers} == {"ready\n"}
    won = []
    for _ in range(10):
        told = race(racers, EFFECT, "effect.not_sent")
        won += [words[1] for words in told if words[0] == "won"]
    for racer in racers:
        racer.communicate()
    assert len(won) >= 10
    assert sorted(won, key=lambda key: int(key.rpartition("#")[2])) == [f"{EFFECT}#{n + 1}" for n in range(len(won))]
    report = verify(path)
    assert (report.why, report.count) == ("", 1 + 2 * len(won))


def test_processes_that_make_the_same_journal_at_once_make_one(tmp_path: Path) -> None:
    def making(path: Path, run: str) -> None:
        sys.stdin.readline()
        with Journal.open(path, Clock()) as journal:
            journal.append(run, "run.start", None, {})
            say(journal.log)

    for round in range(5):
        path = tmp_path / str(round) / "deep" / "journal.db"
        makers = [start(making, path, f"RUN{number}") for number in range(4)]
        for maker in makers:
            maker.stdin.write("go\n")
        logs = {maker.communicate() for maker in makers}
        assert {maker.returncode for maker in makers} == {0}
        assert len(logs) == 1
        assert verify(path).count == 5
        assert [name.name for name in path.parent.iterdir() if not name.name.startswith("journal.db")] == []


def writer(path: Path, run: str) -> tuple[int, int]:
    """A process that appends without end and tells each number once it is acknowledged. Its id, and where it tells."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            journal = opened(path)
            while True:
                seq = journal.append(run, "fact", "draft", {"values": "x" * 700}).seq
                os.write(write, f"{seq}\n".encode())
        finally:
            os._exit(1)
    os.close(write)
    return child, read


def end(child: int, read: int) -> set[int]:
    """Kill it. The numbers that it told."""
    os.kill(child, signal.SIGKILL)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read()
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    return {int(line) for line in said[: said.rfind(b"\n") + 1].splitlines()}


@pytest.mark.parametrize("kills", [15, pytest.param(60, marks=pytest.mark.campaign)])
def test_writers_killed_at_any_moment_lose_nothing_that_they_acknowledged(kills: int, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    chance = random.Random(20261123)
    acknowledged: set[int] = set()
    for _ in range(kills):
        writers = [writer(path, f"RUN{number}") for number in range(2)]
        time.sleep(chance.uniform(0.005, 0.06))
        for each in writers:
            acknowledged |= end(*each)
        if path.exists():
            report = verify(path)
            assert report.why == ""
            assert report.count >= max(acknowledged, default=0)
    with opened(path) as journal:
        assert journal.append("AFTER", "fact", "draft", {}).seq == verify(path).count
        kept = {record.seq for record in journal._read(" WHERE type='fact'", ())}
    assert len(acknowledged) > kills
    assert acknowledged <= kept


def test_a_process_killed_after_its_intent_holds_the_effect(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    racer = start(racing, path, "KILLED")
    assert racer.stdout.readline() == "ready\n"
    (words,) = race([racer], EFFECT, "none")
    os.kill(racer.pid, signal.SIGKILL)
    racer.communicate()
    assert words == ["won", f"{EFFECT}#1"]
    with opened(path) as journal:
        begin(journal, "OTHER")
        with pytest.raises(IntentHeld) as held:
            journal.intend("OTHER", "finalize", EFFECT, {})
    assert held.value.state.run == "KILLED"


def reading(path: Path, most: int) -> None:
    """Follow the journal to its record of this number. What is read on the way is a chain."""
    sys.stdin.readline()
    seen = verify(path).count
    say("ready")
    while seen < most:
        report = verify(path)
        assert report.is_intact, report
        with Reader.open(path) as reader:
            records = reader.records("RUN1")
            assert [record.seq for record in records] == list(range(2, len(records) + 2))
            assert reader.runs()[0].run == "RUN1"
        assert report.count >= seen
        assert len(records) + 1 >= report.count
        seen = report.count
    say(str(seen))


def test_two_readers_follow_a_writer_and_never_see_a_broken_chain(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    readers = [start(reading, path, 200) for _ in range(2)]
    with opened(path) as journal:
        begin(journal)
        for reader in readers:
            reader.stdin.write("go\n")
        assert {reader.stdout.readline() for reader in readers} == {"ready\n"}
        for _ in range(200):
            journal.append("RUN1", "fact", "draft", {"values": ["x"] * 20})
        told = [reader.communicate() for reader in readers]
    assert [reader.returncode for reader in readers] == [0, 0]
    assert all(int(word) >= 200 for word in told)


def test_a_paused_process_that_holds_no_transaction_holds_nobody_up(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    racer = start(racing, path, "PAUSED")
    assert racer.stdout.readline() == "ready\n"
    os.kill(racer.pid, signal.SIGSTOP)
    try:
        with opened(path) as journal:
            key = journal.intend("OTHER", "finalize", EFFECT, {}).data["effect_key"]
            journal.append("OTHER", "effect.unknown", "finalize", {}, key)
    finally:
        os.kill(racer.pid, signal.SIGCONT)
    assert race([racer], EFFECT, "none") == [["held", "OTHER"]]
    racer.communicate()


def test_the_last_to_close_moves_everything_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    one, other = Journal.open(path, clock()), Journal.open(path, clock())
    begin(one, "A")
    one.close()
    begin(other, "B")
    other.close()
    assert [name.name for name in tmp_path.iterdir()] == ["journal.db"]
    assert verify(path).count == 3
    with pytest.raises(JournalFault):
        other.append("B", "fact", "draft", {})
