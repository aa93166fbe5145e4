"""What is asked for of scenarios or cases, and which of them are meant by a part of their name. Floor 5."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatch
from pathlib import Path

from engine.plain import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: only what is like `pattern`, a least coverage in percent, to stop at the first failure."""

    pattern: str = ""
    threshold: int | None = None
    is_brief: bool = False
    junit: Path | None = None


def is_like(name: str, pattern: str) -> bool:
    """Whether a scenario's name holds the words of the pattern, in which `*` is anything; whatever the case."""
    return not pattern or fnmatch(name.casefold(), f"*{pattern.casefold()}*")


def near(pattern: str, names: Sequence[str]) -> str:
    """What to type instead of a pattern that no name is like."""
    found = get_close_matches(pattern, names, n=1, cutoff=0.3)
    return f"did you mean `{found[0]}`?" if found else "-k takes a part of a name"
