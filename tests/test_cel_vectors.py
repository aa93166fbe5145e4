"""The expression language: in each way in which another engine failed, this one does not."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
from expressions import NAMES, failure, fees, invoice, problems, value, values

from engine.cel import Failed, OverBudget, compile
from engine.cel.functions import FUNCTIONS
from engine.cel.types import INT, STRING, ListOf, MapOf, Nullable, Record


def test_a_typo_is_found_before_anything_runs_wherever_it_stands() -> None:
    assert problems('false && invoice.sttus == "draft"')[0].startswith("17-22 invoice has no field 'sttus'")
    assert problems("[].all(x, invoice.fees.exists(f, f.amount_cent > 1))")[0].startswith(
        "35-46 f has no field 'amount_cent'"
    )


def test_types_that_do_not_match_are_found_before_anything_runs() -> None:
    assert problems("false && 1 < now")[0].startswith("11-12 cannot order int against timestamp")


def test_a_text_that_cannot_be_read_is_told_with_its_place() -> None:
    assert problems("1 + * 2") == ["4-5 '*' cannot stand here; a value is expected"]


def test_the_paths_that_are_read_are_known_without_evaluating() -> None:
    text = (
        "invoice.customer != null && invoice.customer.zone == params.month || params.limit[invoice.currency] > 1 "
        "|| (invoice.open ? invoice : planned).fees[0].amount_cents > 1 || params.limit.EUR == 1 || size(invoice.tags) > 1 "
        "|| invoice.fees.filter(f, true).exists(g, g.note != null) || [invoice, planned].exists(i, i.total_amount_cents < 0)"
    )
    assert compile(text, NAMES).reads == (
        *("invoice.customer.zone", "params.month", "params.limit[]", "invoice.currency"),
        *(
            "invoice.fees[].amount_cents",
            "planned.fees[].amount_cents",
            "invoice.open",
            "params.limit.EUR",
            "invoice.tags",
        ),
        *("invoice.fees[].note", "invoice.total_amount_cents", "planned.total_amount_cents"),
    )


def test_whole_numbers_are_exact_to_64_bits_and_never_become_floating() -> None:
    assert value("9007199254740993 - 9007199254740992") == 1
    assert value("invoice.total_amount_cents == 9007199254740993", total_amount_cents=2**53 + 1) is True
    assert problems("18446744073709551616") == ["0-20 this number does not fit into 64 bits"]
    assert (
        failure("invoice.total_amount_cents + 1", total_amount_cents=2**63 - 1)
        == "0-30 the result does not fit into 64 bits"
    )


def test_moments_within_maps_and_lists_are_moments_with_time_zones() -> None:
    record = Record("freeze", {"start": NAMES["now"], "end": NAMES["now"]})
    names = {"freeze": ListOf(record), "by_name": MapOf(NAMES["now"]), "now": NAMES["now"]}
    now = values()["now"]
    held = {"freeze": [{"start": now, "end": now}], "by_name": {"a": now}, "now": now}
    text = 'freeze.exists(w, now >= w.start && w.end.getHours("Asia/Kolkata") == 15) && by_name["a"] == now'
    assert compile(text, names).evaluate(held) is True


def test_an_error_is_an_exception_and_never_a_value_that_could_be_taken_for_true() -> None:
    with pytest.raises(Failed):
        compile("1 / 0 == 1 || false", NAMES).evaluate(values())


def test_has_is_refused_when_what_it_looks_into_may_be_null_itself() -> None:
    assert problems("has(invoice.customer.name)")[0].startswith("4-20 invoice.customer may be null")
    assert value("invoice.customer != null && has(invoice.customer.name)") is False
    assert value("has(params.limit.EUR) && !has(params.limit.USD)") is True


def test_functions_compute_with_whole_numbers() -> None:
    assert value('money(123, "EUR")') == "1.23 EUR"
    assert value('money(-1250000, "EUR")') == "-12,500.00 EUR"
    assert value('money(1500000, "JPY") + money(1234, "KWD") + money(5, "CLF")') == "1,500,000 JPY1.234 KWD0.0005 CLF"
    assert failure('money(1, "euro")') == "0-16 'euro' is no currency; it is written EUR"


def test_loops_within_loops_end() -> None:
    with pytest.raises(OverBudget):
        compile("l.all(a, l.all(b, l.all(c, a + b + c >= 0)))", {"l": ListOf(INT)}).evaluate({"l": list(range(200))})


def test_there_are_no_regular_expressions() -> None:
    assert "matches" not in FUNCTIONS
    assert problems('"a".matches("^(a+)+$")')[0].endswith('(there are no regular expressions; use .glob("LAG-*"))')


def test_a_huge_source_is_refused_and_a_long_one_is_computed() -> None:
    names = {"i": INT}
    assert compile("+".join(["i"] * 4096), names).evaluate({"i": 1}) == 4096
    assert problems("+".join(["i"] * 20_000)) == ["0-39999 an expression has at most 8 KiB (split it into several)"]


def test_a_nul_ends_no_string() -> None:
    assert compile('s == "draft"', {"s": STRING}).evaluate({"s": "draft\x00evil"}) is False
    assert compile(r'size(s) == 10 && s == "draft\x00evil"', {"s": STRING}).evaluate({"s": "draft\x00evil"}) is True


def test_nulls_by_the_thousand_and_no_way_to_change_a_fact_or_to_fill_the_memory() -> None:
    program = compile("x", {"x": Nullable(INT)})
    assert {program.evaluate({"x": None}) for _ in range(5_000)} == {None}
    for text in ("invoice.clear()", 'invoice.pop("status")', "invoice.fees.append(1)", "invoice.__class__"):
        assert len(problems(text)) == 1
    assert problems('"a" * 1000000000')[0].startswith("4-5 no '*' for string and int")
    held = values()
    before = copy.deepcopy(held)
    compile("invoice == planned && (invoice.tags + planned.tags).filter(t, t != 'a') == []", NAMES).evaluate(held)
    assert held == before


def test_threads_share_a_program() -> None:
    program = compile(
        "invoice.fees.filter(f, f.amount_cents >= invoice.total_amount_cents).map(f, f.amount_cents)", NAMES
    )
    wanted = list(range(64))

    def least(total: int) -> list[int]:
        held = {"invoice": invoice(total_amount_cents=total, fees=fees(64))}
        return [program.evaluate(held)[0] for _ in range(20)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(least, wanted)) == [[total] * 20 for total in wanted]


@pytest.mark.parametrize(
    "text",
    [
        'size("ÿ") == 1 && size("😀") == 1',
        r'"\x41\101\u0041\U00000041" == "AAAA"',
        r'''r"\n" == "\\n" && """a"b""" == 'a"b' && '\?\`' == "?`"''',
        "'''a\r\nb''' == 'a\\nb'",
        "[1, 2,] == [1, 2] && {'a': 1,} == {'a': 1}",
        "'a' < 'b' && false < true && 'Z' < 'a' && '\U0001f600' > '\uffff'",
        "{'a': 1, 'b': 2} == {'b': 2, 'a': 1} && [[]] != [] && [] == []",
        "0.0 == -0.0 && 1.0 / 0.0 > 1e308 && !(0.0 / 0.0 == 0.0 / 0.0) && [0.0 / 0.0] != [0.0 / 0.0]",
        "int(1.9) == 1 && int(-1.9) == -1 && int('-5') == -5 && string(-5) == '-5' && string(true) == 'true'",
        "1 + 2 == 3 == true",
        "!(true && false) || !true && false",
        "{'a': [1, 2]}.a[1] == 2 && {'a': 1}.exists(k, k == 'a') && size({'a': 1}) == 1",
        "[1, 2, 3].exists(x, [4, 5].exists(y, x + y == 8)) && [3].all(x, [x].all(x, x == 3))",
        "'invoice' in ['invoice'] && !(1 in []) && [1] in [[1]]",
        "size('a' + 'b') == 2 && 'abc'.contains('b') && 'abc'.startsWith('') && 'abc'.endsWith('bc') && 'abc'.size() == 3",
        "distinct([3, 1, 3]) == [3, 1] && distinct([[1], [1]]) == [[1]] && sum([]) == 0",
    ],
)  # fmt: skip
def test_the_language_s_own_examples_hold(text: str) -> None:
    assert value(text) is True
