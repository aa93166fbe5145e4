"""The journal on a screen: past runs, one run's events, whether it is intact. Floor 5."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from engine.events import Recorded
from engine.render.text import safe, style, table, wrap


class Summary(Protocol):
    """One run, as the journal sums it up."""

    run: str
    started: str
    runbook: str
    subject: str | None
    operator: str
    mode: Any
    lago_id: str | None
    outcome: str | None
    exit: int | None


class Report(Protocol):
    """What a verification found."""

    count: int
    first_bad: int | None
    why: str
    head: str | None
    log: str | None

    @property
    def is_intact(self) -> bool:
        """Nothing wrong was found."""


def listing(runs: Sequence[Any], format: str, *, width: int = 80, colour: bool = False) -> str:
    """Past runs, newest first. Ids are whole: they are there to be copied."""
    if format == "json":
        return "".join(json.dumps(_as_json(run), separators=(",", ":")) + "\n" for run in runs)
    cells = [
        (
            run.run,
            run.started[:16].replace("T", " "),
            run.operator,
            _outcome(run),
            run.lago_id or run.subject or run.runbook,
        )
        for run in runs
    ]
    if format == "plain":
        return "".join("\t".join(safe(cell) for cell in row) + "\n" for row in cells)
    if not cells:
        return "no runs yet\n"
    lines = table([("RUN", "STARTED, UTC", "OPERATOR", "OUTCOME", "INVOICE"), *cells], limit=max(width, 96), wide=3)
    return "\n".join([style(lines[0], "dim", colour), *lines[1:]]) + "\n"


def _outcome(run: Any) -> str:
    word = (run.outcome or "not ended").replace("_", " ")
    word = word if run.exit is None else f"{word} ({run.exit})"
    return word if run.mode == "run" else f"dry run: {word}"


def _as_json(run: Any) -> dict[str, Any]:
    names: tuple[str, ...] = (
        "run",
        "started",
        "ended",
        "runbook",
        "version",
        "subject",
        "operator",
        "environment",
        "mode",
        "lago_id",
    )
    names += ("outcome", "exit")
    return {"v": 1, "type": "run.summary", **{name: getattr(run, name) for name in names}}


def history(records: Sequence[Recorded], format: str, *, width: int = 80, colour: bool = False) -> str:
    """One run's events in order: who, what, when, having seen which figures, and what Lago answered."""
    if format == "json":
        rows = (json.dumps(one.as_json(), ensure_ascii=True, separators=(",", ":")) for one in records)
        return "".join(row + "\n" for row in rows)
    lines: list[str] = []
    for one in records:
        told = _told(one)
        if format == "plain":
            lines.append("\t".join(safe(cell) for cell in (one.seq, one.ts, one.type, one.step or "", *told)))
            continue
        head = f"#{one.seq:<5} {one.ts[11:19]}  {one.type:<16} {safe(one.step or '')}"
        lines.append(style(head.rstrip(), "bold", colour) if is_weighty(one) else head.rstrip())
        lines += [line for text in told for line in wrap(safe(text), width, indent="                 ")]
    day = f"{records[0].ts[:10]} UTC\n" if records and format == "human" else ""
    return day + "".join(line + "\n" for line in lines)


def is_weighty(one: Recorded) -> bool:
    """Whether an event is more than a read or a verdict: who, consent, call, outcome, end."""
    return one.type.startswith(("effect.", "consent.", "operator.", "drift.", "run."))


def _told(one: Recorded) -> list[str]:
    data = one.data
    match one.type:
        case "run.start" | "run.resume":
            return _start(data)
        case "fact" if data.get("kind") == "Answer":
            said = f"answered {data['status']}" if "status" in data else str(data.get("why"))
            return [f"{_short(next(iter(data.get('requests') or ()), ''))}, {said}"]
        case "fact":
            reads: list[str] = list(data.get("requests") or ())
            asked = _short(reads[0]) if len(reads) == 1 else f"{len(reads)} reads"
            again = f"as in #{data['same_as']}" if "same_as" in data else f"digest {str(data.get('digest'))[7:19]}"
            return [f"{data.get('kind')}: {asked}, {again}{_figures(data.get('values') or {})}"]
        case "check.verdict":
            return [f"{data.get('verdict')}: {data.get('message')}", *(data.get("more") or ())]
        case "consent.asked":
            sums = (data.get("preview") or {}).get("sums") or ()
            return [f"figures {str(data.get('figures_digest'))[:19]}", *(f"{label}: {value}" for label, value in sums)]
        case "consent.given":
            return [f"by {data.get('operator')} ({data.get('how')}), `{data.get('typed')}`, figures "
                    f"{str(data.get('figures_digest'))[:19]}"]  # fmt: skip
        case "effect.intent":
            return [str(data.get("request")), f"request id {data.get('request_id')}", str(data.get("effect_key"))]
        case "run.end":
            return [f"exit {data.get('exit')}, {data.get('outcome')}: {data.get('message')}"]
    if one.type.startswith("effect."):
        answer = data.get("answer") or {}
        status = f" ({answer['status']})" if answer.get("status") else ""
        return [f"{data.get('why')}{status}", f"attribution: {data.get('attribution', 'none')}"]
    if one.type == "reconcile.read":
        return [f"read: {data.get('status')}" + (f", {data['why']}" if data.get("why") else "")]
    if one.type == "operator.resolve":
        return [
            f"{data.get('operator')} says {data.get('word')}: {data.get('reason')}",
            f"Lago reads {data.get('reads')}",
        ]
    return [f"{key}: {value}" for key, value in data.items() if isinstance(value, str | int)]


def _short(request: str) -> str:
    """A request without what every one of them has; the whole of it stands in `--format json`."""
    return request.partition("?")[0].replace("/api/v1/", "/")


def _start(data: Mapping[str, Any]) -> list[str]:
    runbook, operator = data.get("runbook") or {}, data.get("operator") or {}
    inputs = ", ".join(f"{name} {value}" for name, value in (data.get("inputs") or {}).items())
    who = f"{operator.get('id', 'nobody')} ({operator.get('how', 'not known')})"
    lines = [
        f"{runbook.get('name')} v{runbook.get('version')}, {data.get('environment')} @ {data.get('target')}",
        f"by {who}",
    ]
    return [*lines, *([inputs] if inputs else [])]


def _figures(values: Mapping[str, Any]) -> str:
    if "total_amount_cents" not in values:
        return ""
    return f", {values.get('status')}, total {values['total_amount_cents']} {values.get('currency')} (minor units)"


def verdict(report: Any, format: str, *, colour: bool = False) -> str:
    """Whether the journal is intact, up to which record, and its head, which is worth keeping elsewhere."""
    if format == "json":
        body = {"v": 1, "type": "journal.report", "intact": report.is_intact, "count": report.count, "log": report.log}
        body |= {"first_bad": report.first_bad, "why": report.why or None, "head": report.head}
        return json.dumps(body, separators=(",", ":")) + "\n"
    if report.is_intact:
        good = style("intact", "good", colour)
        return f"{good}: {report.count} records of log {report.log}, head sha256:{report.head}\n"
    where = f"record {report.first_bad}" if report.first_bad is not None else "the journal as a whole"
    bad = style("NOT intact", "bad", colour)
    return f"{bad}: {where}: {safe(report.why)}; {report.count} records before it are good\n"
