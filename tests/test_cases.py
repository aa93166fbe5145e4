"""Every case of `cases/checks/<check>/*.yaml`: facts of a recording in, a verdict out (`cases/README.md`)."""

from __future__ import annotations

import ast
import inspect
import re
import types
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
import recorded
import yaml

from engine.checks import REGISTRY
from engine.checks.base import Check, Here, Verdict
from engine.facts import Confirmed, Fact
from engine.values import Money, Month, canonical, parse_duration

CASES = Path(__file__).parent / "cases" / "checks"
FILES = sorted(CASES.glob("*/*.yaml"))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEYS = {"says", "recording", "recordings", "change", "remove", "with", "here", "expect"}
MAKERS = {"passed": "pass", "warned": "warn", "denied": "deny"}
HOSTILE = "\x1b[2J\u202e<script>\t" + "W" * 10_000 + "株式会社"
READ_AS: dict[type, Any] = {Money: Money.parse, Month: Month.parse, timedelta: parse_duration}


def learned(place: str, case: Mapping[str, Any]) -> dict[str, Fact]:
    """What a run reads in a stage: its facts, and the two lists of invoices where a case is about those."""
    wanted = list(map(str, case["with"].values()))
    if "${lists}" in wanted:
        return {"lists": recorded.lists(*place.split("/"))}
    facts = recorded.facts(*place.split("/"))
    return {**facts, "lists": recorded.lists(*place.split("/"))} if any(".lists}" in one for one in wanted) else facts


def known(case: Mapping[str, Any]) -> dict[str, Any]:
    """What `${...}` may name: the facts of the recording's stage, or of several by the names they are given."""
    if "recording" in case:
        return dict(altered(learned(case["recording"], case), case))
    stages = {name: learned(place, case) for name, place in case.get("recordings", {}).items()}
    return {name: altered(facts, case, f"{name}.") for name, facts in stages.items()}


def altered(facts: Mapping[str, Fact], case: Mapping[str, Any], within: str = "") -> dict[str, Fact]:
    """The facts of one stage with the changes and removals that the case asks for."""
    found = dict(facts)
    for path, value in case.get("change", {}).items():
        if path.startswith(within) and path.removeprefix(within).partition(".")[0] in found:
            at(found, path.removeprefix(within), lambda row, key, value=value: row.__setitem__(key, value))
    for path in case.get("remove", []):
        if path.startswith(within) and path.removeprefix(within) in found:
            del found[path.removeprefix(within)]
        elif path.startswith(within) and path.removeprefix(within).partition(".")[0] in found:
            at(found, path.removeprefix(within), lambda row, key: row.__delitem__(key))
    return found


def at(facts: dict[str, Fact], path: str, do: Any) -> None:
    """Do something to the field at `path` (`invoice.fees.0.amount_cents`) and read the fact again."""
    name, *keys = (int(key) if key.isdigit() else key for key in path.split("."))
    fact = facts[str(name)]
    raw = listed(fact.model_dump(exclude_unset=True))
    row: Any = raw
    for key in keys[:-1]:
        row = row[key]
    do(row, keys[-1])
    facts[str(name)] = type(fact).model_validate(raw)


def listed(value: Any) -> Any:
    """The same with lists for tuples, so that it can be changed."""
    if isinstance(value, Mapping):
        return {key: listed(item) for key, item in value.items()}
    return [listed(item) for item in value] if isinstance(value, list | tuple) else value


def given(value: Any, names: Mapping[str, Any], kind: Any) -> Any:
    """A parameter: a reference to a fact, a stage as what was confirmed, or a literal of the parameter's type."""
    if isinstance(value, str) and (found := re.fullmatch(r"\$\{(.+)\}", value)):
        for key in found[1].split("."):
            names = names[key] if isinstance(names, Mapping) else getattr(names, key)
        if isinstance(names, Mapping):
            return Confirmed(facts=dict(names), figures_digest="sha256:0", at=NOON)
        return names
    kinds = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    reader = next((READ_AS[one] for one in kinds if one in READ_AS), None)
    return reader(value) if reader is not None and isinstance(value, str) else value


def here(case: Mapping[str, Any]) -> Here:
    """The circumstances: noon of the recordings' day, a billing admin, not the preflight, unless the case says else."""
    usual: dict[str, Any] = {"now": NOON, "operator_id": "jane", "operator_roles": ("billing_admin",)}
    said = dict(case.get("here", {}))
    if "operator_roles" in said:
        said["operator_roles"] = tuple(said["operator_roles"])
    return Here(**usual | said)


def read(file: Path) -> dict[str, Any]:
    """One case. A key that nobody reads, or a change of nothing, is an error of the case."""
    case: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    assert set(case) <= KEYS, "a case says something that nobody reads"
    for path in (*case.get("change", {}), *case.get("remove", [])):
        assert path.split(".")[0] in known(case), f"{path} changes nothing"
    return case


