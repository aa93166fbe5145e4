"""Every case of `cases/checks/<check>/*.yaml`: facts of a recording in, a verdict out (`cases/README.md`)."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine import source
from engine.checks import REGISTRY
from engine.checks.base import Check
from engine.sandbox.scenario import SHIPPED
from engine.testing import reading_check_cases
from engine.testing.check_cases import CheckCase, differences
from engine.values import canonical

CASES = Path(__file__).parent / "cases" / "checks"
FILES = sorted(CASES.glob("*/*.yaml"))
RECORDINGS = (SHIPPED, Path(__file__).parent / "recordings")
MAKERS = {"passed": "pass", "warned": "warn", "denied": "deny"}
HOSTILE = "\x1b[2J\u202e<script>\t" + "W" * 10_000 + "株式会社"


# libyaml's where it is there: the pure ones are ten times slower.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let libyaml read what is fine. What a case says of a place in its file is looked at in `test_check_cases`."""
    monkeypatch.setattr(reading_check_cases, "read_yaml", partial(source.read, is_quick=True))


@cache
def read(file: Path) -> CheckCase:
    """One case, read once, as `runbook test` reads those of a check that did not come with runbook."""
    return read_anew(file)


def read_anew(file: Path) -> CheckCase:
    return reading_check_cases.read(file, REGISTRY[file.parent.name], RECORDINGS)


def outcomes(check: Check[Any]) -> set[str]:
    """Every verdict that a check can come to: the makers of verdicts that its module calls."""
    tree = ast.parse(Path(inspect.getfile(check.judge)).read_text("utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return {verdict for maker, verdict in MAKERS.items() if maker in called}


def renamed(file: Path, folder: Path) -> CheckCase:
    """The same case with a hostile name wherever a customer has one and the case does not set it."""
    raw = yaml.load(file.read_bytes(), Loader=Loader)
    own = raw.get("change", {})
    within = [f"{name}." for name in raw.get("recordings", {})] or [""]
    places = [f"{name}{fact}.name" for name in within for fact in ("invoice.customer", "customer")]
    names = read(file).names
    hostile = {place: HOSTILE for place in places if place not in own and stands(names, place)}
    other = folder / file.parent.name / file.name
    other.parent.mkdir(exist_ok=True)
    changed = {**raw, "change": {**own, **hostile}}
    other.write_text(yaml.dump(changed, Dumper=Dumper, allow_unicode=False, width=100_000))
    return read(other)


def stands(names: Mapping[str, Any], place: str) -> bool:
    """Whether the case knows the fact that a customer's name belongs to."""
    found: Any = names
    for key in place.removesuffix(".name").split("."):
        found = found.get(key) if isinstance(found, Mapping) else getattr(found, key, None)
    return found is not None


every_case = pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")


@every_case
def test_the_verdict_is_the_expected_one(file: Path) -> None:
    assert differences(read(file)) == []


every_check = pytest.mark.parametrize("name", REGISTRY)


def of(name: str) -> list[Path]:
    """The cases of a check. What holds of each of its verdicts is one test a check, which names the case."""
    return [file for file in FILES if file.parent.name == name]


@every_check
def test_a_verdict_is_a_sentence_with_a_fix_where_one_is_needed(name: str) -> None:
    for file in of(name):
        verdict = read(file).judged()
        assert bool(verdict.fix) is (verdict.verdict != "pass"), f"{file}: a fix is a warning's or a denial's alone"
        assert verdict.fix == "" or verdict.fix[0].isupper(), file
        assert verdict.message.strip() == verdict.message != "", file
        assert not verdict.message.endswith("."), file
        words = set(re.split(r"[\s,;:`]+", f"{verdict.message} {verdict.fix}"))
        assert not {"None", "[]", "{}", "()"} & words, file


@every_check
def test_a_verdict_is_the_same_each_time_and_has_a_place_in_a_record(name: str) -> None:
    for file in of(name):
        case = read(file)
        verdict = case.judged()
        assert case.judged() == verdict == read_anew(file).judged(), file
        assert canonical(asdict(verdict)) == canonical(asdict(read(file).judged())), file


@every_check
def test_a_hostile_name_of_a_customer_changes_no_verdict_and_gets_into_none(name: str, tmp_path: Path) -> None:
    for file in of(name):
        verdict = renamed(file, tmp_path).judged()
        assert verdict.verdict == read(file).judged().verdict, file
        assert "WWWW" not in str(asdict(verdict)), file


@every_check
def test_every_way_that_a_check_can_end_is_a_case(name: str) -> None:
    shown = {read(file).verdict for file in of(name)}
    assert shown == outcomes(REGISTRY[name])
    assert "pass" in shown
    assert shown != {"pass"}


def test_every_folder_of_cases_is_a_check_s() -> None:
    assert {folder.name for folder in CASES.iterdir()} == set(REGISTRY)
    assert {path.suffix for path in CASES.rglob("*") if path.is_file()} == {".yaml"}
