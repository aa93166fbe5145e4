"""Consent as a person gives it: on a real pseudo-terminal, typed below the figures that it binds."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from pathlib import Path

import forked
import pytest
from lago_server import RUNBOOK, Played

ASKED = "press Enter to stop:"


def on_a_terminal(played: Played, typed: bytes, is_installed: bool = False) -> tuple[int, str]:
    """The main job on a terminal of 80 columns; `typed` goes in once it asks. Answers the exit code and the screen.

    It runs in a child of this process; with `is_installed` it is the installed command, in a process of its own.
    """
    mine, theirs = pty.openpty()
    words = ("run", "finalize_invoice", "--invoice", played.invoice)
    env = {**played.env, "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}
    process: forked.Child | subprocess.Popen[bytes]
    if is_installed:
        process = subprocess.Popen(
            [*RUNBOOK, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=played.folder,
            start_new_session=True, preexec_fn=lambda: _take_terminal(theirs),
        )  # fmt: skip
    else:
        process = forked.start(words, env, played.folder, terminal=theirs)
    os.close(theirs)
    screen, has_typed, ends = b"", False, time.monotonic() + 20
    while time.monotonic() < ends:
        ready, _, _ = select.select([mine], [], [], 0.05)
        if ready:
            try:
                piece = os.read(mine, 65_536)
            except OSError:
                break
            if not piece:
                break
            screen += piece
        if not has_typed and ASKED.encode() in screen:
            has_typed = True
            os.write(mine, typed)
    code = process.wait(10)
    os.close(mine)
    return code, screen.decode("utf-8", "replace").replace("\r\n", "\n")


def _take_terminal(slave: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


def test_the_customer_s_id_typed_below_the_figures_is_consent(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        code, screen = on_a_terminal(played, b"cus_hooli\n", is_installed=True)
        assert code == 0, screen
        assert screen.index("636.04 EUR") < screen.index(ASKED)
        assert "Finalized ACM-013-001 for 636.04 EUR." in screen
        assert played.player.count("/finalize") == 1


@pytest.mark.parametrize(
    ("typed", "exit"),
    [(b"\n", 5), (b"cus_other\n", 5), (b"yes\n", 5), (b"CUS_HOOLI\n", 5), (b"\x04", 5), (b"\x03", 130)],
    ids=["Enter", "another customer", "yes", "another case", "end of input", "Ctrl-C"],
)
def test_anything_else_is_none_and_nothing_one_way_is_sent(typed: bytes, exit: int, tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        code, screen = on_a_terminal(played, typed)
        assert code == exit, screen
        assert "nothing was finalized" in " ".join(screen.split())
        assert [seen.target.rpartition("/")[2] for seen in played.player.writes] == ["refresh"]
