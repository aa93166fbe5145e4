"""A case judged: what its policies came to, beside what is expected of them. Floor 5."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.opa.answers import Ask
from engine.policy import rego
from engine.policy.deciding import decide, questions
from engine.policy.decision import Decision, Ruled
from engine.policy_testing.model import RESULT, Case, Expected
from engine.reports.scenario_results import Difference


def judge(case: Case, ask: Ask | None = None) -> tuple[Decision, list[Difference]]:
    """The decision on this case, and everything about it that is not as expected. `ask` asks the real OPA."""
    answers = {}
    for name, question, facts in questions([case.set], case.occasion):
        if case.answered is not None:
            answers[name] = case.answered
        elif ask is not None:
            answers[name] = rego.kept(ask(question, facts))
    decision = decide([case.set], replace(case.occasion, answers=answers))
    return decision, list(_differences(case, decision))


def _differences(case: Case, decision: Decision) -> Iterator[Difference]:
    judged = {one.id: one for one in decision.policies}
    for id, expected in case.expect.items():
        yield from _policy(id, expected, judged.get(id), decision)
    if case.result is not None:
        if case.result.outcome != decision.result:
            stood_out = tuple(
                f"{one.id}: {one.outcome}, {_told(one)}" for one in decision.policies if one.counts != "pass"
            )
            more = (decision.nothing,) if decision.nothing else stood_out
            yield Difference(RESULT, case.result.outcome, decision.result, case.result.span, more)
        text = " ".join(_told(one) for one in decision.policies if one.counts != "pass") or decision.nothing
        yield from _said(RESULT, case.result, text)


def _policy(id: str, expected: Expected, ruled: Ruled | None, decision: Decision) -> Iterator[Difference]:
    if ruled is None:
        why = [decision.nothing, *(f"{one.id}: {one.error}" for one in decision.policies if one.error)]
        yield Difference(id, expected.outcome, "not judged", expected.span, tuple(filter(None, why)))
        return
    if ruled.outcome != expected.outcome:
        more = tuple(filter(None, (_told(ruled), ruled.not_lifted)))
        yield Difference(id, expected.outcome, ruled.outcome, expected.span, more)
    yield from _said(id, expected, _told(ruled))


def _said(what: str, expected: Expected, text: str) -> Iterator[Difference]:
    for part in expected.says:
        if part not in text:
            yield Difference(f"{what} says", part, text or "nothing", expected.span)


def _told(ruled: Ruled) -> str:
    """What a policy says of itself: why it could not be judged, else its message."""
    return ruled.error or ruled.message or ruled.title
