"""How `test` and `policy test` end: what was not played, the last line, the report for a CI, the exit code. Floor 5."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from time import perf_counter
from typing import Generic, TypeVar

from engine.commands.shell import Shell
from engine.errors import Exit
from engine.files import written
from engine.plain import dataclass
from engine.render import junit, scenarios
from engine.reports.condition_coverage import ConditionCoverage
from engine.reports.scenario_results import Coverage, Planned, Result
from engine.testing.picking import Wanted

# What a report for CI says of a scenario or case that was to come.
NOT_PLAYED = "not played: Ctrl-C ended the tests before it"

C = TypeVar("C", Coverage, ConditionCoverage)


@dataclass
class Done(Generic[C]):
    """What is to be played, in order, and what came of it so far: of the first of them, since none is passed over."""

    planned: list[Planned]
    results: list[Result] = field(default_factory=list)
    coverages: list[C] = field(default_factory=list)

    @property
    def left(self) -> list[Planned]:
        """What was not played."""
        return self.planned[len(self.results) :]

    @property
    def is_good(self) -> bool:
        """Whether all that was played is as expected, and has shown enough."""
        return all(one.is_passed for one in self.results) and all(one.is_enough for one in self.coverages)


def end(
    shell: Shell,
    done: Done[C],
    wanted: Wanted,
    started: float,
    *,
    is_stopped: bool,
    counted: scenarios.Counted,
    lacking: Callable[[C], tuple[str, str]],
    has_stories: bool,
) -> Exit:
    """Tell the rest and write the report: 0, or 8 when one failed or the coverage is too low, or 130 after Ctrl-C.

    `started` is when the tests began, on `perf_counter`; `lacking` says of a coverage in which file its tests stand and
    what was not seen; `has_stories` that a report shows what a failed one said.
    """
    exit = Exit.INTERRUPTED if is_stopped else Exit.DONE if done.is_good else Exit.TESTS_FAILED
    seconds, terminal, left = perf_counter() - started, shell.terminal, done.left
    columns, colour = terminal.width, terminal.colour_out
    if is_stopped:
        terminal.out(scenarios.unplayed(left, shell.format, columns=columns, colour=colour, counted=counted))
    told = (done.results, done.coverages, seconds, exit, shell.format)
    terminal.out(scenarios.summary(*told, colour=colour, counted=counted, left=left))
    if wanted.junit is not None:
        written.write(wanted.junit, _report(done, left if is_stopped else (), lacking, has_stories))
    return exit


def _report(done: Done[C], left: Sequence[Planned], lacking: Callable[[C], tuple[str, str]], has_stories: bool) -> str:
    suites = []
    for file in dict.fromkeys([one.path for one in done.results] + [one.path for one in left]):
        name = junit.classname(file)
        cases = [_case(one, name, has_stories) for one in done.results if one.path == file]
        cases += [junit.Case(one.name, name, error=NOT_PLAYED) for one in left if one.path == file]
        for covered in done.coverages:
            tests, missed = lacking(covered)
            if tests == file and covered.threshold is not None:
                cases.append(junit.Case("coverage", name, 0.0, "" if covered.is_enough else missed))
        suites.append(junit.Suite(file, cases))
    return junit.document(suites)


def _case(one: Result, name: str, has_stories: bool) -> junit.Case:
    if one.is_passed:
        return junit.Case(one.name, name, one.seconds)
    return junit.Case(one.name, name, one.seconds, scenarios.told(one), output=one.story if has_stories else "")
