"""`audit list`, `audit show` and `audit verify`: the journal, read only. Floor 5."""

from __future__ import annotations

from engine.commands.shell import Shell
from engine.errors import Exit, JournalFault
from engine.journal import Reader, verify
from engine.render import audit


def list_runs(shell: Shell, subject: str | None, limit: int) -> int:
    """Past runs, newest first. Raises JournalFault."""
    with Reader.open(shell.settings.journal) as journal:
        runs = journal.runs(subject, limit)
    shell.terminal.out(audit.listing(runs, shell.format, width=shell.terminal.width, colour=shell.terminal.colour_out))
    return Exit.DONE


def show_run(shell: Shell, run: str) -> int:
    """One run's events in order. Raises UsageFault (no such run), JournalFault."""
    with Reader.open(shell.settings.journal) as journal:
        records = journal.run(journal.find_run(run))
    shell.terminal.out(
        audit.history(records, shell.format, width=shell.terminal.width, colour=shell.terminal.colour_out)
    )
    return Exit.DONE


def verify_journal(shell: Shell) -> int:
    """Whether the journal is intact: 0, or 9 with the first bad record. Raises JournalFault when it cannot be read."""
    report = verify(shell.settings.journal)
    shell.terminal.out(audit.verdict(report, shell.format, colour=shell.terminal.colour_out))
    return Exit.DONE if report.is_intact else JournalFault.exit
