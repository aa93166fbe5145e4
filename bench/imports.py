"""How many modules a command imports, how long that takes, and which take longest."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PROGRAM = "import sys; sys.argv[0] = 'runbook'; from engine.start import main; main()"


@dataclass(frozen=True, slots=True)
class Imports:
    """Modules beyond those of a bare interpreter, the seconds that importing all of them took, the slowest by itself."""

    modules: int
    seconds: float
    slowest: list[tuple[str, float]]


def imports(commands: Mapping[str, Sequence[str]], env: Mapping[str, str]) -> dict[str, Imports]:
    """What each command imports, as the interpreter's own `-X importtime` tells it (which slows it down a little)."""
    bare = {name for name, _ in _told(["-c", "pass"], env)}
    found = {}
    for command, words in commands.items():
        own = [(name, seconds) for name, seconds in _told(["-c", PROGRAM, *words], env) if name not in bare]
        slowest = sorted(own, key=lambda pair: -pair[1])[:5]
        found[command] = Imports(len(own), sum(seconds for _, seconds in own), slowest)
    return found


def _told(words: Sequence[str], env: Mapping[str, str]) -> list[tuple[str, float]]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *words], env=dict(env), capture_output=True, text=True, check=True
    )
    rows = [line.removeprefix("import time:").split("|") for line in done.stderr.splitlines() if "|" in line]
    return [(name.strip(), int(own) / 1e6) for own, _, name in rows[1:]]