def handed(check: Check[Any], case: Mapping[str, Any]) -> Any:
    """The check's parameters."""
    names, fields = known(case), check.Params.model_fields
    return check.Params(**{key: given(value, names, fields[key].annotation) for key, value in case["with"].items()})


def judged(check: Check[Any], case: Mapping[str, Any]) -> Verdict:
    """What the check says of the case."""
    return check.judge(handed(check, case), here(case))


def fits(said: str, expected: str | list[str]) -> bool:
    """Whether a sentence is the expected one, or holds all the expected parts."""
    return said == expected if isinstance(expected, str) else all(part in said for part in expected)


def outcomes(check: Check[Any]) -> set[str]:
    """Every verdict that a check can come to: the makers of verdicts that its module calls."""
    tree = ast.parse(Path(inspect.getfile(check.judge)).read_text("utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return {verdict for maker, verdict in MAKERS.items() if maker in called}


def stands(names: Mapping[str, Any], place: str) -> bool:
    """Whether the case knows the fact that a customer's name belongs to."""
    found: Any = names
    for key in place.removesuffix(".name").split("."):
        found = found.get(key) if isinstance(found, Mapping) else getattr(found, key, None)
    return found is not None


every_case = pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")


@every_case
def test_the_verdict_is_the_expected_one(file: Path) -> None:
    case = read(file)
    verdict = judged(REGISTRY[file.parent.name], case)
    expect = dict(case["expect"])
    assert verdict.verdict == expect.pop("verdict"), verdict
    assert fits(verdict.message, expect.pop("message")), verdict.message
    assert fits(verdict.fix, expect.pop("fix", [])), verdict.fix
    assert [line for line in expect.pop("more", []) if line not in verdict.more] == [], verdict.more
    assert expect == {}


@every_case
def test_a_verdict_is_a_sentence_with_a_fix_where_one_is_needed(file: Path) -> None:
    verdict = judged(REGISTRY[file.parent.name], read(file))
    assert bool(verdict.fix) is (verdict.verdict != "pass"), "a fix belongs to a warning and a denial alone"
    assert verdict.fix == "" or verdict.fix[0].isupper()
    assert verdict.message.strip() == verdict.message != ""
    assert not verdict.message.endswith(".")
    assert not {"None", "[]", "{}", "()"} & set(re.split(r"[\s,;:`]+", f"{verdict.message} {verdict.fix}"))


@every_case
def test_a_verdict_is_the_same_each_time_and_has_a_place_in_a_record(file: Path) -> None:
    check, case = REGISTRY[file.parent.name], read(file)
    params = handed(check, case)
    verdict = check.judge(params, here(case))
    assert check.judge(params, here(case)) == verdict == judged(check, case)
    assert canonical(asdict(verdict)) == canonical(asdict(judged(check, case)))


@every_case
def test_a_hostile_name_of_a_customer_changes_no_verdict_and_gets_into_none(file: Path) -> None:
    check, case = REGISTRY[file.parent.name], read(file)
    names, own = known(case), case.get("change", {})
    within = [f"{name}." for name in case.get("recordings", {})] or [""]
    places = [f"{name}{fact}.name" for name in within for fact in ("invoice.customer", "customer")]
    renamed = {place: HOSTILE for place in places if place not in own and stands(names, place)}
    verdict = judged(check, {**case, "change": {**own, **renamed}})
    assert verdict.verdict == judged(check, case).verdict
    assert "WWWW" not in str(asdict(verdict))


@pytest.mark.parametrize("name", REGISTRY)
def test_every_way_that_a_check_can_end_is_a_case(name: str) -> None:
    shown = {read(file)["expect"]["verdict"] for file in FILES if file.parent.name == name}
    assert shown == outcomes(REGISTRY[name])
    assert "pass" in shown
    assert shown != {"pass"}


def test_every_folder_of_cases_is_a_check_s() -> None:
    assert {folder.name for folder in CASES.iterdir()} == set(REGISTRY)
    assert {path.suffix for path in CASES.rglob("*") if path.is_file()} == {".yaml"}


def test_a_case_that_says_something_else_fails(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text("{recording: finalize_ok/refreshed, with: {}, expects: {}}")
    with pytest.raises(AssertionError, match="nobody reads"):
        read(file)
    file.write_text("{recording: finalize_ok/refreshed, change: {invoices.number: x}, with: {}, expect: {}}")
    with pytest.raises(AssertionError, match="changes nothing"):
        read(file)
    assert not fits("the invoice is a draft", "the invoice is")
    assert fits("the invoice is a draft", ["the invoice is"])
    assert not fits("the invoice is a draft", ["the invoice is", "finalized"])
