"""Streams, colour, width and questions: what a person sees and is asked, on a terminal, in a pipe, on a broken one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest

from engine.commands.shell import Shell
from engine.events import Started
from engine.terminal import Terminal, wants_colour


class Stream(io.StringIO):
    """A stream in memory whose terminal bit can be set."""

    def __init__(self, text: str = "", *, tty: bool = True) -> None:
        super().__init__(text)
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


class Gone(Stream):
    """A stream whose reader went away."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.tried = 0

    def write(self, text: str) -> int:
        self.tried += 1
        raise self.error


def terminal(
    typed: str = "",
    *,
    stdin_tty: bool = True,
    stdout_tty: bool = True,
    stderr_tty: bool = True,
    env: Mapping[str, str] | None = None,
    no_input: bool = False,
) -> Terminal:
    """Three streams in memory; `typed` is what the person types."""
    return Terminal(
        Stream(typed, tty=stdin_tty), Stream(tty=stdout_tty), Stream(tty=stderr_tty), env or {}, no_input=no_input
    )


def said(stream: object) -> str:
    """All that was written to a stream in memory."""
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("choice", "env", "is_tty", "expected"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": ""}, False, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_follows_the_flag_then_the_variables_then_the_stream(
    choice: Literal["auto", "always", "never"], env: dict[str, str], is_tty: bool, expected: bool
) -> None:
    assert wants_colour(choice, env, is_tty) is expected


def test_colour_is_decided_for_each_stream_by_itself() -> None:
    here = terminal(stdout_tty=False)
    assert (here.colour_out, here.colour_err) == (False, True)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [("", 80), ("132", 132), ("12", 40), ("0", 80), ("-5", 80), ("wide", 80), ("²", 80), ("9" * 5000, 999999)],
)
def test_width_is_what_columns_says_within_reason(columns: str, expected: int) -> None:
    assert terminal(env={"COLUMNS": columns}).width == expected


def test_width_of_a_real_terminal_is_its_own() -> None:
    import fcntl
    import struct
    import termios

    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 101, 0, 0))
    with os.fdopen(slave, "w") as stream:
        here = Terminal(None, stream, None, {})
        assert (here.width, here.is_human) == (101, True)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 20, 0, 0))
        assert here.width == 40
    os.close(master)


@pytest.mark.parametrize(
    ("is_verbose", "stderr_tty", "is_there"), [(False, True, True), (True, False, True), (True, True, False)]
)
def test_no_running_line_stands_where_verbose_says_what_is_done(
    is_verbose: bool, stderr_tty: bool, is_there: bool
) -> None:
    here = terminal(stderr_tty=stderr_tty)
    Shell(here, "human", {}, is_verbose).renderer().notice(Started("draft", "Open the draft invoice", "draft"))
    assert said(here.stdout) == ("  ..    draft            Open the draft invoice" if is_there else "")


@pytest.mark.parametrize(
    ("stdin_tty", "stderr_tty", "no_input", "expected"),
    [(True, True, False, True), (False, True, False, False), (True, False, False, False), (True, True, True, False)],
)
def test_only_a_terminal_on_both_ends_can_be_asked(
    stdin_tty: bool, stderr_tty: bool, no_input: bool, expected: bool
) -> None:
    here = terminal("yes\n", stdin_tty=stdin_tty, stderr_tty=stderr_tty, no_input=no_input)
    assert here.can_ask is expected
    assert here.ask("go on? ") == ("yes" if expected else None)
    assert said(here.stderr) == ("go on? " if expected else "")


def test_no_color_does_not_turn_prompts_off() -> None:
    assert terminal(env={"NO_COLOR": "1"}).can_ask


def test_a_piped_stdout_does_not_turn_prompts_off() -> None:
    here = terminal("acme-corp\n", stdout_tty=False)
    assert here.ask("id: ") == "acme-corp"
    assert said(here.stdout) == ""


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("acme-corp\n", "acme-corp"),
        (" acme-corp \n", " acme-corp "),
        ("acme-corp\r\n", "acme-corp"),
        ("\n", ""),
        ("", None),
        ("acme", "acme"),
    ],
)
def test_an_answer_is_the_line_as_it_was_typed(typed: str, expected: str | None) -> None:
    assert terminal(typed).ask("id: ") == expected


def test_the_end_of_input_ends_the_prompts_line() -> None:
    here = terminal("")
    assert here.ask("id: ") is None
    assert said(here.stderr) == "id: \n"


