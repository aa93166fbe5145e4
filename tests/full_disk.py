"""A disk that becomes full right before one record of a journal. For a process that only runs a command."""

from __future__ import annotations

from typing import Any

import apsw
from test_journal_disk import FULL, Disk

from engine.journal import Journal


def full_from(wanted: str) -> None:
    """From the first record of this type on, every journal of this process is on a disk that is full, and stays so."""
    disk = Disk()
    apsw.set_default_vfs("failing")
    append, intend = Journal.append, Journal.intend

    def full_append(self: Journal, run: str, type: str, *args: Any, **more: Any) -> Any:
        if type == wanted:
            disk.fail(1, FULL, True)
        return append(self, run, type, *args, **more)

    def full_intend(self: Journal, *args: Any, **more: Any) -> Any:
        if wanted == "effect.intent":
            disk.fail(1, FULL, True)
        return intend(self, *args, **more)

    Journal.append, Journal.intend = full_append, full_intend  # type: ignore[method-assign]
