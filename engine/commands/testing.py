"""`test`: the scenarios beside a runbook, played; their differences, what they never showed, and reports for CI. Floor 5."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatch
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import Any

from engine.commands.shell import Shell
from engine.diagnostics import shown
from engine.errors import Exit, UsageFault
from engine.library import files
from engine.render import github, junit, scenarios
from engine.scenario_results import Coverage, Difference, Result
from engine.testing.comparing import differences
from engine.testing.coverage import coverage
from engine.testing.model import Case, CaseFile
from engine.testing.playing import Played, play
from engine.testing.reading import beside, read


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: only scenarios like `pattern`, a least coverage in percent, to stop at the first failure."""

    pattern: str = ""
    threshold: int | None = None
    is_brief: bool = False
    junit: Path | None = None


@dataclass
class Done:
    """What came of all files so far."""

    results: list[Result] = field(default_factory=list)
    coverages: list[Coverage] = field(default_factory=list)


def play_tests(shell: Shell, names: Sequence[str], wanted: Wanted) -> int:
    """Play them: 0, or 8 when one failed or the coverage is too low. Raises UsageFault, Invalid."""
    started, terminal = perf_counter(), shell.terminal
    every = [_file(shell, name) for name in names or _with_tests(shell)]
    chosen = {file.shown: [case for case in file.cases if _is_like(case, wanted.pattern)] for file in every}
    if not any(chosen.values()):
        raise UsageFault(f"no scenario is like `{wanted.pattern}`", hint=_near(wanted.pattern, every))
    done = Done()
    with _Stopping() as stopping:
        for file in every:
            if not _one_file(shell, file, chosen[file.shown], wanted, done, stopping):
                break
    is_good = all(one.is_passed for one in done.results) and all(one.is_enough for one in done.coverages)
    exit = Exit.DONE if is_good else Exit.TESTS_FAILED
    seconds = perf_counter() - started
    colour = terminal.colour_out
    terminal.out(scenarios.summary(done.results, done.coverages, seconds, exit, shell.format, colour=colour))
    if wanted.junit is not None:
        _write(wanted.junit, done)
    return exit


def _one_file(
    shell: Shell, file: CaseFile, cases: Sequence[Case], wanted: Wanted, done: Done, stopping: _Stopping
) -> bool:
    """Play one file's scenarios. False when the rest is not to be played."""
    terminal, colour = shell.terminal, shell.terminal.colour_out
    terminal.out(scenarios.heading(file.shown, len(cases), shell.format, colour=colour))
    every: list[Played] = []
    for case in cases:
        played, seconds = play(case, file.runbook, shell.registry)
        stopping.look()
        every += played
        result = _result(file, case, played, seconds)
        done.results.append(result)
        drawn = scenarios.line(result, shell.format, columns=terminal.width, colour=colour, is_verbose=shell.is_verbose)
        terminal.out(drawn)
        _annotate(shell, result)
        if wanted.is_brief and not result.is_passed:
            return False
    if wanted.pattern:
        return True
    covered = coverage(file, shell.registry, every, wanted.threshold)
    done.coverages.append(covered)
    terminal.out(scenarios.covered(covered, shell.format, columns=terminal.width, colour=colour))
    if shell.annotates and not covered.is_enough:
        line = covered.threshold_span.line if covered.threshold_span else 1
        message = f"coverage {covered.percent} %; never seen: {', '.join(covered.missing) or 'nothing'}"
        terminal.err(github.annotation("error", message, path=shell.path_in_repository(file.shown), line=line))
    return True


def _result(file: CaseFile, case: Case, played: Sequence[Played], seconds: float) -> Result:
    found: list[Difference] = []
    several = len(played) > 1
    for number, one in enumerate(played, 1):
        name = f"{number}. {one.command.name} " if several else ""
        for difference in differences(one):
            found.append(
                Difference(
                    name + difference.what, difference.expected, difference.actual, difference.span, difference.more
                )
            )
    story = "\n".join(one.screen for one in played)
    return Result(file.runbook.runbook, case.name, file.shown, case.span, seconds, tuple(found), story)


def _annotate(shell: Shell, result: Result) -> None:
    if shell.annotates and not result.is_passed:
        path, place = shell.path_in_repository(result.path), result.differences[0].span
        shell.terminal.err(
            github.annotation("error", scenarios.told(result), path=path, line=place.line, title="runbook test")
        )


def _file(shell: Shell, name: str) -> CaseFile:
    """The tests of one runbook. Raises UsageFault: no such runbook, or it has none; Invalid."""
    runbook = shell.load(name)
    path = beside(files(shell.settings.path)[name])
    if not path.is_file():
        hint = f"Write its scenarios into {shown(path)}; docs/testing.md shows the format."
        raise UsageFault(f"the runbook `{name}` has no tests", hint=hint)
    return read(path, shown(path), runbook, shell.registry)


def _with_tests(shell: Shell) -> list[str]:
    """Every runbook that has tests beside it. Raises UsageFault when none has."""
    found = [name for name, path in sorted(files(shell.settings.path).items()) if beside(path).is_file()]
    if not found:
        raise UsageFault("no runbook here has tests", hint="docs/testing.md shows how to write some.")
    return found


def _is_like(case: Case, pattern: str) -> bool:
    """Whether a scenario's name holds the words of the pattern, in which `*` is anything; whatever the case."""
    return not pattern or fnmatch(case.name.casefold(), f"*{pattern.casefold()}*")


def _near(pattern: str, every: Sequence[CaseFile]) -> str:
    names = [case.name for file in every for case in file.cases]
    near = get_close_matches(pattern, names, n=1, cutoff=0.3)
    return f"did you mean `{near[0]}`?" if near else "-k takes a part of a scenario's name"


def _write(path: Path, done: Done) -> None:
    from engine import written

    suites = []
    for file in dict.fromkeys(one.path for one in done.results):
        name = junit.classname(file)
        cases = [
            junit.Case(one.name, name, one.seconds, "" if one.is_passed else scenarios.told(one), output=_output(one))
            for one in done.results
            if one.path == file
        ]
        for covered in done.coverages:
            if covered.path == file and covered.threshold is not None:
                low = f"coverage {covered.percent} %\n" + "\n".join(covered.missing)
                cases.append(junit.Case("coverage", name, 0.0, "" if covered.is_enough else low))
        suites.append(junit.Suite(file, cases))
    written.write(path, junit.document(suites))


def _output(result: Result) -> str:
    return "" if result.is_passed else result.story


class _Stopping:
    """Ctrl-C ends the tests, and not only the run under way, for which it is an ending like any other."""

    def __init__(self) -> None:
        self._is_pressed = False
        self._before: Any = None

    def __enter__(self) -> _Stopping:
        self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._is_pressed = True
        raise KeyboardInterrupt

    def look(self) -> None:
        """Raise KeyboardInterrupt if a run has kept one to itself."""
        if self._is_pressed:
            raise KeyboardInterrupt
