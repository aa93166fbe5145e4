"""The expression language: mistakes are found before anything runs, all at once, each where it stands."""

from __future__ import annotations

import pytest
from expressions import problems, warnings

from engine.cel import Uncompiled, compile
from engine.cel.types import BOOL, INT, STRING, ListOf, MapOf, Nullable, Words


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text() -> None:
    assert problems('invoice.sttus = "draft" and now > 3 or invoice.rate * 2 > 1.0') == [
        "8-13 invoice has no field 'sttus'; did you mean 'status'? (lago.Invoice has: created_at, currency, customer, due, "
        "fees, fees_amount_cents, number, open, rate, status, tags, total_amount_cents, tries)",
        "14-15 '=' is not an operator; use '=='",
        "24-27 'and' is not an operator; use '&&'",
        "32-33 cannot order timestamp against int",
        "36-38 'or' is not an operator; use '||'",
        "52-53 no '*' for double and int (an amount is a whole number of minor units; for a share of it write x * 11 / 10)",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "invioce.status",
            "0-7 there is no name 'invioce'; did you mean 'invoice'? (there are: invoice, now,",
        ),
        ("invoice.fees.all(f, f.amount > 0)", "22-28 f has no field 'amount'"),
        ('invoice.status == "drafted"', "18-27 invoice status is never \"drafted\"; did you mean 'draft'?"),
        ("invoice.status == draft", "18-23 there is no name 'draft' (a word stands in quotes: \"draft\")"),
        (
            "sum(invoice.fees.amount_cents)",
            "17-29 list of fee has no fields (its elements have: write .all(x, x.amount_cents",
        ),
        ('invoice.status in ["draft", "void"]', "28-34 invoice status is never \"void\"; did you mean 'voided'?"),
        ('"open" != invoice.status', '0-6 invoice status is never "open"'),
        ('invoice.status < "x"', "15-16 cannot order invoice status: it is one of a set of words"),
        ("invoice.total_amount_cents == 1.0", "27-29 cannot compare int with double"),
        ("1 + 1.5", "2-3 no '+' for int and double"),
        ('1 == "1"', "2-4 cannot compare int with string"),
        ("now - params.age > 24", "17-18 cannot order timestamp against int"),
        ("params.age * 2", "11-12 no '*' for duration and int"),
        ("-params.age", "0-11 no '-' for duration"),
        ('"a" + 1', "4-5 no '+' for string and int"),
        ("!1", "1-2 '!' needs true or false; this is int"),
        ("1 && true", "0-1 '&&' needs true or false; this is int"),
        ("1 ? 2 : 3", "0-1 '?' needs true or false; this is int"),
        ('true ? 1 : "a"', "7-14 one outcome is int, the other string"),
        ('[1, "a"]', "4-7 the elements of a list are of one type; this is string, not int"),
        ('{"a": 1, "a": 2}', '9-12 the key "a" stands twice'),
        ("{1: 2}", "1-2 a key of a map is a string, not int"),
        ('invoice["status"]', "8-16 the fields of lago.Invoice are written with a dot"),
        ('invoice.tags["a"]', "13-16 a place in a list is a whole number, not string"),
        ("params.limit[1]", "13-14 a key of a map is a string, not int"),
        ("invoice.tags.length", "13-19 list of string has no fields"),
        ("invoice.total_amount_cents.x", "27-28 int has no fields"),
        ("now[0]", "3-6 timestamp has no elements"),
        ('"a" in "abc"', "4-6 'in' needs a list or a map, not string"),
        ('1 in ["a"]', "2-4 cannot look for int in a list of string"),
        ("invoice.tags.all(x, x)", "20-21 a condition is true or false; this is string"),
        ("invoice.tags.all(x)", "13-16 all takes a variable and a condition"),
        ("invoice.tags.all(1, true)", "17-18 all needs a variable first"),
        ("all(invoice.tags, x, true)", "0-3 all is written list.all(x, ...)"),
        ("now.all(x, true)", "4-7 all needs a list or a map, not timestamp"),
        ('sum(["a"])', "0-3 sum takes list of int, or list of duration, not list of string"),
        ("money(1)", "0-5 money takes 2 arguments, not 1"),
        ('"a".matches("b")', "4-11 there is no function 'matches'"),
        ("len(invoice.fees)", "0-3 there is no function 'len'"),
        ('"a".startWith("b")', "4-13 there is no function 'startWith'; did you mean 'startsWith'?"),
        ('startsWith("a", "b")', "0-10 startsWith is written x.startsWith(...)"),
        ("string(invoice.rate)", "0-6 string takes string, or int, or bool, or timestamp, or duration, not double"),
        (
            'timestamp("2026-11-02")',
            "10-22 '2026-11-02' is no timestamp; it is written 2026-11-02T09:30:00Z, with its zone",
        ),
        (
            'timestamp("2026-11-02T09:30:00.1234567Z")',
            "10-40 '2026-11-02T09:30:00.1234567Z' is finer than a microsecond",
        ),
        ("timestamp(253402300800)", "10-22 this is no moment from year 1 to 9999"),
        ('duration("1 day")', "9-16 '1 day' is no duration; it is written 24h, 1h30m or 1.5s"),
        ('duration("1ns")', "9-14 '1ns' is finer than a microsecond"),
        ('now.getHours("Berlin")', "13-21 'Berlin' is no time zone; it is written Europe/Berlin, UTC or +02:00"),
        ("[][0].all(x, true)", "0-5 this would be an element of an empty list or map, which has none"),
        ("has(invoice)", "0-12 has(...) takes a field, as has(invoice.number)"),
    ],
)
def test_a_mistake_says_what_it_is_and_where(text: str, expected: str) -> None:
    (told,) = problems(text)
    assert told.startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "0-0 there is no expression"),
        ("1 +", "3-3 the expression ends too early; a value is missing"),
        ("1 2", "2-3 '2' cannot stand here; the end, or an operator is expected"),
        ("(1", "2-2 the expression ends too early; ')' is missing"),
        ("[1", "2-2 the expression ends too early; ',' or ']' is missing"),
        ("size(1,)", "7-8 ')' cannot stand here; a value is expected"),
        ("a.true", "2-6 'true' cannot be a field"),
        ("if x", "0-2 'if' is a reserved word (write condition ? a : b)"),
        ("x == 'a", "5-7 this string is not closed"),
        ("'a\nb'", "0-2 this string is not closed"),
        (r"'\q'", r"1-3 '\q' is no escape"),
        (r"'\ud800'", r"1-7 '\ud800' is no character of Unicode"),
        (r"'\x4'", r"1-3 '\x' is cut short or no hexadecimal number"),
        ("'\ud800'", "1-2 a lone surrogate is no character"),
        ("b'a'", "0-4 there are no bytes; leave the 'b' away"),
        ("1u", "0-2 '1u' is no number (there are no unsigned numbers; leave the 'u' away)"),
        ("now - 24h", "6-9 '24h' is no number (a duration is written duration(\"24h\"))"),
        ("now - 3d", "6-8 '3d' is no number (a duration is written in hours: duration(\"72h\"))"),
        ("10_000", "0-6 '10_000' is no number (the digits of a number stand without '_')"),
        ("1 # one", "2-3 '#' has no meaning here (a comment begins with //)"),
        ("${x}", "0-1 '$' has no meaning here (an expression stands here without ${ })"),
        ("9223372036854775808", "0-19 this number does not fit into 64 bits"),
        ("1e999", "0-5 this number is larger than a double can be"),
        ("a ? b ? 1 : 2 : 3", "6-7 a choice within a choice needs parentheses"),
        ("!-x", "1-2 '-' after '!' needs parentheses"),
        ("x not in y", "2-5 'not' is not an operator; use '!' (as in !(a in b))"),
        ("Fee{a: 1}", '3-4 there are no objects of a named type (a map is {"key": value})'),
        ("x ^ 2", "2-3 '^' has no meaning here (there is no power)"),
        ("x == \u201cdraft\u201d", "5-6 \u201c is no quotation mark of a program; use \" or '"),
    ],
)
def test_what_cannot_be_read_is_told_once(text: str, expected: str) -> None:
    (told,) = problems(text)
    assert told.startswith(expected)


