"""A recorded run as a scenario: played at once, to see that it comes to the same, and as words for the test file. Floor 5."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from engine.config.table import BY_ENV
from engine.diagnostics import Span
from engine.model import Runbook
from engine.plain import dataclass
from engine.recording.invented import Inventions
from engine.registry import Registry
from engine.sandbox.scenario import Scenario, load
from engine.testing.model import Case, Command, Consent, Expected, Operator, Placed
from engine.testing.playing import Played, play
from engine.testing.reading_commands import JANE

NOWHERE = Span(1, 1, 1, 2)
SOMEBODY = "somebody_else"


@dataclass(frozen=True, slots=True)
class Ran:
    """How the recorded run was made. `confirm` is `--confirm`; `is_asked` that somebody could be asked on a terminal.

    `roles` are the operator's, None for an account that is none; `settings` by variable, those that are not default.
    """

    inputs: Mapping[str, str]
    mode: str
    confirm: str | None
    is_asked: bool
    roles: tuple[str, ...] | None
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Replay:
    """The recording, the command that makes the same run on it, and what came of it there."""

    place: Path
    runbook: Runbook
    command: Command
    played: Played

    @property
    def sends(self) -> list[str]:
        """The writes that it sends, as a scenario states them."""
        return [f"{seen.method} …/{seen.target.rpartition('/')[2]}" for seen in self.played.requests if seen.is_write]

    def scenario(self, path: str) -> str:
        """The scenario for the test file, in which `path` leads to the recording."""
        command, end = self.command, self.played.end
        lines = [f"  - scenario: {self.place.name}", f"    recording: {path}"]
        if command.mode != "run":
            lines.append(f"    mode: {command.mode}")
        if command.inputs:
            lines += ["    inputs:", *(f"      {name}: {self._input(name)}" for name in command.inputs)]
        if command.consent.typed is not None:
            lines.append("    consent: typed")
        elif command.consent.confirm is not None:
            lines.append(f'    consent: {{confirm: "{command.consent.confirm}"}}')
        if command.operator is None:
            lines.append("    operator: nobody")
        elif command.operator != JANE:
            lines.append(f"    operator: {{id: jane, roles: [{', '.join(command.operator.roles)}]}}")
        lines.append(f"    sync: {{file: {path}/sync.json}}" if command.sync_file else "    sync: none")
        if command.settings:
            lines.append("    settings:")
            lines += [f'      {BY_ENV[name].name}: "{text}"' for name, text in command.settings.items()]
        lines += ["    expect:", f"      exit: {self.played.exit}"]
        lines += [f"      outcome: {end.data['outcome']}"] if end is not None else []
        lines += [f"      sends: [{', '.join(self.sends)}]"] if self.sends else []
        return "\n".join(lines) + "\n"

    def _input(self, name: str) -> str:
        type, text = self.runbook.inputs[name].type, self.command.inputs[name]
        if type == "invoice_id":
            return '"${recording.invoice}"'
        return text if type == "flag" else f'"{text}"'


def replay(place: Path, at: datetime, runbook: Runbook, registry: Registry, ran: Ran, invented: Inventions) -> Replay:
    """Play the recording with what the run was made with. Raises what loading it raises."""
    recording = load(place)
    command = _command(place, recording, runbook, ran, invented)
    case = Case(place.name, NOWHERE, recording, "", at, (command,))
    (played,), _ = play(case, runbook, registry)
    return Replay(place, runbook, command, played)


def _command(place: Path, recording: Scenario, runbook: Runbook, ran: Ran, invented: Inventions) -> Command:
    """The run, with the names that the recording has in place of the real ones."""
    inputs = dict(ran.inputs)
    for name, text in inputs.items():
        if runbook.inputs[name].type == "invoice_id":
            inputs[name] = recording.invoice or text
        elif runbook.inputs[name].type == "text":
            inputs[name] = invented.known(text) or SOMEBODY
    consent = Consent(typed=recording.customer) if ran.is_asked else Consent()
    if ran.confirm is not None:
        consent = Consent(confirm=invented.known(ran.confirm) or SOMEBODY)
    sync = place / "sync.json"
    return Command(
        name="run",
        span=NOWHERE,
        expect=Expected(NOWHERE, Placed(0, NOWHERE)),
        mode=ran.mode,
        inputs=inputs,
        consent=consent if ran.mode == "run" else Consent(),
        operator=Operator("jane", ran.roles) if ran.roles is not None else None,
        sync="none",
        sync_file=sync.resolve() if sync.exists() else None,
        settings=ran.settings,
    )
