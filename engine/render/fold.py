"""What every renderer is: a fold over events that never stops a run, whatever becomes of its output or of itself. Floor 5."""

from __future__ import annotations

from collections.abc import Callable

from engine.events import Notice, Recorded


class Fold:
    """Base of the renderers. `out` takes text; a subclass draws in `draw_record` and `draw_notice`.

    What goes wrong while drawing is told in one line and ends there: the record is durable, and a run with an intent
    may not end on account of a screen. An output that fails is not written to again.
    """

    def __init__(self, out: Callable[[str], None]) -> None:
        self._out = out
        self._is_lost = False

    def record(self, event: Recorded) -> None:
        """Show a durable record. Raises nothing."""
        try:
            self.draw_record(event)
        except Exception as defect:
            self.draw_defect(f"record {event.seq}, {event.type}", type(defect).__name__)

    def notice(self, notice: Notice) -> None:
        """Show something that passes. Raises nothing."""
        try:
            self.draw_notice(notice)
        except Exception as defect:
            self.draw_defect(type(notice).__name__, type(defect).__name__)

    def flush(self) -> None:
        """Every line has left as it was written."""

    def close(self) -> None:
        """Nothing is held back."""

    def draw_record(self, event: Recorded) -> None:
        """Draw a record; most are drawn by their notices."""

    def draw_notice(self, notice: Notice) -> None:
        """Draw a notice."""

    def draw_defect(self, what: str, why: str) -> None:
        """Say that something could not be drawn."""
        self.say(f"({what} could not be shown: {why}; the journal has it)\n")

    def say(self, text: str) -> None:
        """Write, unless nobody reads any more: a broken pipe ends what is shown and nothing else."""
        if self._is_lost:
            return
        try:
            self._out(text)
        except (OSError, ValueError):
            self._is_lost = True