def test_a_second_question_gets_the_second_line() -> None:
    here = terminal("one\ntwo\n")
    assert (here.ask("1: "), here.ask("2: "), here.ask("3: ")) == ("one", "two", None)


def test_a_question_that_nobody_could_see_has_no_answer() -> None:
    here = Terminal(Stream("acme-corp\n"), Stream(), Gone(BrokenPipeError()), {})
    assert here.ask("id: ") is None
    assert here.ask_secret("key: ") is None


def test_what_is_no_text_is_an_answer_and_a_wrong_one() -> None:
    class Latin(Stream):
        def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
            return b"caf\xe9".decode("utf-8")

    assert Terminal(Latin(), Stream(), Stream(), {}).ask("id: ") == "\ufffd"


def test_a_terminal_that_is_gone_answers_nothing() -> None:
    class HungUp(Stream):
        def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
            raise OSError(5, "Input/output error")

    assert Terminal(HungUp(), Stream(), Stream(), {}).ask("id: ") is None


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (BrokenPipeError(32, "Broken pipe"), "Broken pipe"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ValueError("I/O operation on closed file"), "closed"),
    ],
)
def test_a_lost_stdout_is_noted_and_written_to_no_more(error: Exception, why: str) -> None:
    gone = Gone(error)
    here = Terminal(Stream(), gone, Stream(), {})
    here.out("one\n")
    here.out("two\n")
    here.err("still heard\n")
    assert (here.lost, gone.tried, said(here.stderr)) == (why, 1, "still heard\n")


def test_a_lost_stderr_does_not_stop_stdout() -> None:
    here = Terminal(Stream(), Stream(), Gone(BrokenPipeError()), {})
    here.err("unheard\n")
    here.out("heard\n")
    assert (here.lost, said(here.stdout)) == ("", "heard\n")


def test_a_process_without_streams_can_still_run() -> None:
    here = Terminal(None, None, None, {})
    here.out("text")
    here.err("text")
    assert (here.lost, here.can_ask, here.is_human, here.ask("id: "), here.width) == ("closed", False, False, None, 80)


def test_a_closed_stream_is_no_terminal() -> None:
    closed = io.StringIO()
    closed.close()
    assert Terminal(closed, closed, closed, {}).can_ask is False


def test_what_an_encoding_lacks_is_spelled_out_instead_of_stopping_the_run(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("w", encoding="ascii") as stream:
        Terminal(None, stream, None, {}).out("Müller \ud800 €\n")
    assert path.read_text(encoding="ascii") == "M\\xfcller \\ud800 \\u20ac\n"


def test_a_reader_that_goes_away_ends_nothing_and_nobody_complains() -> None:
    program = (
        "from engine.terminal import Terminal\n"
        "here = Terminal.here()\n"
        "for line in range(20000): here.out(f'line {line}\\n')\n"
        "here.err(here.lost)\n"
    )
    run = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout is not None
    assert run.stderr is not None
    assert run.stdout.readline() == b"line 0\n"
    run.stdout.close()
    assert run.stderr.read() == b"Broken pipe"
    run.stderr.close()
    assert run.wait() == 0


def ask_on_a_terminal(call: str, typed: bytes, prompt: bytes) -> bytes:
    """Run `call` in a child whose streams are a real terminal, type once the prompt is there; all that appeared."""
    program = f"from engine.terminal import Terminal\nhere = Terminal.here()\nhere.err('<' + repr({call}) + '>')\n"
    master, slave = os.openpty()
    child = subprocess.Popen([sys.executable, "-c", program], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""
    until = time.monotonic() + 30
    while prompt not in seen and time.monotonic() < until:
        seen += os.read(master, 1024)
    os.write(master, typed)
    try:
        while chunk := os.read(master, 1024):
            seen += chunk
    except OSError:  # the other end was closed
        pass
    os.close(master)
    assert child.wait() == 0
    return seen.replace(b"\r\n", b"\n")


def test_an_ordinary_answer_is_echoed_by_a_real_terminal() -> None:
    assert ask_on_a_terminal("here.ask('id: ')", b"acme-corp\n", b"id: ") == b"id: acme-corp\n<'acme-corp'>"


def test_a_secret_is_not_echoed_by_a_real_terminal() -> None:
    seen = ask_on_a_terminal("len(here.ask_secret('key: '))", b"not-to-be-seen\n", b"key: ")
    assert seen == b"key: \n<14>"


def test_end_of_input_on_a_real_terminal_is_no_answer() -> None:
    assert ask_on_a_terminal("here.ask('id: ')", b"\x04", b"id: ") == b"id: \n<None>"
