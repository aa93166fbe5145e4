"""A run as a person at a terminal reads it: words first, colour second, the running line rewritten. Floor 5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.errors import Exit
from engine.events import Decided, Finished, Header, Notice, Preview, Recorded, Said, Started, Waiting
from engine.render.decision import lines as decided
from engine.render.fold import Fold
from engine.render.preview import panel
from engine.render.text import Style, advice, clip, cut, hang, pad, safe, style, width, wrap

LABEL = 16
LEAST_WIDTH = 40
MOST_DETAIL = 600
MOST_SENTENCE = 1200
READS_ONLY = "(only reads, never sends)"

STYLES: dict[str, Style] = {
    "ok": "good", "warn": "warn", "DENY": "bad", "FAIL": "bad", "????": "bad", "skip": "dim", "wait": "warn", "----": "dim",
}  # fmt: skip

# How the verdict of an exit code is coloured; every other code is `bad`.
ENDS: dict[int, Style] = {Exit.DONE: "good", Exit.WOULD_WRITE: "good", Exit.PENDING: "warn"}


class Human(Fold):
    """A renderer. `is_live` says that the running line can be rewritten; `width` is in columns."""

    def __init__(self, out: Callable[[str], None], *, width: int, colour: bool, is_live: bool) -> None:
        super().__init__(out)
        self._width = max(width, LEAST_WIDTH)
        self._colour = colour
        self._is_live = is_live
        self._live = ""
        self._is_open = False
        self._denied: list[str] = []

    def draw_record(self, event: Recorded) -> None:
        """Records show as their notices do; what follows a typed answer, and the end, are drawn here."""
        if event.type == "run.end":
            self._end(event.data)
        elif event.type == "consent.given" and event.data.get("how") == "typed":
            self._line("")  # below the line that was typed
        elif event.type == "check.verdict" and event.data.get("verdict") == "deny":
            self._denied.append(str(event.data.get("check")))

    def draw_notice(self, notice: Notice) -> None:
        """Draw what passes."""
        match notice:
            case Header():
                self._header(notice)
            case Started():
                self._rewrite("..", notice.label, safe(notice.title))
            case Waiting():
                self._rewrite("wait", notice.label, f"{safe(notice.detail)}, {notice.seconds:.0f}s")
            case Finished():
                self._finished(notice)
            case Decided():
                self._finished(Finished(notice.step, notice.word, notice.label, notice.detail))
                self._lines(decided(notice.data, self._width, colour=self._colour))
            case Said():
                self._lines(wrap(clip(safe(notice.text), MOST_SENTENCE), self._width, indent="  "))
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
        parts: list[tuple[str, Style]] = [(f"{safe(header.runbook)} v{header.version}", "bold")]
        parts.append((place, "bad" if header.is_production else "plain"))
        if header.mode:
            parts.append((safe(header.mode), "warn"))
        parts.append((f"run {safe(header.run)}", "plain"))
        shown, used = "", 0
        for text, kind in parts:
            text = clip(text, self._width - 2)
            if used and used + 3 + width(text) > self._width:
                self._line(shown)
                shown, used = "  ", 2
            elif used:
                shown, used = shown + "   ", used + 3
            shown, used = shown + style(text, kind, self._colour), used + width(text)
        self._line(shown)
        for note in header.notes:
            self._lines(hang("  note: ", clip(safe(note), MOST_DETAIL), self._width))
        self._line("")

    def _finished(self, done: Finished) -> None:
        took = f"{done.seconds:.1f}s" if done.seconds is not None else ""
        word = style(pad(done.word, 4), STYLES[done.word], self._colour)
        label = pad(cut(safe(done.label), LABEL), LABEL)
        indent = " " * (8 + LABEL + 1)
        room = self._width - len(indent) - (len(took) + 2 if took else 0)
        first, *rest = wrap(clip(safe(done.detail), MOST_DETAIL), room)
        self._line(f"  {word}  {label} {pad(first, room)}{'  ' + took if took else ''}".rstrip(" "))
        self._lines([indent + line for line in rest])
        for text in done.more:
            self._lines(wrap(clip(safe(text), MOST_DETAIL), self._width, indent=indent))

    # The end

    def _end(self, data: Mapping[str, Any]) -> None:
        if self._is_open:
            self._line("")
        kind = ENDS.get(data.get("exit") or 0, "bad")
        message = clip(safe(data.get("message") or ""), MOST_SENTENCE)
        if data.get("exit") == Exit.UNKNOWN:
            self._unknown(message, data)
            return
        for text in data.get("lines") or ():
            text = _one_line(text)
            text = text if ": runbook " in text else clip(safe(text), MOST_SENTENCE)
            self._lines(advice(text, self._width, indent="  "))
        if data.get("lines"):
            self._line("")
        next = safe(data.get("next") or "")
        if next and width(message) + 3 + width(next) <= self._width:
            self._line(f"{style(message, kind, self._colour)}   {next}")
            return
        self._lines([style(line, kind, self._colour) for line in wrap(message, self._width)])
        if next:
            self._line(f"  next  {next}")
        if data.get("exit") == Exit.DENIED and self._denied:
            names = " ".join(dict.fromkeys(map(safe, self._denied)))
            self._lines(wrap(f"why   runbook explain {names}", self._width, indent="  "))

    def _unknown(self, message: str, data: Mapping[str, Any]) -> None:
        """The verdict first, then what is known, what not to do, and the one thing to do."""
        self._lines([style(line, "bad", self._colour) for line in wrap(message, self._width)])
        known = [_labelled(_one_line(text)) for text in data.get("lines") or ()]
        size = max((width(label) for label, _ in known), default=4)
        for label, text in known:
            self._lines(hang(f"  {pad(label, size)}  ", clip(text, MOST_DETAIL), self._width))
        next = safe(data.get("next") or "")
        if next:
            note = f"   {READS_ONLY}" if next.startswith("runbook resume ") else ""
            line = f"  {pad('do', size)}  {next}"
            self._line(line + (note if width(line + note) <= self._width else ""))

    def _lines(self, lines: list[str]) -> None:
        for line in lines:
            self._line(line)

    def _line(self, text: str) -> None:
        self._clear()
        self._is_open = text != ""
        self.say(text + "\n")

    # The running line

    def _rewrite(self, word: str, label: str, detail: str) -> None:
        if self._is_live:
            self._clear()
            self._live = cut(f"  {word:<4}  {pad(cut(safe(label), LABEL), LABEL)} {detail}", self._width - 1)
            self.say(self._live)

    def _clear(self) -> None:
        if self._live:
            gone, self._live = self._live, ""
            self.say("\r" + " " * width(gone) + "\r")


def _labelled(text: str) -> tuple[str, str]:
    """A line such as `sent   PUT ...` in its two parts, made safe; what has no short label is a note."""
    label, gap, rest = text.partition("  ")
    if gap and rest.strip() and width(safe(label)) <= LABEL:
        return safe(label), safe(rest.strip())
    return "note", safe(text)


def _one_line(text: str) -> str:
    """A runbook's own words, whose file may break them over lines."""
    return str(text).replace("\n", " ")
