"""The expression language: what became of each part of an expression, as an operator is shown it."""

from __future__ import annotations

from typing import Any

import pytest
from expressions import NAMES, fees, values

from engine.cel import Failed, Trace, compile


def told(text: str, **changes: Any) -> Trace:
    return compile(text, NAMES).explain(values(**changes))


def outline(trace: Trace) -> list[str]:
    """Every part on a line, with what became of it."""
    came = repr(trace.value) if trace.error is None else f"! {trace.error}"
    where = f" ({trace.path})" if trace.path not in (None, trace.text) else ""
    line = f"{trace.kind} {trace.text}{where}: {came if trace.evaluated else 'not evaluated'}"
    return [line, *(f"  {below}" for child in trace.children for below in outline(child))]


def test_each_part_has_its_value_and_what_was_not_needed_is_marked() -> None:
    assert outline(
        told('invoice.status == "draft" && (invoice.total_amount_cents > 5 || !invoice.open) && invoice.tags == []')
    ) == [
        'and invoice.status == "draft" && (invoice.total_amount_cents > 5 || !invoice.open) && invoice.tags == []: False',
        '  compare invoice.status == "draft": True',
        "    path invoice.status: 'draft'",
        "    literal \"draft\": 'draft'",
        "  or invoice.total_amount_cents > 5 || !invoice.open: False",
        "    compare invoice.total_amount_cents > 5: False",
        "      path invoice.total_amount_cents: 3",
        "      literal 5: 5",
        "    not !invoice.open: False",
        "      path invoice.open: True",
        "  compare invoice.tags == []: not evaluated",
        "    path invoice.tags: not evaluated",
        "    compute []: not evaluated",
    ]


def test_an_error_is_shown_where_it_arose_and_as_far_up_as_it_counts() -> None:
    assert outline(
        told("(invoice.total_amount_cents / 0 > 1 || invoice.open) ? params.limit[invoice.currency] : 1 + 2")
    ) == [
        "choice (invoice.total_amount_cents / 0 > 1 || invoice.open) ? params.limit[invoice.currency] : 1 + 2: 100",
        "  or invoice.total_amount_cents / 0 > 1 || invoice.open: True",
        "    compare invoice.total_amount_cents / 0 > 1: ! division by zero",
        "      compute invoice.total_amount_cents / 0: ! division by zero",
        "        path invoice.total_amount_cents: 3",
        "        literal 0: 0",
        "      literal 1: not evaluated",
        "    path invoice.open: True",
        '  path params.limit[invoice.currency] (params.limit["EUR"]): 100',
        "    path invoice.currency: 'EUR'",
        "  compute 1 + 2: not evaluated",
        "    literal 1: not evaluated",
        "    literal 2: not evaluated",
    ]


def test_a_key_that_is_not_there_is_named() -> None:
    assert outline(told("params.limit[invoice.currency] > 1", currency="USD")) == [
        'compare params.limit[invoice.currency] > 1: ! there is no "USD" in this map',
        '  path params.limit[invoice.currency] (params.limit["USD"]): ! there is no "USD" in this map',
        "    path invoice.currency: 'USD'",
        "  literal 1: not evaluated",
    ]


def test_the_turns_of_a_loop_name_the_elements_by_their_places_even_behind_a_filter() -> None:
    trace = told("invoice.fees.filter(f, f.amount_cents > 0).all(g, g.amount_cents == 1)")
    assert [line for line in outline(trace) if "path" in line or "element" in line] == [
        f"    path invoice.fees: {fees(3)}",
        "    element f.amount_cents > 0 (invoice.fees[0]): False",
        "        path f.amount_cents (invoice.fees[0].amount_cents): 0",
        "    element f.amount_cents > 0 (invoice.fees[1]): True",
        "        path f.amount_cents (invoice.fees[1].amount_cents): 1",
        "    element f.amount_cents > 0 (invoice.fees[2]): True",
        "        path f.amount_cents (invoice.fees[2].amount_cents): 2",
        "  element g.amount_cents == 1 (invoice.fees[1]): True",
        "      path g.amount_cents (invoice.fees[1].amount_cents): 1",
        "  element g.amount_cents == 1 (invoice.fees[2]): False",
        "      path g.amount_cents (invoice.fees[2].amount_cents): 2",
    ]
    assert [leaf.path for leaf in trace.leaves()][-1] == "invoice.fees[2].amount_cents"


def test_of_a_long_list_the_first_turns_and_the_one_that_decided_are_told() -> None:
    trace = told("invoice.fees.all(f, f.amount_cents < 50)", fees=fees(100))
    elements = [child.path for child in trace.children if child.kind == "element"]
    assert elements == [*(f"invoice.fees[{at}]" for at in range(20)), "invoice.fees[50]"]
    assert (trace.value, trace.left_out) == (False, 30)


