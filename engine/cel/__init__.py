"""The expression language of conditions, policies and output mapping: a strict, typed subset of CEL. Floor 1.

Each expression that compiles is CEL and means the same, but for the functions that CEL has not (docs/expressions.md).
Evaluation is pure, bounded and total: a value, `Failed`, or `OverBudget`; nothing else comes out, whatever goes in.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.cel.problems import Failed, OverBudget, Problem, Uncompiled
from engine.cel.program import Program
from engine.cel.trace import Trace
from engine.cel.types import Type

__all__ = ["Failed", "OverBudget", "Problem", "Program", "Trace", "Uncompiled", "compile"]


def compile(text: str, names: Mapping[str, Type], wants: Type | None = None) -> Program:
    """Read `text` as an expression over `names`, of the type `wants` (any when None). Raises Uncompiled."""
    raise NotImplementedError
