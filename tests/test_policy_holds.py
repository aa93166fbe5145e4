"""What the shipped policies are held to: a misspelt field never validates, a missing fact never passes, a byte counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.cel.types import ListOf, MapOf, Nullable, Record, Type
from engine.folders import SHIPPED_POLICIES
from engine.policy.deciding import decide
from engine.policy.decision import Override
from engine.policy.model import Policy, PolicySet
from engine.policy.occasion import Handed, Occasion
from engine.policy_files.library import Policies
from engine.policy_files.reading import read
from engine.policy_testing.facts import load
from engine.policy_testing.reading import read as read_cases
from engine.source import parse

NAMES = sorted(Policies().files())
LEAD = Override("", "lea", ("finance_lead", "billing_admin"), "because")


@cache
def shipped(name: str) -> PolicySet:
    return Policies().load([name])[0]


@cache
def occasions(name: str) -> tuple[Occasion, ...]:
    """What its cases are judged on, those without a change of params."""
    file = read_cases(SHIPPED_POLICIES / f"{name}.test.yaml", f"{name}.test.yaml", shipped(name))
    return tuple(case.occasion for case in file.cases if case.set is file.set)


def ordinary(name: str) -> Occasion:
    """The first case: everything passes."""
    found = occasions(name)[0]
    assert decide([shipped(name)], found).result == "pass"
    return found


def fields(policy: Policy, policies: PolicySet) -> set[str]:
    """The fields of facts that decide a policy: paths, through variables to what those read."""
    found, left = set[str](), [read for program in policy.programs for read in program.reads]
    while left:
        read = left.pop()
        name = read.removeprefix("variables.").partition(".")[0].partition("[")[0]
        if read.startswith("variables."):
            left += policies.variables[name].reads
        elif read.partition(".")[0] in policies.facts and "." in read:
            found.add(read)
    return found


def without(value: Any, route: list[str]) -> Any:
    """A recorded fact in which nothing stands at the end of the route, in no entry of a list."""
    if isinstance(value, list):
        return [without(item, route) for item in value]
    if not isinstance(value, dict):
        return value
    first, *rest = route
    if not rest:
        return {name: item for name, item in value.items() if name != first}
    return {name: without(item, rest) if name == first else item for name, item in value.items()}


def route_of(path: str) -> list[str]:
    return [part.removesuffix("[]") for part in path.split(".")[1:]]


def is_nullable(type: Type, route: list[str]) -> bool:
    """Whether what is read may be absent: then the policy itself says what that means."""
    for part in route:
        type = type.of if isinstance(type, Nullable) else type
        type = type.element if isinstance(type, ListOf) else type
        if isinstance(type, MapOf):
            return False
        assert isinstance(type, Record)
        type = type.fields[part]
        if isinstance(type, Nullable):
            return True
    return False


def deleted(name: str) -> Iterator[tuple[Policy, str, Occasion]]:
    """Each policy with each field that it reads taken out of its fact."""
    policies, whole = shipped(name), ordinary(name)
    for policy in policies.policies:
        for path in fields(policy, policies):
            fact, kind = path.partition(".")[0], policies.facts[path.partition(".")[0]]
            names = {"completedAt": "completed_at", "startedAt": "started_at"} if kind.name == "SyncRun" else {}
            route = [*([kind.part] if kind.part else []), *(names.get(part, part) for part in route_of(path))]
            gone = Handed(whole.facts[fact].model, without(dict(whole.facts[fact].values), route))
            assert gone != whole.facts[fact], path
            yield policy, path, replace(whole, facts={**whole.facts, fact: gone})


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_whose_fact_is_gone_denies_and_nobody_lifts_that(name: str) -> None:
    policies = shipped(name)
    whole = ordinary(name)
    for policy in policies.policies:
        for fact in {path.partition(".")[0] for path in fields(policy, policies)}:
            facts = {key: value for key, value in whole.facts.items() if key != fact}
            lifted = replace(whole, facts=facts, overrides=(replace(LEAD, policy=policy.id),))
            (found,) = [one for one in decide([policies], lifted).policies if one.id == policy.id]
            assert (policy.id, fact, found.outcome, found.counts) == (policy.id, fact, "error", "deny")


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_of_which_a_field_is_gone_never_passes_for_that(name: str) -> None:
    policies, seen = shipped(name), 0
    for policy, path, occasion in deleted(name):
        if is_nullable(policies.facts[path.partition(".")[0]].type, route_of(path)):
            continue  # it may be absent: what that means is said by the policy itself, and shown by its cases
        (found,) = [one for one in decide([policies], occasion).policies if one.id == policy.id]
        assert (policy.id, path, found.outcome) == (policy.id, path, "error")
        seen += 1
    assert seen >= 2


@pytest.mark.parametrize("name", NAMES)
def test_a_field_that_is_misspelt_is_an_error_of_the_file_wherever_it_stands(name: str) -> None:
    text = (SHIPPED_POLICIES / f"{name}.yaml").read_text()
    at = text.index("variables:\n" if "\nvariables:\n" in text else "policies:\n")
    head, rules = text[:at], text[at:]
    words = {part.removesuffix("[]") for policy in shipped(name).policies for path in fields(policy, shipped(name))
             for part in path.split(".")[1:]}  # fmt: skip
    assert len(words) >= 2
    for word in sorted(words):
        mutant, count = re.subn(rf"(?<=\.){word}\b", word[:-1] + "_", rules)
        assert count
        found, told = read(parse((head + mutant).encode(), f"{name}.yaml"))
        assert (word, found) == (word, None)
        assert {one.code for one in told} & {"RP007", "RP010"}


@pytest.mark.parametrize("name", NAMES)
def test_a_byte_of_a_file_or_a_param_is_another_digest_of_the_decision(name: str, tmp_path: Path) -> None:
    policies, whole = shipped(name), ordinary(name)
    digest = decide([policies], whole).digest
    assert decide([policies], whole).digest == digest
    changed, told = read(parse((policies.text + "# one more line\n").encode(), policies.path))
    assert changed is not None, told
    assert decide([changed], whole).digest != digest
    other = replace(
        policies, params={**policies.params, "freeze": [{"name": "x", "start": whole.now, "end": whole.now}]}
    )
    assert decide([other], whole).digest != digest


def test_the_facts_that_the_cases_begin_with_are_not_changed_by_them() -> None:
    path = SHIPPED_POLICIES / "billing.facts.json"
    before = load(path)
    occasions("billing")
    assert load(path) == before
