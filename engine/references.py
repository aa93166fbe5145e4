"""`${...}` in a runbook: finding what is referred to in a text, and giving it its value. Floor 1.

Between the braces stands a path, `${draft.lago_id}`, which is handed on as it was read, or an expression of the policy
language over such paths, `${size(draft.fees) > 20}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from engine.plain import dataclass

# What stands between the braces when nothing is computed.
PATH = r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*"
_PATH = re.compile(PATH, re.ASCII)
# What ends a reference is the brace that answers its own: not one in a map, nor one in a text of the expression.
_MARK = re.compile(r"""[{}]|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reference:
    """What stands at `start` to `end` of a text: a `path`, or else an `expression`. Neither when it is malformed.

    `within` is where, in the text, what stands between the braces begins.
    """

    path: tuple[str, ...]
    start: int
    end: int
    expression: str = ""
    within: int = 0

    @property
    def text(self) -> str:
        """What stands between the braces."""
        return self.expression or ".".join(self.path)

    @property
    def names(self) -> frozenset[str]:
        """What it is made of: ids of steps, `inputs`, `run`."""
        if self.expression:
            from engine.cel import free

            return free.names_in(self.expression)
        return frozenset(self.path[:1])


@runtime_checkable
class Computed(Protocol):
    """A text whose expressions were compiled: what validation puts in its place."""

    text: str

    def value(self, roots: Mapping[str, Any]) -> Any:
        """What it stands for. Raises what `resolve` raises."""


def find(raw: Any) -> list[Reference]:
    """Every reference in a raw value, those in lists and mappings too (with places in their own text)."""
    if isinstance(raw, str):
        return list(_scan(raw))
    if isinstance(raw, Mapping):
        return [reference for value in raw.values() for reference in find(value)]
    if isinstance(raw, list):
        return [reference for value in raw for reference in find(value)]
    return find(raw.text) if isinstance(raw, Computed) else []


def names_in(raw: Any) -> frozenset[str]:
    """What the references in a raw value are made of: ids of steps, `inputs`, `run`."""
    return frozenset(name for reference in find(raw) for name in reference.names)


def _scan(text: str) -> Iterator[Reference]:
    start = text.find("${")
    while start >= 0:
        end = _end(text, start + 2)
        if end is None:
            yield Reference((), start, len(text))
            return
        inner = text[start + 2 : end - 1]
        within = start + 2 + len(inner) - len(inner.lstrip())
        inner = inner.strip()
        if _PATH.fullmatch(inner) and inner not in ("true", "false", "null"):
            yield Reference(tuple(inner.split(".")), start, end)
        else:
            yield Reference((), start, end, inner, within)
        start = text.find("${", end)


def _end(text: str, at: int) -> int | None:
    """Where the reference that was opened before `at` is over; None when it never is."""
    depth = 1
    for found in _MARK.finditer(text, at):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return None


def is_whole(raw: Any) -> bool:
    """Whether a text is one reference and nothing else: it then keeps the value's type."""
    if not isinstance(raw, str):
        return False
    text = raw.strip()
    return text.startswith("${") and _end(text, 2) == len(text)


def is_path(raw: Any) -> bool:
    """Whether a text is one path and nothing else: it then stands for the very thing that was read."""
    return is_whole(raw) and bool(find(raw)[0].path)


def resolve(raw: Any, roots: Mapping[str, Any]) -> Any:
    """The value with every reference replaced.

    Raises KeyError or AttributeError for what is not known, ValueError for a reference inside a longer text whose
    value is neither text nor a whole number, and Uncomputed for an expression without a value.
    """
    if isinstance(raw, Mapping):
        return {name: resolve(value, roots) for name, value in raw.items()}
    if isinstance(raw, list):
        return [resolve(value, roots) for value in raw]
    if not isinstance(raw, str):
        return raw.value(roots) if isinstance(raw, Computed) else raw
    references = find(raw)
    if not references:
        return raw
    if is_whole(raw):
        return look_up(references[0].path, roots)
    return filled(raw, references, [look_up(reference.path, roots) for reference in references])


def filled(raw: str, references: list[Reference], values: list[Any]) -> str:
    """A longer text with its references replaced. Raises ValueError: only text and whole numbers can stand in one."""
    text, at = [], 0
    for reference, value in zip(references, values, strict=True):
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
