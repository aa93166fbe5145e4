"""Where our outcome may differ from the oracle's: each difference with its reason, and what exactly it covers.

`DIFFERENCES.md` is made from here; a test holds it equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import mock

from cel_oracle.facts import Facts
from cel_oracle.ours import BETWEEN, Ours
from cel_oracle.plain import canonical
from engine.cel import moments

Outcome = dict[str, Any]
NOTHING = Facts({}, {})


@dataclass(frozen=True, slots=True)
class Pair:
    """Our outcome of a text beside the oracle's, how the text was made, what the oracle was asked for it, and the facts."""

    facts: Facts
    made: str
    text: str
    asked: str
    ours: Outcome
    theirs: Outcome


@dataclass(frozen=True, slots=True)
class Difference:
    """A name, a reason for people, what it covers, and an example with the oracle's outcome.

    `refusals` are forms of our messages: before anything runs we refuse what the oracle finds a value for. `covers` looks at
    any other pair. `is_of_slips` says that it accounts for no text that was made with all types in their place.
    """

    name: str
    reason: str
    example: str
    theirs: Outcome
    facts: Facts = NOTHING
    refusals: tuple[str, ...] = ()
    is_of_slips: bool = False
    covers: Callable[[Pair], bool] = lambda _: False


def agree(ours: Outcome, theirs: Outcome) -> bool:
    """Equal values, or both an error, whether found before evaluation or in it. Past a budget is neither.

    A value that our language has not, such as a uint, is an error to us.
    """
    if "is" in ours and "is" in theirs:
        return canonical(ours["is"]) == canonical(theirs["is"])
    return bool(ours.keys() & {"refused", "failed"}) and bool(theirs.keys() & {"refused", "failed", "outside"})


def difference(pair: Pair) -> Difference | None:
    """The written difference that accounts for two outcomes that do not agree, if any does. Of a refusal, for each message."""
    known = [one for one in DIFFERENCES if pair.made != "typed" or not one.is_of_slips]
    if "refused" in pair.ours and "is" in pair.theirs:
        found = [_of(message, known) for message in pair.ours["refused"].split(BETWEEN)]
        return found[0] if all(found) else None
    return next((one for one in known if one.covers(pair)), None)


def _of(message: str, known: list[Difference]) -> Difference | None:
    return next((one for one in known if any(re.fullmatch(form, message, re.DOTALL) for form in one.refusals)), None)


