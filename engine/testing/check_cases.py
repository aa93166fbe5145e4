"""A case of a check as a value: what it is handed, what it should say, and how what it says differs. Floor 5."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.checks.base import Check, Here, Params, Verdict
from engine.diagnostics import Span
from engine.plain import dataclass
from engine.reports.scenario_results import Difference


@dataclass(frozen=True, slots=True)
class Said:
    """What a sentence should be: this very one, or, of a list, all that it should hold; and where that stands."""

    texts: tuple[str, ...]
    is_whole: bool
    span: Span

    def fits(self, sentence: str) -> bool:
        """Whether it is so."""
        if self.is_whole:
            return sentence == self.texts[0]
        return all(text in sentence for text in self.texts)


@dataclass(frozen=True, slots=True)
class CheckCase:
    """One case: what the check is handed, in which circumstances, and what it should say. `names` is what `${}` knew."""

    path: Path
    check: Check[Any]
    params: Params
    here: Here
    verdict: str
    verdict_span: Span
    message: Said
    fix: Said
    more: tuple[tuple[str, Span], ...]
    names: Mapping[str, Any]

    def judged(self) -> Verdict:
        """What the check says of it."""
        return self.check.judge(self.params, self.here)


def differences(case: CheckCase) -> list[Difference]:
    """Everything that the check says otherwise than is expected of it. A check that fails says nothing."""
    try:
        verdict = case.judged()
    except Exception as error:
        why = f"it could not judge: {type(error).__name__}: {error}"
        return [Difference("verdict", case.verdict, why, case.verdict_span)]
    found = []
    if verdict.verdict != case.verdict:
        found.append(Difference("verdict", case.verdict, verdict.verdict, case.verdict_span, (verdict.message,)))
    for what, said, actual in (("message", case.message, verdict.message), ("fix", case.fix, verdict.fix)):
        if not said.fits(actual):
            found.append(Difference(what, "\n".join(said.texts), actual or "nothing", said.span))
    for line, span in case.more:
        if line not in verdict.more:
            found.append(Difference("more", line, "\n".join(verdict.more) or "nothing", span))
    return found
