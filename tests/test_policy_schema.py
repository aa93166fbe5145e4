"""The JSON Schema of policy files: it refuses none that is valid, and finds what `validate` finds wherever a schema can."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache

import jsonschema
import pytest
from lago_server import Result
from test_schema import ROOT, nodes, runbook, seen

from engine.explain.diagnostics import HERE, base, mistaken
from engine.folders import SHIPPED_POLICIES
from engine.policy_files.reading import read
from engine.schema import policy_document
from engine.source import parse

__all__ = ["runbook"]

FILE = SHIPPED_POLICIES / "policy.schema.json"
SCHEMA = json.loads(policy_document())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# Codes whose example no schema can find: it sees one value at a time, in a file that has been read.
BEYOND = {
    "RP006": "the names of two rows cannot be compared",
    "RP008": "what a param is elsewhere stands in another section",
    "RP009": "which params there are is a matter of the whole file",
    "RP010": "an expression is a language of its own",
    "RP011": "so is what it is likely meant to be",
    "RP012": "so is whether something uses a name",
    "RP013": "so is whether it is always true",
    "RP014": "that is odd, and no error",
}
IN_REGO = """\
apiVersion: policy/v1
kind: PolicySet
metadata: {name: close, version: "1"}
facts: {invoice: lago.Invoice}
engine: opa
opa: {package: lago.close, server: "https://opa.example.com", timeout: 5s, approve: {roles: [lead], valid_for: 4h}}
"""


def marked(text: str) -> bool:
    """Whether an editor marks something in a policy file."""
    return bool(seen(text, VALIDATOR))


def codes(text: str) -> set[str]:
    """What `validate` tells as errors of the same file."""
    name = re.search(r"name: *([\w-]+)", text)
    parsed = parse(text.encode(), f"{name[1] if name else 'billing'}.yaml")
    return {one.code for one in read(parsed, ROOT)[1] if one.severity == "error"}


@cache
def examples() -> dict[str, str]:
    """Every policy file that comes with it or stands in a manual, by the name of its set."""
    found = {path.stem: path.read_text() for path in SHIPPED_POLICIES.glob("*.yaml") if "." not in path.stem}
    for page in (ROOT / "docs").rglob("*.md"):
        for text in re.findall(r"^```yaml\n(apiVersion:.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
            found[f"{page.stem} of the manual"] = text
    return {**found, "the example of explain": base("RP001"), "in Rego": IN_REGO}


def test_the_schema_that_is_shipped_is_the_one_that_is_made() -> None:
    made = "make it anew: runbook schema --kind policy -o policies/policy.schema.json"
    assert FILE.read_text() == policy_document(), made


def test_it_is_a_schema_that_older_drafts_take_too_and_its_references_lead_somewhere() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    named = {node["$ref"].removeprefix("#/$defs/") for node in nodes(SCHEMA) if "$ref" in node}
    assert named == set(SCHEMA["$defs"])


def test_every_shipped_policy_file_names_it_in_its_first_line() -> None:
    first = {
        path.name: path.read_text().splitlines()[0] for path in SHIPPED_POLICIES.glob("*.yaml") if "." not in path.stem
    }
    assert first == dict.fromkeys(["billing.yaml", "voids.yaml"], f"# yaml-language-server: $schema={FILE.name}")


@pytest.mark.parametrize("name", examples())
def test_a_policy_file_that_is_valid_has_nothing_marked(name: str) -> None:
    assert seen(examples()[name], VALIDATOR) == []


EXAMPLES = sorted(path.stem for path in (HERE / "diagnostics").glob("RP*.md"))


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_example_of_each_code_is_marked_but_for_what_no_schema_can_find(code: str) -> None:
    (change,) = re.findall(r"^```diff\n(.*?)^```$", (HERE / "diagnostics" / f"{code}.md").read_text(), re.M | re.S)
    assert marked(mistaken(code, change)) is (code not in BEYOND)


# A place of the example, what stands there instead, and whether a schema can tell that it is wrong.
SLIPS = [
    ("apiVersion: policy/v1", "apiVersion: policy/v2"),
    ("kind: PolicySet", "kind: Policies"),
    ('version: "1"', "version: 1"),
    ("metadata: {name: billing", "metadata: {nam: billing"),
    ("actions: [lago.finalize_invoice]", "actions: []"),
    ("actions: [lago.finalize_invoice]", "actions: [7]"),
    ("actions: [lago.finalize_invoice]", "action: [lago.finalize_invoice]"),
    ("invoice: lago.Invoice", "invoice: Invoice"),
    ("sync: SyncRun", "now: SyncRun"),
    ("max_sync_age: 24h", "max_sync_age: 1.5"),
    ("max_sync_age: 24h", "Max-Sync-Age: 24h"),
    ("params: {max_sync_age: 12h}", "param: {max_sync_age: 12h}"),
    ("ceiling: params", "true: params"),
    ("  ceiling: params.ceiling_cents[invoice.currency]", "  ceiling: [params]"),
    ("  - id: sync-fresh", "  - id: Sync fresh"),
    ("effect: deny", "effect: block"),
    ("effect: deny", "effect: deny\n    approve: {roles: [lead]}"),
    ("effect: deny\n", "effect: warn\n"),
    ("effect: deny", "effect: deny\n    mode: dry"),
    ("effect: deny", "effect: deny\n    evaluate: later"),
    ("    require: >-", "    deny_if: >-"),
    ("when: invoice", "when: true\n    doc: invoice"),
    ("reason: required", "reason: optional"),
    ("roles: [finance_lead]", "roles: []"),
    ("roles: [finance_lead]", "roles: [finance lead]"),
    ("valid_for: 4h", "valid_for: four hours"),
    ("valid_for: 4h", "count: 10"),
    ("valid_for: 4h", "distinct_from: [author]"),
    ("valid_for: 4h", 'bound_to: ["invoice lago_id"]'),
    ("    approve: {roles: [billing_approver], valid_for: 4h}\n", ""),
    ("params:\n", "types: {max_sync_age: hours}\nparams:\n"),
    ("params:\n", "types: {max_sync_age: [int, int]}\nparams:\n"),
    ("policies:\n", "engine: rego\npolicies:\n"),
    ("policies:\n", "engine: opa\npolicies:\n"),
    ("policies:\n", "opa: {package: a, files: [a.rego]}\npolicies:\n"),
]  # fmt: skip
IN_REGO_SLIPS = [
    ("package: lago.close", "package: lago-close"),
    ('server: "https://opa.example.com"', "files: []"),
    ('server: "https://opa.example.com", ', ""),
    ("timeout: 5s", "timeout: soon"),
    ("timeout: 5s", "files: [a.rego]"),
    ("roles: [lead]", "role: [lead]"),
    ("engine: opa\n", ""),
    ("opa: {", "policies: []\nopa: {"),
]


@pytest.mark.parametrize(
    ("text", "before", "after"), [(base("RP001"), *one) for one in SLIPS] + [(IN_REGO, *one) for one in IN_REGO_SLIPS]
)
def test_a_slip_that_is_marked_is_one_that_validate_refuses(text: str, before: str, after: str) -> None:
    assert before in text
    slip = text.replace(before, after, 1)
    assert (marked(slip), bool(codes(slip))) == (True, True), codes(slip)


def test_it_is_printed_and_written_as_that_of_runbooks_is(runbook: Callable[..., Result]) -> None:
    assert runbook("schema", "--kind", "policy") == Result(0, policy_document(), "")
    told = "Written to own.json. A policy file beside it begins with\n# yaml-language-server: $schema=own.json\n"
    assert runbook("schema", "--kind", "policy", "-o", "own.json") == Result(0, told, "")
