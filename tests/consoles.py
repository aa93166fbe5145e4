"""Examples of commands as they stand in the manual: run as they are written, and compared with what is shown of them.

A line with `# in another terminal: runbook sandbox ...` says what runs meanwhile, one with `$` is a command, `...` stands
for lines that are left out, and `RUN` for a run's id. `echo $?` is what the shell would answer.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from forked import run
from lago_server import Result

from engine.sandbox.demo import Practice
from engine.sandbox.faults import Fault

BESIDE = "# in another terminal: runbook sandbox"


@dataclass(frozen=True)
class Command:
    """One command and the lines that are shown below it."""

    line: str
    shown: tuple[str, ...]

    def is_shown_by(self, printed: str) -> bool:
        """Whether the lines shown are what was printed, but for what is left out."""
        pattern = "".join(r"(?:.*\n)*?" if line == "..." else _pattern(line) for line in self.shown)
        return re.fullmatch(pattern, printed) is not None


def _pattern(line: str) -> str:
    """One line, with `...` for the rest of a part of it."""
    return re.escape(line).replace(r"\.\.\.", ".*").replace("RUN", "[0-9A-Z]{12}") + "\n"


def commands(block: str) -> list[Command]:
    """The commands of a block."""
    found = re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block + "\n", re.MULTILINE)
    return [Command(line, tuple(shown.splitlines())) for line, shown in found]


def played(block: str, folder: Path) -> Iterator[tuple[Command, str]]:
    """Each command of a block with what it really prints, on a terminal of 80 columns."""
    with ExitStack() as stack:
        env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        env |= {"HOME": str(folder), "COLUMNS": "80"}
        beside = next((line for line in block.splitlines() if line.startswith(BESIDE)), None)
        if beside is not None:
            faults = [word for word in shlex.split(beside.removeprefix(BESIDE)) if word != "--fault"]
            practice = stack.enter_context(Practice(faults=[Fault.parse(fault) for fault in faults]))
            env |= practice.env
        code = 0
        for command in commands(block):
            if command.line == "echo $?":
                yield command, f"{code}\n"
                continue
            result = _typed(command.line, env, folder)
            code = result.code
            yield command, re.sub(r"[ \t]+(?=\n)", "", result.out + result.err)


def _typed(line: str, env: dict[str, str], folder: Path) -> Result:
    words = shlex.split(line)
    given = dict(word.split("=", 1) for word in words[: words.index("runbook")])
    return run((*words[words.index("runbook") + 1 :], "--format", "human"), {**env, **given}, folder).result
