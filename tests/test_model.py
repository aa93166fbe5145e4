"""What a runbook is as values: its inputs from their text, and the shipped one whole."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.library import load
from engine.model import INPUT_TYPES, FailureNote, Input, StepDef, parse_input
from engine.registry import built_in
from engine.values import Money, Month

ID = "5f3c9d1e-77aa-4f0e-9a53-2d1c9be0a1f4"


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        ("invoice_id", ID.upper(), ID),
        ("invoice_id", f"https://app.example.com/acme/customer/{ID[::-1]}/invoice/{ID}/overview", ID),
        ("text", "acme-corp", "acme-corp"),
        ("text", " a b ", " a b "),
        ("month", "2026-10", Month(2026, 10)),
        ("money", "1,261.40 EUR", Money(126140, "EUR")),
        ("money", "1261 JPY", Money(1261, "JPY")),
        ("duration", "1h30m", timedelta(minutes=90)),
        ("flag", "true", True),
        ("flag", "false", False),
        ("integer", "-12", -12),
    ],
)
def test_an_input_is_read_by_its_type(type: str, text: str, value: Any) -> None:
    read = parse_input(type, text)
    assert read == value
    assert isinstance(read, INPUT_TYPES[type][1])


@pytest.mark.parametrize(
    ("type", "text", "needed"),
    [
        ("invoice_id", "ACM-DRAFT", "a Lago invoice id is needed"),
        ("text", " ", "a text is needed"),
        ("month", "2026-13", "a month is needed, as `2026-10`"),
        ("money", "1261.40", "an amount with its currency is needed"),
        ("money", "1261.4 EUR", "EUR has 2 decimals"),
        ("duration", "24", "a duration is needed"),
        ("flag", "yes", "`true` or `false` is needed"),
        ("integer", "--5", "a whole number is needed"),
        ("integer", "1_000", "a whole number is needed"),
        ("integer", "1e3", "a whole number is needed"),
        ("integer", "\u0665", "a whole number is needed"),
        ("integer", "9" * 16, "a whole number is needed"),
    ],
)
def test_what_is_no_such_value_is_refused_with_what_is_needed(type: str, text: str, needed: str) -> None:
    with pytest.raises(ValueError, match=r"needed|decimals") as refused:
        parse_input(type, text)
    assert str(refused.value).startswith(needed)


@given(st.sampled_from(sorted(INPUT_TYPES)), st.text(max_size=40))
def test_a_text_is_a_value_of_the_type_or_a_value_error_in_words(type: str, text: str) -> None:
    said, value = "", None
    try:
        value = parse_input(type, text)
    except ValueError as error:
        said = str(error)
    assert isinstance(value, INPUT_TYPES[type][1]) or re.search(
        r"\bneeded\b|\bdecimals?\b|minor unit|longer than|twice", said
    )


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_every_whole_number_of_fifteen_digits_is_one(number: int) -> None:
    assert parse_input("integer", str(number)) == number


@pytest.mark.parametrize(
    ("item", "value", "is_required"),
    [
        (Input("customer", "text"), None, True),
        (Input("customer", "text", optional=True), None, False),
        (Input("age", "duration", default="24h"), timedelta(hours=24), False),
        (Input("force", "flag"), False, False),
        (Input("count", "integer", default="0"), 0, False),
    ],
)
def test_an_input_that_was_not_given(item: Input, value: Any, is_required: bool) -> None:
    assert (item.value, item.is_required) == (value, is_required)


def test_the_shipped_runbook_is_what_its_file_says() -> None:
    runbook = load("finalize_invoice", [], built_in())
    assert (runbook.runbook, runbook.subject) == ("finalize_invoice", "lago:invoice:${draft.lago_id}")
    assert {name: (item.type, item.is_required) for name, item in runbook.inputs.items()} == {
        "invoice": ("invoice_id", True),
        "customer": ("text", False),
        "period": ("month", False),
        "total": ("money", False),
        "max_sync_age": ("duration", False),
        "accept_closed": ("flag", False),
    }
    assert runbook.step("consent") == StepDef(
        id="consent",
        kind="confirm",
        name="${customer.external_id}",
        title="Confirm these figures: type the customer's external id",
        section="Verify the customer and totals",
        with_={
            "invoice": "${refreshed}",
            "customer": "${customer}",
            "subscriptions": "${subscriptions}",
            "credits": "${credits}",
            "entity": "${entity}",
        },
    )
    assert runbook.step("no_such_step") is None
    assert len(runbook.steps) == len({step.id for step in runbook.steps})
    assert [note for note in runbook.when_it_fails if note.on == "finalize.not_sent"] == [
        FailureNote(
            "finalize.not_sent",
            "Lago could not be reached, and nothing was sent. Run it again when Lago can be reached.",
        )
    ]


@pytest.mark.parametrize("word", ["refused", "pending", "unknown", "not_sent", "done"])
def test_the_shipped_runbook_has_a_word_on_whatever_a_finalize_can_come_to(word: str) -> None:
    spoken = {note.on for note in load("finalize_invoice", [], built_in()).when_it_fails}
    assert f"finalize.{word}" in spoken


def test_the_shipped_runbook_has_a_word_on_every_check_that_can_stop_it() -> None:
    runbook = load("finalize_invoice", [], built_in())
    spoken = {note.on for note in runbook.when_it_fails}
    checks = [step.id for step in runbook.steps if step.kind == "check"]
    assert len(checks) > 10
    # What the refresh changed is never a reason to stop by itself: it warns, and the person decides.
    assert [id for id in checks if f"{id}.deny" not in spoken] == ["refresh_news"]
