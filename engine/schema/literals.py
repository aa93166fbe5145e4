"""Texts of a runbook as patterns: names, references, and the values that inputs have. Floor 4.

A pattern is read by Python and by the JavaScript of editors alike: only what both understand the same way. Each is held
against the parser that it stands for by a test that tries texts of all kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from engine.references import PATH
from engine.values import currencies_by_digits

Schema = dict[str, Any]

_PATH = PATH.replace("(", "(?:")
# `inputs` by itself stands for nothing.
_REFERENCE = rf"\$\{{(?!\s*inputs\s*\}})\s*{_PATH}\s*\}}"
_EXPRESSION = r"\$\{\s*[^\s}][\s\S]*?\}"
# Without what else is a space to Unicode, on which Python and JavaScript differ.
_SPACE = r"[ \t\n\r\f\v]"
_UUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_WHOLE = "(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)"


def text(pattern: str, says: str, **more: Any) -> Schema:
    """A text of this pattern; `says` is what an editor shows for another (`patternErrorMessage`, which VS Code knows)."""
    return {"type": "string", "pattern": pattern, "patternErrorMessage": says, **more}


def _money() -> str:
    """An amount with all decimals of its currency: two, but for the currencies that have none, three or four."""
    by_digits = currencies_by_digits()
    others = "|".join(code for codes in by_digits.values() for code in codes)
    ways = [rf"\.[0-9]{{2}}{_SPACE}+(?!(?:{others}){_SPACE}*$)[A-Z]{{3}}"]
    for digits, codes in sorted(by_digits.items()):
        decimals = rf"\.[0-9]{{{digits}}}" if digits else ""
        ways.append(rf"{decimals}{_SPACE}+(?:{'|'.join(codes)})")
    return rf"^{_SPACE}*-?{_WHOLE}(?:{'|'.join(ways)}){_SPACE}*$"


# What stands under `$defs`, and is referred to by name.
SHARED: dict[str, Schema] = {
    "words": text(r"\S", "a text is needed, not an empty one"),
    "reference": text(rf"^\s*{_REFERENCE}\s*$", "a reference is needed, as `${draft}` or `${inputs.invoice}`"),
    # What is computed is for `runbook validate`: here it only must have braces, and something between them.
    "expression": text(
        rf"^\s*{_EXPRESSION}\s*$", "a reference or an expression is needed, as `${draft}` or `${size(draft.fees) > 20}`"
    ),
    # A text that may hold references: each `${` begins one that is closed.
    "template": text(
        rf"^(?:[^$]|\$(?!\{{)|{_EXPRESSION})*$", "write `${step}`, `${step.field}`, `${inputs.name}` or an expression"
    ),
}


def shared(name: str) -> Schema:
    """A reference within the schema to one of `SHARED`, or to one of `VALUES`."""
    return {"$ref": f"#/$defs/{name}"}


# How the value of an input is written, by its type.
VALUES: dict[str, Schema] = {
    "invoice_id": text(
        rf"^\s*(?:{_UUID}|[hH][tT][tT][pP][sS]?://.*/invoice/{_UUID}(?:[/?#].*)?)\s*$",
        "a Lago invoice id is needed: a UUID, or the invoice's address in Lago's dashboard",
    ),
    "text": {**SHARED["words"], "type": ["string", "integer", "boolean"]},
    "month": text("^[0-9]{4}-(?:0[1-9]|1[0-2])$", "a month is needed, as `2026-10`"),
    "money": text(_money(), "an amount with its currency and all its decimals is needed, as `1261.40 EUR`"),
    "duration": text(r"^(?!.*([smhd]).*\1)(?:[0-9]{1,9}[smhd])+$", "a duration is needed, as `24h`, `90s` or `1h30m`"),
    "flag": {"enum": [False, "false"]},
    "integer": text(
        "^-?[0-9]{1,15}$",
        "a whole number is needed, of 15 digits at the most",
        type=["integer", "string"],
        minimum=-(10**15) + 1,
        maximum=10**15 - 1,
    ),
}


def one_of(words: Iterable[str]) -> str:
    """A pattern that is one of these words."""
    return "|".join(re.escape(word) for word in words)
