"""Where a page of the manual lies, for messages that send somebody there. Floor 0."""

from __future__ import annotations

import sys
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent / "docs"


def page(name: str) -> str:
    """`testing` as `docs/testing.md` of a checkout, or the whole path of the page that was installed."""
    installed = Path(sys.prefix, "share", "doc", "runbook", f"{name}.md")
    return str(installed) if installed.is_file() and not CHECKOUT.is_dir() else f"docs/{name}.md"
