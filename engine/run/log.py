"""The one place where an event becomes a durable record and is then shown, in that order. Floor 4."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.events import Notice, Recorded, Renderer
from engine.run.interrupts import Interrupts

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
        return self._append(type, step, data, effect_key, None)

    def emit_unless(self, unless: Callable[[], None], type: str, step: str | None = None, **data: Any) -> Recorded:
        """The same; `unless` is asked while nobody else can write, and what it raises is raised instead."""
        return self._append(type, step, data, None, unless)

    def _append(
        self, type: str, step: str | None, data: dict[str, Any], key: str | None, unless: Callable[[], None] | None
    ) -> Recorded:
        with self.interrupts.held():
            clean = self._pipeline(type, step, data)
            recorded = self.journal.append(self.run, type, step, clean, key, unless)
            self._renderer.record(recorded)
        return recorded

    def intend(self, step: str, effect: str, unless: Callable[[], None] | None = None, **data: Any) -> Recorded:
        """Record the intent of a one-way request. Raises IntentHeld when another one is open, JournalFault."""
        with self.interrupts.held():
            clean = self._pipeline("effect.intent", step, data)
            recorded = self.journal.intend(self.run, step, effect, clean, unless)
            self._renderer.record(recorded)
        return recorded

    def notice(self, notice: Notice) -> None:
        """Show something that is not kept."""
        self._renderer.notice(notice)

    def flush(self) -> bool:
        """All that was said has left this process; False when there is nobody left to read it."""
        self._renderer.flush()
        return not self._is_lost()
