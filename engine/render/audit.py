"""The journal on a screen: past runs, one run's events, whether it is intact. Floor 5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from engine.events import Recorded
from engine.render.text import Style, clip, hang, json_line, safe, style, table, wrap
from engine.render.told import is_only_found, opening, told

# What a phase of a run is called between its events (`docs/order.md`).
PHASES = {
    "operator": "who",
    "first": "as first read",
    "refreshed": "after the refresh",
    "recheck": "right before the call",
    "verify": "read back",
}
MOST_TEXT = 600
INDENT = " " * 9
WEIGHTY = ("effect.", "consent.", "operator.", "drift.", "run.", "plan.", "approval.", "override.")
VERDICTS: dict[str, Style] = {"warn": "warn", "deny": "bad"}
EFFECTS: dict[str, Style] = {"effect.unknown": "bad", "effect.rejected": "bad", "effect.pending": "warn"}
# What stands before the outcome of what was no run; `approved` and `rejected` say it themselves.
BEFORE = {"preview": "dry run", "plan": "plan", "approve": "approval", "reject": "rejection"}
SUMMARY = (
    "run", "started", "ended", "runbook", "version", "subject", "operator", "environment", "mode", "lago_id", "outcome",
    "exit", "attribution", "released_by",
)  # fmt: skip


class Summary(Protocol):
    """One run, as the journal sums it up; `started` is RFC 3339 in UTC, `exit` None while it is open."""

    @property
    def run(self) -> str:
        """The id, whole."""

    @property
    def started(self) -> str:
        """RFC 3339, UTC."""

    @property
    def runbook(self) -> str:
        """Its name."""

    @property
    def subject(self) -> str | None:
        """What it is about, or None when it never came so far."""

    @property
    def operator(self) -> str:
        """Who ran it."""

    @property
    def environment(self) -> str | None:
        """The label of that day."""

    @property
    def mode(self) -> str:
        """`run`, or what can write nothing one-way: `preview`, `plan`, `approve`, `reject`."""

    @property
    def lago_id(self) -> str | None:
        """The invoice, or None."""

    @property
    def outcome(self) -> str | None:
        """As in `run.end`; None while it is open."""

    @property
    def exit(self) -> int | None:
        """The exit code; None while it is open."""

    @property
    def attribution(self) -> str | None:
        """`ours`, `unproven`, `not_ours`, or None where the run's end says nothing of it."""

    @property
    def released_by(self) -> str | None:
        """The operator who gave the run's call up, so that a later run may send; or None."""


class Report(Protocol):
    """What a verification found; `head` is the hex digest of the last good record."""

    @property
    def count(self) -> int:
        """How many records are good."""

    @property
    def first_bad(self) -> int | None:
        """The number of the first bad record, or None."""

    @property
    def why(self) -> str:
        """What is wrong, or nothing."""

    @property
    def head(self) -> str | None:
        """The hex digest of the last good record."""

    @property
    def log(self) -> str | None:
        """The log's id."""

    @property
    def is_intact(self) -> bool:
        """Nothing wrong was found."""


def listing(runs: Sequence[Summary], format: str, *, width: int = 80, colour: bool = False) -> str:
    """Past runs, newest first. Ids are whole: they are there to be copied."""
    if format == "json":
        return "".join(
            json_line({"v": 1, "type": "run.summary", **{name: getattr(run, name, None) for name in SUMMARY}})
            for run in runs
        )
    if format == "plain":
        return "".join("\t".join(map(safe, _cells(run))) + "\n" for run in runs)
    if not runs:
        return "no runs yet\n"
    heads = [(run.run, run.started[:16].replace("T", " "), run.operator, _outcome(run)) for run in runs]
    title, *lines = table([("RUN", "STARTED, UTC", "OPERATOR", "OUTCOME"), *heads], limit=width, wide=2)
    shown = [style(title, "dim", colour)]
    for run, line in zip(runs, lines, strict=True):
        about = "  ".join(filter(None, (safe(run.runbook), _about(run), safe(run.environment or ""))))
        shown += [line, "  " + style(clip(about, width - 2), "dim", colour)]
    return "\n".join(shown) + "\n"


