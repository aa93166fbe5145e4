"""`${path.to.value}` in a runbook: finding references in a text, and giving them their values. Floor 1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engine.plain import dataclass

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
# What stands between the braces.
PATH = r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*"
_PATH = re.compile(PATH, re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference: its path and where in the text it stands. `path` is empty when it is malformed."""

    path: tuple[str, ...]
    start: int
    end: int

    @property
    def text(self) -> str:
        """The path as it is written."""
        return ".".join(self.path)


def find(raw: Any) -> list[Reference]:
    """Every reference in a raw value, those in lists and mappings too (with places in their own text)."""
    if isinstance(raw, str):
        found = []
        for match in _REFERENCE.finditer(raw):
            inner = match[1].strip()
            path = tuple(inner.split(".")) if _PATH.fullmatch(inner) else ()
            found.append(Reference(path, match.start(), match.end()))
        covered = {reference.start for reference in found}
        for match in re.finditer(r"\$\{", raw):
            if match.start() not in covered:
                found.append(Reference((), match.start(), len(raw)))
        return sorted(found, key=lambda one: one.start)
    if isinstance(raw, Mapping):
        return [reference for value in raw.values() for reference in find(value)]
    if isinstance(raw, list):
        return [reference for value in raw for reference in find(value)]
    return []


def is_whole(raw: Any) -> bool:
    """Whether a text is one reference and nothing else: it then keeps the value's type."""
    return isinstance(raw, str) and _REFERENCE.fullmatch(raw.strip()) is not None


def resolve(raw: Any, roots: Mapping[str, Any]) -> Any:
    """The value with every reference replaced.

    Raises KeyError or AttributeError for what is not known, ValueError for a reference inside a longer text whose
    value is neither text nor a whole number.
    """
    if isinstance(raw, Mapping):
        return {name: resolve(value, roots) for name, value in raw.items()}
    if isinstance(raw, list):
        return [resolve(value, roots) for value in raw]
    if not isinstance(raw, str):
        return raw
    references = find(raw)
    if not references:
        return raw
    if is_whole(raw):
        return look_up(references[0].path, roots)
    text, at = [], 0
    for reference in references:
        value = look_up(reference.path, roots)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise ValueError(f"`{reference.text}` cannot stand inside a longer text")
        text += [raw[at : reference.start], str(value)]
        at = reference.end
    return "".join([*text, raw[at:]])


def look_up(path: tuple[str, ...], roots: Mapping[str, Any]) -> Any:
    """The value at the end of a path: a mapping's item or an object's public attribute. Raises KeyError, AttributeError."""
    if not path:
        raise KeyError("a malformed reference")
    value = roots[path[0]]
    for name in path[1:]:
        if name.startswith("_"):
            raise AttributeError(name)
        value = value[name] if isinstance(value, Mapping) else getattr(value, name)
    return value
