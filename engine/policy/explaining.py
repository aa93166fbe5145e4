"""An expression with its values as JSON, for a record: which part was true, which was not, and what each part read. Floor 3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from engine.cel import Trace
from engine.plain import dataclass
from engine.values import iso

_VARIABLE = re.compile(r"variables\.(\w+)")
MOST_PARTS = 300
MOST_TEXT = 200


def tree(trace: Trace, variables: Callable[[str], Trace | None] = lambda name: None) -> dict[str, Any]:
    """The parts of one evaluation, from the whole down to each path that was read. Long ones are cut, and say so.

    `variables` gives what a variable came to by its name: it is told below the path that read it, once a side of `&&` and `||`.
    """
    return _Teller(variables).part(trace)


@dataclass
class _Teller:
    variables: Callable[[str], Trace | None]
    left: int = MOST_PARTS
    _told: set[str] = field(default_factory=set)

    def part(self, trace: Trace) -> dict[str, Any]:
        self.left -= 1
        told: dict[str, Any] = {"text": _clip(" ".join(trace.text.split())), "kind": trace.kind}
        if trace.path is not None:
            told["path"] = trace.path
        if not trace.evaluated:
            return told | {"skipped": True}
        told |= {"error": trace.error} if trace.error is not None else said(trace.value)
        # A text that is written out says nothing that the expression does not.
        inner = [*(one for one in trace.children if one.kind != "literal"), *self._behind(trace)]
        kept = [self._inner(trace, one) for one in inner if self.left > 0]
        left_out = trace.left_out + len(inner) - len(kept)
        return told | ({"parts": kept} if kept else {}) | ({"left_out": left_out} if left_out else {})

    def _inner(self, trace: Trace, one: Trace) -> dict[str, Any]:
        if trace.kind in ("and", "or"):  # whose sides are read one by one, so each tells it
            self._told.clear()
        return self.part(one)

    def _behind(self, trace: Trace) -> Iterator[Trace]:
        """What a variable was worked out from, where this is the first time that this side reads it."""
        found = _VARIABLE.match(trace.path or "")
        if trace.kind != "path" or found is None or found[1] in self._told:
            return
        self._told.add(found[1])
        behind = self.variables(found[1])
        if behind is not None:
            yield behind


def said(value: Any) -> dict[str, Any]:
    """A value for a record: `value` where it is one, `size` of a list or map."""
    if isinstance(value, list | tuple | dict):
        return {"size": len(value)}
    return {"value": plain(value)}


def plain(value: Any) -> Any:
    """A scalar as canonical JSON has it: moments and spans as text, as are numbers that JSON would not keep."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, timedelta):
        return span(value)
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 2**53):
        return str(value)
    return _clip(value) if isinstance(value, str) else value


def span(value: timedelta) -> str:
    """Seconds, exactly: `86400s`, `0.5s`."""
    micros = value // timedelta(microseconds=1)
    whole, rest = divmod(abs(micros), 1_000_000)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{'-' if micros < 0 else ''}{whole}{fraction}s"


def _clip(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"
