"""Where the parts of a Python file stand, so that an error can be drawn under the line it is about. Floor 4."""

from __future__ import annotations

import ast
from functools import cached_property
from pathlib import Path

from engine.diagnostics import Diagnostic, Span, shown
from engine.plain import dataclass

NOWHERE = Span(1, 1, 1, 1)


@dataclass(frozen=True)
class Place:
    """One file, Python or not. A part that is not found is the beginning of the file, or the part that holds it."""

    path: Path
    text: str

    def fault(self, code: str, message: str, help: str, span: Span = NOWHERE) -> Diagnostic:
        """A finding in this file."""
        return Diagnostic(code, message, shown(self.path), span, help=help)

    def line(self, number: int) -> Span:
        """All that stands on a line."""
        line = self._lines[number - 1] if 0 < number <= len(self._lines) else ""
        start = len(line) - len(line.lstrip())
        return Span(max(number, 1), start + 1, max(number, 1), max(len(line.rstrip()), start) + 1)

    def word(self, word: str) -> Span:
        """The first line that holds this word."""
        return next((self.line(at) for at, line in enumerate(self._lines, 1) if word in line), NOWHERE)

    def assigned(self, name: str, key: object = None) -> Span:
        """Where the file says `name = ...`; or this key of it, where that is a dict."""
        for node in self._body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            value = getattr(node, "value", None)
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                keys = value.keys if isinstance(value, ast.Dict) else []
                at = next((one for one in keys if isinstance(one, ast.Constant) and one.value == key), None)
                return self.line((at or node).lineno)
        return NOWHERE

    def definition(self, name: str, field: str = "") -> Span:
        """Where a class or function of the file begins; or the line of a field of that class."""
        for node in self._body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
                inner = (
                    one for one in node.body if isinstance(one, ast.AnnAssign) and ast.unparse(one.target) == field
                )
                return self.line(next(inner, node).lineno)
        return NOWHERE

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def _body(self) -> list[ast.stmt]:
        try:
            return ast.parse(self.text).body
        except (SyntaxError, ValueError, RecursionError):
            return []


def place_of(path: Path) -> Place:
    """The file as it is now; empty where it cannot be read."""
    try:
        return Place(path, path.read_text("utf-8", "replace"))
    except OSError:
        return Place(path, "")
