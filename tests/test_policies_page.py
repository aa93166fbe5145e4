"""The page about policies lists every key, and its examples are files without a fault."""

from __future__ import annotations

import re

import pytest
from policed import compiled

from engine.folders import SHIPPED
from engine.policy.kinds import KINDS
from engine.policy.model import SURROUNDINGS
from engine.policy_files import format
from engine.validation.keys import Key

PAGE = (SHIPPED.parent / "docs" / "policies.md").read_text("utf-8")


@pytest.mark.parametrize(
    "keys", [format.SET, format.METADATA, format.APPLIES_TO, format.POLICY, format.OVERRIDE, format.APPROVE]
)
def test_every_key_has_a_row(keys: dict[str, Key]) -> None:
    rows = [f"| `{name}` | {'yes' if key.is_needed else 'no'} | {key.help} |" for name, key in keys.items()]
    assert "\n".join(rows) in PAGE


def test_the_set_on_the_page_is_one() -> None:
    (text,) = [text for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.M | re.S) if text.startswith("apiVersion")]
    assert [policy.id for policy in compiled(text).policies] == [
        "sync-fresh", "second-approver", "freeze", "unchanged-since-plan",
    ]  # fmt: skip


def test_all_that_an_expression_can_name_is_told() -> None:
    for name in (*SURROUNDINGS, *KINDS):
        assert f"`{name}" in PAGE
