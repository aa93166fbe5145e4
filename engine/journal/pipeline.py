"""What an event passes on its way into a record, and a diagnostic on its way to stderr. Floor 2.

Diagnostics are structlog's, which is imported for them alone: it brings asyncio along, and cost every run a tenth of
its time. An event needs no more than two functions, one after the other (`docs/decisions/055`).

Both lose secrets by type first and by name second: a `Secret` becomes `[secret]` wherever it stands, and a field that
is named like a credential or like personal data is left out. Names under `grouped_by` and `filters` are the
customer's own words for usage, so there only the type counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import Bug
from engine.facts import Fact, is_unnamed
from engine.values import PLAIN, Secret, jsonable

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

_OWN_WORDS = frozenset({"grouped_by", "filters"})
HIDDEN = "[secret]"


class Pipeline:
    """What every event of one run passes on its way to the journal: bound, redacted, canonical.

    Calling it answers the event's data with `actor` in it, which `Journal.append` moves into the envelope. The actor
    is the operator that the run's `run.start` or `run.resume` names, and nobody before that.
    """

    def __init__(self, actor: Mapping[str, Any] | None = None) -> None:
        self._actor: Mapping[str, Any] = dict(actor or {})

    def __call__(self, type: str, step: str | None, data: Mapping[str, Any]) -> dict[str, Any]:
        """Raises Bug when a value has no place in a record."""
        operator = data.get("operator")
        if type in ("run.start", "run.resume") and isinstance(operator, Mapping):
            self._actor = {"id": operator.get("id")}
        bound = {"actor": self._actor} if self._actor else {}
        try:
            passed: dict[str, Any] = jsonable(without_secrets({**data, **bound}))
        except TypeError as error:
            raise Bug(f"`{type}` of step `{step}` cannot be recorded: {error}") from error
        return passed


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A processor: no `Secret`, no field named like one, no field named like personal data."""
    clean: EventDict = without_secrets(event)
    return clean


def without_secrets(value: Any, *, is_own_words: bool = False) -> Any:
    """The same value with secrets hidden and unspeakable fields left out. Facts show what they allow in clear."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, Secret):
        return HIDDEN
    if isinstance(value, Fact):
        return without_secrets(value.clear())
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {
            str(key): without_secrets(item, is_own_words=is_own_words or key in _OWN_WORDS)
            for key, item in value.items()
            if is_own_words or not is_unnamed(str(key))
        }
    if isinstance(value, list | tuple):
        return [without_secrets(item, is_own_words=is_own_words) for item in value]
    return value


class _Lines:
    """What structlog writes to: one line after the other, whichever thread it comes from."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = Lock()

    def info(self, line: str) -> None:
        with self._lock:
            self._say(line + "\n")

    debug = warning = error = critical = info


def configure_stderr(format: Literal["human", "plain", "json"], say: Callable[[str], None]) -> None:
    """Send diagnostics (`structlog.get_logger()`) to `say`, as JSON lines or as `level: message key=value`.

    They are written in the midst of a request, so `say` must not raise: a call would be taken for one without an answer.
    """
    import structlog

    lines = _Lines(say)
    last = _as_json if format == "json" else _as_line
    structlog.configure(
        processors=[structlog.processors.add_log_level, redact, last],
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )


def _as_json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    message = str(event.pop("event", ""))
    line = {"v": 1, "type": "diagnostic", "severity": event.pop("level", method), "message": message}
    return json.dumps({**event, **line}, ensure_ascii=True, sort_keys=True, default=repr)


def _as_line(logger: WrappedLogger, method: str, event: EventDict) -> str:
    message, level = str(event.pop("event", "")), event.pop("level", method)
    # What Lago or a person named may hold escape sequences: only what prints goes to a terminal.
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in message)
    return " ".join([f"{level}:", shown, *(f"{_name(key)}={event[key]!r}" for key in sorted(event))])


def _name(key: str) -> str:
    return key if key.isprintable() else ascii(key)[1:-1]
