"""What `validate` tells of a policy file beyond its form: entries that are not there, its name, and causes alone."""

from __future__ import annotations

import pytest

from engine.policy_files.reading import read
from engine.source import parse

SET = """\
apiVersion: policy/v1
kind: PolicySet
metadata: {name: limits, version: "1"}
applies_to: {environments: [production, staging, dev]}
facts: {invoice: lago.Invoice}
params:
  limit: {EUR: 100}
  by_plan: {basic: {EUR: 100}}
types:
  by_plan: {string: {string: int}}
environments:
  production: {params: {limit: {EUR: 1, USD: 1}}}
policies:
  - id: one
    require: >-
      invoice.total_amount_cents <= params.limit.EUR + params.by_plan["basic"]["EUR"]
    effect: deny
"""
TAKES = "params.limit.EUR"


ANYWHERE = ("applies_to: {environments: [production, staging, dev]}\n", "")


def changed(*changes: tuple[str, str]) -> str:
    """The set with these texts replaced, each of which is there."""
    text = SET
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


def told(text: str) -> list[tuple[str, str, str, str]]:
    """Every finding: its code, the text that its caret marks, message and help."""
    _, found = read(parse(text.encode(), "policies/limits.yaml"))
    lines = text.splitlines()
    marked = [lines[one.span.line - 1][one.span.col - 1 : one.span.end_col - 1] for one in found]
    return [(one.code, mark, one.message, one.help) for one, mark in zip(found, marked, strict=True)]


def test_entries_that_are_there_are_told_nothing_of() -> None:
    assert told(SET) == []


@pytest.mark.parametrize(
    ("changes", "mark", "where", "near"),
    [
        ([(TAKES, 'params.limit["USD"]')], '"USD"', " in `staging` and in `dev`", ""),
        ([(TAKES, "params.limit.EUX")], "EUX", "", "EUR"),
        ([(TAKES, "params.limit.USD"), ANYWHERE], "USD", " in every environment that `environments` does not name", ""),
    ],
)
def test_an_entry_that_is_taken_by_its_name_and_is_not_there_is_told_at_its_place(
    changes: list[tuple[str, str]], mark: str, where: str, near: str
) -> None:
    key = mark.strip('"')
    help = f"did you mean `{near}`? Else give it" if near else "give it"
    help += f' one under `params`, or ask first: "{key}" in params.limit'
    message = f"`params.limit` has no entry `{key}`{where}; without it this fails"
    assert told(changed(*changes)) == [("RP011", mark, message, help)]


def test_a_map_within_a_map_is_looked_into() -> None:
    (found,) = told(changed(('["basic"]["EUR"]', '["basic"]["USD"]')))
    assert found[1:3] == ('"USD"', "`params.by_plan.basic` has no entry `USD`; without it this fails")


@pytest.mark.parametrize(
    "changes",
    [
        [(TAKES, '("USD" in params.limit ? params.limit.USD : 0)')],
        [(TAKES, "(has(params.limit.USD) ? params.limit.USD : 0)")],
        [("    require:", "    when: '\"USD\" in params.limit'\n    require:"), (TAKES, "params.limit.USD")],
        [(TAKES, "params.limit[invoice.currency]")],
        [("[production, staging, dev]}", "[production]}"), (TAKES, "params.limit.USD")],
    ],
)
def test_where_an_entry_is_asked_for_first_or_not_known_nothing_is_told(changes: list[tuple[str, str]]) -> None:
    assert told(changed(*changes)) == []


def test_a_set_has_the_name_of_its_file() -> None:
    help = "runbooks name it by its file: call the file `ceilings.yaml`, or the set `limits`"
    message = "the policy set `ceilings` stands in a file of another name"
    assert told(changed(("name: limits", "name: ceilings"))) == [("RP014", "ceilings", message, help)]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("limit: {EUR: 100}", "limit: {EUR: 0100}", "RB003"),
        ("limit: {EUR: 100}", "limit: {EUR: 1.5, USD: 1}", "RB003"),
        ("limit: {EUR: 100}", "limit: yes", "RB003"),
        ("by_plan: {basic: {EUR: 100}}", "by_plan: {basic: {EUR: 1:30}}", "RB003"),
        ("params:\n  limit", "param:\n  limit", "RP002"),
        ("params:\n  limit: {EUR: 100}\n  by_plan: {basic: {EUR: 100}}", "params: [limit, by_plan]", "RP001"),
        ("types:\n  by_plan: {string: {string: int}}", "types: [by_plan]", "RP001"),
        ("facts: {invoice: lago.Invoice}", "facts: [invoice]", "RP001"),
        ("facts: {invoice: lago.Invoice}", "fact: {invoice: lago.Invoice}", "RP002"),
        ("policies:\n  - id", "polices:\n  - id", "RP002"),
        ("    require:", "    requires:", "RP002"),
        ("    effect: deny", "    effect: approve\n    approve: 2", "RP001"),
        ("policies:", "variables: [limit]\npolicies:", "RP001"),
        ("policies:", "variables: {all: [limit]}\npolicies:", "RP001"),
    ],
)
def test_what_only_follows_from_an_error_is_not_told(before: str, after: str, code: str) -> None:
    assert [one[0] for one in told(changed((before, after)))] == [code]


def test_a_misread_scalar_in_place_of_an_expression_is_told_once() -> None:
    whole = SET[: SET.index("    require:")] + "    require: 010\n    effect: deny\n"
    assert [one[:2] for one in told(whole)] == [("RB003", "010")]


def test_where_the_facts_are_not_known_the_form_of_an_expression_is_judged_all_the_same() -> None:
    found = told(changed(("facts: {invoice: lago.Invoice}", "facts: [invoice]"), ("<=", "= 3 <=")))
    assert [(code, message) for code, _, message, _ in found] == [
        ("RP001", "`facts` must be a mapping, not a list"),
        ("RP010", "'=' is not an operator; use '=='"),
    ]


def test_what_nothing_uses_is_told_beside_errors_that_have_nothing_to_do_with_it() -> None:
    found = told(changed(("    effect: deny", "    effect: denny"), ("  limit:", "  unused: 1\n  limit:")))
    assert [one[:2] for one in found] == [("RP012", "unused"), ("RP005", "denny")]
