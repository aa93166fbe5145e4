"""`test` for checks of one's own: the cases beside their code, judged, and which verdicts none of them showed. Floor 5."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from engine.checks.base import Check
from engine.diagnostics import Diagnostic, shown
from engine.errors import Invalid, UsageFault
from engine.manual import page
from engine.plain import dataclass
from engine.registry import Registry
from engine.reports.scenario_results import Coverage, Planned, Result
from engine.testing.check_cases import CheckCase, differences
from engine.testing.outcomes import verdicts_of
from engine.testing.reading_check_cases import read


@dataclass(frozen=True, slots=True)
class CheckCases:
    """All cases of one check; `folder` is where they stand."""

    name: str
    folder: str
    check: Check[Any]
    cases: tuple[CheckCase, ...]

    @property
    def names(self) -> list[str]:
        """What the cases are called: their files' names as words."""
        return [_name(case) for case in self.cases]

    def like(self, is_like: Callable[[str], bool]) -> CheckCases:
        """Only the cases with such names."""
        return replace(self, cases=tuple(case for case in self.cases if is_like(_name(case))))

    @property
    def planned(self) -> list[Planned]:
        """What `results` will answer, in order."""
        return [Planned(_name(case), shown(case.path), case.verdict_span) for case in self.cases]

    def results(self) -> Iterator[Result]:
        """What came of each."""
        for case in self.cases:
            started = perf_counter()
            found = tuple(differences(case))
            seconds = perf_counter() - started
            yield Result(self.name, _name(case), shown(case.path), case.verdict_span, seconds, found, "")

    def coverage(self, threshold: int | None) -> Coverage:
        """Which verdicts of the check are expected by no case."""
        short = self.name.rpartition(".")[2]
        seen = frozenset(f"{short}.{case.verdict}" for case in self.cases)
        return Coverage(self.name, self.folder, {short: verdicts_of(self.check)}, seen, threshold=threshold)


def is_own_check(registry: Registry, name: str) -> bool:
    """Whether this is a check that did not come with runbook. Raises Invalid when it may be one that cannot be used."""
    if registry.own is None:
        return False
    if registry.own.home("check", name) is not None:
        return True
    if "." in name and (faults := registry.own.faults([("check", name)])):
        raise Invalid(f"`{name}` cannot be tested", faults, hint="`runbook config` shows all extensions.")
    return False


def of_check(registry: Registry, name: str) -> CheckCases:
    """The cases of a check of one's own. Raises UsageFault when it has none, Invalid with all that is wrong in any."""
    folder = _folder(registry, name)
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        hint = f"{page('own-steps-and-checks')} shows the format."
        raise UsageFault(f"the check `{name}` has no cases in {shown(folder)}", hint=hint)
    check = registry.checks[name]
    cases: list[CheckCase] = []
    faults: list[Diagnostic] = []
    for path in paths:
        try:
            cases.append(read(path, check))
        except Invalid as invalid:
            faults += invalid.diagnostics
    if faults:
        hint = f"{page('own-steps-and-checks')} shows the format."
        raise Invalid(f"cases of `{name}` are not valid", faults, hint=hint)
    return CheckCases(name, shown(folder), check, tuple(cases))


def with_cases(registry: Registry) -> list[str]:
    """Every check of one's own that has cases. Raises Invalid when an extension cannot be used."""
    if registry.own is None:
        return []
    found, faults = registry.own.everything()
    if faults:
        raise Invalid("an extension cannot be used", faults, hint="`runbook config` shows all of them.")
    names = [name for _, given in found for name in given if name in registry.checks]
    return [name for name in names if any(_folder(registry, name).glob("*.yaml"))]


def _name(case: CheckCase) -> str:
    return case.path.stem.replace("_", " ")


def _folder(registry: Registry, name: str) -> Path:
    home = registry.own.home("check", name) if registry.own is not None else None
    return (home.parent if home is not None else Path()) / "cases" / name
