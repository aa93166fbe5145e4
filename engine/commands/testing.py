"""`test`: the scenarios beside a runbook, played; their differences, what they never showed, and reports for CI. Floor 5."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from engine.commands.ending_tests import Done, end
from engine.commands.shell import Shell
from engine.commands.testing_checks import CheckCases, is_own_check, of_check, with_cases
from engine.diagnostics import shown
from engine.errors import Invalid, UsageFault
from engine.files import written
from engine.library import SHIPPED, files
from engine.manual import page
from engine.render import github, junit, scenarios
from engine.reports.scenario_results import Coverage, Difference, Planned, Result
from engine.testing.comparing import differences
from engine.testing.coverage import coverage
from engine.testing.model import Case, CaseFile
from engine.testing.picking import Wanted, is_like, near
from engine.testing.playing import Played, play
from engine.testing.reading import place_of_tests, read, tests_of
from engine.testing.stopping import Stopping


def play_tests(shell: Shell, names: Sequence[str], wanted: Wanted) -> int:
    """Play them: 0, or 8 when one failed or the coverage is too low, or 130 after Ctrl-C. Raises UsageFault, Invalid."""
    started = perf_counter()
    runbooks, checks = _sorted_out(shell, names) if names else _with_tests(shell)
    try:
        every = [_file(shell, name) for name in runbooks]
    except Invalid as invalid:
        if wanted.junit is not None:
            written.write(wanted.junit, junit.unplayed(invalid, "runbook test"))
        raise
    own = [of_check(shell.registry, name) for name in checks]
    chosen = {file.shown: [case for case in file.cases if is_like(case.name, wanted.pattern)] for file in every}
    like = [one.like(lambda name: is_like(name, wanted.pattern)) for one in own]
    if not any(chosen.values()) and not any(one.cases for one in like):
        known = [case.name for file in every for case in file.cases] + [name for one in own for name in one.names]
        raise UsageFault(f"no scenario is like `{wanted.pattern}`", hint=near(wanted.pattern, known))
    done = Done[Coverage](
        [planned for one in like for planned in one.planned]
        + [Planned(case.name, file.shown, case.span) for file in every for case in chosen[file.shown]]
    )
    with Stopping() as stopping:
        goes_on = all(_one_check(shell, one, wanted, done) for one in like if one.cases)
        for file in every if goes_on else ():
            if not _one_file(shell, file, chosen[file.shown], wanted, done, stopping):
                break
    return end(
        shell,
        done,
        wanted,
        started,
        is_stopped=stopping.is_stopped,
        counted=scenarios.SCENARIOS,
        lacking=lambda covered: (covered.path, f"coverage {covered.percent} %\n" + "\n".join(covered.missing)),
        has_stories=True,
    )


def _one_file(
    shell: Shell, file: CaseFile, cases: Sequence[Case], wanted: Wanted, done: Done[Coverage], stopping: Stopping
) -> bool:
    """Play one file's scenarios. False when the rest is not to be played."""
    terminal, colour = shell.terminal, shell.terminal.colour_out
    terminal.out(scenarios.heading(file.shown, len(cases), shell.format, colour=colour))
    every: list[Played] = []
    for case in cases:
        played, seconds = play(case, file.runbook, shell.registry)
        stopping.look()
        every += played
        if not _tell(shell, _result(file, case, played, seconds), wanted, done):
            return False
    if not wanted.pattern:
        _cover(shell, coverage(file, shell.registry, every, wanted.threshold), done)
    return True


def _one_check(shell: Shell, own: CheckCases, wanted: Wanted, done: Done[Coverage]) -> bool:
    """Judge the cases of one check. False when the rest is not to be looked at."""
    shell.terminal.out(scenarios.heading(own.folder, len(own.cases), shell.format, colour=shell.terminal.colour_out))
    if not all(_tell(shell, result, wanted, done) for result in own.results()):
        return False
    if not wanted.pattern:
        _cover(shell, own.coverage(wanted.threshold), done)
    return True


def _tell(shell: Shell, result: Result, wanted: Wanted, done: Done[Coverage]) -> bool:
    """Keep and show what came of one scenario. False when it is the last one that is wanted."""
    terminal = shell.terminal
    done.results.append(result)
    columns, colour = terminal.width, terminal.colour_out
    terminal.out(scenarios.line(result, shell.format, columns=columns, colour=colour, is_verbose=shell.is_verbose))
    _annotate(shell, result)
    return result.is_passed or not wanted.is_brief


def _cover(shell: Shell, covered: Coverage, done: Done[Coverage]) -> None:
    """Keep and show what was never seen."""
    terminal = shell.terminal
    done.coverages.append(covered)
    terminal.out(scenarios.covered(covered, shell.format, columns=terminal.width, colour=terminal.colour_out))
    if shell.annotates and not covered.is_enough:
        line = covered.threshold_span.line if covered.threshold_span else 1
        message = f"coverage {covered.percent} %; never seen: {', '.join(covered.missing) or 'nothing'}"
        terminal.err(github.annotation("error", message, path=shell.path_in_repository(covered.path), line=line))


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
    folders = shell.settings.path
    file = files(folders)[name]
    path = tests_of(file, folders)
    if not path.is_file():
        hint = f"Write its scenarios into {shown(place_of_tests(file, folders))}; {page('testing')} shows the format."
        raise UsageFault(f"the runbook `{name}` has no tests", hint=hint)
    return read(path, shown(path), runbook, shell.registry)


def _sorted_out(shell: Shell, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which of these are runbooks, and which are checks of one's own; what is neither is told as no runbook."""
    known = shell.runbook_names()
    checks = [name for name in names if name not in known and is_own_check(shell.registry, name)]
    return [name for name in names if name not in checks], checks


def _with_tests(shell: Shell) -> tuple[list[str], list[str]]:
    """Every runbook and check of one's own that has some; where none has, the runbooks that come along. Raises UsageFault."""
    folders = shell.settings.path
    places = {name: tests_of(path, folders) for name, path in sorted(files(folders).items())}
    found = {name: path for name, path in places.items() if path.is_file()}
    own, checks = [name for name, path in found.items() if path.parent != SHIPPED], with_cases(shell.registry)
    if not found and not checks:
        raise UsageFault("no runbook here has tests", hint=f"{page('testing')} shows how to write some.")
    return own if own or checks else list(found), checks
