"""A call is given the one form of a function that takes what it is called with, or it is told why none does. Floor 1."""

from __future__ import annotations

from engine.cel import moments, texts
from engine.cel.comparing import guard
from engine.cel.faults import Fault
from engine.cel.functions import ELSEWHERE, FUNCTIONS, MACROS, Function, Taken
from engine.cel.seen import Key, Seen, is_a, plain
from engine.cel.shapes import use
from engine.cel.syntax import Call
from engine.cel.told import Told, meant
from engine.cel.tree import Applied, Constant
from engine.cel.types import DOUBLE, DURATION, INT, NEVER, STRING, ListOf, MapOf, Never, Nullable

_WRITTEN = {"timestamp", "duration"}


def called(told: Told, node: Call, arguments: list[Seen]) -> Seen:
    """The call of a function; what stands before its dot is the first of `arguments`."""
    forms = FUNCTIONS.get(node.name)
    end = node.at + len(node.name)
    if forms is None:
        if node.name in MACROS:
            return told.wrong(node, f"{node.name} is written list.{node.name}(x, ...)", "", node.at, end)
        near = "" if node.name in ELSEWHERE else meant(node.name, [*FUNCTIONS, *MACROS, "has"])
        return told.wrong(node, f"there is no function '{node.name}'{near}", ELSEWHERE.get(node.name, ""), node.at, end)
    if forms[0].is_method is not None and forms[0].is_method is not (node.target is not None):
        example = f"x.{node.name}(...)" if forms[0].is_method else f"{node.name}(x)"
        return told.wrong(node, f"{node.name} is written {example}", "", node.at, end)
    for form in forms:
        if len(form.takes) == len(arguments) and all(map(_takes, form.takes, arguments)):
            return _applied(told, node, form, arguments)
    return told.wrong(node, _why(node, forms, arguments), _instead(node, arguments), node.at, end)


def unguarded(told: Told, seen: Seen) -> Seen:
    """`seen`, which is about to be used, once it was told that it may be null."""
    if isinstance(seen.type, Nullable):
        return told.wrong(seen.node, f"{told.written(seen.node)} may be null", guard(told, seen.node))
    return seen


def some(told: Told, seen: Seen) -> Key:
    """What is known once the list `seen` has an element. One that is no path is known by its words."""
    return ("some", seen.key if seen.key is not None else told.written(seen.node))


def _applied(told: Told, node: Call, form: Function, arguments: list[Seen]) -> Seen:
    if form.takes[0] not in ("any list", "any map") or form.answers is None:
        for argument in arguments:
            use(argument.origins)
    parts = tuple(argument.part for argument in arguments)
    applied = Applied(node.start, node.end, "call", form.operation, parts, form.weight, form.grows)
    type_ = form.answers or arguments[0].type
    if any(argument.is_lost for argument in arguments):
        return Seen(node, applied, NEVER if form.answers is None else type_)
    if form.reads_text:
        wrong = _misread(form, arguments)
        if wrong is not None:
            return told.wrong(arguments[-1].node, wrong)
    if node.name in _WRITTEN and isinstance(parts[0], Constant):
        try:
            return Seen(node, Constant(node.start, node.end, form.operation(parts[0].value)), type_)
        except Fault as fault:
            return told.wrong(arguments[0].node, str(fault))
    key = ("size", some(told, arguments[0])) if node.name == "size" else None
    return Seen(node, applied, type_, key=key)


def _misread(form: Function, arguments: list[Seen]) -> str | None:
    """What is wrong with a written text that the function reads: a moment, a duration, a zone, a pattern."""
    last = arguments[-1].part
    if not isinstance(last, Constant) or not isinstance(last.value, str):
        return None
    try:
        if form.operation is texts.glob:
            texts.glob("", last.value)
        elif len(arguments) == 2:
            moments.zone_of(last.value)
        else:
            form.operation(last.value)
    except Fault as fault:
        return str(fault)
    return None


def _takes(taken: Taken, argument: Seen) -> bool:
    type_ = argument.type
    if isinstance(type_, Never):
        return True
    match taken:
        case "any list":
            return isinstance(type_, ListOf)
        case "any map":
            return isinstance(type_, MapOf)
        case "list of int":
            return isinstance(type_, ListOf) and is_a(type_.element, INT)
        case "list of duration":
            return isinstance(type_, ListOf) and is_a(type_.element, DURATION)
    return plain(type_) == taken


def _why(node: Call, forms: tuple[Function, ...], arguments: list[Seen]) -> str:
    counts = sorted({len(form.takes) - (node.target is not None) for form in forms})
    given = len(arguments) - (node.target is not None)
    if given not in counts:
        wanted = " or ".join(map(str, counts))
        return f"{node.name} takes {wanted} argument{'s' if counts != [1] else ''}, not {given}"
    types = " and ".join(str(argument.type) for argument in arguments)
    wanted = ", or ".join(" and ".join(map(str, form.takes)) for form in forms if len(form.takes) == len(arguments))
    return f"{node.name} takes {wanted}, not {types}"


def _instead(node: Call, arguments: list[Seen]) -> str:
    if node.name == "string" and arguments and arguments[0].type == DOUBLE:
        return "a double has no one text; int(...) cuts it off"
    if node.name == "contains" and arguments and isinstance(arguments[0].type, ListOf):
        return "write 'x in list'"
    if node.name in ("contains", "startsWith", "endsWith", "glob") and arguments and plain(arguments[0].type) != STRING:
        return "it looks into strings"
    return ""
