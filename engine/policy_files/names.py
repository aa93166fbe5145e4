"""The few words of a policy file that a runbook is held against, read without compiling anything. Floor 4."""

from __future__ import annotations

from engine.source import Node

FACTS = "facts"
ACTIONS = "actions"
PLANNED = "planned"


def outline_of(root: Node | None) -> tuple[tuple[str, ...], dict[str, str]] | None:
    """The actions that a set is for, and its facts with their kinds; None for what is no policy file."""
    if root is None or not isinstance(root.value, dict):
        return None
    facts, actions = root.at(FACTS), root.at("applies_to", ACTIONS)
    named = facts.value if facts is not None and isinstance(facts.value, dict) else {}
    for_ = actions.value if actions is not None and isinstance(actions.value, list) else []
    return (
        tuple(str(item.value) for item in for_),
        {name: str(item.value) for name, item in named.items() if name != PLANNED},
    )
