"""What one record of a run says, in words that an auditor reads without knowing the software. Floor 5.

Written for records of any age: a field that a record lacks is left out, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.events import Recorded
from engine.render.preview import rows
from engine.values import Money

Data = Mapping[str, Any]


def told(one: Recorded) -> list[tuple[str, str]]:
    """The record's own fields as sentences, not yet made safe; before each a word of what it is, or nothing."""
    data = one.data
    if one.type == "plan.made":
        first = f"plan {short(data.get('plan'))}, good until {data.get('expires_at')}, of figures"
        return [("", f"{first} {short(data.get('figures_digest'))}"), *rows(data.get("preview") or {})]
    if one.type != "consent.asked":
        return [("", text) for text in _told(one)]
    first = f"asked to type `{data.get('expected')}` on figures {short(data.get('figures_digest'))}, having shown"
    return [("", first), *rows(data.get("preview") or {})]


def _told(one: Recorded) -> Iterator[str]:
    data = one.data
    match one.type:
        case "run.start" | "run.resume":
            yield from _start(data)
        case "fact":
            yield from _fact(data)
        case "check.verdict":
            yield f"{data.get('verdict')}: {data.get('message')}"
            yield from _texts(data.get("more"))
            if data.get("fix") and data.get("verdict") != "pass":
                yield f"to do: {data['fix']}"
        case "policy.decision":
            yield from _decision(data)
        case "step.skipped":
            yield f"left out, since this is false: {data.get('when')}"
        case "consent.given":
            yield f"{data.get('operator')} confirmed ({data.get('how')}): `{data.get('typed')}`"
            yield f"bound to figures {short(data.get('figures_digest'))}"
            if data.get("plan"):
                yield f"the plan is {short(data['plan'])}"
        case "approval.given" | "approval.rejected":
            yield from _approval(data, "approved" if one.type.endswith("given") else "rejected")
        case "override.given":
            yield f"{data.get('operator')} overrides the policy `{data.get('policy')}`: {data.get('reason')}"
        case "effect.intent":
            yield from _intent(data)
        case "reconcile.read":
            yield f"it reads `{data.get('status')}`" + (f": {data['why']}" if data.get("why") else "")
        case "drift.detected":
            yield from _texts(data.get("moved"))
        case "operator.resolve":
            yield f"{data.get('operator')} says {data.get('word')}: {data.get('reason')}"
            yield f"it reads `{data.get('reads')}`" + (", which overrules the word" if data.get("overruled") else "")
        case "effect.released":
            yield f"given up by {data.get('by')}, so that a later run may send: {data.get('why')}"
        case "run.end":
            yield from _end(one)
        case type if type.startswith("effect."):
            yield from _effect(one)
        case _:
            yield from (f"{key}: {value}" for key, value in data.items() if isinstance(value, str | int))


def _decision(data: Data) -> Iterator[str]:
    """The result, then each policy that was not met; how it was judged is told by `runbook explain`."""
    if data.get("nothing"):
        yield f"{data.get('result')}: {data['nothing']}"
        return
    rows = [_map(one) for one in data.get("policies") or ()]
    sets = ", ".join(f"{_map(one).get('name')} {_map(one).get('version')}" for one in data.get("sets") or ())
    count = f"{len(rows)} {'policy' if len(rows) == 1 else 'policies'}"
    yield f"{_result(data.get('result'))}: {count} of {sets}, {short(data.get('digest'))}"
    for one in rows:
        if one.get("outcome") not in ("pass", "not_applicable"):
            lifted = _map(one.get("overridden"))
            by = f"; lifted by {lifted.get('operator')}: {lifted.get('reason')}" if lifted else ""
            said = one.get("error") or one.get("message") or one.get("title")
            yield f"{_result(one.get('outcome'))}: `{one.get('id')}`: {said}{by}"


def _result(outcome: object) -> str:
    """What a policy said, so that nobody takes its asking for an approval for the approval."""
    return "to be approved" if outcome == "approve" else str(outcome)


def short(digest: object) -> str:
    """The beginning of a digest, enough to compare by eye; `--format json` has all of it."""
    return str(digest or "none").removeprefix("sha256:")[:12]


def _texts(value: object) -> list[str]:
    return [str(text).replace("\n", " ") for text in value] if isinstance(value, list | tuple) else []


def _map(value: object) -> Data:
    return value if isinstance(value, Mapping) else {}


MODES = {"plan": "to plan it", "approve": "to approve it", "reject": "to reject it"}
CHANGES = {"runbook_changed": "a changed runbook file", "extensions_changed": "changed code of its own"}


def _start(data: Data) -> Iterator[str]:
    runbook, operator = _map(data.get("runbook")), _map(data.get("operator"))
    yield f"{runbook.get('name')} v{runbook.get('version')}, file {short(runbook.get('digest'))}"
    yield f"by {operator.get('id', 'nobody')} ({operator.get('how', 'not known')}) on {data.get('machine')}"
    yield f"against {data.get('environment')} @ {data.get('target')}"
    if inputs := _map(data.get("inputs")):
        yield "given " + ", ".join(f"{name} {value}" for name, value in inputs.items())
    if data.get("why"):
        changed = [what for key, what in CHANGES.items() if data.get(key)]
        yield f"to {data['why']} it" + (f", with {' and '.join(changed)}" if changed else "")
    for one in data.get("extensions") or ():
        name = " ".join(filter(None, (one.get("name"), one.get("version"))))
        gives = ", ".join(one.get("gives") or ()) or "nothing that it names"
        yield f"with code of its own: {name} ({short(one.get('digest'))}) gives {gives}"
    if plan := _map(data.get("plan")):
        yield f"of the plan {short(plan.get('digest'))}, made by {plan.get('made_by')} at {plan.get('made_at')}"
    if (mode := data.get("mode", "run")) != "run":
        yield f"{MODES.get(str(mode), 'a dry run')}: nothing one-way could be sent"
    if data.get("clock"):
        yield f"the clock was set to {data['clock']}"


