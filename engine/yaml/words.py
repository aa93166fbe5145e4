"""Why a file is not YAML, in words of the person who wrote it: where to look, and what to do. Floor 1.

PyYAML says "mapping values are not allowed here" and points behind the place; a runbook's author has left out a quote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.plain import dataclass

Place = tuple[int, int]
Quoted = tuple[Place, Place]

# Characters that cannot be seen, or that some readers take for the end of a line and others do not.
_LINE_ENDS = "\x85\u2028\u2029"
_UNSEEN = re.compile(f"[{_LINE_ENDS}\ufeff\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]|\r(?!\n)")
_KEY = re.compile(r"( *(?:- +)?)[A-Za-z_][A-Za-z0-9_]*:$")
_KEY_WITHIN = re.compile(r"\n *(- +)?[A-Za-z_][A-Za-z0-9_]*:(\s|$)")
_BARE_REFERENCE = re.compile(r"(?<![\"'])\$\{")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What is wrong as YAML: a message, a place as offsets of line and column from 0, and what to do."""

    message: str
    line: int
    col: int
    help: str


def unseen(text: str) -> Unreadable | None:
    """The first character that nobody sees in an editor and that would make a line mean something else."""
    match = _UNSEEN.search(text)
    if match is None:
        return None
    return character(ord(match[0]), match.start(), text, "it cannot be seen: remove it")


def explain(problem: str, place: Place, start: Place | None, text: str, quoted: Sequence[Quoted] = ()) -> Unreadable:
    """What PyYAML's `problem` means for this text.

    `place` is where it stopped, `start` where the construct began, `quoted` where each text in quotes before it begins
    and ends: a quote that was left open takes in the lines below up to the next one, and only then YAML stumbles.
    """
    lines = text.split("\n")
    line = lines[place[0]][: place[1] + 1] if place[0] < len(lines) else ""
    for first, last in quoted:
        if last <= place and _KEY_WITHIN.search("\n".join(lines[first[0] : last[0] + 1])):
            return Unreadable("a quote is not closed", *first, "close it, or remove it")
    if "\t" in line and not line[:-1].strip():
        return Unreadable("a tab cannot indent", *place, "indent with spaces")
    if _BARE_REFERENCE.search(line) and "expected ',' or" in problem:
        return Unreadable("a reference inside of braces needs quotes", place[0], line.rindex("${"), 'write "${...}"')
    key = _KEY.match(line)
    if key and "mapping values are not allowed" in problem:
        return Unreadable("a key cannot stand here", place[0], key.end(1), _NEIGHBOURS)
    for words, message, help, is_at_start in _KNOWN:
        if words in problem:
            return Unreadable(message, *(start if is_at_start and start else place), help)
    return Unreadable(f"this is not YAML: {' '.join(problem.split()).rstrip('.')}", *place, _CAREFULLY)


def character(number: int, position: int, text: str, help: str = "remove the character") -> Unreadable:
    """A character, at this place of the text, that cannot stand in a file."""
    before = text[:position]
    return Unreadable(f"U+{number:04X} cannot stand here", before.count("\n"), position - before.rfind("\n") - 1, help)


_NEIGHBOURS = "let it begin in the column of the keys beside it; or a quote above it is not closed"
_CAREFULLY = "check indentation, colons and quotes just before this place"

# A part of PyYAML's sentence, ours, what to do, and whether the place is where the construct began.
_KNOWN: tuple[tuple[str, str, str, bool], ...] = (
    ("found unexpected end of stream", "a quote is not closed", "close it, or remove it", True),
    ("found unexpected document separator", "a quote is not closed", "close it, or remove it", True),
    ("expected a single document", "there are two documents in this file",
     "one file holds one runbook or policy set: move what follows to a file of its own", False),
    ("but found another document", "there are two documents in this file",
     "one file holds one runbook or policy set: move what follows to a file of its own", False),
    ("mapping values are not allowed", "a colon cannot stand here", "put a text that has a colon in quotes", False),
    ("expected ',' or '}'", "a brace is not closed", "close it with `}`, with commas between what it holds", True),
    ("expected ',' or ']'", "a bracket is not closed", "close it with `]`, with commas between what it holds", True),
    ("could not find expected ':'", "a key lacks its colon", "write `key: value`", True),
    ("expected <block end>", "this does not stand in the column of its neighbours",
     "indent it as the lines above it that it belongs to", False),
    ("that cannot start any token", "a text cannot begin with this character", "put the text in quotes", False),
)  # fmt: skip
