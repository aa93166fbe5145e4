"""`explain`: what a code or a name means, why and what to do; of a run, what policies decided. No network. Floor 5."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.commands.shell import Shell
from engine.errors import Exit, UsageFault
from engine.explain import find, nearest, titles
from engine.render import explanation
from engine.render.text import json_line

# How a run is called; no code, check or step is.
_RUN = re.compile(r"[0-9A-Za-z]{12}", re.ASCII)


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
    if articles[0][1] is None and len(typed) == 1 and _RUN.fullmatch(typed[0]):
        return _explain_run(shell, typed[0])
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


def _explain_run(shell: Shell, run: str) -> int:
    """What policies decided in a run, drawn as the run drew it, from the journal alone. Raises UsageFault, JournalFault."""
    from engine.commands.policies import tell_decisions

    return tell_decisions(shell, run)


def _nothing(unknown: Sequence[str]) -> str:
    return f"there is nothing to explain of {', '.join(f'`{code[:80]}`' for code in unknown)}"


def _hint(unknown: Sequence[str], shell: Shell) -> str:
    near = [f"`{name}`" for code in unknown for name in nearest(code, shell.registry)]
    meant = f"Did you mean {' or '.join(dict.fromkeys(near))}? " if near else ""
    return f"{meant}`runbook explain` lists all there is."
