"""What `sandbox` and `demo` say: the drafts and what each one shows, what to export, what to try next. Floor 5."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from engine.manual import page
from engine.render.text import style, table, wrap


def opening(
    drafts: Sequence[tuple[str, str, str, str]],
    env: Mapping[str, str],
    *,
    to_void: Sequence[str] = (),
    width: int = 80,
    colour: bool = False,
) -> str:
    """The page that stands while the sandbox serves: customer, what the invoice shows, exit, invoice id."""
    lines = [style("A Lago and a billing console to practise on, on this machine only.", "bold", colour)]
    lines += ["Every answer is one that a running Lago v1.51.0 gave. Every start is fresh.", ""]
    rows = [("CUSTOMER", "WHAT IT SHOWS", "EXIT"), *((customer, shows, ends) for _, customer, shows, ends in drafts)]
    drawn = table(rows, limit=width, wide=1)
    lines.append(style(drawn[0], "dim", colour))
    for (lago_id, *_), line in zip(drafts, drawn[1:], strict=True):
        lines += [line, style(f"  {lago_id}", "dim", colour)]
    lines += ["", "In another terminal:", ""]
    lines += [f"  export {name}={shlex.quote(value)}" for name, value in env.items()]
    first = drafts[0][0] if drafts else "ID"
    issued = [f"  runbook run void_invoice --reason 'to practise' --invoice {id}" for id in to_void]
    lines += ["", "  runbook drafts", f"  runbook run finalize_invoice --invoice {first}", *issued, ""]
    lines += wrap(f"Misbehave on purpose: `--fault finalize:lost-after`, `--sync stale`; see {page('sandbox')}.", width)
    return "\n".join([*lines, "Ctrl-C ends it.", ""])


def demo_opening(*, width: int = 80, colour: bool = False) -> str:
    """What the demo is about to do."""
    lines = [style("runbook demo: the main job, start to finish, against recorded Lago answers.", "bold", colour), ""]
    text = (
        "A draft invoice for Hooli SAS is read, checked, recomputed and shown; you confirm the figures by typing the"
        " customer's id; it is finalized once, read back and compared; the journal proves it. Nothing leaves this"
        " machine."
    )
    return "\n".join([*lines, *wrap(text, width), "", ""])


def command(words: Sequence[str], *, colour: bool = False) -> str:
    """A command as it would be typed, before what it prints."""
    return style("$ runbook " + " ".join(shlex.quote(word) for word in words), "bold", colour) + "\n"


def demo_closing(*, width: int = 80, colour: bool = False) -> str:
    """What to try next."""
    lines = ["", style("What to try next", "bold", colour)]
    lines += [
        "  runbook sandbox                  invoices to practise on, and faults",
        "  runbook show finalize_invoice    the procedure as a person reads it",
        "  runbook validate                 the same file as the engine reads it",
        "  runbook --help                   every command, every exit code",
    ]
    return "\n".join([*lines, ""])
