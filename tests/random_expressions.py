"""Texts and values by chance, for the tests of `engine.cel`: most make no sense, some do, all must be borne."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

WORDS = """
invoice . status fees f ( ) [ ] { } , ? : == != < <= > >= in && || ! - + * / % 0 1 9223372036854775807 0x1F 1.5 "a" 'draft'
null true false has all exists map filter size sum now params limit EUR number due month "Europe/Berlin" duration "1h" string
timestamp int distinct glob money amount_cents tags = and not is rate customer name r"x" x y invoice.number invoice.fees
invoice.tries != null [1,2] [] {} b'x' u ''' \ud800 \x00 ÿ \\u0041 // `
""".split(" ")
LEAVES = """
invoice.total_amount_cents 1 2 0 -1 1.5 invoice.rate now invoice.created_at invoice.due invoice.tries params.age duration("1h")
invoice.tags invoice.fees [] [1,2,3] {"a":1} "a" "" invoice.number invoice.status true false null invoice.open params.limit
invoice.customer planned invoice [[1],[]] x y "a*?" 9223372036854775807 params.month "UTC" "EUR"
timestamp("2026-01-01T00:00:00Z")
""".split()
FORMS = """
({} == {})|({} != {})|({} < {})|({} >= {})|({} in {})|({} + {})|({} - {})|({} * {})|({} / {})|({} % {})|({} && {})|({} || {})
!{}|-{}|({} ? {} : {})|{}[{}]|[{}, {}]|{{"k": {}}}|{}.all(x, {})|{}.exists(y, {})|{}.exists_one(x, {})|{}.filter(x, {})
{}.map(x, {})|{}.map(x, {}, {})|has({}.number)|{}.name|{}.k|size({})|int({})|string({})|timestamp({})|duration({})|sum({})
distinct({})|money({}, {})|{}.startsWith({})|{}.contains({})|{}.glob({})|{}.month({})|{}.getHours({})|{}.getMilliseconds()
({} != null && {})|({} == null || {})|({} + {} - {})|{} && {} && {}
""".replace("\n", "|").strip("|").split("|")  # fmt: skip


def formed(by: Random, depth: int) -> str:
    """An expression that can be read, most often of types that do not go together."""
    if depth == 0 or by.random() < 0.2:
        return by.choice(LEAVES)
    form = by.choice(FORMS)
    return form.format(*(formed(by, depth - 1) for _ in range(form.replace("{{", "").count("{"))))


def text(by: Random) -> str:
    """An expression, words in a row, or characters in a row."""
    kind = by.random()
    if kind < 0.75:
        return formed(by, by.randrange(1, 5))
    if kind < 0.95:
        return " ".join(by.choice(WORDS) for _ in range(by.randrange(12)))
    return "".join(chr(by.choice((by.randrange(128), by.randrange(sys.maxunicode)))) for _ in range(by.randrange(20)))


def anything(by: Random, depth: int = 2) -> Any:
    """A value that somebody might hand in."""
    naive = datetime(by.randrange(1, 10000), by.randrange(1, 13), 1)  # noqa: DTZ001
    zone = timezone(timedelta(hours=by.randrange(-23, 24)))
    plain: list[Any] = [
        None,
        True,
        0,
        by.randrange(-(2**64), 2**64),
        10**400,
        by.random(),
        float("nan"),
        float("inf"),
        "draft",
        "a\ud800",
        "",
    ]
    plain += [
        b"a",
        naive,
        naive.replace(tzinfo=UTC),
        naive.replace(tzinfo=zone),
        timedelta(by.randrange(-(10**8), 10**8)),
    ]
    if depth and by.random() < 0.4:
        inner = [anything(by, depth - 1) for _ in range(by.randrange(3))]
        return by.choice(
            [inner, tuple(inner), dict(zip(["EUR", 1], inner, strict=False)), {"amount_cents": 1, "note": inner}]
        )
    return by.choice(plain)
