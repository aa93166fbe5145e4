"""`runbook` on a disk that becomes full right before one record: `python full_disk.py TYPE ARGS...`. A process of its own."""

from __future__ import annotations

import sys
from typing import Any

import apsw
from test_journal_disk import FULL, Disk

import cli
from engine.journal import Journal


def main() -> None:
    """Run the command; before the first record of TYPE the disk is full, and stays so."""
    wanted, sys.argv = sys.argv[1], ["runbook", *sys.argv[2:]]
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
    cli.main()


if __name__ == "__main__":
    main()
