"""`test --record`: a run as it is typed, and a recording of what Lago answered, for a scenario. Floor 5."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.commands.shell import Shell
from engine.config.files import Layer
from engine.config.table import BY_NAME
from engine.diagnostics import shown
from engine.errors import Denied, Exit, RunbookError, SettingsFault, UsageFault
from engine.http.exchange import Heard
from engine.library import files
from engine.model import Runbook
from engine.operators import who
from engine.recording.recorder import Recorder
from engine.recording.replay import Ran, Replay, replay
from engine.render.scenarios import plural
from engine.render.text import json_line
from engine.settings import ConsoleTarget
from engine.testing.reading import place_of_tests
from engine.testing.reading_commands import SETTINGS

# `run WORDS` as if it had been typed, with somebody listening in; answers its exit code and what was typed, by name.
Run = Callable[[Sequence[str], Callable[[Heard], object]], tuple[int, Mapping[str, Any]]]


def record_run(
    shell: Shell, words: Sequence[str], name: str | None, folder: Path | None, *, sends: bool, run: Run
) -> int:
    """Run it, a dry run unless `sends`, and write the recording. Answers the run's own exit code. Raises UsageFault."""
    if name is None:
        raise UsageFault("--send and -o go with --record", hint="runbook test NAME --record SCENARIO --invoice ID")
    if not words or words[0].startswith("-"):
        raise UsageFault("--record needs a runbook", hint="runbook test NAME --record SCENARIO --invoice ID")
    runbook = shell.load(words[0])
    place = _place(name, folder)
    recorder, at = Recorder(), shell.settings.clock_to_use().now()
    try:
        code, given = run([*words, *(() if sends else ("--dry-run",))], recorder.hear)
        if recorder.is_empty:
            shell.terminal.err("Nothing was recorded: Lago was not heard.\n")
            return code
        try:
            count = recorder.write(place, f"{runbook.title}: {name}", at, _secrets(shell), _sync_file(shell))
            is_real = sends and not {"-n", "--dry-run"} & set(words)
            ran = _ran(shell, runbook, given, is_real=is_real)
            played = replay(place, at, runbook, shell.registry, ran, recorder.scrubber.inventions)
        except RunbookError as error:
            exit = shell.complain(error)
            return code if recorder.writes or code != Exit.DONE else exit
        _tell(shell, played, count, code, len(recorder.writes))
        return code
    finally:
        with suppress(OSError):  # it stays where something is in it
            place.rmdir()


def _place(name: str, folder: Path | None) -> Path:
    """The recording's folder, made. Raises UsageFault: no such name, or it is there already, or cannot be made."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name, re.ASCII):
        raise UsageFault(f"`{name[:80]}` is no name for a recording", hint="Use small letters, digits and underscores.")
    place = (folder or Path("recordings")) / name
    try:
        place.mkdir(parents=True)
    except FileExistsError as error:
        raise UsageFault(f"{place} is there already", hint="Choose another name, or remove it.") from error
    except OSError as error:
        raise UsageFault(f"{place} cannot be made: {error.strerror}") from error
    return place


def _secrets(shell: Shell) -> tuple[str, ...]:
    """The keys of this command, which must stand nowhere; one that was typed is not known here any more."""
    found = []
    with suppress(SettingsFault):
        found.append(shell.settings.need_lago().key.reveal())
    with suppress(SettingsFault):
        console = shell.settings.console()
        if isinstance(console, ConsoleTarget) and console.secret is not None:
            found.append(console.secret.reveal().removeprefix("Bearer "))
    return tuple(found)


def _sync_file(shell: Shell) -> bytes | None:
    with suppress(SettingsFault, OSError):
        console = shell.settings.console()
        if isinstance(console, Path):
            return console.read_bytes()
    return None


def _ran(shell: Shell, runbook: Runbook, given: Mapping[str, Any], *, is_real: bool) -> Ran:
    """How the run was made, by what was typed and what is set."""
    settings = shell.settings
    roles: tuple[str, ...] | None = None
    with suppress(Denied, SettingsFault):
        roles = who(settings.operators).roles
    own = {
        BY_NAME[name].env: f"{settings.values[name].value:g}"
        for name in SETTINGS
        if name != "environment" and settings.values[name].origin.layer is not Layer.DEFAULT
    }
    typed = {name: given.get(name) for name in runbook.inputs}
    return Ran(
        inputs={name: "true" if value is True else str(value) for name, value in typed.items() if value},
        mode="run" if is_real else "preview_with_refresh" if given["refresh"] else "preview",
        confirm=given["confirm"],
        is_asked=shell.terminal.can_ask and not given["no_input"] and shell.format != "json",
        roles=roles,
        settings=own,
    )


def _tell(shell: Shell, replayed: Replay, count: int, code: int, writes: int) -> None:
    """Where it is, whether it plays back as it was, and the scenario to put into the test file."""
    terminal, played = shell.terminal, replayed.played
    is_same = played.exit == code and len(replayed.sends) == writes and not played.refused
    folders, name = shell.settings.path, replayed.runbook.runbook
    tests = place_of_tests(files(folders)[name], folders)
    scenario = replayed.scenario(_way(tests.parent, replayed.place))
    if shell.format == "json":
        body = {"v": 1, "type": "test.recorded", "path": str(replayed.place), "stages": count, "exit": code}
        terminal.out(json_line({**body, "played_exit": played.exit, "plays_the_same": is_same, "scenario": scenario}))
        return
    terminal.out(f"\nRecorded {plural(count, 'stage')} in {shown(replayed.place)}. Read it before you share it.\n")
    if not is_same:
        terminal.out(f"Played back it ends with {played.exit} and {plural(len(replayed.sends), 'write')},")
        terminal.out(f" not with {code} and {writes} as the run did:\n\n{played.screen}\n")
    if tests.is_file():
        terminal.out(f"As a scenario of {shown(tests)}:\n\n{scenario}")
    else:
        terminal.out(f"As a new file {shown(tests)}:\n\ntest: {name}\nscenarios:\n{scenario}")


def _way(start: Path, place: Path) -> str:
    """The path from the test file's folder to the recording."""
    import os

    return Path(os.path.relpath(place.resolve(), start.resolve())).as_posix()
