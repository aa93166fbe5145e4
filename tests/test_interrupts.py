"""Ctrl-C and SIGTERM: at once, held, or told first, by what is going on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from engine.errors import Terminated
from engine.run.interrupts import Interrupts


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def interrupts(said: list[str]) -> Iterator[Interrupts]:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    installed = Interrupts(said.append)
    installed.install()
    yield installed
    signal.signal(signal.SIGINT, before[0])
    signal.signal(signal.SIGTERM, before[1])


def press(number: int) -> None:
    os.kill(os.getpid(), number)


def test_ctrl_c_raises_at_once_when_nothing_is_under_way(interrupts: Interrupts) -> None:
    with pytest.raises(KeyboardInterrupt):
        press(signal.SIGINT)


def test_sigterm_raises_at_once_when_nothing_is_under_way(interrupts: Interrupts) -> None:
    with pytest.raises(Terminated):
        press(signal.SIGTERM)


def test_a_signal_waits_until_a_record_is_written(interrupts: Interrupts) -> None:
    steps = []
    with pytest.raises(Terminated), interrupts.held():
        press(signal.SIGTERM)
        steps.append("the record is whole")
    assert steps == ["the record is whole"]


def test_an_inner_block_does_not_let_a_held_signal_go(interrupts: Interrupts) -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt), interrupts.held():
        with interrupts.held():
            press(signal.SIGINT)
        steps.append("still held")
    assert steps == ["still held"]


def test_the_first_ctrl_c_while_an_answer_is_due_only_tells(interrupts: Interrupts, said: list[str]) -> None:
    with interrupts.awaited("the request is on its way"):
        press(signal.SIGINT)
    assert said == ["the request is on its way"]


def test_the_second_ctrl_c_while_an_answer_is_due_leaves_it(interrupts: Interrupts, said: list[str]) -> None:
    with pytest.raises(KeyboardInterrupt), interrupts.awaited("on its way"):
        press(signal.SIGINT)
        press(signal.SIGINT)
    assert said == ["on its way"]


def test_sigterm_while_an_answer_is_due_leaves_it_at_once(interrupts: Interrupts, said: list[str]) -> None:
    with pytest.raises(Terminated), interrupts.awaited("on its way"):
        press(signal.SIGTERM)
    assert said == []


def test_a_signal_that_came_while_held_is_raised_where_it_is_freed(interrupts: Interrupts) -> None:
    interrupts.hold()
    press(signal.SIGTERM)
    with pytest.raises(Terminated), interrupts.freed():
        pytest.fail("the block began although a signal was waiting")


def test_after_a_signal_was_raised_another_does_not_tear_what_it_brings_about(interrupts: Interrupts) -> None:
    with pytest.raises(KeyboardInterrupt), interrupts.freed():
        press(signal.SIGINT)
    press(signal.SIGINT)
    assert interrupts.kept is KeyboardInterrupt


def test_a_record_inside_a_held_part_does_not_let_a_signal_go(interrupts: Interrupts) -> None:
    interrupts.hold()
    with interrupts.held():
        press(signal.SIGINT)
    assert interrupts.kept is KeyboardInterrupt
