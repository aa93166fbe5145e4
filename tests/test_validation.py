"""Validation by rule: whatever stands in a file, it is told in our words at a place in the file, and what passes can be run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from engine.checks import REGISTRY as CHECKS
from engine.checks.base import Check, Here, Params, Verdict, passed
from engine.diagnostics import Diagnostic, Span, sort
from engine.library import SHIPPED
from engine.model import Runbook
from engine.render.diagnostics import render
from engine.run.itinerary import Itinerary
from engine.source import Source, parse
from engine.steps import REGISTRY as STEPS
from engine.steps.base import Effect
from engine.validation import validate
from engine.values import Money, Month

SHIPPED_TEXT = (SHIPPED / "finalize_invoice.yaml").read_text("utf-8")
BAD = [path.read_text("utf-8", "replace") for path in sorted((Path(__file__).parent / "invalid").glob("*.yaml"))]
SCRAPS = (
    "${ } ${draft} ${inputs} ${run} ${consent.at} ' \" : - ,  { } [ ] null true 7 010 ~ | > # &a *a !!x ? <<: --- \t"
    " id: step: check: confirm: with: inputs: steps: subject: when_it_fails:".split(" ")
)


@dataclass(frozen=True)
class Change:
    """One slip of the hand: `kind` says which, `at`, `to` and `scrap` where and with what."""

    kind: str
    at: int
    to: int
    scrap: str

    def made(self, text: str) -> str:
        """The text after the slip."""
        lines = text.split("\n")
        line, other = self.at % len(lines), self.to % len(lines)
        place = self.at % (len(text) + 1)
        match self.kind:
            case "drop a line":
                del lines[line]
            case "swap two lines":
                lines[line], lines[other] = lines[other], lines[line]
            case "say a line twice":
                lines.insert(other, lines[line])
            case "cut characters":
                return text[:place] + text[place + 1 + self.to % 20 :]
            case _:
                return text[:place] + self.scrap + text[place:]
        return "\n".join(lines)


KINDS = ["drop a line", "swap two lines", "say a line twice", "cut characters", "put something in"]
NUMBERS = st.integers(0, 20_000)
CHANGES = st.lists(
    st.builds(Change, st.sampled_from(KINDS), NUMBERS, NUMBERS, st.sampled_from(SCRAPS)), min_size=1, max_size=4
)


def changed(text: str, changes: list[Change]) -> str:
    """The text after all of these."""
    for change in changes:
        text = change.made(text)
    return text


def outcome(text: str) -> tuple[Runbook | None, list[Diagnostic], Source]:
    """What validation makes of a text in a file of the shipped runbook's name."""
    parsed = parse(text.encode(), "finalize_invoice.yaml")
    return *validate(parsed, STEPS, CHECKS), parsed.source


@given(st.sampled_from([SHIPPED_TEXT, SHIPPED_TEXT, *BAD]), CHANGES)
def test_whatever_slips_is_told_at_a_place_in_the_file_with_help(text: str, changes: list[Change]) -> None:
    runbook, found, source = outcome(changed(text, changes))
    assert (runbook is None) == any(one.severity == "error" for one in found)
    assert found == sort(found)
    for one in found:
        line = source.line(one.span.line)
        assert 1 <= one.span.line == one.span.end_line <= len(source.lines)
        assert 1 <= one.span.col < one.span.end_col <= len(line) + 2
        assert one.message
        assert one.help
    for format in ("human", "plain", "json"):
        assert bool(render(found, format, lambda path, number: source.line(number))) == bool(found)


def must_be_in_order(changes: list[Change]) -> None:
    """The shipped runbook with these slips, where it is valid still: a call has its consent, and after it there are reads."""
    runbook, _, _ = outcome(changed(SHIPPED_TEXT, changes))
    if runbook is None:
        return
    way = Itinerary.of(runbook, STEPS)
    assert (way.consent is None) == (way.call is None)
    assert [defn.id for defn in way.after if defn.kind == "confirm"] == []
    effects = [STEPS[defn.name].effect for defn in way.after if defn.kind == "step"]
    assert effects == [Effect.READ] * len(effects)
    assert set(way.renewed) & set(way.live) == set()


