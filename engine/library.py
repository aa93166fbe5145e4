"""Runbooks from their files: found by name, read, validated. Floor 4."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.diagnostics import Diagnostic, shown
from engine.errors import Invalid, UsageFault
from engine.folders import SHIPPED, files, misnamed, names
from engine.model import Runbook
from engine.plain import dataclass
from engine.registry import Registry
from engine.source import content_of, parse
from engine.validation import validate
from engine.validation.notes import nearest

__all__ = ["SHIPPED", "Loaded", "check", "files", "load", "names", "read", "shown"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file: the runbook, or why it is none."""

    path: Path
    runbook: Runbook | None
    diagnostics: tuple[Diagnostic, ...]


def read(path: Path) -> bytes:
    """What is in a file; once, since a pipe has it only once. Raises UsageFault when it cannot be read."""
    try:
        return content_of(path)
    except OSError as error:
        raise UsageFault(f"{path} cannot be read: {error.strerror}") from error


def check(path: Path, registry: Registry, content: bytes | None = None) -> Loaded:
    """Read and validate one file, or what was read of it. Raises UsageFault when it cannot be read."""
    content = read(path) if content is None else content
    loaded = _checked(path, content, registry, is_quick=True)
    return _checked(path, content, registry, is_quick=False) if loaded.diagnostics else loaded


def _checked(path: Path, content: bytes, registry: Registry, *, is_quick: bool) -> Loaded:
    parsed = parse(content, shown(path), is_quick=is_quick)
    runbook, diagnostics = validate(parsed, registry.steps, registry.checks, registry.policies)
    missing = registry.in_the_way(parsed.root)
    return Loaded(path, None if missing else runbook, (*diagnostics, *missing))


def load(name: str, folders: Sequence[Path], registry: Registry) -> Runbook:
    """A runbook by its name. Raises UsageFault (there is none such), Invalid (with its diagnostics)."""
    found = files(folders)
    if name not in found:
        other = misnamed(name, folders)
        hint = f"{shown(other)} is none for its ending: call it {name}.yaml." if other else nearest(name, found)
        raise UsageFault(f"there is no runbook `{name}`", hint=hint or "See `runbook list`.")
    loaded = check(found[name], registry)
    if loaded.runbook is None:
        raise Invalid(f"{shown(loaded.path)} is not valid", loaded.diagnostics, hint="Mend it, then run again.")
    return loaded.runbook
