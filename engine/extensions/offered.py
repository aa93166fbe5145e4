"""The registries that a runbook's names are looked up in: what comes with runbook, then what extensions give. Floor 4.

Extensions are loaded, and what loads them is imported, when a name is asked for that does not come with runbook: most
runbooks ask for none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from engine.extensions.packages import Kind, Name, is_reserved
from engine.plain import dataclass

if TYPE_CHECKING:
    from engine.diagnostics import Diagnostic
    from engine.extensions.loading import Extension, Loaded
    from engine.settings import Settings

T = TypeVar("T")


@dataclass
class Extensions:
    """What extensions offer beside `built_in`. Nothing is read, and no setting asked for, before the first name."""

    settings: Callable[[], Settings]
    built_in: Mapping[Kind, Mapping[str, Any]]

    @cached_property
    def _loaded(self) -> Loaded:
        from engine.extensions.loading import Loaded

        return Loaded(self.settings, self.built_in)

    def find(self, kind: Kind, name: str) -> Any | None:
        """The step or check of this name, or None. A reserved name nobody else may give."""
        return None if is_reserved(name) else self._loaded.find(kind, name)

    def names(self, kind: Kind) -> Iterator[str]:
        """Every name that can be used."""
        return self._loaded.names(kind)

    def home(self, kind: Kind, name: str) -> Path | None:
        """The file that holds the code of this name; None when no extension gives it."""
        return self._loaded.home(kind, name) if self._own([(kind, name)]) else None

    def faults(self, wanted: Iterable[Name]) -> list[Diagnostic]:
        """What stands in the way of a runbook that names these: every file's faults, and those of the packages it names."""
        own = self._own(wanted)
        return [] if all(is_reserved(name) for _, name in own) else self._loaded.faults(own)

    def behind(self, wanted: Iterable[Name]) -> list[tuple[Extension, list[str]]]:
        """The code that ran for a runbook that names these, with the names that it gave."""
        own = self._own(wanted)
        return self._loaded.behind(own) if own else []

    def everything(self) -> tuple[list[tuple[Extension, list[str]]], list[Diagnostic]]:
        """Every extension with what it gives, and all that is wrong with any; packages are imported for it."""
        return self._loaded.everything()

    def _own(self, names: Iterable[Name]) -> list[Name]:
        return [name for name in names if name[1] not in self.built_in[name[0]]]


class Offered(Mapping[str, T]):
    """A registry: what comes with runbook, then what extensions offer."""

    def __init__(self, kind: Kind, built_in: Mapping[str, T], extensions: Extensions) -> None:
        self._kind: Kind = kind
        self._built_in = built_in
        self._extensions = extensions

    def __getitem__(self, name: str) -> T:
        if name in self._built_in:
            return self._built_in[name]
        found: T | None = self._extensions.find(self._kind, name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        yield from self._built_in
        yield from self._extensions.names(self._kind)

    def __len__(self) -> int:
        return sum(1 for _ in self)
