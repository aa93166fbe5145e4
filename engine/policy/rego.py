"""What a Rego document means for an action: conftest's rule names, and whatever is not as agreed denies. Floor 3.

Pure: it is handed what OPA answered and asks nobody. Rego can only restrict: what it says stands beside what other
policies say, the worst counts, and nobody can override it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from engine.opa.answers import Answered
from engine.plain import dataclass
from engine.policy.decision import ApprovalNeed, Result, Ruled
from engine.values import canonical

EFFECTS: dict[str, Result] = {"deny": "deny", "violation": "deny", "warn": "warn", "approve": "approve"}
_RULE = re.compile(r"(deny|violation|warn|approve)(?:_[A-Za-z0-9_]+)?")
MOST_BYTES = 256 * 1024
NAMES = "`deny`, `violation`, `warn`, `approve`"


@dataclass(frozen=True, slots=True)
class Approving:
    """What the policy file says of the approval that Rego may ask for; `bound_to` are paths with their values, as JSON."""

    count: int
    roles: tuple[str, ...]
    distinct_from: tuple[str, ...]
    valid_for: int
    bound_to: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """What a set in Rego comes to: a verdict for each of its rules, and the approvals that it asks for."""

    policies: tuple[Ruled, ...]
    needs: tuple[ApprovalNeed, ...] = ()


def kept(answer: Answered) -> Answered:
    """What a record keeps of an answer: the rules that count, and nothing of what else is in the package."""
    if answer.why:
        return answer
    if not isinstance(answer.document, Mapping):
        return replace(answer, document=None, why=f"its document is {_kind(answer.document)}, not an object of rules")
    rules = {name: value for name, value in answer.document.items() if _RULE.fullmatch(name)}
    if not rules:
        there = ", ".join(f"`{name}`" for name in sorted(map(str, answer.document))[:5]) or "nothing"
        return replace(answer, document=None, why=f"its package has no rule {NAMES}; there is {there}")
    try:
        size = len(canonical(rules))
    except (TypeError, ValueError, RecursionError) as error:
        return replace(answer, document=None, why=f"its document cannot be recorded: {error}")
    if size > MOST_BYTES:
        return replace(answer, document=None, why=f"its document is larger than {MOST_BYTES // 1024} KiB")
    return replace(answer, document=rules)


def ruled(set: str, place: str, answer: Answered, approving: Approving | None) -> Said:
    """What `answer` (as `kept` left it) comes to. Anything unexpected is an error, which denies and cannot be overridden."""
    if answer.why or not isinstance(answer.document, Mapping):
        return Said((_error(set, "rego", place, answer.why or "there is no document"),))
    policies: list[Ruled] = []
    needs: list[ApprovalNeed] = []
    for name, value in sorted(answer.document.items()):
        found = _RULE.fullmatch(name)
        if found is None:
            continue
        try:
            entries = list(_entries(value))
            effect = EFFECTS[found[1]]
            if effect == "approve":
                needs += [_need(set, name, entry, approving) for entry in entries]
        except ValueError as error:
            policies.append(_error(set, name, place, str(error)))
            continue
        message = "; ".join(entry["msg"] or "(no message)" for entry in entries)
        title = f"the Rego rule `{name}`"
        policies.append(Ruled(set, name, effect, effect if entries else "pass", title, place, message=message))
    if not policies:
        return Said((_error(set, "rego", place, f"there is no rule {NAMES}"),))
    return Said(tuple(policies), tuple(needs))


def _error(set: str, id: str, place: str, why: str) -> Ruled:
    return Ruled(set, id, "deny", "error", f"the Rego rule `{id}`" if id != "rego" else "Rego", place, error=why)


def _entries(value: Any) -> Iterator[Mapping[str, Any]]:
    """The entries of one rule, each with its `msg`. Raises ValueError for anything else, that says what to write."""
    if not isinstance(value, list):
        raise ValueError(f"it is {_kind(value)}, not a set of messages; write `deny contains msg if ...`")
    for entry in value:
        if isinstance(entry, str):
            yield {"msg": entry}
        elif isinstance(entry, Mapping) and isinstance(entry.get("msg"), str):
            yield entry
        else:
            raise ValueError(f"an entry of it is {_kind(entry)}; it must be a text, or an object with `msg`")


def _need(set: str, name: str, entry: Mapping[str, Any], approving: Approving | None) -> ApprovalNeed:
    """What one entry asks for. It may name `roles` and a `count` of its own. Raises ValueError."""
    if approving is None:
        raise ValueError("it asks for an approval, and the policy file has no `approve:` that says whose")
    roles, count = entry.get("roles", list(approving.roles)), entry.get("count", approving.count)
    if not isinstance(roles, list) or not roles or not all(isinstance(role, str) and role for role in roles):
        raise ValueError("`roles` of an entry must be a list of roles")
    if type(count) is not int or not 1 <= count <= 20:
        raise ValueError("`count` of an entry must be a whole number from 1 to 20")
    return ApprovalNeed(
        set=set,
        policy=name,
        count=count,
        roles=tuple(roles),
        distinct_from=approving.distinct_from,
        valid_for=approving.valid_for,
        bound_to=approving.bound_to,
        message=entry["msg"],
    )


def _kind(value: Any) -> str:
    """What a JSON value is, in a word."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "a text"
        case list():
            return "a list"
        case Mapping():
            return "an object"
    return "a number"
