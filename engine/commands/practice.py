"""`sandbox` and `demo`: a Lago to practise on, and the main job on it. Floor 5."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import FrameType

from engine.commands.auditing import verify_journal
from engine.commands.running import Wanted, run_runbook
from engine.commands.shell import Shell
from engine.errors import Exit, Terminated, UsageFault
from engine.journal import Reader
from engine.render import audit
from engine.render import sandbox as words
from engine.sandbox.catalogue import CATALOGUE
from engine.sandbox.console import STATES
from engine.sandbox.demo import Practice
from engine.sandbox.faults import Fault

TOTAL = "636.04 EUR"


def serve_sandbox(shell: Shell, port: int, faults: Sequence[str], sync: str | None) -> int:
    """Serve until Ctrl-C or SIGTERM. Raises UsageFault: no such fault or state, or the port is taken."""
    if sync is not None and sync not in STATES:
        raise UsageFault(f"`--sync {sync}`: there is {', '.join(STATES)}")
    try:
        parsed = [Fault.parse(text) for text in faults]
    except ValueError as error:
        raise UsageFault(str(error)) from error
    try:
        practice = Practice(CATALOGUE, port=port, faults=parsed, sync=sync or "fresh")
    except OSError as error:
        raise UsageFault(
            f"port {port} cannot be used: {error.strerror}", hint="Leave --port out for a free one."
        ) from error
    try:
        signal.signal(
            signal.SIGTERM, _terminated
        )  # what serves in the background is ended by it, and has to clear up too
        with practice:
            _open(shell, practice)
            practice.sandbox.stopped.wait()
    except KeyboardInterrupt:
        shell.terminal.out("\n")
    except Terminated:
        return Exit.TERMINATED
    return Exit.DONE


def _terminated(number: int, frame: FrameType | None) -> None:
    raise Terminated


def _open(shell: Shell, practice: Practice) -> None:
    """Show what there is to practise on, and what to export."""
    terminal = shell.terminal
    drafts = [
        (player.scenario.invoice, player.scenario.customer, entry.shows, entry.ends)
        for entry, player in zip(practice.entries, practice.players, strict=True)
    ]
    to_void = [draft[0] for draft, entry in zip(drafts, practice.entries, strict=True) if entry.start == "finalized"]
    terminal.out(words.opening(drafts, practice.env, to_void=to_void, width=terminal.width, colour=terminal.colour_out))


def run_demo(shell: Shell) -> int:
    """Preview, consent, call, verification, the journal's proof. Consent is asked on a terminal, else given by flags."""
    terminal = shell.terminal
    width, colour = terminal.width, terminal.colour_out
    say: Callable[[str], None] = terminal.out if shell.format != "json" else terminal.err
    say(words.demo_opening(width=width, colour=colour))
    with Practice.for_demo() as practice:
        scenario = practice.players[0].scenario
        inside = replace(shell, env={**shell.env, **practice.env}, flags={})
        runbook = inside.load("finalize_invoice")
        asks = terminal.can_ask and shell.format != "json"
        given: Mapping[str, str] = {"invoice": scenario.invoice, **({} if asks else {"total": TOTAL})}
        confirm = None if asks else scenario.customer
        typed = ["run", "finalize_invoice", "--invoice", scenario.invoice]
        say(words.command(typed if asks else [*typed, "--confirm", scenario.customer, "--total", TOTAL], colour=colour))
        code = run_runbook(inside, runbook, given, Wanted(confirm, False, "one-way", False))
        with Reader.open(inside.settings.journal) as journal:
            run = journal.runs()[0].run
            records = journal.run(run)
        say("\n" + words.command(["audit", "show", run], colour=colour))
        weighty = [one for one in records if audit.is_weighty(one) and one.type != "consent.asked"]
        terminal.out(audit.history(weighty, shell.format, width=width, colour=colour))
        if shell.format == "human":
            terminal.out(f"        and {len(records) - len(weighty)} reads, verdicts and figures shown between them\n")
        say("\n" + words.command(["audit", "verify"], colour=colour))
        verify_journal(inside)
    say(words.demo_closing(width=width, colour=colour))
    return code
