"""Consent to values: who may give it, what it binds, and how drift from it is told. Floor 4."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from engine.errors import NotConfirmed
from engine.plain import dataclass
from engine.values import Money


@dataclass(frozen=True, slots=True)
class Consenting:
    """How consent can be had in this process.

    `ask` puts a question on the terminal and answers the line typed, or None at the end of input; it is None where
    nobody can be asked. `typed` is `--confirm`; `values` are the inputs given on the command line, as typed, those in
    `flags` without a value of their own; `command` is what stands before them. `by_plan` says that the operator made the
    plan that is applied, which then stands for a consent to its values where nobody can be asked.
    """

    ask: Callable[[str], str | None] | None
    typed: str | None
    values: Mapping[str, str]
    command: tuple[str, ...]
    flags: frozenset[str] = frozenset()
    by_plan: bool = False

    def by_flags(self, needed: Mapping[str, Any]) -> bool:
        """Whether the command line itself consents: to the name, and to every value that consent must name."""
        return self.typed is not None and all(name in self.values for name in needed)

    def require(self, expected: str, needed: Mapping[str, Any], inputs: Collection[str]) -> None:
        """Raise NotConfirmed when consent cannot be had, with the flags and the values as they are now.

        `inputs` are those that the runbook takes: one that has no input for a value can be confirmed by a person only.
        """
        lacking = ", ".join(f"`{name}`" for name in needed if name not in inputs)
        if lacking and self.ask is None and not self.by_plan:
            raise NotConfirmed(
                f"this runbook has no input {lacking}, so only somebody at a terminal can confirm its figures",
                hint=f"Run it on a terminal, or give it an input {lacking} and a check that compares with it.",
            )
        if self.typed is not None and self.typed != expected:
            raise NotConfirmed(
                f"`--confirm {self.typed}` is not this invoice's customer",
                hint=f"The customer is `{expected}`. If that is whom you mean to bill: {self.show(expected, needed)}",
            )
        if self.ask is None and not self.by_plan and not self.by_flags(needed):
            raise NotConfirmed(
                "nobody can be asked here, and the command line does not confirm these figures",
                hint=f"Having seen the figures, confirm them: {self.show(expected, needed)}",
            )

    def require_same(self, needed: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
        """Raise NotConfirmed when a value that the command line confirms is not the one that stands now."""
        other = [name for name, value in needed.items() if inputs.get(name) != value]
        if other:
            told = ", ".join(f"`{_flag(name)}` is not {needed[name]}" for name in other)
            raise NotConfirmed(f"the command line confirms other figures: {told}")

    def again(self) -> str:
        """The same command line again."""
        return self._line(self._words(self.values))

    def show(self, expected: str, needed: Mapping[str, Any]) -> str:
        """The command line that would consent to the values as they are now."""
        words = self._words({name: text for name, text in self.values.items() if name not in needed})
        words += ["--confirm", expected]
        for name, value in needed.items():
            words += [_flag(name), value.plain if isinstance(value, Money) else str(value)]
        return self._line(words)

    def _words(self, values: Mapping[str, str]) -> list[str]:
        pairs = ([_flag(name)] if name in self.flags else [_flag(name), text] for name, text in values.items())
        return [word for pair in pairs for word in pair]

    def _line(self, words: list[str]) -> str:
        return " ".join(shlex.quote(word) for word in (*self.command, *words))


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def drift(before: Any, after: Any, path: str = "", currency: str = "") -> Iterator[str]:
    """Every figure that differs, as `path: before -> after`, in canonical JSON's own order; amounts with their currency.

    Of lists that are not of one length it tells what is no longer there and what is new; entries that have an `identity`
    are compared with the one that has the same, wherever it stands.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        currency = _currency(after) or _currency(before) or currency
        for key in sorted({*before, *after}):
            yield from drift(before.get(key), after.get(key), f"{path}.{key}" if path else str(key), currency)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        after = _in_the_order_of(before, after)
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from drift(one, other, f"{path}[{index}]", currency)
    elif isinstance(before, list) and isinstance(after, list):
        yield from (f"{path}: no longer {_told(one, path, currency)}" for one in before if one not in after)
        yield from (f"{path}: new {_told(one, path, currency)}" for one in after if one not in before)
    elif before != after:
        label = path
        if currency and path.endswith("_cents"):
            label = path.removesuffix("_cents").removesuffix("_amount")
        yield f"{label}: {_told(before, path, currency)} -> {_told(after, path, currency)}"


def _in_the_order_of(before: list[Any], after: list[Any]) -> list[Any]:
    """`after` so that each entry stands where the one with its identity stood, if all have one and none is new."""
    names = [
        [str(one["identity"]) for one in some if isinstance(one, Mapping) and "identity" in one]
        for some in (before, after)
    ]
    if len(set(names[0])) != len(before) or sorted(names[0]) != sorted(names[1]):
        return after
    return [after[names[1].index(name)] for name in names[0]]


def _currency(value: Mapping[str, Any]) -> str:
    return str(value.get("currency") or value.get("amount_currency") or "")


def _told(value: Any, name: str, currency: str) -> str:
    """A figure in words: an amount with its currency, an entry of a list by what it holds."""
    if isinstance(value, Mapping):
        currency = _currency(value) or currency
        parts = {key: one for key, one in value.items() if isinstance(one, str | int) and one != ""}
        text = ", ".join(f"{key.removesuffix('_cents')} {_told(one, key, currency)}" for key, one in parts.items())
        return text if len(text) <= 160 else text[:157] + "..."
    if currency and name.endswith("_cents") and isinstance(value, int) and not isinstance(value, bool):
        return str(Money(value, currency))
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
