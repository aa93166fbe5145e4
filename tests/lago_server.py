"""A played scenario for tests: a real loopback socket, the environment of a run against it, and the truth about it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from engine.sandbox.faults import Fault
from engine.sandbox.player import Player
from engine.sandbox.scenario import SHIPPED, Scenario, load
from engine.sandbox.server import Sandbox

HERE = Path(__file__).parent
PROJECT = HERE.parent
CLOCK = "2026-11-23T12:00:00Z"

# The installed command; where only the checkout is there, the same entry point of it.
INSTALLED = Path(sys.executable).parent / "runbook"
RUNBOOK = (str(INSTALLED),) if INSTALLED.exists() else (sys.executable, "-m", "cli")


def folder_of(name: str) -> Path:
    """Where a scenario's recordings are: with the sandbox, or with the tests."""
    shipped = SHIPPED / name
    return shipped if shipped.exists() else HERE / "recordings" / name


def scenario(name: str) -> Scenario:
    """A fresh scenario."""
    return load(folder_of(name))


@dataclass(frozen=True)
class Result:
    """What a command did: exit code and output."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        """The last line of the output that is not empty."""
        return next((line for line in reversed(self.out.splitlines()) if line.strip()), "")


@dataclass
class Played:
    """One scenario on a socket, in a `with`; `run` drives the `runbook` command as its user would."""

    name: str
    folder: Path
    faults: Sequence[str] = ()
    sync: str = "fresh"
    settings: Mapping[str, str] = field(default_factory=dict)
    is_installed: bool = False
    start: str = ""
    player: Player = field(init=False)
    sandbox: Sandbox = field(init=False)

    def __post_init__(self) -> None:
        self.player = Player(scenario(self.name), self.start)
        now = datetime.fromisoformat(CLOCK)
        faults = [Fault.parse(text) for text in self.faults]
        self.sandbox = Sandbox([self.player], now=lambda: now.astimezone(UTC), faults=faults, sync=self.sync)

    def __enter__(self) -> Played:
        self.folder.mkdir(exist_ok=True)
        self.sandbox.__enter__()
        self.operators = write_operators(self.folder)
        return self

    def __exit__(self, *error: object) -> None:
        self.sandbox.stop()

    @property
    def invoice(self) -> str:
        """The invoice's Lago id."""
        return self.player.scenario.invoice

    @property
    def customer(self) -> str:
        """The customer's external id."""
        return self.player.scenario.customer

    @property
    def journal(self) -> Path:
        """The journal of this replay."""
        return self.folder / "journal" / "journal.db"

    @property
    def env(self) -> dict[str, str]:
        """The environment of a run against it, with waits that a test can afford."""
        keep = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        return {
            **keep,
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PYTHONPATH": str(PROJECT),
            "LAGO_API_URL": self.sandbox.url,
            "LAGO_API_KEY": "key-of-the-replay",
            "BILLING_CONSOLE_URL": self.sandbox.url,
            "RUNBOOK_OPERATORS": str(self.operators),
            "RUNBOOK_JOURNAL": str(self.journal),
            "RUNBOOK_CLOCK": CLOCK,
            "RUNBOOK_FINALIZE_TIMEOUT": "5",
            "RUNBOOK_SETTLE_WINDOW": "0.3",
            "RUNBOOK_PENDING_DEADLINE": "2",
            "RUNBOOK_TAXES_DEADLINE": "2",
            "RUNBOOK_POLL_INTERVAL": "0.05",
            **self.settings,
        }

    def run(self, *args: str, **env: str) -> Result:
        """Run `runbook ARGS` without a terminal, in a child of this process: all is imported there already.

        With `is_installed` it is the installed command, in a process of its own.
        """
        if not self.is_installed:
            from forked import run

            return run(args, {**self.env, **env}, self.folder).result
        done = subprocess.run(
            [*RUNBOOK, *args],
            env={**self.env, **env},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def finalize(self, total: str, *more: str, **env: str) -> Result:
        """The main job with consent on the command line."""
        base = ("run", "finalize_invoice", "--invoice", self.invoice)
        return self.run(*base, "--confirm", self.customer, "--total", total, *more, **env)

    def void(self, total: str, *more: str, reason: str = "Billed twice, ticket 4711", **env: str) -> Result:
        """The void with consent on the command line."""
        base = ("run", "void_invoice", "--invoice", self.invoice, "--reason", reason)
        return self.run(*base, "--confirm", self.customer, "--total", total, *more, **env)


def write_operators(folder: Path, roles: str = "billing_admin", account: str | None = None) -> Path:
    """An operators file that names this account."""
    import pwd

    path = folder / "operators.yaml"
    name = account or pwd.getpwuid(os.getuid()).pw_name
    path.write_text(f"operators:\n  - id: jane\n    roles: [{roles}]\n    os_account: {name}\n")
    path.chmod(0o600)
    return path
