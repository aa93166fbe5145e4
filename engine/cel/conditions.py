"""The parts of an expression that are true or false: what tests of a policy have to see both ways. Floor 1."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cel.tree import All, Applied, Choose, Constant, Loop, Part, Some, inner

_WHETHER = ("all", "exists", "exists_one")


def conditions(part: Part, *, is_one: bool) -> tuple[tuple[int, int], ...]:
    """Where each stands, from start to end, in the order of the text; whether `part` itself `is_one` is known by its type.

    A negation is not one of its own: it is true where what it negates is false. Nor is `true` or `false` as written.
    """
    return tuple(dict.fromkeys((one.start, one.end) for one in _conditions(part, is_one=is_one)))


def _conditions(part: Part, *, is_one: bool) -> Iterator[Part]:
    match part:
        case Constant():
            return
        case Applied(kind="not", operands=(of,)):
            yield from _conditions(of, is_one=True)
            return
        case Choose(condition=condition, then=then, otherwise=otherwise):
            yield from _conditions(condition, is_one=True)
            yield from _conditions(then, is_one=is_one)
            yield from _conditions(otherwise, is_one=is_one)
            return
        case All(operands=operands) | Some(operands=operands):
            yield part
            for operand in operands:
                yield from _conditions(operand, is_one=True)
            return
        case Loop(macro=macro, source=source, condition=condition, result=result):
            if macro in _WHETHER:
                yield part
            yield from _conditions(source, is_one=False)
            if condition is not None:
                yield from _conditions(condition, is_one=True)
            if result is not None:
                yield from _conditions(result, is_one=False)
            return
    if is_one or (isinstance(part, Applied) and part.kind == "compare"):
        yield part
    for operand in inner(part):
        yield from _conditions(operand, is_one=False)
