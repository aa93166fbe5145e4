"""The one place where an event becomes a durable record and is then shown, in that order. Floor 4."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.events import Notice, Recorded, Renderer
from engine.interrupts import Interrupts

if TYPE_CHECKING:
    from engine.journal import Journal
    from engine.journal.pipeline import Pipeline


class RunLog:
    """What a run says: `emit` appends first and tells the renderer only then; a JournalFault stops the run.

    It remembers the facts that it recorded in full, so that the same fact seen again is one short record.
    """

    def __init__(
        self,
        journal: Journal,
        pipeline: Pipeline,
        renderer: Renderer,
        interrupts: Interrupts,
        run: str,
        is_lost: Callable[[], bool] = lambda: False,
    ) -> None:
        self.journal = journal
        self.run = run
        self.interrupts = interrupts
        self._pipeline = pipeline
        self._renderer = renderer
        self._is_lost = is_lost

    def emit(self, type: str, step: str | None = None, *, effect_key: str | None = None, **data: Any) -> Recorded:
        """Make an event durable, then show it. Raises JournalFault; the event is then not to be acted on."""
        with self.interrupts.held():
            clean = self._pipeline(type, step, data)
            recorded = self.journal.append(self.run, type, step, clean, effect_key)
            self._renderer.record(recorded)
        return recorded

    def intend(self, step: str, effect: str, **data: Any) -> Recorded:
        """Record the intent of a one-way request. Raises IntentHeld when another one is open, JournalFault."""
        with self.interrupts.held():
            recorded = self.journal.intend(self.run, step, effect, self._pipeline("effect.intent", step, data))
            self._renderer.record(recorded)
        return recorded

    def notice(self, notice: Notice) -> None:
        """Show something that is not kept."""
        self._renderer.notice(notice)

    def flush(self) -> bool:
        """All that was said has left this process; False when there is nobody left to read it."""
        self._renderer.flush()
        return not self._is_lost()
