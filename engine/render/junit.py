"""Results as JUnit XML, the report that GitHub's actions, GitLab, Jenkins and others show. Floor 5.

There is no standard. What is written is what all of them take: `testsuites/testsuite/testcase` with counts and seconds,
and no attribute that the strict reader of Jenkins (xUnit plugin) refuses. GitLab tells cases apart by `classname` and
`name` alone, shows the text of a failure and ignores its `message`; Jenkins takes `classname` up to its last dot for a
package. So names are unique within a class, dots part packages, and a failure's text says everything.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from engine.errors import Invalid
from engine.plain import dataclass
from engine.printable import safe

_KEPT = re.compile(r"([\t\n])")


@dataclass(frozen=True, slots=True)
class Case:
    """One result. With a `failure` it found what it looked for, with an `error` it could not look; else it passed.

    Both are texts whose first line is the headline; `output` is what there is to read beside them. At most one of
    `failure` and `error` is written: the error.
    """

    name: str
    classname: str
    seconds: float = 0.0
    failure: str = ""
    error: str = ""
    output: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Results that belong together, as those of one file."""

    name: str
    cases: Sequence[Case]


def document(suites: Sequence[Suite]) -> str:
    """The whole report, to be written as UTF-8. A name that stands twice in a class is numbered."""
    root = Element("testsuites", _counts([case for suite in suites for case in suite.cases]))
    for suite in suites:
        node = SubElement(root, "testsuite", {"name": _line(suite.name), **_counts(suite.cases)})
        seen: Counter[tuple[str, str]] = Counter()
        for case in suite.cases:
            seen[case.classname, case.name] += 1
            number = seen[case.classname, case.name]
            _case(node, case, f" ({number})" if number > 1 else "")
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def unplayed(invalid: Invalid, command: str) -> str:
    """The report of tests that `command` could not play, for a CI that looks for one."""
    errors = [Case(one.code, classname(one.path), error=one.message, output=one.plain()) for one in invalid.diagnostics]
    return document([Suite(command, errors or [Case("invalid", "test", error=str(invalid))])])


def classname(path: str) -> str:
    """A file's path as the name of a class: `runbooks/look.yaml` is `runbooks.look`, as test runners write it."""
    stem = re.sub(r"\.ya?ml$", "", path)
    return ".".join(part.replace(".", "_") for part in re.split(r"[/\\]+", stem) if part not in ("", ".", ".."))


def _case(suite: Element, case: Case, number: str) -> None:
    said = {"name": _line(case.name) + number, "classname": _line(case.classname), "time": _seconds(case.seconds)}
    node = SubElement(suite, "testcase", said)
    kind, text = ("error", case.error) if case.error else ("failure", case.failure)
    if text:
        headline = _text(text).partition("\n")[0]
        SubElement(node, kind, {"message": headline, "type": kind}).text = _text(text)
    if case.output:
        SubElement(node, "system-out").text = _text(case.output)


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    errors = sum(bool(case.error) for case in cases)
    failures = sum(bool(case.failure) and not case.error for case in cases)
    seconds = _seconds(sum(case.seconds for case in cases))
    return {"tests": str(len(cases)), "failures": str(failures), "errors": str(errors), "time": seconds}


def _seconds(value: float) -> str:
    return f"{value:.3f}"


def _text(text: str) -> str:
    """Text as XML 1.0 can hold it: tabs and line ends stay, what cannot be seen is written out as on a terminal."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(part if part in ("\t", "\n") else safe(part) for part in _KEPT.split(lines))


def _line(text: str) -> str:
    return safe(text.replace("\n", " "))
