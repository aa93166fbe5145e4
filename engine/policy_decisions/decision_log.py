"""Past decisions as events of OPA's decision log, for whoever gathers those already. Floor 4.

The shape is that of OPA's "Decision Logs": `decision_id`, `bundles.*.revision`, `input`, `result`, and under `erased` the
JSON pointers of what was taken out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from engine import __version__
from engine.policy_decisions.decided import Past, documents

# What names a person or a company, and no policy of ours reads. Ids, amounts and dates are what a decision rests on.
ERASED = (
    "/input/customer/name",
    "/input/invoice/customer/name",
    "/input/planned/customer/name",
)


def event(past: Past, log: str, erase: Sequence[str] = ERASED) -> dict[str, Any]:
    """One event. `log` is the journal's own id: with the record's number it names the decision for good."""
    record, data = past.record, past.data
    given: Mapping[str, Any] = data.get("given") or {}
    found: dict[str, Any] = {
        "labels": {
            "app": "runbook",
            "id": log,
            "version": __version__,
            "environment": str(data.get("environment", "")),
        },
        "decision_id": f"{log}/{record.seq}",
        "bundles": _bundles(data, given),
        "path": "runbook/" + str(data.get("action") or given.get("runbook") or "policy").replace(".", "/"),
        "input": documents(past),
        "result": _result(data),
        "requested_by": str(given.get("operator", "")),
        "timestamp": str(data["now"]),
    }
    found = deepcopy(found)
    erased = [pointer for pointer in dict.fromkeys(erase) if _erase(found, pointer)]
    return found | ({"erased": erased} if erased else {})


def _bundles(data: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Each set with its digest for a revision; of what an OPA server says of itself, its bundles beside them."""
    found = {str(one["name"]): {"revision": str(one["digest"])} for one in data.get("sets") or ()}
    for name, answer in (given.get("rego") or {}).items():
        for bundle, revision in (answer.get("revisions") or {}).items():
            found[f"{name}/{bundle}"] = {"revision": str(revision)}
    return found


def _result(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was decided: the result, and below each level the policies that came to it, as conftest names them."""
    levels: dict[str, list[dict[str, str]]] = {"deny": [], "approve": [], "warn": []}
    for one in data.get("policies") or ():
        level = "deny" if one.get("outcome") == "error" else str(one.get("outcome"))
        if level in levels:
            said = str(one.get("error") or one.get("message") or one.get("title"))
            row = {"msg": said, "policy": f"{one.get('set')}/{one.get('id')}"}
            if one.get("overridden"):
                row["overridden_by"] = str(one["overridden"].get("operator"))
            levels[level].append(row)
    nothing = {"nothing": str(data["nothing"])} if data.get("nothing") else {}
    return {"result": str(data.get("result")), **levels, **nothing}


def _erase(found: Any, pointer: str) -> bool:
    """Take out what a JSON pointer (RFC 6901) leads to, of every entry where it says `*`; whether there was anything."""
    *before, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.removeprefix("/").split("/"))
    holders: list[Any] = [found]
    for part in before:
        holders = [inner for holder in holders for inner in _inner(holder, part)]
    gone = False
    for holder in holders:
        if isinstance(holder, dict) and last in holder:
            del holder[last]
            gone = True
    return gone


def _inner(holder: Any, part: str) -> list[Any]:
    if isinstance(holder, dict):
        return [holder[part]] if part in holder else []
    if isinstance(holder, list):
        if part == "*":
            return list(holder)
        return [holder[int(part)]] if part.isdigit() and int(part) < len(holder) else []
    return []
