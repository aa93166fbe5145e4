"""A run as a person at a terminal reads it: words first, colour second, the running line rewritten. Floor 5."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.events import Finished, Header, Notice, Preview, Recorded, Said, Started, Waiting
from engine.render.preview import panel
from engine.render.text import Style, advice, cut, pad, safe, style, width, wrap

LABEL = 16
STYLES: dict[str, Style] = {
    "ok": "good", "warn": "warn", "DENY": "bad", "FAIL": "bad", "????": "bad", "skip": "dim", "wait": "warn", "----": "dim",
}  # fmt: skip


class Human:
    """A renderer. `out` takes text and never fails; `is_live` says that a line can be rewritten."""

    def __init__(self, out: Callable[[str], None], *, width: int, colour: bool, is_live: bool) -> None:
        self._out = out
        self._width = max(width, 40)
        self._colour = colour
        self._is_live = is_live
        self._live = ""

    def record(self, event: Recorded) -> None:
        """Records show as their notices do; only the last one is drawn here."""
        if event.type == "run.end":
            self._end(event.data)

    def notice(self, notice: Notice) -> None:
        """Draw what passes."""
        match notice:
            case Header():
                self._header(notice)
            case Started():
                self._rewrite(f"  ..    {pad(cut(safe(notice.label), LABEL), LABEL)} {safe(notice.title)}")
            case Waiting():
                detail = f"{safe(notice.detail)}, {notice.seconds:.0f}s"
                self._rewrite(f"  wait  {pad(cut(safe(notice.label), LABEL), LABEL)} {detail}")
            case Finished():
                self._finished(notice)
            case Said():
                self._lines(wrap(safe(notice.text), self._width - 2, indent="  "))
            case Preview():
                self._lines(panel(notice, self._width, self._colour))

    def flush(self) -> None:
        """The running line gives way to what comes next, a prompt."""
        self._clear()

    def close(self) -> None:
        """Leave no half line behind."""
        self._clear()

    # Lines

    def _header(self, header: Header) -> None:
        where = "PRODUCTION" if header.is_production else safe(header.environment)
        place = f"{where} @ {safe(header.host)}" if header.host and header.host != header.environment else where
        name = style(f"{safe(header.runbook)} v{header.version}", "bold", self._colour)
        where_styled = style(place, "bad" if header.is_production else "plain", self._colour)
        parts = [name, where_styled, *([safe(header.mode)] if header.mode else []), f"run {safe(header.run)}"]
        self._line("   ".join(parts))
        for note in header.notes:
            self._lines(wrap("note: " + safe(note), self._width, indent="  "))
        self._line("")

    def _finished(self, done: Finished) -> None:
        self._clear()
        took = f"{done.seconds:.1f}s" if done.seconds is not None else ""
        word = style(pad(done.word, 4), STYLES[done.word], self._colour)
        label = pad(cut(safe(done.label), LABEL), LABEL)
        room = self._width - 8 - LABEL - 1 - (len(took) + 2 if took else 0)
        lines = wrap(safe(done.detail)[:2000], room)
        first = f"  {word}  {label} {pad(lines[0], room)}" + (f"  {took}" if took else "")
        self._line(first.rstrip())
        indent = " " * (8 + LABEL + 1)
        for line in lines[1:]:
            self._line(indent + line)
        for text in done.more:
            self._lines(wrap(safe(text)[:2000], self._width, indent=indent))

    def _end(self, data: Any) -> None:
        self._clear()
        self._line("")
        for text in data.get("lines") or ():
            self._lines(advice(text, self._width, indent="  "))
        if data.get("lines"):
            self._line("")
        message, next = safe(data.get("message") or ""), safe(data.get("next") or "")
        kind: Style = "good" if data.get("exit") in (0, 20) else "warn" if data.get("exit") == 12 else "bad"
        if next and width(message) + 3 + width(next) <= self._width:
            self._line(f"{style(message, kind, self._colour)}   {next}")
            return
        self._lines([style(line, kind, self._colour) for line in wrap(message, self._width)])
        if next:
            self._line(f"  next  {next}")

    def _lines(self, lines: list[str]) -> None:
        for line in lines:
            self._line(line)

    def _line(self, text: str) -> None:
        self._clear()
        self._out(text + "\n")

    # The running line

    def _rewrite(self, text: str) -> None:
        if self._is_live:
            self._clear()
            self._live = cut(text, self._width - 1)
            self._out(self._live)

    def _clear(self) -> None:
        if self._live:
            self._out("\r" + " " * width(self._live) + "\r")
            self._live = ""
