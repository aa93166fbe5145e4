"""One HTTP exchange as values: what was asked, what came back, or why nothing did. No HTTP library here. Floor 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Generic, TypeVar

from engine.plain import dataclass

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is, was or would be sent. `target` is path and query, below the server's address."""

    method: str
    target: str

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back to a request, whole, as somebody who listens in gets it. `status` is None where nothing did.

    Nothing of it is kept in the journal: it holds whatever the server said.
    """

    request: Request
    status: int | None
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T_co]):
    """A value that was read, with the requests and the moment it was learned from."""

    value: T_co
    requests: tuple[Request, ...]
    at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Replied:
    """The server answered a write, whole and in time.

    `body` is the parsed JSON or None; `error` is Lago's JSON error (`status`, `error`, `code`, `error_details`)
    when the body is one; `echoed` says that our `X-Request-Id` came back, which a gateway's own answer lacks.
    """

    status: int
    body: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    echoed: bool
    seconds: float
    retry_after: float | None = None
    body_digest: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NeverSent:
    """No byte of the request left: connecting failed."""

    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request, or a part of it, left; no whole answer came back. What it did is not known."""

    why: str
    seconds: float


Answer = Replied | NeverSent | NoAnswer
