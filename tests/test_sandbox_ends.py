"""How a sandbox ends: with what it left on the disk cleared up, whoever ends it."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest
import talking

from engine.commands.practice import serve_sandbox
from engine.commands.shell import Shell
from engine.terminal import Terminal


def serve() -> None:
    """A sandbox; at its end the exit code."""
    code = serve_sandbox(Shell(Terminal(None, sys.stdout, None, {}), "plain", {}), 0, [], None)
    sys.stdout.write(f"{int(code)}\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
def test_a_sandbox_leaves_nothing_behind_when_a_signal_ends_it(number: signal.Signals, code: int) -> None:
    sandbox = talking.start(serve)
    opening = ""
    for line in sandbox.stdout:
        opening += line
        if "Ctrl-C ends it." in line:
            break
    named = re.search(r"RUNBOOK_OPERATORS=(\S+)", opening)
    assert named, opening
    assert Path(named[1]).exists()
    os.kill(sandbox.pid, number)
    assert sandbox.communicate().split() == [str(code)]
    assert not Path(named[1]).parent.exists()
