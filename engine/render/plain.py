"""A run for a pipe: `time<TAB>run<TAB>step<TAB>outcome<TAB>detail`, one thing a line, nothing rewritten. Floor 5."""

from __future__ import annotations

from collections.abc import Callable

from engine.events import Finished, Header, Notice, Preview, Recorded, Said, Started, Waiting
from engine.render.text import safe

EVERY = 10.0


class Plain:
    """A renderer. The time is that of the newest record, so a replay reads the same every time."""

    def __init__(self, out: Callable[[str], None]) -> None:
        self._out = out
        self._ts = ""
        self._run = ""
        self._said_at = 0.0

    def record(self, event: Recorded) -> None:
        """Take the time; the consent, what came of a call, and the end are lines of their own."""
        self._ts, self._run = event.ts, event.run
        data = event.data
        if event.type in ("consent.given", "consent.refused"):
            self._line(
                event.step or "", event.type, str(data.get("why") or f"by {data.get('operator')}, {data.get('how')}")
            )
        elif event.type.startswith("effect."):
            self._line(event.step or "", event.type, str(data.get("why") or data.get("request") or ""))
        elif event.type == "run.end":
            for text in data.get("lines") or ():
                self._line("run", "note", text)
            next = f"   {data['next']}" if data.get("next") else ""
            self._line("run", str(data.get("outcome")), f"{data.get('message')}{next}")

    def notice(self, notice: Notice) -> None:
        """One line for what ended; what begins says nothing, what waits says so now and then."""
        match notice:
            case Header():
                where = "PRODUCTION" if notice.is_production else notice.environment
                self._run = notice.run
                head = f"{notice.runbook} v{notice.version}, {where} @ {notice.host}, {notice.operator} {notice.mode}"
                self._line("run", "start", head.strip())
                for note in notice.notes:
                    self._line("run", "note", note)
            case Finished():
                self._said_at = 0.0
                self._line(notice.step, notice.word, notice.detail)
                for text in notice.more:
                    self._line(notice.step, "note", text)
            case Waiting():
                if notice.seconds - self._said_at >= EVERY:
                    self._said_at = notice.seconds
                    self._line(notice.step, "wait", f"{notice.detail}, still waiting after {notice.seconds:.0f}s")
            case Said():
                self._line("run", "note", notice.text)
            case Preview():
                self._preview(notice)
            case Started():
                self._said_at = 0.0

    def flush(self) -> None:
        """Every line has left as it was written."""

    def close(self) -> None:
        """Nothing is held back."""

    def _preview(self, preview: Preview) -> None:
        self._line("preview", preview.action, f"{preview.irreversible} {preview.request}")
        for label, value in preview.subject:
            self._line("preview", label, value)
        for item in preview.lines:
            self._line("preview", "line", f"{item.name}; {item.units} units; {item.period}; {item.amount}")
        for label, value in preview.sums:
            self._line("preview", "sum", f"{label}: {value}")
        for label, value in preview.deductions:
            self._line("preview", "may deduct", f"{label}: {value}")
        for change in preview.changes:
            why = f" ({change.why})" if change.why else ""
            text = f"{change.field}: {change.before} -> {change.after}, {change.certainty}{why}"
            self._line("preview", "change", text)
        for text in preview.afterwards:
            self._line("preview", "then", text)
        for text in preview.refresh_could_change:
            self._line("preview", "before that", text)

    def _line(self, step: str, outcome: str, detail: str) -> None:
        fields = (self._ts, self._run, step, outcome, detail)
        self._out("\t".join(safe(field) for field in fields) + "\n")
