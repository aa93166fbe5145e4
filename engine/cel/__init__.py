"""The expression language of conditions, policies and output mapping: a strict, typed subset of CEL. Floor 1.

Each expression that compiles is CEL and means the same, but for the functions that CEL has not (docs/expressions.md).
Evaluation is pure, bounded and total: a value, `Failed`, or `OverBudget`; nothing else comes out, whatever goes in.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.cel.checker import Checker
from engine.cel.evaluator import runner
from engine.cel.handed import Handed
from engine.cel.parser import parsed
from engine.cel.problems import Failed, OverBudget, Problem, Uncompiled
from engine.cel.program import Program
from engine.cel.seen import is_a
from engine.cel.shapes import reads
from engine.cel.told import Told
from engine.cel.trace import Trace
from engine.cel.tree import price
from engine.cel.types import Type

__all__ = ["Failed", "OverBudget", "Problem", "Program", "Trace", "Uncompiled", "compile"]


def compile(text: str, names: Mapping[str, Type], wants: Type | None = None) -> Program:
    """Read `text` as an expression over `names`, of the type `wants` (any when None). Raises Uncompiled."""
    node, problems = parsed(text)
    told = Told(text, problems)
    checker = Checker(told, names)
    seen = checker.whole(node)
    if wants is not None and not seen.is_lost and not is_a(seen.type, wants):
        told.wrong(node, f"this is {seen.type}; {wants} is needed here")
    if told.problems:
        raise Uncompiled(tuple(sorted(told.problems, key=lambda one: (one.start, one.end))))
    roots = checker.roots
    handed = Handed(roots, checker.slots)
    read = reads(shape for shape in roots.values() if shape.start >= 0)
    return Program(text, seen.type, read, tuple(told.warnings), handed, seen.part, runner(seen.part), price(seen.part))