def _fact(data: Data) -> Iterator[str]:
    requests = [_path(text) for text in _texts(data.get("requests"))]
    if data.get("kind") == "Answer":
        said = f"answered {data['status']}" if "status" in data else str(data.get("why"))
        yield f"{', '.join(requests)}, {said}"
        return
    seen = _seen(_map(data.get("values")))
    again = f"the same as in #{data['same_as']}" if "same_as" in data else f"digest {short(data.get('digest'))}"
    yield f"{data.get('kind')}: " + ", ".join(filter(None, (seen, again)))
    if requests:
        yield ", ".join(dict.fromkeys(requests))


def _path(request: str) -> str:
    """A request without its query and what every one of them begins with."""
    return request.partition("?")[0].replace("/api/v1/", "/")


def _seen(values: Data) -> str:
    """The figures of a fact that tell a reader which thing it was, and how it stood."""
    if "total_amount_cents" in values:
        return ", ".join(str(part) for part in (values.get("number"), values.get("status"), _total(values)) if part)
    if "external_id" in values or "code" in values:
        return f"{values.get('name') or 'no name'} ({values.get('external_id') or values.get('code')})"
    if run := _map(values.get("run")):
        return f"run {run.get('id')}, {run.get('status')}, {run.get('completed_at') or 'not completed'}"
    counts = {name: len(value) for name, value in values.items() if isinstance(value, list)}
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())


def _total(values: Data) -> str:
    cents, currency = values.get("total_amount_cents"), values.get("currency")
    return str(Money(cents, str(currency))) if isinstance(cents, int) and currency else ""


def _intent(data: Data) -> Iterator[str]:
    yield str(data.get("request"))
    target = _map(data.get("target"))
    if target:
        yield f"for {target.get('customer')}, {target.get('number')}, {_total(target)}"
    yield f"by {data.get('operator')}, bound to figures {short(data.get('figures_digest'))}"
    for one in data.get("approvals") or ():
        yield f"approved by {one.get('approver')} at {one.get('at')}" + (
            f": {one['reason']}" if one.get("reason") else ""
        )
    yield f"request id {data.get('request_id')}"
    yield f"key {data.get('effect_key')}"


def _approval(data: Data, done: str) -> Iterator[str]:
    said = _map(data.get("approval"))
    yield f"{said.get('approver')} {done} the plan {short(said.get('plan'))}" + (
        f": {said['reason']}" if said.get("reason") else ""
    )
    yield f"signed for figures {short(said.get('figures_digest'))}, good until {said.get('valid_until')}"
    if data.get("key"):
        yield f"signed with the key {data['key']}"


def _effect(one: Recorded) -> Iterator[str]:
    data = one.data
    answer, values = _map(data.get("answer")), _map(data.get("values"))
    status = f" ({answer['status']} after {answer.get('seconds', '?')} s)" if answer.get("status") else ""
    yield f"{data.get('why')}{status}" + (f", by {data['by']}" if data.get("by") else "")
    if seen := _seen(_map(values.get("answer")) or values):
        yield seen
    yield from _attributed(one)


ATTRIBUTIONS = {
    "ours": "ours: the answer to this run's request says so",
    "unproven": "unproven: found so by reading, so that this run did it is not proven",
    "not_ours": "not ours: found so, with no request of this journal",
}


def _attributed(one: Recorded) -> Iterator[str]:
    """Whose doing it is; a sentence where it was only found: who skims reads `finalized`, and takes it for this run's work."""
    word = str(one.data.get("attribution") or "")
    if word:
        yield f"attribution: {ATTRIBUTIONS.get(word, word) if is_only_found(one) else word}"


def is_only_found(one: Recorded) -> bool:
    """Whether a record says that it is done, but not that this run did it."""
    is_done = one.type == "effect.observed"
    if one.type == "run.end":  # a call that was given up ends with 0 too
        is_done = one.data.get("exit") in (0, 14) and one.data.get("outcome") != "unknown"
    return is_done and one.data.get("attribution") in ("unproven", "not_ours")


def _end(one: Recorded) -> Iterator[str]:
    data = one.data
    yield f"exit {data.get('exit')}, {data.get('outcome')}: {data.get('message')}"
    yield from _texts(data.get("lines"))
    invoice = _map(data.get("invoice"))
    if invoice:
        yield f"invoice {invoice.get('lago_id')}: {invoice.get('number')}, {invoice.get('ui_status')}, {_total(invoice)}"
    yield from _attributed(one)


def opening(records: Sequence[Recorded]) -> str:
    """One line above the events: which run, of what, where."""
    start = next((one for one in records if one.type == "run.start"), None)
    if start is None:
        return f"run {records[0].run}" if records else ""
    runbook = _map(start.data.get("runbook"))
    return f"run {start.run}   {runbook.get('name')} v{runbook.get('version')}   {start.data.get('environment')}"
