"""What stands between quotes, with its escapes read. Floor 1."""

from __future__ import annotations

import re

from engine.cel.problems import Problem, Uncompiled

_PLAIN = {
    **{"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"},
    **{mark: mark for mark in "\\?\"'`"},
}
_ESCAPE = re.compile(r"\\(?:([0-3][0-7]{2})|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_BREAK = re.compile("\r\n?")


def unescaped(body: str, at: int, raw: bool) -> str:
    """The string that `body`, standing at `at` of the text, means. Line breaks become `\\n`, as in CEL. Raises Uncompiled."""

    def meant(match: re.Match[str]) -> str:
        octal, *hexadecimal, plain = match.groups()
        start, end = at + match.start(), at + match.end()
        if plain is not None:
            if plain not in _PLAIN:
                wrong = "is cut short or no hexadecimal number" if plain in "xXuU" else "is no escape"
                told = (
                    f"'\\{plain}' {wrong}" if plain.isprintable() else "a backslash at the end of a line means nothing"
                )
                raise Uncompiled(
                    (Problem(start, end, told, "a backslash itself is \\\\, or r'...' holds it as it is"),)
                )
            return _PLAIN[plain]
        code = int(octal, 8) if octal else int(next(digits for digits in hexadecimal if digits), 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise Uncompiled((Problem(start, end, f"'{match[0]}' is no character of Unicode"),))
        return chr(code)

    lone = re.search("[\ud800-\udfff]", body)
    if lone:
        raise Uncompiled((Problem(at + lone.start(), at + lone.end(), "a lone surrogate is no character"),))
    if raw or "\\" not in body:
        return _BREAK.sub("\n", body)
    pieces, last = [], 0
    for match in _ESCAPE.finditer(body):
        pieces += [_BREAK.sub("\n", body[last : match.start()]), meant(match)]
        last = match.end()
    return "".join([*pieces, _BREAK.sub("\n", body[last:])])
