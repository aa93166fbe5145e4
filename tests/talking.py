"""A process of its own that runs a function: forked, so that it has nothing to import, its input and output in our hands."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, NoReturn


@dataclass
class Talker:
    """The process, with what one asks of a `Popen`."""

    pid: int
    stdin: IO[str]
    stdout: IO[str]
    returncode: int | None = None

    def communicate(self) -> str:
        """End its input and wait for it. What it still said."""
        self.stdin.close()
        with self.stdout:
            said = self.stdout.read()
        _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        return said


def start(program: Callable[..., None], *arguments: Any) -> Talker:
    """Start `program(*arguments)`, which reads `sys.stdin` and prints. It has no file of ours open but for these.

    A journal that it opens must not be open here already: SQLite counts its locks by process, and a fork takes the count along.
    """
    its_input, input = os.pipe()
    output, its_output = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads: the child never needs them
        pid = os.fork()
    if pid == 0:
        _child(its_input, its_output, program, arguments)
    os.close(its_input)
    os.close(its_output)
    return Talker(pid, open(input, "w", 1), open(output))


def _child(input: int, output: int, program: Callable[..., None], arguments: tuple[Any, ...]) -> NoReturn:
    code = 1
    try:
        os.dup2(input, 0)
        os.dup2(output, 1)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # an end of another's pipe would keep that one waiting
        sys.stdin = open(0, closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", 1, closefd=False)  # noqa: SIM115  (by the line)
        program(*arguments)
        sys.stdout.flush()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