def test_what_is_written_as_elsewhere_is_told_and_read_on() -> None:
    assert problems("not invoice.open or invoice.number is not None & True") == [
        "0-3 'not' is not an operator; use '!'",
        "17-19 'or' is not an operator; use '||'",
        "35-37 'is' is not an operator; use '!='",
        "42-46 'None' is no value; use 'null'",
        "47-48 '&' is not an operator; use '&&'",
        "49-53 'True' is no value; use 'true'",
    ]


def test_the_type_that_is_wanted_is_asked_for() -> None:
    assert problems("1", BOOL) == ["0-1 this is int; bool is needed here"]
    assert problems("invoice.number", STRING) == ["0-14 this is string or null; string is needed here"]
    assert problems("invoice.status", STRING) == []
    assert problems("invoice.total_amount_cents", INT) == []


def test_lists_maps_and_what_may_be_null_are_wanted_by_what_is_in_them() -> None:
    assert (
        problems("[invoice.status]", ListOf(STRING))
        == problems("[]", ListOf(INT))
        == problems("null", Nullable(INT))
        == []
    )
    assert problems('{"a": invoice.number}', MapOf(Nullable(STRING))) == problems("1", Nullable(INT)) == []
    assert problems("{'a': 1}", MapOf(STRING)) == ["0-8 this is map of int; map of string is needed here"]
    assert problems("[1, null]", ListOf(INT)) == ["0-9 this is list of int or null; list of int is needed here"]
    few = Words("few", frozenset({"draft"}))
    assert problems("invoice.status", few) == ["0-14 this is invoice status; few is needed here"]


