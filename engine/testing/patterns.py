"""Requests as a test file writes them: `PUT …/refresh`, where `…` or `...` stands for anything. Floor 5."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import unquote


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"…|\.\.\.", " ".join(pattern.split()))
    return re.compile(".*".join(re.escape(part) for part in parts))


def fits(pattern: str, request: str) -> bool:
    """Whether a request, as `GET /api/v1/taxes?page=1`, is the one that the pattern means."""
    return _compiled(pattern).fullmatch(unquote(request)) is not None


def short(request: str) -> str:
    """A request as a pattern that fits it: `PUT …/invoices/c8117fcb…/refresh`."""
    method, _, target = request.partition(" ")
    ids = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
    path = unquote(target).replace("/api/v1/", "…/", 1)
    return f"{method} {ids.sub(lambda found: found[1] + '…', path)}"
