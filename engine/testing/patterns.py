"""Requests as a test file writes them: `PUT …/refresh`, where `…` or `...` stands for anything. Floor 5."""

from __future__ import annotations

import re
from functools import cache


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"…|\.\.\.", " ".join(pattern.split()))
    return re.compile(".*".join(re.escape(part) for part in parts))


def fits(pattern: str, request: str) -> bool:
    """Whether a request, as `GET /api/v1/taxes?page=1`, is the one that the pattern means."""
    return _compiled(pattern).fullmatch(request) is not None
