"""The expression language means what CEL means: Google's answers to some thousand expressions, and the specification's rows."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cel_oracle.cases import Case, block
from cel_oracle.comparing import Tally
from cel_oracle.conformance import ERROR, ROWS
from cel_oracle.corpus import Recorded, read
from cel_oracle.differences import DIFFERENCES, NOTHING, Pair, agree, difference, page
from cel_oracle.facts import Facts
from cel_oracle.ours import Ours
from cel_oracle.plain import canonical, plain, value
from cel_oracle.trees import shrunk

from engine import cel

PAGE = Path(__file__).parent / "cel_oracle" / "DIFFERENCES.md"
CHUNKS = 6


@pytest.fixture(scope="module")
def corpus() -> list[Recorded]:
    return read()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_recorded_outcomes_of_the_oracle_are_ours_too(corpus: list[Recorded], chunk: int) -> None:
    tally = Tally()
    for recorded in corpus[chunk::CHUNKS]:
        ours = Ours(recorded.facts)
        for number, (made, text, outcome, asked) in enumerate(recorded.cases):
            tally.add(recorded.facts, Case(number, made, text), ours.outcome(text), outcome, asked)
    assert tally.disagreements == [], tally.told()
    assert sum(tally.pairs.values()) > 500


def test_an_explanation_comes_to_the_same(corpus: list[Recorded]) -> None:
    for recorded in corpus[:: len(corpus) // 5]:
        ours = Ours(recorded.facts)
        for _, text, _, _ in recorded.cases:
            outcome = ours.outcome(text)
            if "refused" not in outcome:
                trace = cel.compile(text, ours.names).explain(ours.values)
                told = {"failed": trace.error} if trace.error is not None else {"is": plain(trace.value)}
                assert canonical(told) == canonical(outcome), text


def test_what_was_recorded_is_spread_over_the_language(corpus: list[Recorded]) -> None:
    cases = [(text, outcome) for recorded in corpus for _, text, outcome, _ in recorded.cases]
    kinds = Counter(kind for _, outcome in cases for kind in outcome)
    assert kinds["is"] > 2500
    assert kinds["failed"] > 500
    valued = [text for text, outcome in cases if "is" in outcome]
    signs = (
        "&& || ! == != < <= > >= + - * / % ? [ { in has( .all( .exists( .exists_one( .map( .filter( size( .size( int( string( "
        "timestamp( duration( .startsWith( .endsWith( .contains( .getFullYear( .getMonth( .getDate( .getDayOfMonth( "
        ".getDayOfWeek( .getDayOfYear( .getHours( .getMinutes( .getSeconds( .getMilliseconds( null 0x ''' //"
    ).split()
    assert {sign: count for sign in signs if (count := sum(sign in text for text in valued)) < 10} == {}


@pytest.mark.parametrize("section", ROWS)
def test_the_specification_of_cel_is_kept(section: str) -> None:
    ours = Ours(Facts({}, {}))
    wrong = []
    for text, wanted in ROWS[section]:
        outcome = ours.outcome(text)
        theirs: dict[str, Any] = {"failed": ""} if wanted == ERROR else {"is": wanted}
        if not agree(outcome, theirs) and difference(Pair(NOTHING, "typed", text, text, outcome, theirs)) is None:
            wrong.append((text, wanted, outcome))
    assert wrong == []


def test_the_page_of_differences_tells_all_of_them(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-pages"):
        PAGE.write_text(page(), encoding="utf-8", newline="\n")
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("one", DIFFERENCES, ids=lambda one: one.name)
def test_a_difference_is_one_and_no_other_covers_it(one: Any) -> None:
    ours = Ours(one.facts).outcome(one.example)
    assert not agree(ours, one.theirs)
    assert difference(Pair(one.facts, "slip", one.example, one.example, ours, one.theirs)) == one


def test_the_same_seed_makes_the_same_expressions() -> None:
    one, longer = block(3, 4), block(3, 4, size=50)
    assert one == block(3, 4)
    assert [case.text for case in one.cases] == [case.text for case in longer.cases[: len(one.cases)]]
    assert one.cases[0].text != block(4, 4).cases[0].text


def test_the_oracle_is_of_one_version_wherever_it_is_installed() -> None:
    root = Path(__file__).parent.parent
    for place in (".ci/run", "pyproject.toml", "bench/expressions.py"):
        assert re.findall(r"cel-expr-python==([\d.]+)", (root / place).read_text(encoding="utf-8")) == ["0.1.3"], place


def test_1_and_true_and_1_0_are_three_outcomes() -> None:
    told = [{"is": plain(one)} for one in (1, True, 1.0, "1", [1], {"a": 1}, {"a": True})]
    assert [[agree(left, right) for right in told] for left in told] == [
        [left is right for right in told] for left in told
    ]
    assert agree({"refused": "a"}, {"failed": "b"})
    assert not agree({"over": True}, {"failed": "b"})
    assert not agree({"is": None}, {"failed": ""})


def test_a_value_that_was_written_plainly_is_read_back() -> None:
    rng = Random(1)
    for number in range(20):
        for told in block(rng.randrange(1000), number, 0).facts.values.values():
            assert canonical(plain(value(told))) == canonical(told)


def test_an_expression_in_which_something_is_wrong_is_made_as_small_as_can_be() -> None:
    cases = [
        case
        for number in range(40)
        for case in block(5, number).cases
        if case.tree and "getHours" in case.text and len(case.text) > 60
    ]
    assert len(cases) > 5
    for case in cases[:5]:
        assert case.tree
        small = shrunk(case.tree, lambda less: "getHours" in less.text)
        assert "getHours" in small.text
        assert len(small.text) < 60
