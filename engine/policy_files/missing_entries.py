"""Entries that a map of params has not, though an expression takes them by name: known before anything runs. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.cel.entries import Path
from engine.plain import dataclass


@dataclass(frozen=True, slots=True)
class Params:
    """The values of a policy file: everywhere, and those of an environment. `only` names what the set is for, if not all."""

    values: Mapping[str, Any]
    by_environment: Mapping[str, Mapping[str, Any]]
    only: Sequence[str]

    def without(self, path: Path) -> list[str]:
        """The environments in which there is no such entry below `params`; `""` is each that `environments` does not name."""
        return [label for label in self._labels if _lacks(self._in(label, path[1]), path[2:])]

    def where(self, labels: Sequence[str]) -> str:
        """These environments in words, behind a sentence; nothing where they are all."""
        if len(labels) == len(self._labels):
            return ""
        named = [f"`{label}`" for label in labels if label]
        named += ["every environment that `environments` does not name"] if "" in labels else []
        return " in " + " and in ".join(named)

    def keys(self, path: Path, labels: Sequence[str]) -> list[str]:
        """The entries that the map has in these environments instead."""
        maps = [_at(self._in(label, path[1]), path[2:-1]) for label in labels]
        return sorted({key for found in maps if isinstance(found, Mapping) for key in found})

    @property
    def _labels(self) -> Sequence[str]:
        return self.only or ["", *self.by_environment]

    def _in(self, label: str, name: str) -> Any:
        return {**self.values, **self.by_environment.get(label, {})}.get(name)


def _lacks(value: Any, steps: Sequence[str]) -> bool:
    """Whether the last of these steps is what is missing: of what is broken before it, more cannot be said."""
    inside = _at(value, steps[:-1])
    return isinstance(inside, Mapping) and steps[-1] not in inside


def _at(value: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
