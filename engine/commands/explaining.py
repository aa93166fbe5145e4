"""`explain`: what a code or a name means, why it exists and what to do; no network and no journal. Floor 5."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.commands.shell import Shell
from engine.errors import Exit, UsageFault
from engine.explain import find, nearest, titles
from engine.render import explanation
from engine.render.text import json_line


def explain_codes(shell: Shell, codes: Sequence[str]) -> int:
    """The article of each code; without one, all that there are. Raises UsageFault: there is nothing of that name."""
    terminal = shell.terminal
    if not codes:
        listed = titles(shell.registry)
        terminal.out(explanation.listing(listed, shell.format, width=terminal.width, colour=terminal.colour_out))
        return Exit.DONE
    # `exit 13` may be typed as it is spoken.
    typed = re.sub(r"\bexit(?: code)? (?=\d)", "", " ".join(codes), flags=re.IGNORECASE).split()
    if not typed:
        raise UsageFault("nothing is named", hint="`runbook explain` lists all there is.")
    articles = [(code, find(code, lambda: shell.registry)) for code in typed]
    unknown = [code for code, article in articles if article is None]
    if unknown:
        raise UsageFault(_nothing(unknown), hint=_hint(unknown, shell))
    for at, article in enumerate(article for _, article in articles if article is not None):
        if shell.format == "json":
            terminal.out(json_line(article.as_json()))
            continue
        page = explanation.page(article, width=min(terminal.width, 100), colour=terminal.colour_out)
        terminal.out(("\n" if at else "") + page)
    return Exit.DONE


def _nothing(unknown: Sequence[str]) -> str:
    return f"there is nothing to explain of {', '.join(f'`{code[:80]}`' for code in unknown)}"


def _hint(unknown: Sequence[str], shell: Shell) -> str:
    near = [f"`{name}`" for code in unknown for name in nearest(code, shell.registry)]
    meant = f"Did you mean {' or '.join(dict.fromkeys(near))}? " if near else ""
    return f"{meant}`runbook explain` lists all there is."
