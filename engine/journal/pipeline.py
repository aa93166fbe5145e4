"""structlog's two pipelines: an event on its way into a record, a diagnostic on its way to stderr. Floor 2.

Both lose secrets by type first and by name second: a `Secret` becomes `[secret]` wherever it stands, and a field that
is named like a credential or like personal data is left out. Names under `grouped_by` and `filters` are the
customer's own words for usage, so there only the type counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from engine.errors import Bug
from engine.facts import Fact, is_unnamed
from engine.values import Secret, jsonable

_OWN_WORDS = frozenset({"grouped_by", "filters"})
HIDDEN = "[secret]"


class Pipeline:
    """What every event of one run passes on its way to the journal: bound, redacted, canonical.

    Calling it answers the event's data with `actor` in it, which `Journal.append` moves into the envelope. The actor
    is the operator that the run's `run.start` or `run.resume` names, and nobody before that.
    """

    def __init__(self, actor: Mapping[str, Any] | None = None) -> None:
        processors: list[Any] = [redact, canonicalize, hand_over]
        self._logger = structlog.wrap_logger(
            structlog.ReturnLogger(), processors=processors, wrapper_class=structlog.BoundLogger, context_class=dict
        ).bind(actor=dict(actor or {}))

    def __call__(self, type: str, step: str | None, data: Mapping[str, Any]) -> dict[str, Any]:
        """Raises Bug when a value has no place in a record."""
        operator = data.get("operator")
        if type in ("run.start", "run.resume") and isinstance(operator, Mapping):
            self._logger = self._logger.bind(actor={"id": operator.get("id")})
        passed: dict[str, Any] = self._logger.msg(type, step=step, data=data)
        return passed


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A processor: no `Secret`, no field named like one, no field named like personal data."""
    clean: EventDict = without_secrets(event)
    return clean


def without_secrets(value: Any, *, is_own_words: bool = False) -> Any:
    """The same value with secrets hidden and unspeakable fields left out. Facts show what they allow in clear."""
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


def canonicalize(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A processor: values as canonical JSON knows them. Raises Bug for one that it does not know."""
    try:
        clean: EventDict = jsonable(event)
    except TypeError as error:
        raise Bug(f"`{event.get('event')}` of step `{event.get('step')}` cannot be recorded: {error}") from error
    return clean


def hand_over(logger: WrappedLogger, method: str, event: EventDict) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The last processor: the data, with who acts."""
    bound = {"actor": event["actor"]} if event["actor"] else {}
    return ({**event["data"], **bound},), {}


def configure_stderr(format: Literal["human", "plain", "json"], stream: TextIO) -> None:
    """Send diagnostics (`structlog.get_logger()`) to `stream`, as JSON lines or as `level: message key=value`."""
    last = _as_json if format == "json" else _as_line
    structlog.configure(
        processors=[structlog.processors.add_log_level, redact, last],
        wrapper_class=structlog.BoundLogger,
        context_class=dict,
        logger_factory=structlog.WriteLoggerFactory(stream),
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
