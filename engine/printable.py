"""Text from elsewhere, made fit for a terminal: what does not show as itself is written out as an escape. Floor 0."""

from __future__ import annotations

import unicodedata

# No characters to read: controls, formats (bidi marks, joiners), lone surrogates, private use, unassigned, the line
# and paragraph separators, enclosing marks, and every space but the plain one (which no typed answer could tell apart).
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs", "Me"})

# What Unicode calls default ignorable outside of those categories, and the one blank that counts as a symbol.
_BLANK = (
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian variation selectors
    (0x2800, 0x2800),  # Braille blank
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),  # variation selectors: their width differs from terminal to terminal
    (0xFFA0, 0xFFA0),
    (0xE0000, 0xE0FFF),
)

# A wide gap that names in Chinese and Japanese are written with; it is seen.
_IDEOGRAPHIC_SPACE = "\u3000"

# More marks than this on one character are no writing: they are drawn over the lines above and below.
MOST_MARKS = 4


def safe(text: object) -> str:
    """The text with everything that does not show as itself written out: `\\x1b`, `\\u202e`, `\\U000e0041` (Unicode TR 36).

    Marks (accents, vowel signs, Hangul's later parts) stay where they stand on a character, four at most. Made safe
    again, a safe text stays as it is.
    """
    written = str(text)
    if written.isascii() and written.isprintable():
        return written
    kept: list[str] = []
    room = 0
    for character in written:
        if _is_mark(character) and not _is_blank(character):
            kept.append(character if room > 0 else _escape(character))
            room = room - 1 if room > 0 else 0
        elif _is_shown(character):
            kept.append(character)
            room = MOST_MARKS
        else:
            kept.append(_escape(character))
            room = 0
    return "".join(kept)


def _is_mark(character: str) -> bool:
    if character.isascii():
        return False
    return unicodedata.category(character) in ("Mn", "Mc") or "\u1160" <= character <= "\u11ff" or (
        "\ud7b0" <= character <= "\ud7fb"
    )  # fmt: skip


def _is_shown(character: str) -> bool:
    if character.isascii():
        return character.isprintable()
    if character == _IDEOGRAPHIC_SPACE:
        return True
    return unicodedata.category(character) not in _UNSEEN and not _is_blank(character)


def _is_blank(character: str) -> bool:
    number = ord(character)
    return number >= 0x034F and any(first <= number <= last for first, last in _BLANK)


def _escape(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
