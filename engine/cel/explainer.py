"""The same evaluation once more, slower and told part by part. It takes the same steps. Floor 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from engine.cel.evaluator import Run, apply, element_of, pay, runner
from engine.cel.faults import Fault
from engine.cel.handed import Handed, NotAsDeclared
from engine.cel.problems import Failed, OverBudget
from engine.cel.trace import Kind, Trace
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
    inner,
    is_path,
    turn_price,
)
from engine.plain import dataclass

MOST_TURNS = 20
MOST_TURNS_IN_ALL = 1000
"""Of one loop, and of all loops in one another, so many turns are told; beyond them only those that fail or decide."""


def explained(text: str, part: Part, handed: Handed, values: Mapping[str, Any], steps: int) -> Trace:
    """The trace of `part`, the whole expression `text`, over `values` with so many `steps` left."""
    try:
        frame = handed.frame(values, steps)
    except NotAsDeclared as wrong:
        return _untold(text, part, wrong, str(wrong))
    if steps < 0:
        return _untold(text, part, None, OverBudget().message)
    return _Explainer(text, frame).tell(part)


def _untold(text: str, part: Part, wrong: NotAsDeclared | None = None, error: str | None = None) -> Trace:
    """`part` not evaluated; `error` says why not the whole is, and `wrong` which fact is to blame."""
    children = tuple(_untold(text, one, wrong, _of(one, wrong)) for one in ([] if is_path(part) else inner(part)))
    path = _declared(part) if is_path(part) else None
    if wrong is not None and error and path:
        path = wrong.path
    told = text[part.start : part.end]
    return Trace(part.start, part.end, told, _kind(part), path, None, error, error is not None, children)


def _of(part: Part, wrong: NotAsDeclared | None) -> str | None:
    return str(wrong) if wrong is not None and (part.start, part.end) == (wrong.start, wrong.end) else None


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one turn of a loop came to; `goes_on` is False when the condition of a `map` left the element out."""

    value: Any
    error: str | None
    goes_on: bool