def test_a_fact_that_is_not_as_declared_is_the_only_thing_that_is_told() -> None:
    wrong = [*fees(1), {"amount_cents": 1.5, "amount_currency": "EUR", "note": None}]
    why = "invoice.fees[1].amount_cents is a double, not a whole number"
    assert outline(told("invoice.open || invoice.fees.exists(f, f.amount_cents > 1)", fees=wrong)) == [
        f"or invoice.open || invoice.fees.exists(f, f.amount_cents > 1): ! {why}",
        "  path invoice.open: not evaluated",
        "  loop invoice.fees.exists(f, f.amount_cents > 1): not evaluated",
        "    path invoice.fees: not evaluated",
        "    compare f.amount_cents > 1: not evaluated",
        f"      path f.amount_cents (invoice.fees[1].amount_cents): ! {why}",
        "      literal 1: not evaluated",
    ]


def test_what_takes_too_long_is_told_as_an_error_too() -> None:
    hundred = "[" + ", ".join(map(str, range(100))) + "]"
    trace = told(
        f"invoice.open && {hundred}.all(a, {hundred}.all(b, {hundred}.all(c, a + b + c >= 0))) || invoice.open"
    )
    assert trace.error == "the expression takes more than 200,000 steps on these values"
    assert [child.evaluated for child in trace.children] == [True, False]
    assert sum(1 for _ in trace.leaves()) < 5_000


def test_a_map_with_a_condition_tells_which_elements_it_left_out() -> None:
    trace = told("invoice.fees.map(f, f.amount_cents > 1, f.amount_cents + 1)")
    assert trace.value == [3]
    assert [(one.value, one.children[1].evaluated) for one in trace.children[1:]] == [
        (None, False),
        (None, False),
        (3, True),
    ]


FORMS = """
invoice.fees.filter(f, f.amount_cents > 1)[0].amount_cents
invoice.fees.filter(f, f.amount_cents > 9)[0].amount_cents
invoice.fees[invoice.total_amount_cents].amount_cents
invoice.fees[1 / 0].amount_cents
params.limit[string(1 / 0)]
[params.limit][1 / 0][invoice.currency]
[[1, 2], [3]][1 - 1][1]
{"a": 1, "b": 2}[invoice.tags[0]]
{"a": 1, invoice.tags[0]: 2}
{invoice.currency: 1 / 0}.EUR
[1, 1 / 0, 2]
1 + 2 - 3 + invoice.total_amount_cents
1 / 0 + 2 - 3
1 + 1 / 0 - 3
9223372036854775807 + 1 - 3
"a" + invoice.currency + string(invoice.fees[7].amount_cents) + "b"
(1 / 0 == 1) ? 1 : 2
invoice.fees[9].note == null
(invoice.tags[7] == "a" ? invoice.tries != null : invoice.tries != null) && invoice.tries > 1
[[invoice.tries, 1], [2]].all(l, (l[7] != null ? l[0] != null : l[0] != null) && l[0] > 0)
[invoice.tries].filter(t, t != null)[0]
invoice.fees.exists_one(f, f.amount_cents == 1)
invoice.fees.exists_one(f, 1 / f.amount_cents == 1)
invoice.fees.map(f, 1 / f.amount_cents)
invoice.fees.filter(f, 1 / f.amount_cents == 1)
invoice.fees.map(f, f.amount_cents > 0, 1 / (f.amount_cents - 2))
params.limit.all(k, params.limit[k] > 0)
params.limit.map(k, k + "!")
[invoice.tags][9].all(x, true)
[invoice.tags, invoice.tags][3].map(t, t)
"a".glob("a" + "\\\\")
money(invoice.total_amount_cents, invoice.tags[0])
sum(invoice.fees.map(f, f.amount_cents * 4611686018427387904))
[1.0, 0.0 / 0.0] == [1.0, 0.0 / 0.0] || {"a": [1.5]} == {"a": [1.5]} || 1.5 in [1.5] && invoice.rate / 0.0 > 1.0
[{"a": 1.5}] == [{"a": 1.5}] && ["b"] in [invoice.tags] || !([1.5, 2.5] in [[1.5]])
!has(invoice.tries) || has(params.limit.USD) || -invoice.rate < 0.0 && invoice.rate - 1.0 == 0.5
""".strip().splitlines()


@pytest.mark.parametrize("text", FORMS)
@pytest.mark.parametrize("count", [3, 60])
def test_what_is_explained_is_what_was_evaluated(text: str, count: int) -> None:
    program = compile(text, NAMES)
    held = values(fees=fees(count))
    trace = program.explain(held)
    came: tuple[Any, str | None]
    try:
        came = (program.evaluate(held), None)
    except Failed as failure:
        came = (None, failure.message)
    assert (trace.value, trace.error) == came
    assert all(text[one.start : one.end] == one.text for one in (trace, *trace.children))