@settings(max_examples=35)
@given(CHANGES)
def test_what_passes_stands_in_the_order_of_a_run(changes: list[Change]) -> None:
    must_be_in_order(changes)


@pytest.mark.campaign
@settings(max_examples=300)
@given(CHANGES)
def test_whatever_passes_stands_in_the_order_of_a_run(changes: list[Change]) -> None:
    must_be_in_order(changes)


STEP_LINES = [line for line in SHIPPED_TEXT.splitlines() if line.startswith("  - {id: ")]


@pytest.mark.parametrize("line", STEP_LINES, ids=lambda line: line[9 : line.index(",")])
def test_a_step_that_others_need_cannot_be_left_out(line: str) -> None:
    runbook, found, _ = outcome(SHIPPED_TEXT.replace(line + "\n", ""))
    id = line[9 : line.index(",")]
    needed = any(f"${{{id}}}" in other or f"${{{id}." in other for other in SHIPPED_TEXT.splitlines())
    spoken = f"on: {id}." in SHIPPED_TEXT
    told = {one.code for one in found}
    assert (runbook is None) == (needed or spoken)
    assert told <= {"RB017", "RB018", "RB021", "RB023", "RB026", "RB031"}
    assert ("RB026" in told) == spoken
    assert len(STEP_LINES) > 20


def test_the_shipped_runbook_is_without_a_fault() -> None:
    runbook, found, _ = outcome(SHIPPED_TEXT)
    assert found == []
    assert runbook is not None
    assert runbook.source.text == SHIPPED_TEXT


# What stands under `with:`


class Wanted(Params):
    """One parameter of each kind."""

    total: Money | None = Field(default=None, description="a total")
    period: Month | None = None
    wait: timedelta | None = None
    name: str | None = None
    count: int | None = Field(default=None, ge=1)
    is_strict: bool | None = None


def judge(params: Wanted, here: Here) -> Verdict:
    return passed("fine")


WANTS = {"wants": Check("wants", "Wants", Wanted, judge)}
INPUTS = ["total: {type: money, optional: true}", "strict: {type: flag}", "often: {type: integer, default: 2}"]


def wanting(with_: str, *inputs: str) -> tuple[Runbook | None, list[Diagnostic]]:
    """A runbook of one check that is handed this."""
    declared = "".join(f"  {line}\n" for line in inputs)
    text = (
        "runbook: a\nversion: 1\ntitle: A\nsummary: A.\nsubject: a\n"
        + (f"inputs:\n{declared}" if inputs else "")
        + f"steps:\n  - id: one\n    check: wants\n    with: {{{with_}}}\n"
    )
    return validate(parse(text.encode(), "a.yaml"), {}, WANTS)


@pytest.mark.parametrize(
    ("with_", "value"),
    [
        ("total: 1261.40 EUR", {"total": Money(126140, "EUR")}),
        ("period: 2026-10", {"period": Month(2026, 10)}),
        ("wait: 1h30m", {"wait": timedelta(minutes=90)}),
        ("name: 24h", {"name": "24h"}),
        ("count: 3, is_strict: true", {"count": 3, "is_strict": True}),
        ("name:", {"name": None}),
    ],
)
def test_a_text_becomes_what_the_parameter_is(with_: str, value: dict[str, object]) -> None:
    runbook, found = wanting(with_)
    assert found == []
    assert runbook is not None
    assert runbook.steps[0].with_ == value
    wanted = Wanted.model_validate(dict(runbook.steps[0].with_))
    assert {name: getattr(wanted, name) for name in wanted.model_fields_set} == value


