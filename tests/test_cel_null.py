"""The expression language: what may be null is used only where it is known not to be."""

from __future__ import annotations

import pytest
from expressions import failure, problems, value

NAMED = {"number": "LAG-7", "tries": 3, "customer": {"name": "Acme", "zone": "UTC"}}


@pytest.mark.parametrize(
    "text",
    [
        'invoice.number != null && invoice.number.startsWith("LAG")',
        "null != invoice.tries && invoice.tries > 1",
        "invoice.number == null || size(invoice.number) > 3",
        "!(invoice.number == null) && size(invoice.number) > 3",
        "!(invoice.number == null || invoice.tries == null) && size(invoice.number) > invoice.tries",
        "invoice.number == null || invoice.tries == null || size(invoice.number) > invoice.tries",
        "invoice.number != null ? size(invoice.number) > 3 : false",
        "invoice.number == null ? false : size(invoice.number) > 3",
        "(invoice.open && invoice.tries != null) && invoice.tries > 1",
        "has(invoice.number) && size(invoice.number) > 3",
        "!has(invoice.number) || size(invoice.number) > 3",
        'invoice.customer != null && invoice.customer.zone == "UTC"',
        'invoice.customer != null && invoice.customer.name != null && invoice.customer.name == "Acme"',
        "[invoice.tries, null].exists(t, t != null && t > 1)",
        "sum([invoice.tries, null].filter(t, t != null)) == 3",
        "sum([invoice.tries, null].map(t, t != null, t + 1)) == 4",
        "(invoice.tries == null ? 0 : invoice.tries) + 1 == 4",
        "invoice.fees.all(f, f.note == null || f.note == 'x')",
        "invoice.due == planned.due",
    ],
)
def test_a_guarded_value_is_used_as_what_it_is(text: str) -> None:
    assert problems(text) == []
    assert value(text, **NAMED) is True
    assert value(text) in (True, False) or "sum" in text or "+ 1" in text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('invoice.number == "LAG-7"', "0-14"),
        ("invoice.tries > 1", "0-13"),
        ("size(invoice.number) > 1", "5-19"),
        ("invoice.number != null || size(invoice.number) > 3", "31-45"),
        ("invoice.number == null && size(invoice.number) > 3", "31-45"),
        ("size(invoice.number) > 3 && invoice.number != null", "5-19"),
        ("(invoice.number != null && invoice.open) || size(invoice.number) > 3", "49-63"),
        ("planned.number != null && size(invoice.number) > 3", "31-45"),
        ("invoice.number != null ? true : size(invoice.number) > 3", "37-51"),
        ("(invoice.number != null) == true && size(invoice.number) > 3", "41-55"),
        ("invoice.fees.exists(f, f.note != null) && invoice.fees.exists(f, size(f.note) > 1)", "70-76"),
        ("invoice.customer.zone == 'UTC'", "0-16"),
        ('has(invoice.customer.zone) && invoice.customer.zone == "UTC"', "4-20"),
        ("invoice.tries in [1]", "0-13"),
    ],
)
def test_an_unguarded_value_is_refused_where_it_is_used(text: str, place: str) -> None:
    first = problems(text)[0]
    assert first.startswith(f"{place} ")
    assert " may be null (guard it: " in first


def test_a_guard_that_itself_fails_guards_nothing() -> None:
    """`&&` goes on when its left side has no value, as CEL's does; what comes after is still not null, or fails."""
    text = "(1 / 0 == 1 ? invoice.tries != null : invoice.tries != null) && invoice.tries > 1"
    assert failure(text) == "1-6 division by zero"
    assert value(text, tries=0) is False
