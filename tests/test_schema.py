"""The JSON Schema for editors: it refuses no runbook that is valid, and finds what `validate` finds wherever a schema can."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from lago_server import Result
from pydantic import Field

import cli
from engine.checks.base import Check, Params, passed
from engine.library import SHIPPED
from engine.model import INPUT_TYPES, parse_input
from engine.registry import Registry, built_in
from engine.schema import document
from engine.schema.literals import VALUES
from engine.source import Node, parse, walk
from engine.validation import validate

ROOT = SHIPPED.parent
FILE = SHIPPED / "runbook.schema.json"
INVALID = Path(__file__).parent / "invalid"
REGISTRY = built_in()


def schema(registry: Registry = REGISTRY) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(document(registry))
    return loaded


def items(validator: Any, schema: Any, rows: Any, whole: Any) -> Iterator[jsonschema.ValidationError]:
    """`items` of JSON Schema, which takes most of the time here: a row that was found to be fine is, wherever it stands."""
    for at, row in enumerate(rows if isinstance(rows, list) else ()):
        known = (id(schema), repr(row))
        if known not in FINE:
            found = list(validator.descend(row, schema, path=at))
            yield from found
            if not found:
                FINE.add(known)


FINE: set[tuple[int, str]] = set()
VALIDATOR = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"items": items})(schema())  # type: ignore[no-untyped-call]


class Core(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML 1.2's core schema, which editors read; PyYAML's own loaders read YAML 1.1, where `on` is true and 010 is 8."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's own way)


for tag, pattern, first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", list("-+.0123456789")),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)


def seen(text: str, validator: Any = VALIDATOR) -> list[tuple[tuple[str | int, ...], str]]:
    """What an editor marks: the route to each place, and what is said of it."""
    loaded = yaml.load(text, Core)
    return [(tuple(error.absolute_path), error.message) for error in validator.iter_errors(loaded)]


def is_valid(text: str, name: str) -> bool:
    return validate(parse(text.encode(), f"{name}.yaml"), REGISTRY.steps, REGISTRY.checks)[0] is not None


# The file that comes with it


def test_the_schema_that_is_shipped_is_the_one_that_is_made() -> None:
    assert FILE.read_text() == document(REGISTRY), "make it anew: runbook schema -o runbooks/runbook.schema.json"


def test_it_is_a_schema_of_its_draft_and_uses_nothing_that_draft_07_lacks() -> None:
    made = schema()
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(made)
    jsonschema.Draft7Validator.check_schema(made)
    ours = names_of_things(made)
    words = {key for node in nodes(made) for key in node} - ours
    assert words <= {
        *("$schema", "$defs", "$ref", "title", "description", "default", "patternErrorMessage"),
        *("type", "enum", "const", "pattern", "minimum", "maximum", "minItems", "items"),
        *("properties", "required", "additionalProperties", "propertyNames"),
        *("allOf", "anyOf", "oneOf", "if", "then"),
    }


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(child)


def names_of_things(made: dict[str, Any]) -> set[str]:
    """The keys of a runbook, the parameters and the names under `$defs`: words of ours and not of JSON Schema."""
    within = [
        node[word] for node in nodes(made) for word in ("properties", "$defs") if isinstance(node.get(word), dict)
    ]
    return {name for one in within for name in one} - {"default", "type", "title"}


def test_every_reference_within_it_leads_somewhere() -> None:
    made = schema()
    targets = {node["$ref"].removeprefix("#/$defs/") for node in nodes(made) if "$ref" in node}
    assert targets == set(made["$defs"]) - {"flag"} | {"flag"}


def test_every_shipped_runbook_names_it_in_its_first_line() -> None:
    runbooks = [path for path in SHIPPED.glob("*.yaml") if not path.name.endswith(".test.yaml")]
    first = {path.name: path.read_text().splitlines()[0] for path in runbooks}
    assert first == dict.fromkeys(first, f"# yaml-language-server: $schema={FILE.name}")


# What is valid


@cache
def examples() -> dict[str, str]:
    """Every runbook that comes with it or stands in a manual, by name."""
    found = {path.stem: path.read_text() for path in SHIPPED.glob("*.yaml") if not path.name.endswith(".test.yaml")}
    for page in (ROOT / "docs").rglob("*.md"):
        for text in re.findall(r"^```yaml\n(runbook:.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
            found[re.findall(r"runbook: *(\w+)", text)[0]] = text
    return {name: text for name, text in found.items() if is_valid(text, name)}


@pytest.mark.parametrize("name", examples())
def test_a_runbook_that_is_valid_has_nothing_marked(name: str) -> None:
    assert seen(examples()[name]) == []


def test_the_shipped_one_and_the_manual_s_are_among_them() -> None:
    assert {"finalize_invoice", "finalize_reviewed"} <= set(examples())


def test_both_ways_of_reading_yaml_agree_on_what_is_valid() -> None:
    for name, text in examples().items():
        root = parse(text.encode(), f"{name}.yaml").root
        assert root is not None
        assert yaml.load(text, Core) == root.plain()


# What is not

# What no schema can find: it sees one value at a time, in a file that has been read.
BEYOND = {
    "RB002": "a key that stands twice is gone when the file has been read; the editor's YAML tells it",
    "RB003": "editors read YAML 1.2, where most of these words are what they look like",
    "RB005": "anchors, aliases and tags are resolved when the file has been read",
    "RB017": "whether a reference leads to a step or input is a matter of the whole file",
    "RB018": "so is whether that step stands above",
    "RB019": "so is what the step read, and which fields that has",
    "RB020": "so is what stands around a one-way step",
    "RB021": "so is what stands around a one-way step",
    "RB022": "so is what stands around a one-way step",
    "RB023": "so is whether something refers to an input",
    "RB026": "so is which step a note speaks of, and what that can come to",
    "RB027": "so is the type of what a reference leads to",
    "RB029": "a schema can count rows, not the rows whose step is one-way",
    "RB030": "a schema does not know the file's name",
    "RB031": "the order of rows is a matter of the whole file",
    "RB032": "so is what was read before a consent",
    "RB033": "an expression is a language of its own",
    "RB034": "so is what is read under which condition",
    "RB035": "which policy sets there are is a matter of folders",
    "RB036": "so is what they want to be handed",
    "RB037": "the order of rows is a matter of the whole file",
    "RB038": "so is what a policy set is for",
}
# Files of these codes that it marks all the same, and the one of another code that it does not.
MARKED = {
    "rb003_base_60",
    "rb003_capital_true",
    "rb003_date",
    "rb003_fraction",
    "rb003_hexadecimal",
    "rb003_infinity",
    "rb003_octal",
    "rb003_on",
    "rb003_tilde",
    "rb003_underscore",
    "rb003_yes",
    "rb005_merge_key",
    "rb005_tag",
    "rb017_inputs_alone",
    "rb026_no_outcome",
}
UNMARKED = {
    "rb001_byte_order_mark_within": "YAML takes it for a letter",
    "rb001_text_turned_round": "YAML takes it for a letter",
    "rb024_twice": "the ids of two rows cannot be compared",
}
NAMES = sorted(path.stem for path in INVALID.glob("rb*.yaml"))


@cache
def marked(name: str) -> list[tuple[tuple[str | int, ...], str]] | None:
    """What an editor marks in one of the bad runbooks; None where it cannot read it as YAML, and says so."""
    try:
        return seen((INVALID / f"{name}.yaml").read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return None


def test_every_bad_runbook_is_marked_but_for_what_no_schema_can_find() -> None:
    unmarked = {name for name in NAMES if marked(name) == []}
    assert unmarked == {
        name for name in NAMES if name[:5].upper() in BEYOND and marked(name) is not None
    } - MARKED | set(UNMARKED)
    assert {name[:5].upper() for name in unmarked - set(UNMARKED)} == set(BEYOND)


def covers(node: Node | None, line: int) -> bool:
    return node is not None and node.span.line <= line <= max(one.span.end_line for one in walk(node))


@pytest.mark.parametrize("name", [name for name in NAMES if name[:5].upper() not in {*BEYOND, "RB001"}])
def test_what_is_marked_is_where_validate_finds_it(name: str) -> None:
    if name in UNMARKED:
        return
    parsed = parse((INVALID / f"{name}.yaml").read_bytes(), f"{name}.yaml")
    _, found = validate(parsed, REGISTRY.steps, REGISTRY.checks)
    assert parsed.root is not None
    routes = [route for route, _ in marked(name) or ()]
    for one in found:
        assert any(covers(parsed.root.at(*route), one.span.line) for route in routes), (one, routes)


# Values


READS = """runbook: own
version: 1
title: Own
summary: Own.
inputs:
  invoice: {{type: invoice_id}}
  {declared}
