"""Why a command stops, as exceptions with an exit code of `docs/exit-codes.md`. Outcomes of a call are values. Floor 0."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from engine.diagnostics import Diagnostic


class Exit(IntEnum):
    """The exit codes, by the names that the documentation uses; `brief` is what `--help` says of each."""

    brief: str

    def __new__(cls, value: int, brief: str) -> Exit:
        """A member is its number, and knows what it means."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.brief = brief
        return member

    DONE = 0, "done, or already so"
    BUG = 1, "a defect of runbook"
    USAGE = 2, "usage"
    INVALID = 3, "a file or setting is invalid"
    DENIED = 4, "denied by a check"
    NOT_CONFIRMED = 5, "not confirmed, not approved"
    STALE = 6, "stale: figures or plan moved"
    UNREACHABLE = 7, "Lago or console unreachable"
    TESTS_FAILED = 8, "tests failed"
    JOURNAL = 9, "journal cannot be used"
    REFUSED = 10, "Lago refused: not issued"
    PARTLY = 11, "batch: some done, some not"
    PENDING = 12, "accepted, still pending"
    UNKNOWN = 13, "UNKNOWN: sent, outcome not known"
    NOT_AS_CONFIRMED = 14, "done, but not as confirmed"
    UNRECORDED = 15, "done or refused, but not recorded"
    WOULD_WRITE = 20, "dry run: would write"
    INTERRUPTED = 130, "Ctrl-C, before anything one-way"
    TERMINATED = 143, "SIGTERM, before anything one-way"


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


class Stale(RunbookError):
    """The world moved since the figures were shown, or what was planned may not be used any more."""

    exit = Exit.STALE
    code = "stale"


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
