"""The three streams, what each of them is, and the questions put to a person. Floor 2.

Nothing that happens to an output stops a run: a reader that went away is noted in `lost` and the rest goes unsaid.
Prompts go to stderr and are answered on a terminal only: a `y` from a pipe is nobody's word.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import field
from typing import Literal, TextIO

from engine.plain import dataclass
from engine.printable import safe

ColourChoice = Literal["auto", "always", "never"]

FALLBACK_WIDTH = 80
LEAST_WIDTH = 40


def wants_colour(choice: ColourChoice, env: Mapping[str, str], is_tty: bool) -> bool:
    """`--color` > `NO_COLOR` (non-empty) > `FORCE_COLOR` (non-empty) > `TERM=dumb` > whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if env.get("NO_COLOR"):
        return False
    if env.get("FORCE_COLOR"):
        return True
    return is_tty and env.get("TERM") != "dumb"


def _is_tty(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


@dataclass(slots=True)
class Terminal:
    """stdin, stdout and stderr of one command. A stream that the process was started without is None.

    `no_input` forbids every question; `lost` says why stdout can take nothing more, or is empty.
    """

    stdin: TextIO | None
    stdout: TextIO | None
    stderr: TextIO | None
    env: Mapping[str, str]
    colour: ColourChoice = "auto"
    no_input: bool = False
    lost: str = ""
    _err_lost: bool = field(default=False, repr=False)

    @classmethod
    def here(cls, colour: ColourChoice = "auto", *, no_input: bool = False) -> Terminal:
        """This process's own streams, as they are now (a test may have replaced them)."""
        return cls(sys.stdin, sys.stdout, sys.stderr, os.environ, colour, no_input)

    @property
    def is_human(self) -> bool:
        """Whether a person reads stdout: it is a terminal."""
        return _is_tty(self.stdout)

    @property
    def is_shared(self) -> bool:
        """Whether lines of stderr stand among those of stdout, as far as can be told: both are terminals."""
        return _is_tty(self.stdout) and _is_tty(self.stderr)

    @property
    def can_ask(self) -> bool:
        """Whether somebody can answer: stdin and stderr are terminals and `--no-input` was not given."""
        return not self.no_input and _is_tty(self.stdin) and _is_tty(self.stderr)

    @property
    def colour_out(self) -> bool:
        """Whether stdout takes colours."""
        return wants_colour(self.colour, self.env, _is_tty(self.stdout))

    @property
    def colour_err(self) -> bool:
        """Whether stderr takes colours."""
        return wants_colour(self.colour, self.env, _is_tty(self.stderr))

    @property
    def width(self) -> int:
        """Columns: `COLUMNS`, else what the terminal says now, else 80; never under 40."""
        columns = self.env.get("COLUMNS", "")
        if columns.isascii() and columns.isdigit() and int(columns[:6]) > 0:
            return max(int(columns[:6]), LEAST_WIDTH)
        for stream in (self.stdout, self.stderr):
            if stream is not None and _is_tty(stream):
                with suppress(OSError, ValueError):
                    return max(os.get_terminal_size(stream.fileno()).columns or FALLBACK_WIDTH, LEAST_WIDTH)
        return FALLBACK_WIDTH

    def out(self, text: str) -> None:
        """Write to stdout and flush. Never raises on account of the stream; see `lost`."""
        if not self.lost:
            self.lost = _write(self.stdout, text)

    def is_lost(self) -> bool:
        """Whether stdout can take nothing more: whoever read it has gone."""
        return bool(self.lost)

    def err(self, text: str) -> None:
        """Write to stderr and flush. Never raises on account of the stream."""
        if not self._err_lost:
            self._err_lost = bool(_write(self.stderr, text))

    def ask(self, prompt: str) -> str | None:
        """Ask on stderr and read one line as it was typed, without its line end; None at the end of input.

        None also where nobody can answer (`can_ask`): then nothing is printed.
        """
        return self._answer(safe(prompt)) if self.can_ask else None

    def ask_secret(self, prompt: str) -> str | None:
        """The same without echo. None where the echo cannot be turned off: a key is not shown instead."""
        if not self.can_ask or self.stdin is None:
            return None
        with _unseen(self.stdin) as is_unseen:
            answer = self._answer(prompt) if is_unseen else None
        if answer is not None:
            self.err("\n")  # the person's own was not echoed
        return answer

    def _answer(self, prompt: str) -> str | None:
        self.err(prompt)
        if self._err_lost or self.stdin is None:  # a question that nobody saw has no answer
            return None
        try:
            line = self.stdin.readline()
        except UnicodeDecodeError:
            return "\ufffd"  # something was typed that is no text here: an answer, and a wrong one
        except (OSError, ValueError):  # the terminal is gone
            return None
        if not line:
            self.err("\n")
            return None
        return line.removesuffix("\n").removesuffix("\r")


@contextmanager
def _unseen(stdin: TextIO) -> Iterator[bool]:
    """Echo off, before anything is asked: what is typed ahead of the prompt is thrown away. False where it stays on."""
    import termios

    try:
        descriptor = stdin.fileno()
    except (OSError, ValueError):  # a stream in memory echoes nothing
        yield True
        return
    try:
        before = termios.tcgetattr(descriptor)
        quiet = [*before]
        quiet[3] &= ~termios.ECHO
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, quiet)
    except termios.error:
        yield False
        return
    try:
        yield True
    finally:
        with suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _write(stream: TextIO | None, text: str) -> str:
    """Write all of it; why it could not be written, or an empty text."""
    if stream is None:
        return "closed"
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except (OSError, ValueError) as error:
        _let_go(stream)
        return getattr(error, "strerror", None) or "closed"
    return ""


def _let_go(stream: TextIO) -> None:
    """Point the stream at nothing: else the interpreter complains at its end about what it could not flush."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)