class _Explainer:
    def __init__(self, text: str, frame: list[Any]) -> None:
        self._text = text
        self._frame = frame
        self._places: dict[int, str] = {}
        self._kept: dict[int, list[str]] = {}
        self._turns_left = MOST_TURNS_IN_ALL
        self._runs: dict[int, tuple[Run | None, ...]] = {}
        self._is_over = False

    def tell(self, part: Part) -> Trace:
        """The trace of `part`, evaluated."""
        match part:
            case Constant(value=value):
                return self._told(part, value=value)
            case _ if is_path(part):
                return self._path(part)
            case Field(of=of, name=name):
                return self._computed(part, (of,), lambda value: value[name])
            case NotNull(of=of):
                return self._computed(part, (of,), _there)
            case Element(of=of, index=index, by_key=by_key):
                return self._computed(part, (of, index), lambda held, at: element_of(held, at, by_key))
            case Applied(operands=operands):
                return self._computed(part, operands, lambda *values: apply(part, self._frame, list(values)))
            case Folded():
                return self._folded(part)
            case Listed(items=items):
                return self._computed(part, items, lambda *values: list(values))
            case Mapped():
                return self._computed(part, inner(part), _mapped)
            case All(operands=operands):
                return self._logic(part, operands, False)
            case Some(operands=operands):
                return self._logic(part, operands, True)
            case Choose():
                return self._choice(part)
            case Loop():
                return self._loop(part)
        raise AssertionError(part)

    def _told(self, part: Part, children: tuple[Trace, ...] = (), *, path: str | None = None, **outcome: Any) -> Trace:
        text = self._text[part.start : part.end]
        return Trace(part.start, part.end, text, _kind(part), path, children=children, **outcome)

    def _tried(self, work: Callable[[], Any]) -> dict[str, Any]:
        """What `work` comes to, as an outcome of a trace."""
        try:
            return {"value": work()}
        except Fault as fault:
            return {"error": str(fault)}
        except OverBudget as over:
            self._is_over = True
            return {"error": over.message}

    def _in_order(self, parts: tuple[Part, ...]) -> tuple[tuple[Trace, ...], str | None]:
        """The traces of `parts`, none of which is evaluated after one failed; and the error."""
        traces: list[Trace] = []
        error: str | None = None
        for part in parts:
            traces.append(self.tell(part) if error is None else _untold(self._text, part))
            error = error or traces[-1].error
        return tuple(traces), error

    def _computed(self, part: Part, operands: tuple[Part, ...], work: Callable[..., Any]) -> Trace:
        traces, error = self._in_order(operands)
        if error is not None:
            return self._told(part, traces, error=error)
        return self._told(part, traces, **self._tried(lambda: work(*(trace.value for trace in traces))))

    def _path(self, part: Part) -> Trace:
        """A path is told as one, with what its places in brackets came to."""
        steps = list(_steps(part))
        variable = steps[0]
        assert isinstance(variable, Variable)
        value = self._frame[variable.slot]
        path = self._places.get(variable.slot, variable.name)
        children: list[Trace] = []
        for at, step in enumerate(steps[1:], 1):
            match step:
                case Field(name=name):
                    value, path = value[name], f"{path}.{name}"
                case NotNull():
                    if value is None:
                        return self._told(part, tuple(children), path=path, error="this is null")
                case Element(index=index, by_key=by_key):
                    place = self.tell(index)
                    children += [] if isinstance(index, Constant) else [place]
                    if place.error is not None:
                        later = [one.index for one in steps[at + 1 :] if isinstance(one, Element)]
                        untold = [_untold(self._text, one) for one in later if not isinstance(one, Constant)]
                        return self._told(part, (*children, *untold), path=path, error=place.error)
                    path = f"{path}{_step(place.value)}"
                    outcome = self._tried(partial(element_of, value, place.value, by_key))
                    if "error" in outcome:
                        return self._told(part, tuple(children), path=path, **outcome)
                    value = outcome["value"]
        return self._told(part, tuple(children), path=path, value=value)

    def _folded(self, part: Folded) -> Trace:
        traces = [self.tell(part.first)]
        outcome: dict[str, Any] = {"value": traces[0].value, "error": traces[0].error}
        for turn in part.turns:
            if outcome.get("error") is not None:
                traces.append(_untold(self._text, turn.operand))
                continue
            traces.append(self.tell(turn.operand))
            if traces[-1].error is not None:
                outcome = {"error": traces[-1].error}
                continue
            single = Applied(part.start, turn.end, "compute", turn.operation, (), None, turn.grows)
            outcome = self._tried(partial(apply, single, self._frame, [outcome["value"], traces[-1].value]))
        return self._told(part, tuple(traces), **outcome)

    def _logic(self, part: Part, operands: tuple[Part, ...], decisive: bool) -> Trace:
        traces: list[Trace] = []
        for operand in operands:
            decided = self._is_over or any(trace.value is decisive for trace in traces)
            traces.append(_untold(self._text, operand) if decided else self.tell(operand))
        return self._told(part, tuple(traces), **self._decided(traces, decisive))

    def _decided(self, traces: list[Trace] | list[_Turn], decisive: bool) -> dict[str, Any]:
        errors = [trace.error for trace in traces if trace.error is not None]
        if self._is_over:
            return {"error": errors[-1]}
        if any(trace.value is decisive for trace in traces):
            return {"value": decisive}
        return {"error": errors[0]} if errors else {"value": not decisive}

    def _choice(self, part: Choose) -> Trace:
        condition = self.tell(part.condition)
        then, otherwise = (
            self.tell(one) if condition.error is None and condition.value is chosen else _untold(self._text, one)
            for one, chosen in ((part.then, True), (part.otherwise, False))
        )
        taken = condition if condition.error is not None else then if condition.value else otherwise
        return self._told(part, (condition, then, otherwise), value=taken.value, error=taken.error)

    def _loop(self, part: Loop) -> Trace:
        source = self.tell(part.source)
        if source.error is not None:
            return self._told(part, (source,), error=source.error)
        values = list(source.value)
        turns, kept, left_out = list[_Turn](), list[Trace](), 0
        for place, value in zip(self._places_of(source, values), values, strict=True):
            self._frame[part.slot] = value
            self._places[part.slot] = place or part.variable
            is_told = len(kept) < MOST_TURNS and self._turns_left > 0
            turn = None if is_told else self._quick_turn(part)
            if turn is None:
                told = self._turn(part, place)
                kept.append(told)
                turn = _Turn(told.value, told.error, told.children[-1].evaluated)
            else:
                left_out += 1
            turns.append(turn)
            if self._is_over or _ends(part, turn):
                break
        outcome = self._looped(part, turns, values)
        if part.macro == "filter" and "value" in outcome:
            places = self._places_of(source, values)
            self._kept[id(outcome["value"])] = [places[at] for at, turn in enumerate(turns) if turn.value]
        return self._told(part, (source, *kept), left_out=left_out, **outcome)

    def _quick_turn(self, part: Loop) -> _Turn | None:
        """One turn that is not told, or None where it has to be, since it fails or is the last."""
        before = self._frame[0]
        if part.slot not in self._runs:
            self._runs[part.slot] = tuple(
                runner(one) if one is not None else None for one in (part.condition, part.result)
            )
        condition, result = self._runs[part.slot]
        try:
            pay(self._frame, turn_price(part))
            goes_on = condition is None or condition(self._frame)
            value = result(self._frame) if result is not None and goes_on else goes_on
            turn = _Turn(value, None, bool(goes_on))
        except Failed as failure:
            turn = _Turn(None, failure.message, False)
        except OverBudget:
            self._frame[0] = before
            return None
        if (turn.error is not None or _ends(part, turn)) and self._turns_left > 0:
            self._frame[0] = before
            return None
        return turn

    def _turn(self, part: Loop, place: str) -> Trace:
        """One turn over the element at `place`."""
        self._turns_left -= 1
        paid = self._tried(lambda: pay(self._frame, turn_price(part)))
        bodies = tuple(one for one in (part.condition, part.result) if one is not None)
        first = bodies[0]
        if paid.get("error") is not None:
            traces: tuple[Trace, ...] = tuple(_untold(self._text, one) for one in bodies)
            return Trace(first.start, bodies[-1].end, "", "element", place, error=paid["error"], children=traces)
        traces, error = (self.tell(first),), None
        if len(bodies) == 2:
            goes_on = traces[0].value is True
            traces = (*traces, self.tell(bodies[1]) if goes_on else _untold(self._text, bodies[1]))
        error = next((trace.error for trace in traces if trace.error is not None), None)
        text = self._text[first.start : bodies[-1].end]
        value = traces[-1].value if error is None else None
        return Trace(first.start, bodies[-1].end, text, "element", place, value, error, children=traces)

    def _looped(self, part: Loop, turns: list[_Turn], values: list[Any]) -> dict[str, Any]:
        if part.macro in ("all", "exists"):
            return self._decided(turns, part.macro == "exists")
        error = next((turn.error for turn in turns if turn.error is not None), None)
        if error is not None:
            return {"error": error}
        if part.macro == "exists_one":
            return {"value": sum(turn.value for turn in turns) == 1}
        if part.macro == "map":
            return {"value": [turn.value for turn in turns if turn.goes_on]}
        return {"value": [values[at] for at, turn in enumerate(turns) if turn.value]}

    def _places_of(self, source: Trace, values: list[Any]) -> list[str]:
        """Where each element comes from: a place in what was handed in, if it is known."""
        if isinstance(source.value, dict):
            return [""] * len(values)
        if id(source.value) in self._kept:
            return self._kept[id(source.value)]
        return [f"{source.path}[{at}]" if source.path else "" for at in range(len(values))]