subject: lago:invoice:${{draft.lago_id}}
steps:
  - {{id: draft, step: lago.get_invoice, with: {{invoice: "${{inputs.invoice}}"}}}}
  - {{id: customer, step: lago.get_customer, with: {{invoice: "${{draft}}"}}}}
  - {{id: sync, step: billing.latest_sync}}
  - {{id: row, {row}}}
"""
ROWS = {
    "text": "check: operator_has_role, with: {{role: {0}}}",
    "text or a fact": "step: lago.get_invoice, with: {{invoice: {0}}}",
    "a fact": "check: invoice_is_draft, with: {{invoice: {0}}}",
    "duration": 'check: sync_is_fresh, with: {{sync: "${{sync}}", max_age: {0}}}',
    "money": 'check: total_matches, with: {{invoice: "${{draft}}", expected: {0}}}',
    "month": 'check: period_matches, with: {{invoice: "${{draft}}", customer: "${{customer}}", expected: {0}}}',
    "flag": 'check: will_be_issued, with: {{invoice: "${{draft}}", accept_closed: {0}}}',
}
_TRIED = """billing_admin|7|true|""|"${inputs.invoice}"|"${draft}"|"a ${inputs.invoice} b"|"${"|"${}"|"$x"|"${ }"|[]|{}|
24h|"1h30m"|1h1h|24|1.5h|-1h|1261.40 EUR|"1,261.40 EUR"|1261.4 EUR|100 JPY|100.00 JPY|1.000 KWD|1261.40 eur|12,61.40 EUR|
2026-10|2026-13|"2026-1"|false|"true"|[x]|{x: y}"""
TRIED = [value.strip() for value in _TRIED.split("|")]


def is_refused(text: str) -> bool:
    """Whether `validate` finds something that a schema can find too. Of interest is what it says, not where."""
    _, found = validate(parse(text.encode(), "own.yaml", is_quick=True), REGISTRY.steps, REGISTRY.checks)
    return bool({one.code for one in found} - set(BEYOND))


@pytest.mark.parametrize("kind", ROWS)
def test_a_value_that_is_marked_is_one_that_validate_refuses_and_the_reverse(kind: str) -> None:
    texts = {value: READS.format(declared="", row=ROWS[kind].format(value)) for value in TRIED}
    marked = {value: bool(seen(text)) for value, text in texts.items()}
    assert marked == {value: is_refused(text) for value, text in texts.items()}
    assert any(marked.values())


@pytest.mark.parametrize("type", INPUT_TYPES)
def test_a_default_that_is_marked_is_one_that_validate_refuses_and_the_reverse(type: str) -> None:
    declared = {value: f"other: {{type: {type}, default: {value}}}" for value in TRIED}
    texts = {value: READS.format(declared=one, row=ROWS["text"].format("x")) for value, one in declared.items()}
    marked = {value: bool(seen(text)) for value, text in texts.items()}
    assert marked == {value: is_refused(text) for value, text in texts.items()}
    assert any(marked.values())


VALIDATORS = {type: jsonschema.Draft202012Validator(shape) for type, shape in VALUES.items()}


def matches(type: str, text: str) -> bool:
    return VALIDATORS[type].is_valid(text)


def test_every_input_type_has_a_pattern() -> None:
    assert list(VALUES) == list(INPUT_TYPES)


NEARLY = st.text(st.sampled_from("0123456789.,- EURJPYKWDhmsd"), max_size=14)


@pytest.mark.parametrize("type", ["money", "month", "duration", "integer"])
@given(NEARLY | st.from_regex(VALUES["money"]["pattern"]) | st.from_regex(r"\A[0-9]{1,9}[smhd][0-9]{1,3}[smhd]\Z"))
def test_a_pattern_is_the_parser_s(type: str, text: str) -> None:
    try:
        parse_input(type, text)
        is_one = True
    except ValueError as error:
        is_one = "longer than a calendar" in str(error)
    if text.isascii() and "\n" not in text:
        assert matches(type, text) is is_one


# What an extension brings


class Odd(Params):
    """Parameters of kinds that the built-in ones do not have."""

    mode: Literal["strict", "lenient"] = Field(default="strict", description="how")
    names: list[str] = Field(description="which")
    most: int | None = Field(default=None, ge=1, le=9)
    label: str = Field(default="x", max_length=3)
    anything: Any = None
    own: object = None


ODD = Check(name="odd", title="It is odd", Params=Odd, judge=lambda params, here: passed("odd"))


@pytest.mark.parametrize(
    ("with_", "routes"),
    [
        ("{names: [a, b], mode: lenient, most: 3, label: abc, anything: {x: 1}}", []),
        ('{names: "${inputs.names}", mode: "${inputs.mode}", most: "${inputs.most}"}', []),
        ("{names: [1]}", ["names"]),
        ("{names: [], mode: odd}", ["mode"]),
        ("{names: [], most: 10}", ["most"]),
        ("{names: [], label: abcd}", ["label"]),
        ("{mode: strict}", [None]),
    ],
)
def test_own_checks_stand_in_it_with_their_parameters(with_: str, routes: list[str | None]) -> None:
    made = schema(Registry(REGISTRY.steps, {**REGISTRY.checks, "odd": ODD}))
    text = READS.format(declared="", row=f"check: odd, with: {with_}")
    validator = jsonschema.Draft202012Validator(made)
    assert [route for route, _ in seen(text, validator)] == [
        ("steps", 3, "with", *([name] if name else [])) for name in routes
    ]
    assert seen(text)[0][0] == ("steps", 3, "check"), "without the extension there is none such"


def test_names_and_parameters_say_what_they_are() -> None:
    made = schema(Registry(REGISTRY.steps, {**REGISTRY.checks, "odd": ODD}))
    step = made["$defs"]["step"]
    said = {one["const"]: one["description"] for one in step["properties"]["step"]["anyOf"]}
    assert list(said) == list(REGISTRY.steps)
    assert said["lago.finalize_invoice"].startswith(REGISTRY.steps["lago.finalize_invoice"].title + ". ONE WAY")
    (rule,) = [one for one in step["allOf"] if one["if"].get("properties", {}).get("check") == {"const": "odd"}]
    mode = rule["then"]["properties"]["with"]["properties"]["mode"]
    assert (mode["description"], mode["default"]) == ("how", "strict")


# The command


@pytest.fixture
def runbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Result]:
    """The command in this process, in an empty folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["runbook", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Result(int(ended.value.code or 0), *capsys.readouterr())

    return call


@pytest.mark.parametrize("format", ["human", "plain", "json"])
def test_it_is_printed_in_every_format(runbook: Callable[..., Result], format: str) -> None:
    assert runbook("schema", "--format", format) == Result(0, document(REGISTRY), "")


def test_it_is_written_and_the_line_that_names_it_is_told(runbook: Callable[..., Result]) -> None:
    ended = runbook("schema", "-o", "own.json")
    told = "Written to own.json. A runbook beside it begins with\n# yaml-language-server: $schema=own.json\n"
    assert ended == Result(0, told, "")
    assert Path("own.json").read_text() == document(REGISTRY)
    as_json = runbook("schema", "-o", "own.json", "--format", "json")
    assert json.loads(as_json.out) == {"v": 1, "type": "schema", "path": "own.json"}


def test_where_it_cannot_be_written_it_says_so(runbook: Callable[..., Result]) -> None:
    ended = runbook("schema", "-o", "none/own.json", "--format", "plain")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "error: none/own.json cannot be written: No such file or directory (help: Make its folder first.)\n"
    )


def test_a_schema_beside_runbooks_is_no_runbook(runbook: Callable[..., Result]) -> None:
    folder = Path("runbooks")
    folder.mkdir()
    (folder / "runbook.schema.json").write_bytes(FILE.read_bytes())
    assert "schema" not in runbook("list").out
    assert runbook("validate").code == 0