def test_words_are_compared_with_words_that_they_can_be() -> None:
    fruit, colour, either = (
        Words(name, frozenset(words.split()))
        for name, words in (("fruit", "apple"), ("colour", "red"), ("either", "red apple"))
    )
    with pytest.raises(Uncompiled) as refused:
        compile("b == c && a == b", {"a": fruit, "b": colour, "c": either})
    assert [one.message for one in refused.value.problems] == ["no fruit is ever a colour"]
    assert problems('invoice.status == (invoice.open ? "draft" : "shut")')[0].startswith(
        '44-50 invoice status is never "shut"'
    )
    assert problems('[invoice.status] == ["draft", "shut"]')[0].startswith('30-36 invoice status is never "shut"')


def test_a_list_that_may_be_empty_is_guarded_before_all() -> None:
    empty = "0-{} all(...) is true of an empty list, and invoice.fees may be empty"
    bare = "invoice.fees.all(f, f.amount_cents > 0)"
    assert warnings(bare) == [empty.format(len(bare))]
    assert warnings(f"invoice.open && {bare}") == [empty.format(len(bare) + 16).replace("0-", "16-", 1)]
    for guard in ("size(invoice.fees) > 0 &&", "invoice.fees.size() >= 1 &&", "0 < size(invoice.fees) &&"):
        assert warnings(f"{guard} {bare}") == []
    for guard in ("size(invoice.fees) == 0 ||", "size(invoice.fees) < 1 ||", "!(size(invoice.fees) != 0) ||"):
        assert warnings(f"{guard} {bare}") == []
    for guard in ("size(invoice.fees) >= 0 &&", "size(planned.fees) > 0 &&", "size(invoice.fees) > 0 ||"):
        assert len(warnings(f"{guard} {bare}")) == 1
    assert warnings("invoice.fees.exists(f, f.amount_cents > 1) && " + bare) == []
    assert warnings("[1, 2].all(x, x > 0)") == []
    some = "invoice.fees.filter(f, f.amount_cents > 1)"
    assert warnings(f"size({some}) > 0 && {some}.all(f, f.amount_cents < 9)") == []


def test_a_guard_against_what_cannot_be_null_is_odd() -> None:
    assert warnings("invoice.currency != null") == ["0-24 invoice.currency is never null, so this is always true"]
    assert warnings("has(invoice.currency)") == ["0-21 invoice.currency is never null, so this is always true"]
    assert warnings("invoice.number != null && invoice.number != null") == []
