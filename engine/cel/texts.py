"""Strings: `glob`, amounts as text, and what is said of any value as text. Floor 1."""

from __future__ import annotations

import re

from engine.cel.faults import Fault
from engine.cel.numbers import shown


def glob(text: str, pattern: str) -> bool:
    """Whether all of `text` is as `pattern` says: `*` is any characters or none, `?` is one, `\\*` is a star. Raises Fault.

    Every place in the pattern that can be reached is one bit, and each character of `text` moves all bits at once: the
    time grows with the text, whatever the pattern.
    """
    loops, anything, by_character, length = _places(pattern)
    reached = _through_stars(1, loops)
    for character in text:
        moved = (reached & (by_character.get(character, 0) | anything)) << 1
        reached = _through_stars(moved | (reached & loops), loops)
        if not reached:
            return False
    return bool(reached >> length & 1)


def _through_stars(reached: int, loops: int) -> int:
    """Also what is reached when a star stands for nothing. No two stars follow each other."""
    return reached | (reached & loops) << 1


def _places(pattern: str) -> tuple[int, int, dict[str, int], int]:
    """Where stars stand, where any character may stand, where which character stands, and how many places there are."""
    loops, anything, by_character, place = 0, 0, dict[str, int](), 0
    parts = re.findall(r"\\?.|\\", re.sub(r"(?<!\\)((?:\\\\)*)\*+", r"\1*", pattern), re.DOTALL)
    for part in parts:
        if part == "*":
            loops |= 1 << place
        elif part == "?":
            anything |= 1 << place
        elif part == "\\":
            raise Fault(f"{shown(pattern)} ends with a lone backslash")
        else:
            by_character[part[-1]] = by_character.get(part[-1], 0) | 1 << place
        place += 1
    return loops, anything, by_character, place


def money(cents: int, currency: str) -> str:
    """`12,500.00 EUR`, as every screen shows an amount. Raises Fault."""
    if not re.fullmatch(r"[A-Z]{3}", currency, re.ASCII):
        raise Fault(f"{shown(currency)} is no currency; it is written EUR")
    from engine.values import Money

    return str(Money(cents, currency))


def show_bool(value: bool) -> str:
    """`true` or `false`."""
    return "true" if value else "false"
