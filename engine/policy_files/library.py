"""Policy sets by the names of their files: what a runbook may name, what each wants to be handed, and the sets. Floor 4.

Looking a runbook over needs no expression compiled: `outline` reads what a set is for and which facts it reads, no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from engine.diagnostics import Diagnostic, shown
from engine.errors import Invalid, UsageFault
from engine.folders import SHIPPED_POLICIES, policy_files
from engine.plain import dataclass
from engine.policy_files.names import outline_of
from engine.source import Parsed, content_of, parse

if TYPE_CHECKING:
    from engine.policy.model import PolicySet


@dataclass(frozen=True, slots=True)
class Outline:
    """What a set is for, empty meaning everything, and the facts that it reads: the kind of each by its name."""

    actions: tuple[str, ...]
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: the set, or why it is none."""

    path: Path
    set: PolicySet | None
    diagnostics: tuple[Diagnostic, ...]


def looks_like_one(parsed: Parsed) -> bool:
    """Whether a file is meant to be a policy file: it says so by its first keys, and no runbook has those."""
    root = parsed.root
    return root is not None and isinstance(root.value, dict) and bool({"apiVersion", "policies"} & root.value.keys())


def check(path: Path, content: bytes | None = None) -> Checked:
    """Read and compile one file. Raises UsageFault when it cannot be read."""
    if content is None:
        content = _content(path)
    return _checked(path, content, parse(content, shown(path), is_quick=True))


def _checked(path: Path, content: bytes, parsed: Parsed) -> Checked:
    from engine.policy_files.reading import read

    found, told = read(parsed, path.parent)
    if told:
        found, told = read(parse(content, shown(path)), path.parent)
    return Checked(path, found, tuple(told))


def _content(path: Path) -> bytes:
    try:
        return content_of(path)
    except OSError as error:
        raise UsageFault(f"{path} cannot be read: {error.strerror}") from error


@dataclass(slots=True)
class Policies:
    """The sets of these folders, the first folder that has one of a name counting. Each is read once."""

    folders: Callable[[], Sequence[Path]] = lambda: (SHIPPED_POLICIES,)
    _files: dict[Path, tuple[bytes, Parsed]] = field(default_factory=dict)
    _outlines: dict[str, Outline | None] = field(default_factory=dict)
    _sets: dict[str, Checked] = field(default_factory=dict)

    def files(self) -> dict[str, Path]:
        """Every policy file by the name of its set."""
        return policy_files(self.folders())

    def outline(self, name: str) -> Outline | None:
        """What a set is for and reads; None where its file cannot be understood so far, which is told of the file."""
        if name not in self._outlines:
            read = outline_of(self._parsed(self.files()[name])[1].root)
            self._outlines[name] = None if read is None else Outline(*read)
        return self._outlines[name]

    def load(self, names: Iterable[str]) -> tuple[PolicySet, ...]:
        """The sets of these names. Raises Invalid with all that is wrong with any of them, UsageFault."""
        files, told = self.files(), list[Diagnostic]()
        sets: list[PolicySet] = []
        for name in names:
            if name not in files:
                raise Invalid(f"there is no policy set `{name}`", [], hint="See `runbook validate`.")
            if name not in self._sets:
                self._sets[name] = _checked(files[name], *self._parsed(files[name]))
            found = self._sets[name]
            if found.set is None:
                told += found.diagnostics
            else:
                sets.append(found.set)
        if told:
            raise Invalid("a policy file is not valid", told, hint="Mend it, then run again.")
        return tuple(sets)

    def _parsed(self, path: Path) -> tuple[bytes, Parsed]:
        """The bytes of a file and what they say as YAML. Raises UsageFault when it cannot be read."""
        if path not in self._files:
            content = _content(path)
            self._files[path] = content, parse(content, shown(path), is_quick=True)
        return self._files[path]
