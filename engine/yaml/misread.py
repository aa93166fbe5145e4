"""The plain words that YAML 1.1 reads as something else than a person does, and how to write them instead. Floor 1."""

from __future__ import annotations

import re

import yaml

MOST_DIGITS = 18

# Plain scalars that YAML 1.1 reads as something else than a person does (yaml.org/type/bool, int, float, null).
_BOOL_WORDS = re.compile(r"(?i:y|yes|n|no|on|off)")
_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_ODD_INT = re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o[0-7_]+|[0-9][0-9_]*_[0-9_]*)")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_FLOAT = re.compile(r"[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|\.[0-9]+|[0-9]+[eE][-+]?[0-9]+)")
_ODD_FLOAT = re.compile(r"(?i:[-+]?\.(inf)|\.nan)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_NULL = re.compile(r"~|(?i:null)")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_BOOL = re.compile(r"true|false")
_TEXT_TAG = "tag:yaml.org,2002:str"
_ODD_BOOL = re.compile(r"(?i:true|false)")
# All of the patterns above are of digits and signs, or of a short word.
_LONGEST_WORD = len("false")


def value_of(text: str) -> str | int | bool | None:
    """The value of a plain word that is not misread; of a number with no more than `MOST_DIGITS` signs."""
    if _BOOL.fullmatch(text):
        return text == "true"
    return (int(text) if _INT.fullmatch(text) else text) if text else None


def is_too_long(text: str) -> bool:
    """Whether it is a whole number that nobody reads to its end."""
    return len(text) > MOST_DIGITS and _INT.fullmatch(text) is not None


def misread(text: str, tag: str) -> str:
    """What YAML 1.1 makes of a plain scalar that a person reads otherwise; empty when both agree.

    `tag` is PyYAML's own reading: whatever it takes for more than text, and no pattern here knows, is misread too.
    """
    if tag == _TEXT_TAG and len(text) > _LONGEST_WORD and text[0].isalpha():
        return ""
    if _BOOL_WORDS.fullmatch(text):
        return "`true`" if text.lower() in ("y", "yes", "on") else "`false`"
    if _BOOL.fullmatch(text) or _INT.fullmatch(text):
        return ""
    if _ODD_BOOL.fullmatch(text):
        return f"`{text.lower()}`"
    for pattern, what in (
        (_OCTAL, "an octal number"), (_ODD_INT, "a number in another notation"), (_SEXAGESIMAL, "a number in base 60"),
        (_FLOAT, "a binary fraction, which is not exact"), (_ODD_FLOAT, "infinity or no number"), (_DATE, "a date"),
        (_NULL, "nothing"),
    ):  # fmt: skip
        if pattern.fullmatch(text):
            return what + _in_tens(text, tag)
    return "" if tag == _TEXT_TAG else "something that is no text"


def _in_tens(text: str, tag: str) -> str:
    """`, 8`: the value that a whole number has for PyYAML."""
    if tag != "tag:yaml.org,2002:int" or len(text) > MOST_DIGITS:
        return ""
    value = yaml.SafeLoader("").construct_yaml_int(yaml.ScalarNode(tag, text))
    return f": {value}"


def short(text: str) -> str:
    """The beginning of a long text."""
    return text if len(text) <= 40 else text[:39] + "…"


def unquoted(text: str) -> str:
    """How to write a word that is misread."""
    if _BOOL_WORDS.fullmatch(text) or _ODD_BOOL.fullmatch(text):
        return f'write `true` or `false`, or "{text}" for the word'
    if _NULL.fullmatch(text):
        return f'leave the key out, or write "{text}" for the word'
    if _OCTAL.fullmatch(text) or _ODD_INT.fullmatch(text):
        return f'write the number in plain digits, or "{short(text)}" for the text'
    return f'write "{short(text)}" for the text as it stands'
