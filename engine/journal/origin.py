"""Where a record comes from: the machine, the process, the account. Floor 2."""

from __future__ import annotations

import os
import platform
import pwd
from functools import cache
from pathlib import Path
from typing import Any

from engine import __version__


@cache
def host() -> str:
    """This machine's own name."""
    return platform.node()


@cache
def boot_id() -> str | None:
    """Linux's id of this boot, which says what `mono_us` counts from; None elsewhere."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


@cache
def os_account() -> str:
    """The account of the real uid; the number when it has no name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def short() -> dict[str, Any]:
    """What every record holds."""
    return {"host": host(), "pid": os.getpid()}


def full() -> dict[str, Any]:
    """What the first record of a process holds, for each run that it writes to."""
    boot = boot_id()
    return {**short(), "tool": __version__, "os_account": os_account(), **({"boot_id": boot} if boot else {})}
