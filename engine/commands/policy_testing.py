"""`policy test`: the cases beside policies, judged; what differs, which conditions were never seen, reports for CI. Floor 5."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from engine.commands.ending_tests import Done, end
from engine.commands.shell import Shell
from engine.diagnostics import shown
from engine.errors import Invalid, UsageFault
from engine.files import written
from engine.folders import SHIPPED_POLICIES
from engine.manual import page
from engine.policy_files.library import Policies
from engine.policy_testing.coverage import coverage
from engine.policy_testing.judging import judge
from engine.policy_testing.model import Case, CaseFile
from engine.policy_testing.reading import beside, read
from engine.render import github, junit, policy_cases, scenarios
from engine.reports.condition_coverage import ConditionCoverage
from engine.reports.scenario_results import Planned, Result
from engine.testing.picking import Wanted, is_like, near
from engine.testing.stopping import Stopping
from engine.validation.notes import nearest


def judge_cases(shell: Shell, names: Sequence[str], wanted: Wanted) -> int:
    """Judge them: 0, or 8 when one failed or the coverage is too low, or 130 after Ctrl-C. Raises UsageFault, Invalid."""
    started = perf_counter()
    try:
        policies = Policies(lambda: shell.settings.policies)
        every = [_file(policies, name) for name in names or _with_tests(policies)]
    except Invalid as invalid:
        if wanted.junit is not None:
            written.write(wanted.junit, junit.unplayed(invalid, "runbook policy test"))
        raise
    chosen = {file.shown: [case for case in file.cases if is_like(case.name, wanted.pattern)] for file in every}
    if not any(chosen.values()):
        hint = near(wanted.pattern, [name for file in every for name in file.names])
        raise UsageFault(f"no case is like `{wanted.pattern}`", hint=hint)
    done = Done[ConditionCoverage](
        [Planned(case.name, file.shown, case.span) for file in every for case in chosen[file.shown]]
    )
    with Stopping() as stopping:
        for file in every:
            if not _one_file(shell, file, chosen[file.shown], wanted, done):
                break
    return end(
        shell,
        done,
        wanted,
        started,
        is_stopped=stopping.is_stopped,
        counted=scenarios.CASES,
        lacking=lambda covered: (covered.tests, policy_cases.missed(covered)),
        has_stories=False,
    )


def _one_file(
    shell: Shell, file: CaseFile, cases: Sequence[Case], wanted: Wanted, done: Done[ConditionCoverage]
) -> bool:
    """Judge one file's cases. False when the rest is not to be judged."""
    terminal, colour = shell.terminal, shell.terminal.colour_out
    terminal.out(scenarios.heading(file.shown, len(cases), shell.format, colour=colour, noun="case"))
    for case in cases:
        if not _tell(shell, _result(shell, file, case), done) and wanted.is_brief:
            return False
    if not wanted.pattern and file.set.opa is None:  # Rego has a coverage of its own: `opa test --coverage`
        _cover(shell, coverage(file, wanted.threshold), done)
    return True


def _result(shell: Shell, file: CaseFile, case: Case) -> Result:
    started = perf_counter()
    # The real OPA is asked where a case does not say what it answers: such a case tests the Rego too.
    decision, found = judge(case, lambda question, facts: shell.opa()(question, facts))
    story = "\n".join(f"{one.outcome:<15} {one.id}  {one.error or one.message}".rstrip() for one in decision.policies)
    return Result(file.set.name, case.name, file.shown, case.span, perf_counter() - started, tuple(found), story)


def _tell(shell: Shell, result: Result, done: Done[ConditionCoverage]) -> bool:
    """Keep and show what came of one case; whether it was as expected."""
    terminal = shell.terminal
    done.results.append(result)
    columns, colour = terminal.width, terminal.colour_out
    terminal.out(policy_cases.line(result, shell.format, columns=columns, colour=colour, is_verbose=shell.is_verbose))
    if shell.annotates and not result.is_passed:
        path, line = shell.path_in_repository(result.path), result.differences[0].span.line
        terminal.err(
            github.annotation("error", scenarios.told(result), path=path, line=line, title="runbook policy test")
        )
    return result.is_passed


def _cover(shell: Shell, covered: ConditionCoverage, done: Done[ConditionCoverage]) -> None:
    """Keep and show what was never seen."""
    terminal = shell.terminal
    done.coverages.append(covered)
    terminal.out(policy_cases.covered(covered, shell.format, columns=terminal.width, colour=terminal.colour_out))
    if shell.annotates and not covered.is_enough:
        line = covered.threshold_span.line if covered.threshold_span else 1
        path = shell.path_in_repository(covered.tests)
        terminal.err(github.annotation("error", policy_cases.missed(covered), path=path, line=line))


def _file(policies: Policies, name: str) -> CaseFile:
    """The tests of one policy file. Raises UsageFault: there is none of this name, or it has none; Invalid."""
    files = policies.files()
    if name not in files:
        hint = nearest(name, files) or "RUNBOOK_POLICIES names their folders."
        raise UsageFault(f"there are no policies `{name}`", hint=hint)
    tests = beside(files[name])
    if not tests.is_file():
        hint = f"Write its cases into {shown(tests)}; {page('policy-tests')} shows the format."
        raise UsageFault(f"the policies `{name}` have no tests", hint=hint)
    (set,) = policies.load([name])
    return read(tests, shown(tests), set)


def _with_tests(policies: Policies) -> list[str]:
    """All policy files that have some; where none of one's own has, those that come along. Raises UsageFault."""
    found = {name: path for name, path in policies.files().items() if beside(path).is_file()}
    if not found:
        raise UsageFault("no policies here have tests", hint=f"{page('policy-tests')} shows how to write some.")
    return [name for name, path in found.items() if path.parent != SHIPPED_POLICIES] or list(found)
