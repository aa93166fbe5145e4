"""One scenario, played: the real engine against its recording over a loopback socket, with a journal of its own. Floor 5.

Nothing of the person's own is used: settings, operators and journal are a folder that is gone afterwards.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path
from time import perf_counter

from engine.commands.shell import Shell
from engine.consent.given import Consenting
from engine.errors import Exit, RunbookError
from engine.events import Notice, Recorded, Started
from engine.model import Runbook, parse_input
from engine.operators import account
from engine.plain import dataclass
from engine.registry import Registry
from engine.render.human import Human
from engine.run.interrupts import Interrupts
from engine.sandbox.faults import Fault
from engine.sandbox.player import Player, Seen
from engine.sandbox.server import Sandbox
from engine.session.command import Session, defaults
from engine.steps.base import Effect
from engine.terminal import Terminal
from engine.testing.clock import SkippingClock
from engine.testing.model import Case, Command
from engine.under_way import InTurn

REACH = {"run": Effect.ONE_WAY, "preview": Effect.READ, "preview_with_refresh": Effect.WRITE}
# A request that hangs is waited for in real time, so there the wait is short unless the scenario says how long.
PATIENCE = "0.4"
NARROW = 80
MEMORY = "/dev/shm"
LEAST_ROOM = 48 * 1024 * 1024


@dataclass
class Played:
    """What was seen of one command. `effect` is the newest record of what was acted on; `screen` all that was said."""

    command: Command
    exit: int = 0
    records: list[Recorded] = field(default_factory=list)
    requests: list[Seen] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    effect: str = "none"
    screen: str = ""

    @property
    def end(self) -> Recorded | None:
        """The last record; None where the command ended before there was one."""
        return next((one for one in reversed(self.records) if one.type == "run.end"), None)


class _Rehearsed(Session):
    """A session on a clock that skips, whatever clock the settings would give it."""

    def _hold_clock(self) -> RunbookError | None:
        return None


class _Watching:
    """A renderer that keeps every record, writes the screen, and calls `leave` when the step `gone_at` begins."""

    def __init__(self, played: Played, screen: io.StringIO, leave: Callable[[], None]) -> None:
        self._played = played
        self._leave = leave
        self._human = Human(Terminal(None, screen, screen, {}).out, width=NARROW, colour=False, is_live=False)

    def record(self, event: Recorded) -> None:
        self._played.records.append(event)
        self._human.record(event)

    def notice(self, notice: Notice) -> None:
        if isinstance(notice, Started) and notice.step == self._played.command.gone_at:
            self._leave()
        self._human.notice(notice)

    def flush(self) -> None:
        self._human.flush()

    def close(self) -> None:
        self._human.close()


@dataclass
class Playing:
    """One scenario under way: its player and clock outlive each of its commands."""

    case: Case
    runbook: Runbook
    registry: Registry
    folder: Path
    player: Player = field(init=False)
    clock: SkippingClock = field(init=False)

    def __post_init__(self) -> None:
        self.player = Player(self.case.recording, self.case.start)
        self.clock = SkippingClock(self.case.clock)

    def play(self) -> list[Played]:
        """Every command in order."""
        played: list[Played] = []
        for command in self.case.commands:
            self.clock.sleep(command.after)
            played.append(self._command(command, played))
        return played

    def _command(self, command: Command, before: Sequence[Played]) -> Played:
        played, screen = Played(command), io.StringIO()
        requests, refused = len(self.player.log), len(self.player.failures)
        faults = [Fault.parse(text) for text in command.faults]
        state = command.sync if command.sync != "none" else "empty"
        with Sandbox([self.player], now=self.clock.now, faults=faults, sync=state) as sandbox:
            shell = self._shell(command, sandbox, screen)
            session = _Rehearsed(
                settings=shell.settings,
                registry=self.registry,
                renderer=_Watching(played, screen, sandbox.refuse),
                interrupts=Interrupts(lambda text: None),
                fault=shell.fault,
                clock=self.clock,
                begin=InTurn,  # the same requests in the same order, whenever it is played
            )
            try:
                played.exit = int(self._do(command, session, screen, before))
            except RunbookError as error:
                played.exit = shell.complain(error)
        played.requests = self.player.log[requests:]
        played.refused = self.player.failures[refused:]
        played.effect = self._effect(played, before)
        played.screen = screen.getvalue()
        return played

    def _do(self, command: Command, session: Session, screen: io.StringIO, before: Sequence[Played]) -> Exit:
        consenting = self._consenting(command, screen)
        if command.name == "run":
            values = {name: parse_input(self.runbook.inputs[name].type, text) for name, text in command.inputs.items()}
            inputs = {**defaults(self.runbook), **values}
            return session.run(self.runbook, inputs, consenting, REACH[command.mode])
        run = next((one.run for played in before for one in played.records), "")
        load: Callable[[str], Runbook] = lambda name: self.runbook  # noqa: E731
        if command.name == "resume":
            return session.resume(run, load, consenting)
        word: str = command.word
        return session.resolve(run, load, consenting, word, command.reason, self.case.recording.customer)  # type: ignore[arg-type]

    def _consenting(self, command: Command, screen: io.StringIO) -> Consenting:
        typed = command.consent.typed

        def answer(prompt: str) -> str | None:
            screen.write(f"{prompt}{typed}\n")
            return typed

        flags = frozenset(name for name, item in self.runbook.inputs.items() if item.type == "flag")
        words = ("runbook", "run", self.runbook.runbook)
        ask = answer if typed is not None else None
        return Consenting(ask, command.consent.confirm, command.inputs, words, flags)

    def _shell(self, command: Command, sandbox: Sandbox, screen: io.StringIO) -> Shell:
        operators = self.folder / "operators.yaml"
        named = command.operator
        who = f"{{id: {named.id}, roles: [{', '.join(named.roles)}], os_account: '{account()}'}}" if named else ""
        somebody_else = "{id: somebody_else, roles: [], os_account: nobody-of-this-machine}"
        operators.write_text(f"operators: [{who or somebody_else}]\n")
        operators.chmod(0o600)
        sync = {"BILLING_CONSOLE_URL": sandbox.url}
        if command.sync == "none":
            sync = {"BILLING_SYNC_FILE": str(command.sync_file)} if command.sync_file else {}
        waits = any(":hang" in fault or ":drip" in fault for fault in command.faults)
        env = {
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "LAGO_API_URL": sandbox.url,
            "LAGO_API_KEY": "rehearsal",
            **sync,
            "RUNBOOK_OPERATORS": str(operators),
            "RUNBOOK_JOURNAL": str(self.folder / "journal" / "journal.db"),
            "RUNBOOK_CLOCK": self.case.clock.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "RUNBOOK_ENVIRONMENT": "test",
            **({"RUNBOOK_FINALIZE_TIMEOUT": PATIENCE} if waits else {}),
            **command.settings,
        }
        return Shell(Terminal(None, screen, screen, {}), "human", {}, env=env, cwd=self.folder)

    def _effect(self, played: Played, before: Sequence[Played]) -> str:
        """The newest record of the effect that these commands held an intent for, without `effect.`."""
        every = [one for earlier in (*before, played) for one in earlier.records]
        newest = next((one.type for one in reversed(every) if one.type.startswith("effect.")), "")
        return newest.removeprefix("effect.") or "none"


def play(case: Case, runbook: Runbook, registry: Registry) -> tuple[list[Played], float]:
    """Play a scenario. Answers what was seen of each command, and the seconds that it took."""
    started = perf_counter()
    with tempfile.TemporaryDirectory(prefix="runbook-test-", dir=_memory()) as folder:
        played = Playing(case, runbook, registry, Path(folder)).play()
    return played, perf_counter() - started


def _memory() -> str | None:
    """Memory that is a folder, where there is one with room: nothing of a rehearsal has to outlive a power cut."""
    if not os.access(MEMORY, os.W_OK | os.X_OK):
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free >= LEAST_ROOM else None
