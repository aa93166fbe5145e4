"""The page of checks tells of every check, in their order, and of each what it takes and how it can end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from test_cases import outcomes

from engine.checks import REGISTRY

PAGE = (Path(__file__).parent.parent / "docs" / "checks.md").read_text("utf-8")
WORDS = ("Takes", "Passes", "Warns", "Denies", "Why")
ENDS = {"Passes": "pass", "Warns": "warn", "Denies": "deny"}
AFTER = "*After the refresh.*"


def sections() -> dict[str, dict[str, str]]:
    """Of each check, what stands at each of its words."""
    found = {}
    for part in PAGE.split("\n## ")[1:]:
        heading, _, text = part.partition("\n")
        items = re.findall(r"^- \*\*(\w+)\*\* (.*(?:\n  .*)*)", text, re.MULTILINE)
        found[heading.strip("`")] = {word: re.sub(r"\s+", " ", said) for word, said in items}
    return found


def test_every_check_has_a_section_in_the_order_of_the_registry() -> None:
    assert list(sections()) == list(REGISTRY)
    assert [tuple(section) for section in sections().values()] == [WORDS] * len(REGISTRY)


@pytest.mark.parametrize("name", REGISTRY)
def test_a_section_says_what_the_check_takes_and_when(name: str) -> None:
    check = REGISTRY[name]
    taken = sections()[name]["Takes"]
    fields = [
        f"`{field}`" + ("" if one.is_required() else " (optional)") for field, one in check.Params.model_fields.items()
    ]
    assert taken.removesuffix(AFTER).strip() == f"{', '.join(fields)}."
    assert (AFTER in taken) is check.waits_for_write


@pytest.mark.parametrize("name", REGISTRY)
def test_a_section_says_never_of_nothing_else_than_what_cannot_be(name: str) -> None:
    section = sections()[name]
    assert {end for word, end in ENDS.items() if section[word] != "never."} == outcomes(REGISTRY[name])
    assert [word for word in WORDS[1:] if section[word] != "never." and len(section[word]) < 20] == []


@pytest.mark.parametrize("name", REGISTRY)
def test_the_example_in_a_check_s_module_can_be_copied(name: str) -> None:
    check = REGISTRY[name]
    module = Path(__file__).parent.parent / "engine" / "checks" / f"{name}.py"
    (example,) = re.findall(r"```yaml\n(.*?)```", module.read_text("utf-8").split('"""')[1], re.DOTALL)
    (step,) = yaml.safe_load(example)
    assert step["check"] == name == check.name
    fields = check.Params.model_fields
    assert set(step["with"]) <= set(fields)
    assert {field for field, one in fields.items() if one.is_required()} <= set(step["with"])


@pytest.mark.parametrize("name", REGISTRY)
def test_every_parameter_has_a_help(name: str) -> None:
    fields = REGISTRY[name].Params.model_fields
    assert {field for field, one in fields.items() if not one.description} == set()
    assert REGISTRY[name].title[0].isupper()
    assert not REGISTRY[name].title.endswith(".")
