"""A compiled expression: what it reads, and what it comes to. Floor 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from engine.cel.handed import Handed, NotAsDeclared
from engine.cel.problems import Failed, OverBudget, Problem
from engine.cel.trace import Trace
from engine.cel.tree import Part
from engine.cel.types import BOOL, Type
from engine.plain import dataclass

if TYPE_CHECKING:
    from engine.cel.entries import Entry, Path

MOST_STEPS = 200_000


@dataclass(frozen=True, slots=True)
class Program:
    """An expression that compiled. It holds no state: any number of threads may evaluate it.

    `reads` are the paths that it depends on: `invoice.total_amount_cents`, `invoice.fees[].amount_cents`. `warnings` are
    what is allowed and yet likely meant otherwise.
    """

    text: str
    type: Type
    reads: tuple[str, ...]
    warnings: tuple[Problem, ...]
    _handed: Handed = field(repr=False, compare=False)
    _part: Part = field(repr=False, compare=False)
    _run: Callable[[list[Any]], Any] = field(repr=False, compare=False)
    _price: int = field(repr=False, compare=False)

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """The value, for the names that were declared. What it reads of `values` must be of the declared types.

        Raises Failed when there is no value, and OverBudget.
        """
        try:
            frame = self._handed.frame(values, MOST_STEPS - self._price)
        except NotAsDeclared as wrong:
            raise Failed(str(wrong), wrong.start, wrong.end) from None
        if frame[0] < 0:
            raise OverBudget
        return self._run(frame)

    @property
    def conditions(self) -> tuple[tuple[int, int], ...]:
        """Where the parts stand that are true or false, in the order of the text."""
        from engine.cel.conditions import conditions

        return conditions(self._part, is_one=self.type == BOOL)

    @property
    def taken(self) -> tuple[Entry, ...]:
        """The entries of maps that it takes by a written key, as `params.limits["EUR"]`."""
        from engine.cel.entries import taken

        return tuple(taken(self._part))

    @property
    def asked(self) -> frozenset[Path]:
        """The entries of maps that it asks for, as `"EUR" in params.limits`."""
        from engine.cel.entries import asked

        return frozenset(asked(self._part))

    def explain(self, values: Mapping[str, Any]) -> Trace:
        """The same evaluation, told part by part. Raises nothing: what would be raised is an `error` of the trace."""
        from engine.cel.explainer import explained

        return explained(self.text, self._part, self._handed, values, MOST_STEPS - self._price)
