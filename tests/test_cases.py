"""Every case of `cases/checks/<check>/*.yaml`: facts of a recording in, a verdict out (`cases/README.md`)."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
import recorded
import yaml

from engine.checks import REGISTRY
from engine.checks.base import Here
from engine.facts import Confirmed, Fact
from engine.values import Money, Month, parse_duration

CASES = Path(__file__).parent / "cases" / "checks"
FILES = sorted(CASES.glob("*/*.yaml"))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEYS = {"says", "recording", "recordings", "change", "remove", "with", "here", "expect"}
READ_AS: dict[type, Any] = {Money: Money.parse, Month: Month.parse, timedelta: parse_duration}


def known(case: Mapping[str, Any]) -> dict[str, Any]:
    """What `${...}` may name: the facts of the recording's stage, or of several by the names they are given."""
    if "recording" in case:
        return dict(altered(recorded.facts(*case["recording"].split("/")), case))
    stages = {name: recorded.facts(*place.split("/")) for name, place in case.get("recordings", {}).items()}
    return {name: altered(facts, case, f"{name}.") for name, facts in stages.items()}


def altered(facts: Mapping[str, Fact], case: Mapping[str, Any], within: str = "") -> dict[str, Fact]:
    """The facts of one stage with the changes and removals that the case asks for."""
    found = dict(facts)
    for path, value in case.get("change", {}).items():
        if path.startswith(within) and path.removeprefix(within).partition(".")[0] in found:
            at(found, path.removeprefix(within), lambda row, key, value=value: row.__setitem__(key, value))
    for path in case.get("remove", []):
        if path.startswith(within) and path.removeprefix(within).partition(".")[0] in found:
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


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_the_verdict_is_the_expected_one(file: Path) -> None:
    case = yaml.safe_load(file.read_text("utf-8"))
    assert set(case) <= KEYS, "a case says something that nobody reads"
    check = REGISTRY[file.parent.name]
    names = known(case)
    for path in (*case.get("change", {}), *case.get("remove", [])):
        assert path.split(".")[0] in names, f"{path} changes nothing"
    fields = check.Params.model_fields
    params = check.Params(**{key: given(value, names, fields[key].annotation) for key, value in case["with"].items()})
    verdict = check.judge(params, here(case))
    expect = dict(case["expect"])
    assert verdict.verdict == expect.pop("verdict"), verdict
    for line in expect.pop("message"):
        assert line in verdict.message
    for line in expect.pop("more", []):
        assert line in verdict.more
    for line in expect.pop("fix", []):
        assert line in verdict.fix
    assert expect == {}
    assert bool(verdict.fix) is (verdict.verdict != "pass"), (
        "a fix belongs to a warning and a denial, and to nothing else"
    )


def test_every_folder_of_cases_is_a_check_s_and_shows_more_than_one_verdict() -> None:
    verdicts: dict[str, set[str]] = {}
    for file in FILES:
        expect = yaml.safe_load(file.read_text("utf-8"))["expect"]
        verdicts.setdefault(file.parent.name, set()).add(expect["verdict"])
    assert set(verdicts) <= set(REGISTRY)
    assert {name: found for name, found in verdicts.items() if len(found) < 2} == {}