def _in_292_years(pair: Pair) -> Outcome:
    with mock.patch.object(moments, "LONGEST", (2**63 - 1) // 1000):
        return Ours(pair.facts).outcome(pair.text)


_OF_NOTHING = re.compile(r"\[\]|\{\}")
_NO_RFC_3339 = (
    r"'(?!\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)').*' is no timestamp; it is written .*"
)
_LOOP = re.compile(r"\][)\s]*\.(all|exists|exists_one|filter|map)\(")
_SPACED = re.compile(r"'(\s|\\[tnr]).*' is no whole|(\s|\\[tnr])' is no whole")
_RECORD_AND_NULL = re.compile(r"'\(.*(map\(string, dyn\).*, .*null_type|null_type.*, .*map\(string, dyn\)).*\)'")

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "a double as text",
        "`string(double)` is left out: how a floating number is written is nobody's promise, and no amount is one.",
        "string(0.5)",
        {"is": "0.5"},
        refusals=(r"string takes .*, not double",),
    ),
    Difference(
        "a text that is no timestamp, duration or zone",
        "A text that is written out is read before anything runs, also where the evaluation would not have come to it.",
        'true || timestamp("2026-02-30T00:00:00Z") == timestamp(0)',
        {"is": True},
        refusals=(
            r".* is no (timestamp|duration|time zone); it is written .*",
            r".* is no moment (of a calendar )?from year 1 to 9999",
            r"this duration is longer than .*",
            r".* has no possible offset",
        ),
    ),
    Difference(
        "a time finer than a microsecond",
        "Moments and spans are exact to the microsecond. A text that says more is an error; the oracle keeps nanoseconds.",
        'duration("1ns") > duration("0s")',
        {"is": True},
        refusals=(r".* is finer than a microsecond",),
        covers=lambda pair: "is finer than a microsecond" in pair.ours.get("failed", "") and "is" in pair.theirs,
    ),
    Difference(
        "a double past the largest",
        "A number that no double can hold is refused where it is written; the oracle reads infinity.",
        "1e400 > 0.0",
        {"is": True},
        refusals=("this number is larger than a double can be",),
    ),
    Difference(
        "words out of a set",
        "A string that can only be one of some words (an enum) has no order, and is compared with these only: any other is a "
        "slip of the pen that would never be true. CEL knows no such type.",
        'status == "drafted"',
        {"is": False},
        Facts({"status": ("words", "status", ("draft", "finalized"))}, {"status": "draft"}),
        refusals=(
            r"cannot order \w+: it is one of a set of words",
            r'\w+ is never ".*"(; did you mean .*)?',
            r"no \w+ is ever .*",
        ),
    ),
    Difference(
        "a field that is not declared",
        "A record has the fields that were declared; to the oracle it is a map, in which any key may be.",
        "true || invoice.sttus == 1",
        {"is": True},
        Facts({"invoice": ("record", "Invoice", (("status", "int"),))}, {"invoice": {"map": {"status": 1}}}),
        refusals=(r"[\w.]+ has no field '.*'.*",),
    ),
    Difference(
        "types that do not fit",
        "To the oracle a record is a map of anything, so that it finds out only while it runs, or never, what a field is. "
        "Ours are declared; and an `==` or `in` that could never be true is a mistake. Only where a part was made of a wrong "
        "type, or a text was changed.",
        "invoice.status == 1 && false",
        {"is": False},
        Facts({"invoice": ("record", "Invoice", (("status", "string"),))}, {"invoice": {"map": {"status": "a"}}}),
        refusals=(
            r"cannot (compare|order) .* (with|against) .*",
            r"cannot look for .* in a .*",
            r"no '.' for .*",
            r"'(&&|\|\||!|\?)' needs true or false; this is .*",
            r"a condition is true or false; this is .*",
            r".* has no elements",
            r"one outcome is .*, the other .*",
            r"the (values of a map|elements of a list) are of one type; .*",
            r"\w+ takes .*, not .*",
            r"the keys of a map are strings, not .*",
            r"a key of a map is a string, not .*",
            r"\w+ needs a list or a map, not .*",
            r"\w+ has no fields",
            r"the fields of \w+ are written with a dot",
            r".* may be null",
        ),
        is_of_slips=True,
    ),
    Difference(
        "a clock before year 1 or after year 9999",
        "At the first and last hours of the calendar a clock elsewhere would show year 0 or 10000, which Python's has not.",
        'timestamp("9999-12-31T23:00:00Z").getFullYear("Asia/Tokyo")',
        {"is": 10000},
        covers=lambda pair: "outside of the years 1 to 9999" in pair.ours.get("failed", "") and "is" in pair.theirs,
    ),
    Difference(
        "an element of nothing",
        "The elements of an empty list that is written out are of any type. Once two of them are compared or added, the oracle "
        "takes them for ints, and refuses any other use; ours may not have a field and may not be gone through.",
        "[].filter(k, k < k) == [1.5]",
        {"refused": "found no matching overload for '_==_' applied to '(list(int), list(double))'"},
        refusals=(r"this would be an element of an empty list or map, which has none",),
        covers=lambda pair: (
            "found no matching overload" in pair.theirs.get("refused", "")
            and _OF_NOTHING.search(pair.asked) is not None
        ),
    ),
    Difference(
        "a dot before a name",
        "CEL reads `.name` as a name outside of all containers; there are no containers here. Only where a text was changed.",
        ".total == 1",
        {"is": True},
        Facts({"total": "int"}, {"total": 1}),
        refusals=(r"'\.' cannot stand here; a value is expected",),
        is_of_slips=True,
    ),
    Difference(
        "a timestamp that is not as RFC 3339 has it",
        "The oracle also reads a year of five digits, a month of one, an offset without minutes, and spaces around all of it.",
        'timestamp("0" + "2026-10-26T10:30:00Z")',
        {"is": {"timestamp": "2026-10-26T10:30:00+00:00"}},
        covers=lambda pair: "is" in pair.theirs and re.fullmatch(_NO_RFC_3339, pair.ours.get("failed", "")) is not None,
    ),
    Difference(
        "a loop over an element of a field",
        "Of what stands in a list or map of a record the oracle does not know that it can be gone through.",
        'invoice.tags["a"].all(e, e)',
        {"refused": "expression of type 'dyn' cannot be the range of a comprehension"},
        Facts(
            {"invoice": ("record", "Invoice", (("tags", ("map", ("list", "bool"))),))},
            {"invoice": {"map": {"tags": {"map": {"a": []}}}}},
        ),
        covers=lambda pair: (
            "type 'dyn' cannot be the range" in pair.theirs.get("refused", "")
            and re.search(_LOOP, pair.text) is not None
        ),
    ),
    Difference(
        "a key that comes twice",
        "A map with a key twice is an error, which an `||` may make up for as for any other; the oracle ends at once.",
        '{"a" + "b": 1, "ab": 2} == {} || true',
        {"failed": "ALREADY_EXISTS: duplicate key in map [ALREADY_EXISTS]"},
        covers=lambda pair: "duplicate key in map" in pair.theirs.get("failed", "") and "is" in pair.ours,
    ),
    Difference(
        "a span over 292 years",
        "Durations go to 10,000 years, after the specification, so that any moment minus any other is one: `9999-12-31` often "
        "stands for never. The oracle reads them, but reckons in 64 bits of nanoseconds, fails beyond, or goes wrong in a few "
        "cases. Covered is what is an error to us as well while our durations are held to 292 years.",
        'timestamp("9999-12-31T00:00:00Z") - timestamp(0) > duration("1h")',
        {"failed": "OUT_OF_RANGE: integer overflow"},
        covers=lambda pair: (
            "is" in pair.ours and not pair.theirs.keys() & {"refused"} and "is" not in _in_292_years(pair)
        ),
    ),
    Difference(
        "a space around a number as text",
        "`int(string)` takes digits and a sign; the oracle passes over spaces and line breaks around them, CEL in Go does not.",
        'int(" 1")',
        {"is": 1},
        covers=lambda pair: "is" in pair.theirs and _SPACED.search(pair.ours.get("failed", "")) is not None,
    ),
    Difference(
        "a record beside null",
        "A record may be compared with null, as a message may in CEL; to the oracle it is a map, which may not.",
        "invoice == null",
        {"refused": "found no matching overload for '_==_' applied to '(map(string, dyn), null_type)'"},
        Facts({"invoice": ("record", "Invoice", (("status", "string"),))}, {"invoice": {"map": {"status": "a"}}}),
        covers=lambda pair: _RECORD_AND_NULL.search(pair.theirs.get("refused", "")) is not None,
        is_of_slips=True,
    ),
    Difference(
        "has() of a field that is null",
        "A record is a declared message, as CEL has them: in one, what is null is not there. To the oracle a record is a map, "
        "in which a key with a null is there. Wherever the generator writes `has(r.f)` of such a field, the oracle is asked "
        "`(r.f != null)`.",
        "has(invoice.number)",
        {"is": True},
        Facts(
            {"invoice": ("record", "Invoice", (("number", ("nullable", "string")),))},
            {"invoice": {"map": {"number": None}}},
        ),
        covers=lambda pair: pair.text == "has(invoice.number)",
    ),
)


