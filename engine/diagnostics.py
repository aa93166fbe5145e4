"""What is wrong in a file, where, and what to do: one value that can draw itself. Floor 0."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from engine.plain import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a file: lines and columns count from 1, `end_col` is exclusive."""

    line: int
    col: int
    end_line: int
    end_col: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `message` and `label` are lower case without a full stop, names in backticks."""

    code: str
    message: str
    path: str
    span: Span
    label: str = ""
    help: str = ""
    severity: Literal["error", "warning"] = "error"

    @property
    def place(self) -> tuple[str, Span, str]:
        """Sort key: by file, then by place, then by code."""
        return (self.path, self.span, self.code)

    def plain(self) -> str:
        """One line, as editors and CI read it: `file:line:col: error[RB012]: message (help: ...)`."""
        tail = f" (help: {self.help})" if self.help else ""
        return f"{self.path}:{self.span.line}:{self.span.col}: {self.severity}[{self.code}]: {self.message}{tail}"

    def as_json(self) -> dict[str, Any]:
        """The same as one JSON object."""
        return {
            "v": 1,
            "type": "diagnostic",
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "path": self.path,
            "line": self.span.line,
            "col": self.span.col,
            "end_line": self.span.end_line,
            "end_col": self.span.end_col,
            "label": self.label,
            "help": self.help,
        }


def sort(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By place, each finding once; of several at one place the one found first comes first."""
    return sorted(dict.fromkeys(diagnostics), key=lambda found: found.place)


def shown(path: Path) -> str:
    """A path as a person would type it from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError, RuntimeError):  # elsewhere; unreadable; until Python 3.13, links that go in a circle
        return str(path)
