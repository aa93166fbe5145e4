"""Whole numbers of 64 bits and doubles, as CEL computes: a result that does not fit is an error. Floor 1."""

from __future__ import annotations

import math
import re

from engine.cel.faults import Fault

LEAST = -(2**63)
MOST = 2**63 - 1


def whole(number: int) -> int:
    """`number`, if it fits into 64 bits. Raises Fault."""
    if LEAST <= number <= MOST:
        return number
    raise Fault("the result does not fit into 64 bits")


def plus(a: int, b: int) -> int:
    """`a + b`. Raises Fault."""
    return whole(a + b)


def minus(a: int, b: int) -> int:
    """`a - b`. Raises Fault."""
    return whole(a - b)


def times(a: int, b: int) -> int:
    """`a * b`. Raises Fault."""
    return whole(a * b)


def divided(a: int, b: int) -> int:
    """`a / b`, cut off towards zero. Raises Fault."""
    if b == 0:
        raise Fault("division by zero")
    quotient = abs(a) // abs(b)
    return whole(quotient if (a < 0) == (b < 0) else -quotient)


def remainder(a: int, b: int) -> int:
    """`a % b`, with the sign of `a`. Raises Fault."""
    if b == 0:
        raise Fault("remainder of a division by zero")
    if a == LEAST and b == -1:
        raise Fault("the result does not fit into 64 bits")
    rest = abs(a) % abs(b)
    return -rest if a < 0 else rest


def negated(a: int) -> int:
    """`-a`. Raises Fault."""
    return whole(-a)


def double_divided(a: float, b: float) -> float:
    """`a / b` by IEEE 754: through zero it is infinite, or no number."""
    if b:
        return a / b
    if not a or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1, b)


def total(numbers: list[int]) -> int:
    """The sum of `numbers`, 0 of none. Raises Fault."""
    return whole(sum(numbers))


def read(text: str) -> int:
    """`int("12")`. Raises Fault."""
    if not re.fullmatch(r"[+-]?[0-9]{1,4000}", text, re.ASCII):
        raise Fault(f"{shown(text)} is no whole number")
    return whole(int(text))


def cut(number: float) -> int:
    """`int(1.9)`: 1, cut off towards zero. Raises Fault."""
    if not -(2.0**63) < number < 2.0**63:
        raise Fault("this double does not fit into 64 bits")
    return int(number)


def shown(text: str) -> str:
    """`text` in quotes for a message, cut short."""
    return repr(text if len(text) <= 40 else text[:40] + "...")