def page() -> str:
    """The text of `DIFFERENCES.md`."""
    lines = [_HEAD]
    for one in DIFFERENCES:
        theirs = f"`{canonical(one.theirs['is'])}`" if "is" in one.theirs else "an error"
        lines.append(f"## {one.name}\n\n{one.reason}\n\nExample: `{one.example}` is {theirs} to Google's.\n")
    return "\n".join(lines)


_HEAD = """\
# Where our expressions may differ from Google's CEL

Made from `differences.py`; `pytest --update-pages tests/test_cel_oracle.py` makes it anew.

Two outcomes agree when both are the same value, or both an error, whether it was found before the evaluation or in it.
All else is a disagreement and fails a test, but for what is listed here. Each entry is a rule that looks at the text and
at both outcomes, with an example on which a test holds that we do differ and that this entry alone covers it.

- `pytest tests/test_cel_oracle.py`: some thousand recorded answers of `cel-expr-python` 0.1.3, and rows of the
  specification. Runs everywhere.
- `PYTHONPATH=.:tests python -m cel_oracle compare --python PYTHON`: 100,000 expressions live, or `--count`; another
  `--seed`, others. `PYTHON` is a Python 3.12 or newer that has `cel-expr-python`: on 3.11 that package aborts the
  interpreter after some thousand nulls.
- `pytest -m campaign tests/test_cel_live.py` does the same as a test where `RUNBOOK_CEL_ORACLE` names such a Python, or
  the tests run on one with the extra `oracle`. Elsewhere it collects nothing.
- `PYTHONPATH=.:tests python -m cel_oracle record --python PYTHON` writes the corpus anew.

Never compared: strings with NUL, at which the oracle cuts them off; timestamps inside maps, which it cannot be handed
(ours reads them there like at the top); the order in which a map is walked, which CEL leaves open; our own functions,
which it has not.
"""