@pytest.mark.parametrize(
    ("with_", "message", "help"),
    [
        ("total: 1261.4 EUR", "`total` is no money", "EUR has 2 decimals: write them all, as `1261.40 EUR`"),
        ("total: 5", "`total` must be money, not a whole number", "write money after `total:`"),
        ("wait: 90", "`wait` must be a duration, not a whole number", "write a duration after `wait:`"),
        ("count: '3'", "`count` must be a whole number, not text", "write a whole number after `count:`"),
        ("count: 0", "`count` cannot be `0`", "it should be greater than or equal to 1"),
        ("is_strict: 1", "`is_strict` must be true or false, not a whole number",
         "write true or false after `is_strict:`"),
        ("name: 7", "`name` must be text, not a whole number", 'write `name: "7"`'),
        ("name: true", "`name` must be text, not true or false", 'write `name: "true"`'),
        ("name: [a]", "`name` must be text, not a list", "write text after `name:`"),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_told_in_words(with_: str, message: str, help: str) -> None:
    _, found = wanting(with_)
    assert [(one.code, one.message, one.help) for one in found] == [("RB011", message, help)]


@pytest.mark.parametrize(
    ("with_", "declared", "code"),
    [
        ('total: "${inputs.total}"', INPUTS[0], ""),
        ('count: "${inputs.often}"', INPUTS[2], ""),
        ('is_strict: "${inputs.strict}"', INPUTS[1], ""),
        ('name: "up to ${inputs.often}"', INPUTS[2], ""),
        ('count: "${inputs.strict}"', INPUTS[1], "RB027"),
        ('is_strict: "${inputs.often}"', INPUTS[2], "RB027"),
        ('name: "${inputs.total}"', INPUTS[0], "RB027"),
        ('name: "up to ${inputs.total}"', INPUTS[0], "RB027"),
        ('count: "${inputs.often}0"', INPUTS[2], "RB011"),
    ],
)
def test_an_input_keeps_its_type(with_: str, declared: str, code: str) -> None:
    _, found = wanting(with_, declared)
    assert [one.code for one in found] == ([code] if code else [])


# One mistake is one error

A_STEP = "  - {id: %s, step: lago.get_invoice, with: {invoice: '${inputs.invoice}'}}\n"


def reading(*steps: str) -> list[Diagnostic]:
    """What is wrong with a runbook of these steps."""
    head = "runbook: a\nversion: 1\ntitle: A\nsummary: A.\ninputs: {invoice: {type: invoice_id}}\n"
    text = head + "subject: a:${draft.lago_id}\nsteps:\n" + "".join(steps)
    return validate(parse(text.encode(), "a.yaml"), STEPS, CHECKS)[1]


CUSTOMER = "  - {id: customer, step: lago.get_customer, with: {invoice: '${draft}'}}\n"


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ("  - {id: draft, step: lago.get_invoise, with: {invoice: '${inputs.invoice}'}}\n", "RB012"),
        ("  - {id: draft, with: {invoice: '${inputs.invoice}'}}\n", "RB013"),
        ("  - {id: draft, step: lago.get_invoice, with: {invoise: '${inputs.invoice}'}}\n", "RB015"),
        ("  - {id: draft, step: lago.get_invoice, with: {invoice: '${inputs.invoise}'}}\n", "RB017"),
        ("  - {id: draft, step: 7, with: {invoice: '${inputs.invoice}'}}\n", "RB011"),
    ],
)
def test_what_follows_from_an_error_is_not_told(first: str, code: str) -> None:
    assert reading(A_STEP % "draft", CUSTOMER) == []
    assert [one.code for one in reading(first, CUSTOMER)] == [code]


def test_several_at_one_place_keep_the_order_in_which_they_were_found() -> None:
    def at(line: int, message: str) -> Diagnostic:
        return Diagnostic("RB013", message, "a.yaml", Span(line, 1, line, 2))

    found = [at(2, "b"), at(1, "z"), at(1, "a"), at(2, "b"), at(1, "m")]
    assert [one.message for one in sort(found)] == ["z", "a", "m", "b"]


# How many errors there are does not matter to how long it takes


def crowded(row: Callable[[int], str], count: int) -> str:
    """A runbook of many rows."""
    head = "runbook: a\nversion: 1\ntitle: A\nsummary: A.\nsubject: a\nsteps:\n"
    return head + "".join(row(number) for number in range(count))


def test_a_file_full_of_errors_is_told_in_full() -> None:
    text = crowded(lambda at: f"  - {{id: s{at}, check: invoice_is_draft, with: {{invoice: '${{t{at}}}'}}}}\n", 300)
    _, found = validate(parse(text.encode(), "a.yaml"), STEPS, CHECKS)
    assert [(one.code, one.span.line) for one in found] == [("RB017", line) for line in range(7, 307)]
