"""Installed packages that offer steps and checks: their entry points, and the digest of their code. Floor 4.

A table of entry points names what there is without executing anything; a package is imported when a runbook names it.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Literal

from engine.plain import dataclass

Kind = Literal["step", "check"]
Name = tuple[Kind, str]
RESERVED = ("lago", "billing", "runbook")
GROUPS: dict[str, Kind] = {"runbook.steps": "step", "runbook.checks": "check"}


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of a package's table: `acme.get_contract = acme_runbook.contracts:STEP`. `table` is the table's file."""

    kind: Kind
    name: str
    value: str
    package: str
    version: str
    table: Path

    @property
    def label(self) -> str:
        """`acme-runbook 1.2`, as a person knows it."""
        return f"{self.package} {self.version}"


def is_reserved(name: str) -> bool:
    """Whether a name belongs to runbook, so that nobody else may give it: `lago.get_invoice`."""
    return "." in name and name.partition(".")[0] in RESERVED


def offers() -> Iterator[Offer]:
    """Every entry point of the two groups that is installed where this runs."""
    from importlib import metadata  # as dear as a tenth of `validate`, and few have extensions

    for group, kind in GROUPS.items():
        for point in metadata.entry_points(group=group):
            package = point.dist
            name, version = (package.name, package.version) if package else ("an unknown package", "")
            folder = getattr(package, "_path", None)  # not public, and only to show the line
            table = Path(folder) / "entry_points.txt" if folder else Path("entry_points.txt")
            yield Offer(kind, point.name, point.value, name, version, table)


def code_of(module: ModuleType) -> tuple[Path, str]:
    """The folder of the package that a module is in, and SHA-256 over every file of it, compiled ones aside.

    Of a lone module it is that file and its SHA-256. Of a package it is what is said in its folder by
    `find . -type f ! -name '*.pyc' | LC_ALL=C sort | xargs sha256sum | sha256sum`.
    """
    parts = module.__name__.split(".")
    names = [".".join(parts[: count + 1]) for count in range(len(parts))]
    package = next(
        (found for name in names if (found := sys.modules.get(name)) and getattr(found, "__file__", None)), None
    )
    origin = Path((package.__file__ if package else None) or module.__file__ or "")
    if package is None or not hasattr(package, "__path__"):
        return origin, "sha256:" + hashlib.sha256(origin.read_bytes()).hexdigest()
    root = origin.parent
    files = (path for path in root.rglob("*") if path.suffix != ".pyc" and path.is_file() and not path.is_symlink())
    named = sorted((f"./{path.relative_to(root).as_posix()}".encode(), path) for path in files)
    lines = (hashlib.sha256(path.read_bytes()).hexdigest().encode() + b"  " + name + b"\n" for name, path in named)
    return root, "sha256:" + hashlib.sha256(b"".join(lines)).hexdigest()
