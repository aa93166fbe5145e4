"""A run for a program: each record as one JSON object a line, after it is durable, in the journal's order. Floor 5."""

from __future__ import annotations

from engine.events import Recorded
from engine.render.fold import Fold
from engine.render.text import json_line


class JsonLines(Fold):
    """A renderer. Text beyond ASCII is escaped, so that nothing raw reaches a terminal that shows it.

    What is not kept is not told to programs: notices print nothing.
    """

    def draw_record(self, event: Recorded) -> None:
        """One line, written at once."""
        self.say(json_line(event.as_json()))

    def draw_defect(self, what: str, why: str) -> None:
        """A line that is no record would be worse than one that is missing; `seq` shows the gap."""
