"""A finding as GitHub Actions reads it: a workflow command, which GitHub shows beside the line of the file. Floor 5.

    ::error file=runbooks/x.yaml,line=12,col=11,endColumn=32,title=RB012::unknown step `lago.finalise_invoice`

The runner reads commands on stdout and on stderr. It takes a line for one only if it begins with `::`, and what it shows
is what follows the second `::`; everything that could end the line, or a property, is escaped.
"""

from __future__ import annotations

import re
from typing import Literal

from engine.diagnostics import Diagnostic
from engine.errors import RunbookError
from engine.printable import safe

Level = Literal["error", "warning", "notice"]

_LINE_ENDS = re.compile(r"([\r\n])")


def annotation(
    level: Level,
    message: str,
    *,
    path: str = "",
    line: int = 0,
    col: int = 0,
    end_line: int = 0,
    end_col: int = 0,
    title: str = "",
) -> str:
    """One annotation, with its line end. Lines and columns count from 1, `end_col` is exclusive; 0 leaves one out.

    `path` is relative to the repository. GitHub refuses columns of a span over several lines (and with them all
    annotations of the request), so they are left out there; so is an end before its beginning.
    """
    properties: dict[str, str | int] = {"file": path}
    if path:
        spans_lines = end_line > line > 0
        has_end = end_col > col > 0 and not spans_lines
        properties["line"] = line
        properties["endLine"] = end_line if spans_lines else 0
        properties["col"] = 0 if spans_lines or not line else col
        properties["endColumn"] = end_col if has_end and line else 0
    properties["title"] = title
    told = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value)
    return f"::{level}{' ' if told else ''}{told}::{_data(message)}\n"


def finding(one: Diagnostic, path: str) -> str:
    """What is wrong in a file, at its place; `path` is the file in the repository."""
    span = one.span
    place = {"line": span.line, "col": span.col, "end_line": span.end_line, "end_col": span.end_col}
    return annotation(one.severity, _helped(one.message, one.help), path=path, title=one.code, **place)


def failure(error: RunbookError, path: str = "") -> str:
    """What stopped a command, at the file that it is about, if there is one."""
    return annotation("error", _helped(error.message, error.hint), path=path)


def _helped(message: str, help: str | None) -> str:
    return f"{message}\nhelp: {help}" if help else message


def _data(text: str) -> str:
    """A message: line ends stay what they are, by GitHub's own escapes; whatever else cannot be seen is written out."""
    seen = "".join(part if part in ("\r", "\n") else safe(part) for part in _LINE_ENDS.split(text))
    return seen.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
