"""Our outcomes beside the oracle's, live: which agree, which differ for a written reason, and which disagree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from cel_oracle.asking import Oracle
from cel_oracle.cases import Block, Case, blocks
from cel_oracle.differences import Pair, agree, difference
from cel_oracle.facts import Facts
from cel_oracle.ours import Ours
from cel_oracle.trees import Tree, shrunk


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two outcomes of one text that no written difference accounts for."""

    facts: Facts
    case: Case
    ours: dict[str, Any]
    theirs: dict[str, Any]

    def told(self) -> str:
        """For people: the text, the facts that it speaks of, and both outcomes."""
        known = {name: told for name, told in self.facts.values.items() if re.search(rf"\b{name}\b", self.case.text)}
        shapes = {name: self.facts.names[name] for name in known}
        return "\n".join(
            (
                f"  {self.case.text!r}",
                f"    facts  {known}",
                f"    types  {shapes}",
                f"    ours   {self.ours}",
                f"    oracle {self.theirs}",
            )
        )


@dataclass(slots=True)
class Tally:
    """How many pairs of outcomes there were of each kind, which differences came up, and what is left."""

    pairs: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    differences: Counter[str] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)

    def add(self, facts: Facts, case: Case, ours: dict[str, Any], theirs: dict[str, Any], asked: str = "") -> None:
        """Count one more. `asked` is what the oracle was asked, where the case does not know it any more."""
        self.pairs[case.made, next(iter(ours)), next(iter(theirs))] += 1
        if agree(ours, theirs):
            return
        if (known := difference(Pair(facts, case.made, case.text, asked or case.asked, ours, theirs))) is not None:
            self.differences[known.name] += 1
        else:
            self.disagreements.append(Disagreement(facts, case, ours, theirs))

    def told(self) -> str:
        """For people: all that was counted."""
        lines = [f"{sum(self.pairs.values()):,} expressions", "", "made      ours      oracle         count"]
        lines += [
            f"{made:9} {ours:9} {theirs:9} {count:10,}" for (made, ours, theirs), count in sorted(self.pairs.items())
        ]
        lines += ["", "differences with a reason"]
        lines += [f"  {name:40} {count:8,}" for name, count in self.differences.most_common()] or ["  none"]
        lines += ["", f"disagreements: {len(self.disagreements):,}"]
        return "\n".join([*lines, *(one.told() for one in self.disagreements[:20])])


def compare(oracle: Oracle, seed: int, count: int) -> Tally:
    """Both outcomes of so many expressions. While the oracle has a block, we have the one before it."""
    tally = Tally()
    for one, theirs in answered(oracle, blocks(seed, count)):
        ours = Ours(one.facts)
        for case, their in zip(one.cases, theirs, strict=True):
            tally.add(one.facts, case, ours.outcome(case.text), their)
    return tally


def answered(oracle: Oracle, several: Iterator[Block]) -> Iterator[tuple[Block, list[dict[str, Any]]]]:
    """Every block with the oracle's outcomes; it works on the next one meanwhile."""
    before: Block | None = None
    for one in several:
        answers = oracle.answers() if before else []
        oracle.ask(one.facts, [case.asked for case in one.cases])
        if before:
            yield before, answers
        before = one
    if before:
        yield before, oracle.answers()


def smallest(oracle: Oracle, one: Disagreement) -> Disagreement:
    """The same kind of disagreement by the smallest expression that was found."""
    ours = Ours(one.facts)
    found = one

    def is_still_wrong(tree: Tree) -> bool:
        nonlocal found
        oracle.ask(one.facts, [tree.asked_text])
        our, (their,) = ours.outcome(tree.text), oracle.answers()
        same_kind = our.keys() == one.ours.keys() and their.keys() == one.theirs.keys()
        wrong = (
            same_kind
            and not agree(our, their)
            and difference(Pair(one.facts, one.case.made, tree.text, tree.asked_text, our, their)) is None
        )
        if wrong:
            found = replace(one, case=replace(one.case, text=tree.text, tree=tree), ours=our, theirs=their)
        return wrong

    if one.case.tree is not None:
        shrunk(one.case.tree, is_still_wrong)
    return found
