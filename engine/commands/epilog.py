"""What stands below every help: the exit codes in two columns. Made before anything else, it needs nothing. Floor 5."""

from __future__ import annotations

from itertools import zip_longest

from engine.errors import Exit


def exit_codes() -> str:
    """Every exit code with what it means; the mark at the top keeps click from filling the lines."""
    codes = [f"{code.value:>3}  {code.brief}" for code in Exit]
    half = (len(codes) + 1) // 2
    rows = [f"{left:<36}{right}".rstrip() for left, right in zip_longest(codes[:half], codes[half:], fillvalue="")]
    return "\n".join(["\b", "Exit codes (more: runbook explain CODE)", *rows])
