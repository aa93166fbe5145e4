"""`has`, and the loops over lists and maps: `all exists exists_one filter map`. Floor 1."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import cast

from engine.cel.calls import some, unguarded
from engine.cel.seen import NOTHING_KNOWN, Seen, Variable, Where, lost, truth
from engine.cel.shapes import ANY, Origins, listed, parts, use
from engine.cel.syntax import Call, Items, Name, Node, Select
from engine.cel.told import Told
from engine.cel.tree import Applied, Constant, Loop, Macro, NotNull
from engine.cel.types import BOOL, NEVER, STRING, ListOf, MapOf, Never, Nullable, Record, Type

See = Callable[[Node, Where], Seen]


def looped(told: Told, node: Call, source: Seen, where: Where, see: See, slot: int) -> Seen:
    """`list.all(x, condition)` and the like."""
    macro = cast(Macro, node.name)
    end = node.at + len(node.name)
    most = 3 if macro == "map" else 2
    if not 2 <= len(node.arguments) <= most:
        takes = "a variable, perhaps a condition, and a value" if macro == "map" else "a variable and a condition"
        return told.wrong(node, f"{macro} takes {takes}", f"write list.{macro}(x, ...)", node.at, end)
    variable, *bodies = node.arguments
    if not isinstance(variable, Name):
        return told.wrong(variable, f"{macro} needs a variable first", f"write list.{macro}(x, ...)")
    source = unguarded(told, source)
    element = _element(told, node, source)
    if element is None:
        return lost(node)
    origins = _element_origins(source, element, variable)
    inside = where.with_variable(variable.name, Variable(slot, element, origins))
    condition = result = None
    if macro != "map" or len(bodies) == 2:
        condition = _condition(told, see(bodies[0], inside))
        inside = inside.knowing(condition.yes)
    if macro == "map":
        result = see(bodies[-1], inside)
    if macro == "all" and not _has_elements(told, source, where):
        name = told.written(source.node)
        told.odd(node, f"all(...) is true of an empty list, and {name} may be empty", f"write size({name}) > 0 && ...")
    loop = Loop(
        node.start,
        node.end,
        macro,
        source.part,
        variable.name,
        slot,
        condition.part if condition else None,
        result.part if result else None,
    )
    return _looped(told, loop, source, element, origins, condition, result, node)


def _looped(
    told: Told,
    loop: Loop,
    source: Seen,
    element: Type,
    origins: Origins,
    condition: Seen | None,
    result: Seen | None,
    node: Call,
) -> Seen:
    """What comes of a loop: its type, and where the elements of its list come from."""
    if result is not None:
        type_: Type = ListOf(result.type)
        return Seen(node, loop, type_, listed(type_, result.origins))
    if loop.macro == "filter":
        if condition is not None and (loop.slot,) in condition.yes and isinstance(element, Nullable):
            element = element.of
        return Seen(node, loop, ListOf(element), listed(ListOf(element), origins))
    known = frozenset((some(told, source),)) if loop.macro in ("exists", "exists_one") else NOTHING_KNOWN
    return truth(node, loop, known)


def had(told: Told, node: Call, see: Callable[[Node], Seen]) -> Seen:
    """`has(invoice.number)`: whether it is not null; of a map, whether the key is there."""
    if len(node.arguments) != 1 or not isinstance(node.arguments[0], Select):
        return told.wrong(node, "has(...) takes a field, as has(invoice.number)")
    select = node.arguments[0]
    of = unguarded(told, see(select.of))
    if isinstance(of.type, MapOf):
        use(parts(of.origins, select.field, of.type.value, select.start, select.end))
        key = Constant(select.at, select.end, select.field)
        operation = lambda value, name: name in value  # noqa: E731
        return truth(node, Applied(node.start, node.end, "call", operation, (of.part, key)))
    if of.is_lost:
        return Seen(node, of.part, NEVER)
    if not isinstance(of.type, Record):
        return told.wrong(select, f"{of.type} has no fields", "has(...) takes a field, as has(invoice.number)")
    field = see(select)
    raw = field.part.of if isinstance(field.part, NotNull) else field.part
    if not isinstance(field.type, Nullable) and raw is field.part:
        told.odd(node, f"{told.written(select)} is never null, so this is always true")
    known = frozenset((field.key,)) if field.key is not None else NOTHING_KNOWN
    null = Constant(select.start, select.end, None)
    return truth(node, Applied(node.start, node.end, "call", operator.ne, (raw, null)), known)


def _has_elements(told: Told, source: Seen, where: Where) -> bool:
    written = isinstance(source.node, Items) and bool(source.node.items)
    return written or source.is_lost or some(told, source) in where.known


def _element(told: Told, node: Call, source: Seen) -> Type | None:
    match source.type:
        case ListOf(element=element):
            return element
        case MapOf():
            use(source.origins)
            return STRING
        case Never():
            if not told.problems:
                told.wrong(source.node, "this would be an element of an empty list or map, which has none")
            return NEVER
    told.wrong(node, f"{node.name} needs a list or a map, not {source.type}", "", node.at, node.at + len(node.name))
    return None


def _element_origins(source: Seen, element: Type, variable: Name) -> Origins:
    if isinstance(source.type, MapOf):
        return ()
    return parts(source.origins, ANY, element, source.node.start, source.node.end)


def _condition(told: Told, seen: Seen) -> Seen:
    seen = unguarded(told, seen)
    if seen.type != BOOL and not seen.is_lost:
        return told.wrong(seen.node, f"a condition is true or false; this is {seen.type}")
    return seen
