"""A run for a pipe: `time<TAB>run<TAB>step<TAB>outcome<TAB>detail`, one thing a line, nothing rewritten. Floor 5.

Every line has these five fields; `docs/output.md` lists the outcomes. A tab or line end inside a field is written out.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.events import Decided, Finished, Header, Notice, Preview, Recorded, Said, Waiting
from engine.render.decision import rows as decided
from engine.render.fold import Fold
from engine.render.preview import rows
from engine.render.text import safe

# Seconds between two lines that say that a step still waits.
EVERY = 10.0


class Plain(Fold):
    """A renderer. The time is that of the newest record, so a replay reads the same every time."""

    def __init__(self, out: Callable[[str], None]) -> None:
        super().__init__(out)
        self._ts = ""
        self._run = ""
        self._said_at = 0.0

    def draw_record(self, event: Recorded) -> None:
        """Take the time; consent, what came of a call, a person's word and the end are lines of their own."""
        self._ts, self._run = event.ts, event.run
        data, step = event.data, event.step or "run"
        match event.type:
            case "consent.given":
                self._line(step, event.type, f"by {data.get('operator')}, {data.get('how')}")
            case "operator.resolve":
                self._line(step, event.type, f"{data.get('operator')}: {data.get('word')}, {data.get('reason')}")
            case "run.end":
                for text in data.get("lines") or ():
                    self._line("run", "note", str(text).replace("\n", " "))
                next = f"   {data['next']}" if data.get("next") else ""
                self._line("run", str(data.get("outcome")), f"{data.get('message')}{next}")
            case "override.given":
                self._line(step, event.type, f"{data.get('operator')}: {data.get('policy')}, {data.get('reason')}")
            case "consent.refused":
                self._line(step, event.type, str(data.get("why") or ""))
            case type if type.startswith("effect."):
                self._line(step, type, str(data.get("why") or data.get("request") or ""))

    def draw_notice(self, notice: Notice) -> None:
        """One line for what ended; what begins says nothing, what waits says so now and then."""
        if not isinstance(notice, Waiting):
            self._said_at = 0.0
        match notice:
            case Header():
                self._header(notice)
            case Finished():
                self._line(notice.step, notice.word, notice.detail)
                for text in notice.more:
                    self._line(notice.step, "note", text)
            case Waiting() if notice.seconds - self._said_at >= EVERY:
                self._said_at = notice.seconds
                self._line(notice.step, "wait", f"{notice.detail}, still waiting after {notice.seconds:.0f}s")
            case Decided():
                self._line(notice.step, notice.word, notice.detail)
                for policy, outcome, detail in decided(notice.data):
                    self._line(policy, outcome, detail)
            case Said():
                self._line("run", "note", notice.text)
            case Preview():
                for outcome, detail in rows(notice.as_json()):
                    self._line("preview", outcome, detail)

    def draw_defect(self, what: str, why: str) -> None:
        """The defect as a line like every other."""
        self._line("run", "note", f"{what} could not be shown: {why}; the journal has it")

    def _header(self, header: Header) -> None:
        self._run = header.run
        where = "PRODUCTION" if header.is_production else header.environment
        parts = [f"{header.runbook} v{header.version}", f"{where} @ {header.host}" if header.host else where]
        parts += [f"by {header.operator}"] if header.operator else []
        self._line("run", "start", ", ".join([*parts, *([header.mode] if header.mode else [])]))
        for note in header.notes:
            self._line("run", "note", note)

    def _line(self, step: str, outcome: str, detail: str) -> None:
        fields = (self._ts, self._run, step, outcome, detail)
        self.say("\t".join(safe(field) for field in fields) + "\n")