def _ends(part: Loop, turn: _Turn) -> bool:
    """Whether a loop ends with this turn."""
    if part.macro in ("all", "exists"):
        return turn.value is (part.macro == "exists")
    return turn.error is not None


def _kind(part: Part) -> Kind:
    if is_path(part):
        return "path"
    match part:
        case Constant():
            return "literal"
        case Applied(kind=kind):
            return kind
        case All():
            return "and"
        case Some():
            return "or"
        case Choose():
            return "choice"
        case Loop():
            return "loop"
    return "compute"


def _steps(part: Part) -> Iterator[Part]:
    """The parts of a path, from the variable on."""
    if isinstance(part, Field | Element | NotNull):
        yield from _steps(part.of)
    yield part


def _declared(part: Part) -> str:
    """A path that was not read, as far as it is known without reading."""
    path = ""
    for step in _steps(part):
        match step:
            case Variable(name=name):
                path = name
            case Field(name=name):
                path = f"{path}.{name}"
            case Element(index=Constant(value=value)):
                path = f"{path}{_step(value)}"
            case Element():
                path = f"{path}[]"
    return path


def _step(place: Any) -> str:
    return f"[{place}]" if isinstance(place, int) else f'["{place}"]'


def _there(value: Any) -> Any:
    if value is None:
        raise Fault("this is null")
    return value


def _mapped(*values: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in zip(values[::2], values[1::2], strict=True):
        if key in made:
            raise Fault(f'the key "{key[:40]}" stands twice')
        made[key] = value
    return made
