"""Text from elsewhere, made fit for a terminal: what is no printing character is written out as an escape. Floor 0."""

from __future__ import annotations

import unicodedata

# Categories that are no printing characters: controls, formats (bidi marks, zero width), surrogates, private use,
# unassigned, and the two line separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe(text: object) -> str:
    """The text with everything that is no printing character written out as an escape (Unicode TR 36)."""
    return "".join(_safe(character) for character in str(text))


def _safe(character: str) -> str:
    if character == " " or (character.isascii() and character.isprintable()):
        return character
    category = unicodedata.category(character)
    is_stray_space = category == "Zs"
    if category not in _UNSEEN and not is_stray_space and category != "Me":
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
