"""References are found where they stand, and take the place of their value with its type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.references import find, is_whole, resolve
from engine.values import Money, Month


@dataclass(frozen=True)
class Draft:
    """A fact, as a step would leave one."""

    lago_id: str
    total: Money
    fees: int
    _secret: str = "not for texts"


DRAFT = Draft("5f3c9d1e", Money(126140, "EUR"), 3)
ROOTS: dict[str, Any] = {
    "draft": DRAFT,
    "inputs": {
        "invoice": "5f3c9d1e",
        "period": Month(2026, 7),
        "limit": timedelta(hours=24),
        "force": False,
        "note": None,
    },
}


def paths(raw: Any) -> list[str]:
    """The paths of what is found, empty where a reference is malformed."""
    return [one.text for one in find(raw)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("${draft}", ["draft"]),
        ("${ draft.lago_id }", ["draft.lago_id"]),
        ("lago:invoice:${draft.lago_id}:${inputs.invoice}", ["draft.lago_id", "inputs.invoice"]),
        (["${a}", {"b": "${b.c}", "d": 4}], ["a", "b.c"]),
        ("costs $5 {really} $ {x}", []),
        (7, []),
        (None, []),
    ],
)
def test_references_are_found_in_their_order(raw: Any, expected: list[str]) -> None:
    assert paths(raw) == expected


@pytest.mark.parametrize("raw", ["${}", "${ }", "${a", "${a ? {'b': c}"])
def test_a_malformed_reference_is_found_and_is_nothing(raw: str) -> None:
    (one,) = find(raw)
    assert (one.text, one.names) == ("", frozenset())


@pytest.mark.parametrize(
    ("raw", "expression", "names"),
    [
        ("${a - b.c}", "a - b.c", {"a", "b"}),
        ("${ size(a.fees) > 20 }", "size(a.fees) > 20", {"a"}),
        ("${a == '}' ? {'x': b} : {}}", "a == '}' ? {'x': b} : {}", {"a", "b"}),
        ('${"\\"}" + a}', '"\\"}" + a', {"a"}),
        ("${a.all(b, b.c > d)}", "a.all(b, b.c > d)", {"a", "d"}),
        ("${true}", "true", set()),
        ("${A}", "A", {"A"}),
        ("${a b}", "a b", set()),
        ("${a..b}", "a..b", set()),
    ],
)
def test_what_is_no_path_is_an_expression_over_names(raw: str, expression: str, names: set[str]) -> None:
    (one,) = find(raw)
    assert (one.path == (), one.expression, set(one.names)) == (True, expression, names)
    assert raw[one.within :].startswith(expression)
    assert is_whole(raw)


@given(st.text(alphabet="${}ab.'\" \n", max_size=30))
def test_references_stand_one_behind_the_other_and_are_found_where_they_begin(raw: str) -> None:
    found = find(raw)
    assert all(raw.startswith("${", one.start) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert bool(found) is ("${" in raw)


@pytest.mark.parametrize(
    ("raw", "expected"), [("${a}", True), (" ${a.b}\n", True), ("${a}${b}", False), ("x${a}", False)]
)
def test_a_text_is_whole_when_it_is_one_reference_and_nothing_else(raw: str, expected: bool) -> None:
    assert is_whole(raw) is expected


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("${draft}", DRAFT),
        (" ${draft.total}\n", Money(126140, "EUR")),
        ("${draft.fees}", 3),
        ("${inputs.period}", Month(2026, 7)),
        ("${inputs.limit}", timedelta(hours=24)),
        ("${inputs.force}", False),
        ("${inputs.note}", None),
        (["${draft.fees}", {"id": "${draft.lago_id}"}, 7, True], [3, {"id": "5f3c9d1e"}, 7, True]),
        ("no reference", "no reference"),
    ],
)
def test_a_whole_reference_keeps_the_type_of_its_value(raw: Any, value: Any) -> None:
    resolved = resolve(raw, ROOTS)
    assert resolved == value
    assert type(resolved) is type(value)


def test_text_and_numbers_stand_inside_a_longer_text() -> None:
    assert resolve("${draft.lago_id}: ${draft.fees} fees", ROOTS) == "5f3c9d1e: 3 fees"


@pytest.mark.parametrize(
    "path", ["draft", "draft.total", "inputs.period", "inputs.limit", "inputs.note", "inputs.force"]
)
def test_nothing_else_stands_inside_a_longer_text(path: str) -> None:
    with pytest.raises(ValueError, match=f"`{path}` cannot stand inside a longer text"):
        resolve(f"about ${{{path}}}", ROOTS)


@pytest.mark.parametrize("raw", ["${darft}", "${inputs.invoce}", "${}", "about ${a b}", "${unclosed"])
def test_what_is_not_known_is_a_key_error(raw: str) -> None:
    with pytest.raises(KeyError):
        resolve(raw, ROOTS)


@pytest.mark.parametrize(
    "path", ["draft.lagoid", "draft.lago_id.short", "draft._secret", "draft.__class__", "inputs.note.x"]
)
def test_what_a_value_does_not_show_is_an_attribute_error(path: str) -> None:
    with pytest.raises(AttributeError):
        resolve(f"${{{path}}}", ROOTS)


def test_what_a_value_holds_is_not_looked_into_for_references() -> None:
    roots = {"inputs": {"note": "${draft.lago_id}"}, "draft": DRAFT}
    assert resolve("${inputs.note}", roots) == "${draft.lago_id}"
    assert resolve("said: ${inputs.note}", roots) == "said: ${draft.lago_id}"
