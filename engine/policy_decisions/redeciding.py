"""Past decisions taken again under the policies of today, and what would be otherwise. Floor 4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.opa.answers import Ask
from engine.plain import dataclass
from engine.policy import rego
from engine.policy.deciding import decide, questions
from engine.policy.decision import Decision
from engine.policy.model import PolicySet
from engine.policy_decisions.decided import Past

NOT_THERE = "not there"


@dataclass(frozen=True, slots=True)
class Change:
    """One policy whose outcome would be another. `message` is what it says today."""

    set: str
    policy: str
    then: str
    now: str
    message: str = ""

    def as_data(self) -> dict[str, str]:
        """For JSON."""
        return {"set": self.set, "policy": self.policy, "then": self.then, "now": self.now, "message": self.message}


@dataclass(frozen=True, slots=True)
class Redecided:
    """One past decision beside what it would be today.

    `sets` has the digests of each set then and now, where they differ; `lacking` are facts that the journal does not hold.
    """

    past: Past
    now: Decision
    changes: tuple[Change, ...]
    sets: tuple[tuple[str, str, str], ...]

    @property
    def then(self) -> str:
        """What was decided."""
        return str(self.past.data.get("result"))

    @property
    def is_same(self) -> bool:
        """Whether every policy comes to what it came to."""
        return not self.changes and self.then == self.now.result

    def as_json(self) -> dict[str, Any]:
        """One line of `--format json`."""
        record = self.past.record
        return {
            "v": 1,
            "type": "policy.replay",
            "run": record.run,
            "seq": record.seq,
            "phase": str(record.data.get("phase")),
            "at": str(record.data.get("now")),
            "then": self.then,
            "now": self.now.result,
            "same": self.is_same,
            "changes": [one.as_data() for one in self.changes],
            "sets": [{"set": name, "then": then, "now": now} for name, then, now in self.sets],
            "lacking": list(self.past.lacking),
        }


def again(past: Past, sets: Sequence[PolicySet], ask: Ask | None = None) -> Redecided:
    """The decision taken again, at its own moment, on the facts that the journal has of it.

    What OPA answered then is what it answers now, unless `ask` asks it anew.
    """
    occasion = past.occasion
    if ask is not None:
        answers = {name: rego.kept(ask(question, facts)) for name, question, facts in questions(sets, occasion)}
        occasion = replace(occasion, answers=answers)
    decision = decide(sets, occasion)
    return Redecided(past, decision, tuple(_changes(past.data, decision)), tuple(_sets(past.data, decision)))


def _changes(then: Mapping[str, Any], now: Decision) -> Iterator[Change]:
    before = {(str(one["set"]), str(one["id"])): str(one["outcome"]) for one in then.get("policies") or ()}
    after = {(one.set, one.id): one for one in now.policies}
    for key in dict.fromkeys((*before, *after)):
        one = after.get(key)
        was, is_ = before.get(key, NOT_THERE), one.outcome if one is not None else NOT_THERE
        if was != is_:
            yield Change(*key, was, is_, (one.error or one.message) if one is not None else "")


def _sets(then: Mapping[str, Any], now: Decision) -> Iterator[tuple[str, str, str]]:
    """The sets that were changed since, in their file or their params."""
    before = {str(one["name"]): _mark(str(one["digest"]), str(one["params_digest"])) for one in then.get("sets") or ()}
    after = {one.name: _mark(one.digest, one.params_digest) for one in now.sets}
    for name in dict.fromkeys((*before, *after)):
        was, is_ = before.get(name, NOT_THERE), after.get(name, NOT_THERE)
        if was != is_:
            yield name, was, is_


def _mark(digest: str, params: str) -> str:
    return f"{digest}/{params.removeprefix('sha256:')[:12]}"
