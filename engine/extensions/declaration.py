"""What is wrong with a step or check of somebody else's, before any run meets it: every fault at once, each at its line.

Floor 4. What is asked of it is what the loader, the runner, the journal and `resume` rely on.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from engine.checks.base import Check, Params
from engine.diagnostics import Diagnostic, Span
from engine.extensions.packages import RESERVED, Kind, is_reserved
from engine.extensions.places import Place
from engine.facts import Fact, is_unnamed
from engine.steps.base import Effect, OneWayStep, ReadStep, Step, StepParams, WriteStep
from engine.validation.notes import one_of
from engine.values import Money, Month

EFFECTS = {ReadStep: Effect.READ, WriteStep: Effect.WRITE, OneWayStep: Effect.ONE_WAY}
PLAIN = (str, int, bool, timedelta, Month, Money, date, datetime, Decimal)
CAN_BE = (
    "text, a whole number, true or false, money, a month, a duration, a date, a decimal, a fact, or a list of these"
)

Say = Callable[[str, str, Span], Diagnostic]


def faults(kind: Kind, name: str, thing: Any, place: Place, spot: Span) -> list[Diagnostic]:
    """Everything wrong with what is offered under this name. `spot` is where the offer stands in `place`."""

    def say(message: str, help: str, span: Span = spot) -> Diagnostic:
        return place.fault("EX004", f"`{name}`: {message}", help, span)

    wanted = Check if kind == "check" else Step
    if not isinstance(thing, wanted):
        article = "a `Check`" if kind == "check" else "a `ReadStep`, `WriteStep` or `OneWayStep`"
        return [say(f"this is no {kind} but {_called(thing)}", f"offer {article} of `engine.api`")]
    found = [*_name(kind, name, thing, say)]
    if not isinstance(thing.title, str) or not thing.title.strip():
        found.append(say("it has no title", "say in a few words what a person reads: `title=...`"))
    found += _params(thing.Params, Params if kind == "check" else StepParams, place, say)
    found += _check(thing, place, say) if isinstance(thing, Check) else _step(thing, place, say)
    return found


def _name(kind: Kind, name: str, thing: Any, say: Callable[..., Diagnostic]) -> Iterator[Diagnostic]:
    if thing.name != name:
        yield say(f"it calls itself `{thing.name}`", f'write `name="{name}"`, or offer it as `{thing.name}`')
    if not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*", name, re.ASCII):
        yield say("this is no name", "use small letters, digits and underscores, with dots between words")
    elif is_reserved(name):
        yield say(f"names that begin with {one_of(RESERVED)} belong to runbook", "begin with a name of your own")
    elif kind == "step" and "." not in name:
        yield say("a step's name says whose it is", f"put your own before it, as `acme.{name}`")


def _params(model: Any, base: type[BaseModel], place: Place, say: Callable[..., Diagnostic]) -> Iterator[Diagnostic]:
    if not (inspect.isclass(model) and issubclass(model, base)):
        yield say(
            f"its parameters are {_called(model)}, no `{base.__name__}`",
            f"derive them from `{base.__name__}` of `engine.api`",
        )
        return
    if not _is_built(model):
        help = "import the types of its fields at the top of the file, and not below `if TYPE_CHECKING`"
        yield say(f"the types of `{model.__name__}` are not known", help, place.definition(model.__name__))
        return
    for field, info in model.model_fields.items():
        span = place.definition(model.__name__, field)
        if not (info.description or "").strip():
            help = f'write `{field}: ... = Field(description="...")`: it is the help that a person reads'
            yield say(f"the parameter `{field}` says nothing of itself", help, span)
        if odd := _odd(info.annotation, is_kept=False):
            yield say(f"the parameter `{field}` is {odd}", f"it can be {CAN_BE}", span)


def _is_built(model: type[BaseModel]) -> bool:
    """Whether the types of all its fields are known; a model is built when it is first used."""
    return model.model_rebuild(raise_errors=False) is not False


def _odd(annotation: Any, *, is_kept: bool) -> str:
    """What of a type no runbook can hand over or, where it is to be kept, no record hold; empty where all is fine."""
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation in (None, type(None), Ellipsis) or origin is Literal:
        return ""
    if origin is Annotated:
        return _odd(args[0], is_kept=is_kept)
    if origin is not None and (origin is Union or not isinstance(origin, type) or _holds(origin) or not args):
        return next((odd for part in args if (odd := _odd(part, is_kept=is_kept))), "")
    if annotation is float:
        return "a float, which holds no amount exactly"
    if isinstance(annotation, type):
        if issubclass(annotation, Fact) or (annotation in PLAIN and not (is_kept and annotation is timedelta)):
            return ""
        if issubclass(annotation, list | tuple | dict | frozenset):
            return f"a `{annotation.__name__}` of anything"
        return f"`{annotation.__name__}`"
    return f"`{annotation}`"


def _holds(origin: type) -> bool:
    return issubclass(origin, list | tuple | frozenset | Mapping) or origin.__name__ == "UnionType"


def _check(check: Check[Any], place: Place, say: Callable[..., Diagnostic]) -> Iterator[Diagnostic]:
    yield from _callable("judge", check.judge, 2, "judge(params, here)", place, say)


def _step(step: Step[Any], place: Place, say: Callable[..., Diagnostic]) -> Iterator[Diagnostic]:
    effect = next((effect for kind, effect in EFFECTS.items() if isinstance(step, kind)), None)
    if effect is None:
        yield say("it does nothing", "make it a `ReadStep`, a `WriteStep` or a `OneWayStep`")
        return
    if step.effect is not effect:
        message = f"a `{type(step).__name__}` with the effect `{getattr(step.effect, 'value', step.effect)}` is none"
        yield say(message, f"write `effect=Effect.{effect.name}`")
    yield from _fact(step.Fact, place, say)
    if isinstance(step, ReadStep):
        yield from _callable("read", step.read, 2, "read(params, world)", place, say)
        return
    for field in fields(step):
        function, promised = getattr(step, field.name), str(field.type)
        if promised.startswith("Callable") and not callable(function) and not (function is None and "None" in promised):
            yield say(f"`{field.name}` cannot be called", f"hand over the function: `{field.name}=...`")
    if isinstance(step, WriteStep) and step.renews not in getattr(step.Params, "model_fields", {}):
        yield say(f"it renews `{step.renews}`, which is no parameter of it", "name the parameter that is written")


def _fact(fact: Any, place: Place, say: Callable[..., Diagnostic]) -> Iterator[Diagnostic]:
    if not (inspect.isclass(fact) and issubclass(fact, Fact)):
        yield say(f"what it learns is {_called(fact)}, no `Fact`", "derive it from `Fact` of `engine.api`")
        return
    if fact.__module__.startswith("engine."):
        return
    spot = place.definition(fact.__name__)
    if not _is_built(fact):
        help = "import the types of its fields at the top of the file, and not below `if TYPE_CHECKING`"
        yield say(f"the types of `{fact.__name__}` are not known", help, spot)
        return
    if not fact.CLEAR:
        help = "list in `CLEAR` the fields that may stand in the journal: nothing else tells one reading from another"
        yield say(f"`{fact.__name__}` shows nothing in clear", help, spot)
    for name in fact.CLEAR:
        if name not in fact.model_fields:
            yield say(f"`CLEAR` of `{fact.__name__}` names `{name}`, which is no field of it", "mend the name", spot)
            continue
        span = place.definition(fact.__name__, name)
        if is_unnamed(name):
            help = "leave it out of `CLEAR`; if a check needs it, give the field a default"
            yield say(f"`{name}` of `{fact.__name__}` must not stand in the journal", help, span)
        if odd := _odd(fact.model_fields[name].annotation, is_kept=True):
            message = f"`{name}` of `{fact.__name__}` is {odd}, and has no place in a record"
            yield say(message, f"it can be {CAN_BE.replace('a duration, ', '')}", span)
    for name, info in fact.model_fields.items():
        if name not in fact.CLEAR and info.is_required():
            help = "list it in `CLEAR`, or give it a default: `resume` makes the fact again from what is in clear"
            span = place.definition(fact.__name__, name)
            yield say(f"`{name}` of `{fact.__name__}` is needed and not in clear", help, span)


def _callable(
    name: str, function: Any, count: int, shape: str, place: Place, say: Callable[..., Diagnostic]
) -> Iterator[Diagnostic]:
    if not callable(function):
        yield say(f"`{name}` is {_called(function)}", f"hand over a function `{shape}`")
        return
    span = place.definition(getattr(function, "__name__", ""))
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        yield say(f"`{name}` does not answer but begins something", f"write it as a plain function `{shape}`", span)
        return
    try:
        inspect.signature(function).bind(*[None] * count)
    except (TypeError, ValueError):
        yield say(f"`{name}` cannot be called with two values", f"write it as `{shape}`", span)


def _called(thing: Any) -> str:
    if inspect.isclass(thing):
        return f"the class `{thing.__name__}`"
    return "nothing" if thing is None else f"of type `{type(thing).__name__}`"
