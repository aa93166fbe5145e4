"""The text cut into tokens. What other languages write for an operator is told, and read as what was meant. Floor 1."""

from __future__ import annotations

import re
from typing import Literal

from engine.cel.literals import unescaped
from engine.cel.problems import Problem, Uncompiled
from engine.plain import dataclass

MOST_BYTES = 8192

Kind = Literal["int", "double", "string", "name", "sign", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token. `text` is the sign or name as it counts (`==` where `=` was written), `value` that of a literal."""

    kind: Kind
    start: int
    end: int
    text: str
    value: int | float | str = ""


_SHAPES = re.compile(
    r"""
    (?P<space> [\t\n\f\r ]+ | //[^\n]* )
  | (?P<double> [0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)? | [0-9]+[eE][+-]?[0-9]+ | \.[0-9]+(?:[eE][+-]?[0-9]+)? )
  | (?P<int> 0[xX][0-9a-fA-F]+ | [0-9]+ )
  | (?P<string>
        (?P<raw>[bB]?[rR][bB]?) (?P<rawquote>\"\"\"|'''|"|') (?P<rawbody>.*?) (?P=rawquote)
      | (?P<prefix>[bB]?) (?: (?P<three>\"\"\"|''') (?P<long>(?:\\.|[^\\])*?) (?P=three)
                            | " (?P<double_quoted>(?:\\.|[^"\\\n\r])*) " | ' (?P<single_quoted>(?:\\.|[^'\\\n\r])*) ' ) )
  | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
  | (?P<sign> === | !== | == | != | <= | >= | <> | && | \|\| | [-+*/%<>!?:.,()\[\]{}=&|] )
    """,
    re.VERBOSE | re.DOTALL,
)
_MEANT = {"=": "==", "===": "==", "!==": "!=", "<>": "!=", "&": "&&", "|": "||"}


def tokens(text: str, problems: list[Problem]) -> list[Token]:
    """All tokens of `text`, an `end` last. Adds to `problems` what was read as something else; raises Uncompiled."""
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise Uncompiled((Problem(0, len(text), "an expression has at most 8 KiB", "split it into several"),))
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _SHAPES.match(text, at)
        if match is None:
            raise Uncompiled((*problems, _stranger(text, at)))
        if match["space"] is None:
            found.append(_token(text, match, problems))
        at = match.end()
    found.append(Token("end", at, at, ""))
    return found


def _token(text: str, match: re.Match[str], problems: list[Problem]) -> Token:
    start, end = match.span()
    written = match[0]
    if match["name"]:
        return Token("name", start, end, written)
    if match["sign"]:
        meant = _MEANT.get(written, written)
        if meant != written:
            problems.append(Problem(start, end, f"'{written}' is not an operator; use '{meant}'"))
        return Token("sign", start, end, meant)
    if match["string"]:
        return Token("string", start, end, written, _string(match))
    follower = re.compile(r"[A-Za-z0-9_]+").match(text, end)
    if follower:
        whole = written + follower[0]
        raise Uncompiled((Problem(start, follower.end(), f"'{whole}' is no number", _instead_of_number(whole)),))
    if match["double"]:
        number = float(written)
        if number == float("inf"):
            raise Uncompiled((Problem(start, end, "this number is larger than a double can be"),))
        return Token("double", start, end, written, number)
    if written[:2] in ("0x", "0X"):
        return Token("int", start, end, written, int(written[2:], 16))
    digits = written.lstrip("0")
    return Token("int", start, end, written, int(digits or "0") if len(digits) < 20 else 2**64)


def _instead_of_number(written: str) -> str:
    """What to write for what is a number, or a duration, elsewhere."""
    if written[-1] in "uU":
        return "there are no unsigned numbers; leave the 'u' away"
    if re.fullmatch(r"[0-9.]+(h|m|s|ms|us)", written):
        return f'a duration is written duration("{written}")'
    if re.fullmatch(r"[0-9]+d(ays?)?", written):
        return f'a duration is written in hours: duration("{24 * int(written.split("d")[0][:9])}h")'
    return "the digits of a number stand without '_'" if "_" in written else ""


def _string(match: re.Match[str]) -> str:
    start, end = match.span()
    if "b" in (match["raw"] or match["prefix"] or "").lower():
        raise Uncompiled((Problem(start, end, "there are no bytes; leave the 'b' away"),))
    for group in ("rawbody", "long", "double_quoted", "single_quoted"):
        body = match[group]
        if body is not None:
            if group == "rawbody" and len(match["rawquote"]) == 1 and re.search(r"[\n\r]", body):
                raise Uncompiled((_unclosed(start, end),))
            return unescaped(body, match.start(group), raw=group == "rawbody")
    raise AssertionError(match)


def _unclosed(start: int, end: int) -> Problem:
    return Problem(
        start, end, "this string is not closed", "it ends on its line; \\n is a line break, ''' holds several lines"
    )


def _stranger(text: str, at: int) -> Problem:
    """Why nothing begins at `at`."""
    character = text[at]
    if character in "\"'":
        line = re.compile(r"[^\n\r]*").match(text, at)
        return _unclosed(at, line.end() if line else at + 1)
    if "\ud800" <= character <= "\udfff":
        return Problem(at, at + 1, "a lone surrogate is no character")
    if character in "\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019\u201a":
        return Problem(at, at + 1, f"{character} is no quotation mark of a program; use \" or '")
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    hints = {"^": "there is no power", "~": 'use .glob("LAG-*")', "#": "a comment begins with //"}
    hint = {**hints, "$": "an expression stands here without ${ }", ";": "it is one expression"}.get(character, "")
    return Problem(at, at + 1, f"'{shown}' has no meaning here", hint)