def _cells(run: Summary) -> tuple[object, ...]:
    outcome, exit = run.outcome or "not_ended", "" if run.exit is None else run.exit
    about = run.lago_id or run.subject or ""
    return (run.run, run.started, run.operator, run.mode, outcome, exit, run.runbook, about, run.attribution or "",
            run.released_by or "")  # fmt: skip


def _about(run: Summary) -> str:
    return safe(run.lago_id or run.subject or "")


def _outcome(run: Summary) -> str:
    word = (run.outcome or "not ended").replace("_", " ")
    word = word if run.exit is None else f"{word} ({run.exit})"
    if run.released_by is not None:
        return f"{word}, released by {run.released_by}"
    # Both codes say that it is done, neither that this run did it.
    if run.attribution == "unproven" and run.exit in (0, 14):
        return f"{word}, not proven ours"
    return f"{BEFORE[run.mode]}: {word}" if run.mode in BEFORE and run.outcome not in ("approved", "rejected") else word


def history(records: Sequence[Recorded], format: str, *, width: int = 80, colour: bool = False) -> str:
    """One run's events in order: who, what, when, having seen which figures, and what Lago answered."""
    if format == "json":
        return "".join(json_line(one.as_json()) for one in records)
    if format == "plain":
        return "".join("\t".join(map(safe, _row(one))) + "\n" for one in records)
    return "".join(line + "\n" for line in _lines(records, width, colour))


def _row(one: Recorded) -> tuple[object, ...]:
    return (
        one.seq,
        one.ts,
        one.type,
        one.step or "run",
        " | ".join(f"{what}: {text}" if what else text for what, text in told(one)),
    )


def _lines(records: Sequence[Recorded], width: int, colour: bool) -> Iterator[str]:
    if not records:
        return
    yield from wrap(clip(safe(opening(records)), MOST_TEXT), width)
    day = phase = ""
    for one in records:
        if one.ts[:10] != day:
            yield from [""] if day else []
            day = one.ts[:10]
            yield style(f"{safe(day)}, times in UTC", "dim", colour)
        if str(one.data.get("phase") or phase) != phase and one.data["phase"] in PHASES:
            phase = str(one.data["phase"])
            yield from ("", style(f"  {PHASES[phase]}", "dim", colour))
        elif is_weighty(one):
            yield ""
        head = f"#{one.seq:<6}  {one.ts[11:19]}  {one.type:<17} {one.step or ''}".rstrip(" ")
        yield style(clip(safe(head), width), "bold" if is_weighty(one) else "plain", colour)
        kind = EFFECTS.get(one.type) or VERDICTS.get(str(one.data.get("verdict")), "plain")
        kind = "warn" if is_only_found(one) else kind
        for what, text in told(one):
            lines = hang(INDENT + (f"{what:<10}  " if what else ""), clip(safe(text), MOST_TEXT), width)
            yield from (style(line, kind, colour) for line in lines)


def is_weighty(one: Recorded) -> bool:
    """Whether an event is more than a read or a verdict: who, consent, call, outcome, end."""
    return one.type.startswith(WEIGHTY)


def verdict(report: Report, format: str, *, width: int = 80, colour: bool = False) -> str:
    """Whether the journal is intact, up to which record, and its head, which is worth keeping elsewhere."""
    if format == "json":
        body: dict[str, Any] = {"v": 1, "type": "journal.report", "intact": report.is_intact, "count": report.count}
        body |= {"log": report.log, "first_bad": report.first_bad, "why": report.why or None, "head": report.head}
        return json_line(body)
    head = f"head sha256:{report.head}" if report.head else "no head"
    if report.is_intact:
        span = f"1..{report.count}" if report.count else "no records"
        first = f"{style('intact', 'good', colour)}: {span}, log {safe(report.log)}"
        return f"{first}, {head}\n" if format == "plain" else f"{first}\n  {head}\n"
    where = f"record {report.first_bad}" if report.first_bad is not None else "the journal as a whole"
    good = f"1..{report.count} before it are good" if report.count else "no record before it is good"
    text = f"{where}: {safe(report.why)}; {good}"
    if format == "plain":
        return f"NOT intact: {text}\n"
    first, *rest = hang("NOT intact: ", clip(text, MOST_TEXT), width)
    return "\n".join([first.replace("NOT intact", style("NOT intact", "bad", colour), 1), *rest]) + "\n"
