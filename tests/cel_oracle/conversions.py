"""Calls that make one type of another, and those that read the parts of a moment or a span."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cel_oracle.literals import MOMENTS, NUMBERS, SPANS, ZONES
from cel_oracle.scopes import Scope
from cel_oracle.trees import Level, Tree

if TYPE_CHECKING:
    from cel_oracle.expressions import Expressions

OF_A_DAY = "getFullYear getMonth getDate getDayOfMonth getDayOfWeek getDayOfYear".split()
OF_A_SPAN = "getHours getMinutes getSeconds getMilliseconds".split()
FROM = {
    "int": ("string", "string", "timestamp", "double", "int"),
    "string": ("int", "int", "bool", "timestamp", "timestamp", "duration", "string", "double"),
    "timestamp": ("string", "string", "string", "int", "timestamp"),
    "duration": ("string", "string", "string", "duration"),
}
WRITTEN = {"int": NUMBERS, "timestamp": MOMENTS, "duration": SPANS}


def conversion(make: Expressions, to: str, scope: Scope, depth: int) -> Tree:
    """`to(...)`, of a string that is written out in most of the cases where a string can be read."""
    rng = make.rng
    source = rng.choice(FROM[to]) if depth > 0 else "string"
    if source == "string" and to in WRITTEN and (depth <= 0 or rng.random() < 0.75):
        good = WRITTEN[to][:6] if rng.random() < 0.6 else WRITTEN[to]
        return make.call(to, to, Tree("string", Level.MEMBER, (f'"{rng.choice(good)}"',)))
    return make.call(to, to, make.of(source, scope, depth - 1))


def getter(make: Expressions, scope: Scope, depth: int) -> Tree:
    """A part of a span, or of a moment in some zone or in UTC."""
    rng = make.rng
    if rng.random() < 0.3:
        return make.method("int", make.of("duration", scope, depth - 1), rng.choice(OF_A_SPAN))
    zone = [] if rng.random() < 0.3 else [Tree("string", Level.MEMBER, (f'"{rng.choice(ZONES)}"',))]
    return make.method("int", make.of("timestamp", scope, depth - 1), rng.choice(OF_A_DAY + OF_A_SPAN), *zone)
