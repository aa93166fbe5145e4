"""Why a command stops, as exceptions with an exit code of `docs/exit-codes.md`. Outcomes of a call are values. Floor 0."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from engine.diagnostics import Diagnostic


class Exit(IntEnum):
    """The exit codes, by the names that the documentation uses."""

    DONE = 0
    BUG = 1
    USAGE = 2
    INVALID = 3
    DENIED = 4
    NOT_CONFIRMED = 5
    STALE = 6
    UNREACHABLE = 7
    TESTS_FAILED = 8
    JOURNAL = 9
    REFUSED = 10
    PARTLY = 11
    PENDING = 12
    UNKNOWN = 13
    NOT_AS_CONFIRMED = 14
    UNRECORDED = 15
    WOULD_WRITE = 20
    INTERRUPTED = 130
    TERMINATED = 143


class RunbookError(Exception):
    """Something that a person must be told: one sentence, and what to do about it.

    `message` says what is wrong and where; `hint` says what to do, or is None when the message already does.
    """

    exit: Exit = Exit.BUG
    code: str = "error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Bug(RunbookError):
    """The program contradicts itself; nothing the person did."""

    exit = Exit.BUG
    code = "bug"


class UsageFault(RunbookError):
    """The command line asks for something that does not exist or does not fit."""

    exit = Exit.USAGE
    code = "usage"


class Invalid(RunbookError):
    """A runbook file has errors; all of them are in `diagnostics`."""

    exit = Exit.INVALID
    code = "invalid"

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic] = (), *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = tuple(diagnostics)


class SettingsFault(RunbookError):
    """A setting, or a file that a setting names, is missing or wrong."""

    exit = Exit.INVALID
    code = "settings"


class Denied(RunbookError):
    """A fact could not be had that a check needs, or says no by its absence."""

    exit = Exit.DENIED
    code = "denied"


class NotConfirmed(RunbookError):
    """The person did not give consent, or there was nobody to ask."""

    exit = Exit.NOT_CONFIRMED
    code = "not_confirmed"


class Unreachable(RunbookError):
    """Lago or the billing console cannot be reached, answers nonsense, or refuses the key."""

    exit = Exit.UNREACHABLE
    code = "unreachable"


class JournalFault(RunbookError):
    """The journal cannot be opened, written or verified; nothing may go on without it."""

    exit = Exit.JOURNAL
    code = "journal"


class Refused(RunbookError):
    """Lago refused a write; nothing was issued."""

    exit = Exit.REFUSED
    code = "refused"


class Terminated(BaseException):
    """SIGTERM, as an exception, so that what is under way is recorded before the process ends."""
