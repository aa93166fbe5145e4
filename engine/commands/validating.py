"""`validate`: every error of every file at once, for a person, a program and for CI. Floor 5."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from engine.commands.shell import Excerpts, Shell
from engine.diagnostics import Diagnostic, shown
from engine.errors import Exit, UsageFault
from engine.folders import inside
from engine.library import check, files, read
from engine.plain import dataclass
from engine.policy_files import library as policy_files
from engine.registry import Registry
from engine.render.text import json_line
from engine.source import parse

if TYPE_CHECKING:
    from engine.render.junit import Case


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of one file: its findings, or why it cannot be read; and how long it took, in seconds."""

    path: str
    is_valid: bool
    is_policy: bool = False
    found: tuple[Diagnostic, ...] = ()
    fault: UsageFault | None = None
    seconds: float = 0.0


def validate_runbooks(shell: Shell, paths: Sequence[Path], junit: Path | None) -> int:
    """Every error of every file, runbooks and policy sets, then one line that counts: 0; 3; 2 where one cannot be read.

    A path that is a folder stands for the files in it. What is passed over in a folder is told and changes no exit code.
    `junit` is where to write the same as a report. Raises UsageFault when it cannot be written.
    """
    registry = shell.registry
    folders = [path for path in paths if os.path.isdir(path)]
    found = [file for path in paths for file in (_in(path) if path in folders else [path])]
    if not paths:
        found = [*files(shell.settings.path).values(), *registry.policies.files().values()]
        folders = [*shell.settings.path, *shell.settings.policies]
    looked = [_look(path, registry) for path in found]
    # An extension that several runbooks need is told once.
    shell.tell(list(dict.fromkeys(diagnostic for one in looked for diagnostic in one.found)))
    for one in looked:
        if one.fault is not None:
            shell.complain(one.fault, path=one.path)
    shell.tell_passed_over(folders)
    shell.terminal.out(_count(looked, shell.format))
    if junit is not None:
        from engine.files.written import write

        write(junit, report(looked))
    if any(one.fault is not None for one in looked):
        return Exit.USAGE
    return Exit.DONE if all(one.is_valid for one in looked) else Exit.INVALID


def _in(folder: Path) -> list[Path]:
    """The files of a folder that are read; where there are none the folder itself, which then cannot be read."""
    with suppress(OSError):
        return inside(folder) or [folder]
    return [folder]


def _look(path: Path, registry: Registry) -> Looked:
    started = perf_counter()
    try:
        if os.path.isdir(path):
            raise UsageFault(f"{path} holds no runbook and no policy file", hint="Their names end in `.yaml`.")
        content = read(path)
    except UsageFault as fault:
        return Looked(shown(path), False, fault=fault, seconds=perf_counter() - started)
    parsed = parse(content, shown(path), is_quick=True)
    # What cannot be parsed is what its folder is for.
    if policy_files.looks_like_one(parsed) or (parsed.root is None and _lies_among_policies(path, registry)):
        policies = policy_files.check(path, content)
        took = perf_counter() - started
        return Looked(shown(path), policies.set is not None, True, policies.diagnostics, seconds=took)
    loaded = check(path, registry, content)
    took = perf_counter() - started
    return Looked(shown(path), loaded.runbook is not None, False, loaded.diagnostics, seconds=took)


def _lies_among_policies(path: Path, registry: Registry) -> bool:
    return any(path.resolve() == other.resolve() for other in registry.policies.files().values())


def _count(looked: Sequence[Looked], format: str) -> str:
    read = [one for one in looked if one.fault is None]
    bad = sum(not one.is_valid for one in read)
    errors = sum(found.severity == "error" for found in {found for one in read for found in one.found})
    unread = len(looked) - len(read)
    if format == "json":
        policies = sum(one.is_policy for one in looked)
        counts = {"errors": errors, "invalid": bad, "unreadable": unread, "runbooks": len(looked) - policies}
        counts |= {"policies": policies} if policies else {}
        return json_line({"v": 1, "type": "validate.end", **counts})
    all = _all(looked)
    if bad:
        said = f"{_number(errors, 'error')} in {bad} of {all}"
    else:
        said = f"{len(read)} of {all} valid" if unread else f"{all} valid"
    return said + (f"; {unread} cannot be read\n" if unread else "\n")


def _all(looked: Sequence[Looked]) -> str:
    """`3 runbooks`, `3 runbooks and 2 policy sets`."""
    policies = sum(one.is_policy for one in looked)
    told = [_number(len(looked) - policies, "runbook")] if len(looked) > policies or not policies else []
    return " and ".join([*told, *([_number(policies, "policy set")] if policies else [])])


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def report(looked: Sequence[Looked]) -> str:
    """The findings as JUnit: a suite for each file, a case for each finding; what is as it should be passes."""
    from engine.render.junit import Case, Suite, document

    if not looked:
        return document([Suite("runbook validate", [Case("there are no runbooks", "runbook.validate")])])
    excerpts = Excerpts()
    return document([Suite(one.path, _cases(one, excerpts)) for one in looked])


def _cases(looked: Looked, excerpts: Excerpts) -> list[Case]:
    from engine.render.junit import Case, classname

    name = classname(looked.path)
    if looked.fault is not None:
        return [Case("can be read", name, looked.seconds, error=looked.fault.message)]
    if not looked.found:
        return [Case("valid", name, looked.seconds)]
    each = looked.seconds / len(looked.found)
    return [_case(one, name, each, excerpts) for one in looked.found]


def _case(one: Diagnostic, name: str, seconds: float, excerpts: Excerpts) -> Case:
    from engine.render import diagnostics
    from engine.render.junit import Case

    title = f"{one.span.line}:{one.span.col} {one.code} {one.message}"
    drawn = diagnostics.render([one], "human", excerpts.line, columns=160).rstrip("\n")
    if one.severity == "warning":
        return Case(title, name, seconds, output=drawn)
    return Case(title, name, seconds, failure=drawn)
