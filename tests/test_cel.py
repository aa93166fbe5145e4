"""The expression language: what expressions come to."""

from __future__ import annotations

from typing import Any

import pytest
from expressions import NAMES, failure, fees, value, values

from engine.cel import compile
from engine.cel.types import INT, Record, Type

WHOLE = (
    'invoice.status == "draft" && size(invoice.fees) > 0 && invoice.fees.all(f, f.amount_cents >= 0 && '
    "f.amount_currency == invoice.currency) && sum(invoice.fees.map(f, f.amount_cents)) == invoice.fees_amount_cents"
)


def test_an_expression_over_an_invoice_is_true_or_false() -> None:
    program = compile(WHOLE, NAMES)
    assert program.evaluate(values()) is True
    assert program.evaluate(values(fees=fees(4))) is False
    assert program.evaluate(values(fees=[])) is False
    assert program.evaluate(values(status="voided")) is False


def test_a_program_says_what_it_reads_in_the_order_of_the_text() -> None:
    assert compile(WHOLE, NAMES).reads == (
        "invoice.status",
        "invoice.fees[].amount_cents",
        "invoice.fees[].amount_currency",
        "invoice.currency",
        "invoice.fees_amount_cents",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3 - 4", 3),
        ("(1 + 2) * 3", 9),
        ("-7 / 2", -3),
        ("7 / -2", -3),
        ("-7 % 3", -1),
        ("7 % -3", 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775807", 2**63 - 1),
        ("0x1F", 31),
        ("--5", 5),
        ("!!true", True),
        ("9007199254740993 == 9007199254740992", False),
        ("1 < 2 == true", True),
        ("true ? 1 : 1 / 0", 1),
        ("1 / 0 == 1 || true", True),
        ("false && 1 / 0 == 1", False),
        ("1 / 0 == 1 && false", False),
        ("[1, 2, 3].exists(x, 1 / (x - 1) == 1)", True),
        ("[1, 2, 3].all(x, 1 / (x - 1) == 7)", False),
        ("[1, 2, 3].map(x, x > 1, x * 2)", [4, 6]),
        ("[1, 2, 3].filter(x, x != 2) + [9]", [1, 3, 9]),
        ("[1, 2, 2].exists_one(x, x == 2)", False),
        ('{"a": 1, "b": 2}.map(k, k)', ["a", "b"]),
        ('{"a": 1}.a + {"a": 2}["a"]', 3),
        ('"a" in {"a": 1} && !("b" in {"a": 1}) && 2 in [1, 2]', True),
        ("[[1], [2]] == [[1], [2]]", True),
        ("size([]) + size({}) + size('')", 0),
    ],
)
def test_it_computes_as_cel_does(text: str, expected: object) -> None:
    came = value(text)
    assert (type(came), came) == (type(expected), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9223372036854775807 + 1", "0-23 the result does not fit into 64 bits"),
        ("-9223372036854775808 - 1", "0-24 the result does not fit into 64 bits"),
        ("-(-9223372036854775808)", "0-23 the result does not fit into 64 bits"),
        ("-9223372036854775808 / -1", "0-25 the result does not fit into 64 bits"),
        ("-9223372036854775808 % -1", "0-25 the result does not fit into 64 bits"),
        ("4611686018427387904 * 2", "0-23 the result does not fit into 64 bits"),
        ("1 / 0", "0-5 division by zero"),
        ("1 % 0", "0-5 remainder of a division by zero"),
        ("[1][1]", "0-6 there is no element 1; the list has 1"),
        ("[1][-1]", "0-7 there is no element -1; the list has 1"),
        ('params.limit["USD"]', '0-19 there is no "USD" in this map'),
        ("params.limit.USD > 0", '0-16 there is no "USD" in this map'),
        ("sum([9223372036854775807, 1])", "0-29 the result does not fit into 64 bits"),
        ("1 / 0 == 1 || false", "0-5 division by zero"),
    ],
)
def test_what_cannot_be_computed_says_where(text: str, expected: str) -> None:
    assert failure(text) == expected


def test_fields_within_fields_are_read_at_any_depth() -> None:
    deep: Type = INT
    held: Any = 7
    for name in "dcba":
        deep, held = Record(name, {name: deep}), {name: held}
    assert compile("x.a.b.c.d + x.a.b.c.d == 14 && x.a.b == x.a.b", {"x": deep}).evaluate({"x": held}) is True
    assert compile("[x][0].a.b.c.d", {"x": deep}).evaluate({"x": held}) == 7
