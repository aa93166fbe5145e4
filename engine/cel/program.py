"""A compiled expression: what it reads, and what it comes to. Floor 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.cel.problems import Problem
from engine.cel.trace import Trace
from engine.cel.types import Type


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

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """The value, for the names that were declared. What it reads of `values` must be of the declared types.

        Raises Failed when there is no value, and OverBudget.
        """
        raise NotImplementedError

    def explain(self, values: Mapping[str, Any]) -> Trace:
        """The same evaluation, told part by part. Raises nothing: what would be raised is an `error` of the trace."""
        raise NotImplementedError
