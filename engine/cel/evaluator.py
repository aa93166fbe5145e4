"""A checked tree made into functions, one in another: how an expression is evaluated fast. Floor 1.

Each function takes the frame: entry 0 is how many steps are left, the others hold the names and the variables of loops.
What a part takes without loops is known beforehand and paid at once: by the whole when it begins, by a loop each turn.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from engine.cel.faults import Fault
from engine.cel.loops import LOOPS
from engine.cel.numbers import LEAST, MOST, plus
from engine.cel.problems import Failed, OverBudget
from engine.cel.tree import (
    All,
    Applied,
    Choose,
    Constant,
    Element,
    Field,
    Folded,
    Listed,
    Loop,
    Mapped,
    NotNull,
    Part,
    Some,
    Variable,
    is_even,
    turn_price,
)

Run = Callable[[list[Any]], Any]


def pay(frame: list[Any], steps: int) -> None:
    """Take `steps` from what is left. Raises OverBudget."""
    frame[0] -= steps
    if frame[0] < 0:
        raise OverBudget


def runner(part: Part) -> Run:
    """The function that evaluates `part` in a frame. It raises Failed and OverBudget, nothing else."""
    match part:
        case Constant(value=value):
            return lambda frame: value
        case Variable(slot=slot):
            return operator.itemgetter(slot)
        case Field():
            return _field(part)
        case NotNull():
            return _not_null(part)
        case Element():
            return _element(part)
        case Applied():
            return _applied(part)
        case Folded():
            return _folded(part)
        case Listed():
            return _listed(part)
        case Mapped():
            return _mapped(part)
        case All(operands=operands):
            return _all(tuple(map(runner, operands)))
        case Some(operands=operands):
            return _any(tuple(map(runner, operands)))
        case Choose(condition=condition, then=then, otherwise=otherwise):
            chosen, run_then, run_otherwise = runner(condition), runner(then), runner(otherwise)
            return lambda frame: run_then(frame) if chosen(frame) else run_otherwise(frame)
        case Loop():
            return _loop(part)
    raise AssertionError(part)


def _field(part: Field) -> Run:
    """A path of fields from a variable is read in one go."""
    names = [part.name]
    of = part.of
    while isinstance(of, Field):
        names.append(of.name)
        of = of.of
    if isinstance(of, Variable):
        slot = of.slot
        match names:
            case [first]:
                return lambda frame: frame[slot][first]
            case [second, first]:
                return lambda frame: frame[slot][first][second]
    inside, name = runner(part.of), part.name
    return lambda frame: inside(frame)[name]


def _not_null(part: NotNull) -> Run:
    inside, start, end = runner(part.of), part.start, part.end

    def run(frame: list[Any]) -> Any:
        value = inside(frame)
        if value is None:
            raise Failed("this is null", start, end)
        return value

    return run


def element_of(held: Any, index: Any, by_key: bool) -> Any:
    """`held[index]`. Raises Fault."""
    if by_key:
        if index not in held:
            raise Fault(f'there is no "{index[:40]}" in this map')
    elif not 0 <= index < len(held):
        raise Fault(f"there is no element {index}; the list has {len(held)}")
    return held[index]


def _element(part: Element) -> Run:
    held, index, by_key, start, end = runner(part.of), runner(part.index), part.by_key, part.start, part.end

    def run(frame: list[Any]) -> Any:
        try:
            return element_of(held(frame), index(frame), by_key)
        except Fault as fault:
            raise Failed(str(fault), start, end) from None

    return run


def _applied(part: Applied) -> Run:
    operation, start, end = part.operation, part.start, part.end
    runs = tuple(map(runner, part.operands))
    if part.weight is not None or part.grows or len(runs) > 2:
        return _weighed(part, runs)
    if len(runs) == 1:
        (only,) = runs
        if operation is operator.not_:
            return lambda frame: not only(frame)

        def run_one(frame: list[Any]) -> Any:
            try:
                return operation(only(frame))
            except Fault as fault:
                raise Failed(str(fault), start, end) from None

        return run_one
    quick = _QUICK.get(operation)
    if quick is not None:
        return quick(runs[0], runs[1], part)
    left, right = runs

    def run_two(frame: list[Any]) -> Any:
        try:
            return operation(left(frame), right(frame))
        except Fault as fault:
            raise Failed(str(fault), start, end) from None

    return run_two


def apply(part: Applied, frame: list[Any], values: list[Any]) -> Any:
    """The operation on `values`, paid for. Raises Fault and OverBudget."""
    if part.weight is not None:
        pay(frame, part.weight(*values))
    result = part.operation(*values)
    if part.grows:
        pay(frame, len(result))
    return result


def _weighed(part: Applied, runs: tuple[Run, ...]) -> Run:
    def run(frame: list[Any]) -> Any:
        try:
            return apply(part, frame, [one(frame) for one in runs])
        except Fault as fault:
            raise Failed(str(fault), part.start, part.end) from None

    return run


def _compared(left: Run, right: Run, part: Applied) -> Run:
    """A comparison cannot fail. Those of a field with a constant or a field, which most are, are one call and not three."""
    compare, (one, other) = part.operation, part.operands
    match one, other:
        case Field(of=Variable(slot=slot), name=name), Constant(value=value):
            return lambda frame: compare(frame[slot][name], value)
        case Field(of=Variable(slot=slot), name=name), Field(of=Variable(slot=second), name=field):
            return lambda frame: compare(frame[slot][name], frame[second][field])
    return lambda frame: compare(left(frame), right(frame))


def _plus(left: Run, right: Run, part: Applied) -> Run:
    start, end = part.start, part.end

    def run(frame: list[Any]) -> int:
        result: int = left(frame) + right(frame)
        if LEAST <= result <= MOST:
            return result
        raise Failed("the result does not fit into 64 bits", start, end)

    return run


_QUICK: dict[Callable[..., Any], Callable[[Run, Run, Applied], Run]] = {
    **dict.fromkeys((operator.eq, operator.ne, operator.ge, operator.le, operator.gt, operator.lt), _compared),
    plus: _plus,
}


def _folded(part: Folded) -> Run:
    first, start = runner(part.first), part.start
    turns = [(turn.operation, runner(turn.operand), turn.end, turn.grows) for turn in part.turns]

    def run(frame: list[Any]) -> Any:
        value = first(frame)
        for operation, operand, end, grows in turns:
            try:
                value = operation(value, operand(frame))
            except Fault as fault:
                raise Failed(str(fault), start, end) from None
            if grows:
                pay(frame, len(value))
        return value

    return run


def _listed(part: Listed) -> Run:
    runs = tuple(map(runner, part.items))
    return lambda frame: [run(frame) for run in runs]


def _mapped(part: Mapped) -> Run:
    runs = [(runner(key), runner(value), key) for key, value in part.entries]

    def run(frame: list[Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for run_key, run_value, at in runs:
            key = run_key(frame)
            if key in made:
                raise Failed(f'the key "{key[:40]}" stands twice', at.start, at.end)
            made[key] = run_value(frame)
        return made

    return run


def _all(runs: tuple[Run, ...]) -> Run:
    if len(runs) == 2:
        return _both(*runs)

    def run(frame: list[Any]) -> bool:
        failed = None
        for one in runs:
            try:
                if not one(frame):
                    return False
            except Failed as failure:
                failed = failed or failure
        if failed is not None:
            raise failed
        return True

    return run


def _both(first: Run, second: Run) -> Run:
    """`_all` of two, as most are within loops."""

    def run(frame: list[Any]) -> bool:
        try:
            if not first(frame):
                return False
        except Failed as failure:
            failed = failure
        else:
            return bool(second(frame))
        try:
            if not second(frame):
                return False
        except Failed:
            pass
        raise failed

    return run


def _any(runs: tuple[Run, ...]) -> Run:
    def run(frame: list[Any]) -> bool:
        failed = None
        for one in runs:
            try:
                if one(frame):
                    return True
            except Failed as failure:
                failed = failed or failure
        if failed is not None:
            raise failed
        return False

    return run


def _loop(part: Loop) -> Run:
    condition = part.condition and runner(part.condition)
    result = part.result and runner(part.result)
    return LOOPS[part.macro](
        runner(part.source), part.slot, turn_price(part), condition, result, is_even(part.condition)
    )
