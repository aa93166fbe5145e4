"""What a command is given: the terminal, the settings, the format, the runbooks; and how its errors are told. Floor 5."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.errors import Exit, Invalid, RunbookError, Terminated, UsageFault
from engine.plain import dataclass
from engine.terminal import Terminal

if TYPE_CHECKING:
    from engine.commands.completing import Sketch
    from engine.diagnostics import Diagnostic
    from engine.events import Renderer
    from engine.http.exchange import Heard
    from engine.model import Runbook
    from engine.opa.answers import Ask
    from engine.registry import Registry
    from engine.run.endings import Ending
    from engine.settings import Settings

Format = Literal["human", "plain", "json"]
FORMATS: tuple[Format, ...] = ("human", "plain", "json")
# What a command that judges files can print too: `plain`, and GitHub's annotations beside it.
CI_FORMATS = (*FORMATS, "github")


def _where() -> Path:
    """The folder of this process; the root, where nothing of a project lies, if somebody has removed that folder."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


@dataclass
class Shell:
    """One command's surroundings. Settings and renderers are made when they are asked for: `--help` needs neither.

    `annotates` says that what is wrong is told to GitHub too, beside what the format says of it. `heard` gets every answer
    of Lago and the console whole, for a recording. `has_records` says that the journal has whatever an output may lose.
    """

    terminal: Terminal
    format: Format
    flags: Mapping[str, str]
    is_verbose: bool = False
    annotates: bool = False
    heard: Callable[[Heard], object] = id
    has_records: bool = False
    cwd: Path = field(default_factory=_where)
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @classmethod
    def here(cls, options: Mapping[str, Any]) -> Shell:
        """The shell of this process, from the options that every command takes."""
        terminal = Terminal.here(options.get("color") or "auto")
        asked = options.get("format_")
        format: Format = "plain" if asked == "github" else asked or ("human" if terminal.is_human else "plain")
        flags = {name: options[name] for name in ("journal", "environment") if options.get(name)}
        return cls(terminal, format, flags, bool(options.get("verbose")), asked == "github", options.get("heard", id))

    @cached_property
    def settings(self) -> Settings:
        """Every setting with its origin. Raises SettingsFault."""
        from engine.settings import load

        return load(self.flags, self.env, self.cwd, Path.home())

    @cached_property
    def registry(self) -> Registry:
        """The steps and checks that a runbook may name here."""
        from engine.registry import here

        return here(lambda: self.settings)

    def opa(self) -> Ask:
        """What asks the Open Policy Agent of the settings. Raises SettingsFault."""
        from engine.clock import Clock
        from engine.opa.asking import Asker

        return Asker(self.settings.opa(), Clock(), self.env).ask

    def runbook_names(self) -> list[str]:
        """The runbooks that can be named here."""
        from engine.folders import names

        return names(self.settings.path)

    def load(self, name: str) -> Runbook:
        """One runbook, validated. Raises UsageFault (no such name) or Invalid (with its diagnostics)."""
        from engine.library import load

        return load(name, self.settings.path, self.registry)

    def find(self, name: str) -> Runbook | None:
        """The same; None where there is no such name."""
        return self.load(name) if name in self.runbook_names() else None

    def sketch(self, name: str) -> Sketch | None:
        """One runbook as far as completion needs it; None where there is none such. Raises nothing."""
        from engine.commands.completing import sketch

        return sketch(self, name)

    def renderer(self) -> Renderer:
        """The fold over events that the format asks for."""
        terminal = self.terminal
        if self.format == "json":
            from engine.render.jsonl import JsonLines

            return JsonLines(terminal.out)
        if self.format == "plain":
            from engine.render.plain import Plain

            return Plain(terminal.out)
        from engine.render.human import Human

        # What `--verbose` says comes whenever an answer does: a running line would have it at its end.
        is_live = terminal.is_human and not (self.is_verbose and terminal.is_shared)
        return Human(terminal.out, width=terminal.width, colour=terminal.colour_out, is_live=is_live)

    def do(self, command: Callable[..., int], *args: Any, **given: Any) -> int:
        """Run a command; what it raises is told on stderr and becomes its exit code."""
        try:
            code = command(self, *args, **given)
            if code == Exit.DONE:
                self._require_said()
            return code
        except RunbookError as error:
            return self.complain(error)
        except KeyboardInterrupt:
            return Exit.INTERRUPTED
        except Terminated:
            return Exit.TERMINATED

    def _require_said(self) -> None:
        """Raise UsageFault when what a command prints could not be written and stands nowhere else: a cut file is no success.

        A reader that has gone, as behind `| head`, has had what it wanted; and a run has a journal (decision 005).
        """
        lost = self.terminal.lost
        if lost and not self.has_records and lost not in (os.strerror(errno.EPIPE), "closed"):
            raise UsageFault(f"the output could not be written: {lost}")

    def tell(self, found: Sequence[Diagnostic]) -> None:
        """Tell what is wrong in files on stderr, in the format of the command."""
        from engine.render import diagnostics, github

        terminal = self.terminal
        colour, columns = terminal.colour_err, terminal.width
        text = diagnostics.render(found, self.format, Excerpts().line, colour=colour, columns=columns)
        if text:
            more = f"\n{diagnostics.footer(found, colour=colour, columns=columns)}\n" if self.format == "human" else ""
            terminal.err(text + more)
        if self.annotates:
            terminal.err("".join(github.finding(one, self.path_in_repository(one.path)) for one in found))

    def complain(self, error: Exception, *, path: str = "") -> int:
        """Tell an error on stderr, in the format of the command, and answer its exit code. `path` is a file it is of."""
        from engine.render import errors, github

        terminal = self.terminal
        if isinstance(error, Invalid):
            self.tell(error.diagnostics)
        if not isinstance(error, RunbookError):
            error = RunbookError(
                f"a defect of runbook: {type(error).__name__}: {error}",
                hint="Nothing was sent by this command after it. Please report it with the command line.",
            )
        terminal.err(errors.render(error, self.format, width=terminal.width, colour=terminal.colour_err))
        if self.annotates and not (isinstance(error, Invalid) and error.diagnostics):
            terminal.err(github.failure(error, self.path_in_repository(path) if path else ""))
        return error.exit

    def tell_passed_over(self, folders: Sequence[Path]) -> None:
        """Tell what lies in these folders and is not read: a warning each on stderr, in the format of the command."""
        from engine.diagnostics import shown
        from engine.folders import passed_over
        from engine.render import errors, github

        terminal = self.terminal
        for one in passed_over(folders):
            path = os.path.join(shown(one.path.parent), one.path.name)  # of a link, not where it leads
            said = (f"{path} is passed over: {one.why}", one.to_do)
            terminal.err(errors.warning(*said, self.format, width=terminal.width, colour=terminal.colour_err))
            if self.annotates:
                text = f"{said[0]}. {one.to_do}"
                terminal.err(github.annotation("warning", text, path=self.path_in_repository(path), line=1))

    def path_in_repository(self, path: str) -> str:
        """A file as GitHub knows it: its path in the repository, whichever folder the job's step works in."""
        top = self.env.get("GITHUB_WORKSPACE")
        whole = Path(os.path.realpath(self.cwd / path))
        if not top or not whole.is_relative_to(os.path.realpath(top)):
            return path
        return whole.relative_to(os.path.realpath(top)).as_posix()

    def fault(self, what: RunbookError | Ending) -> None:
        """Tell what no record could keep: on stderr, whatever the format."""
        if isinstance(what, RunbookError):
            self.complain(what)
            return
        self.complain(RunbookError(what.message, hint="\n".join(filter(None, (*what.lines, what.next)))))


class Excerpts:
    """Lines of files, for what is wrong in them: each file is read once, however many findings it has."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, ...]] = {}

    def line(self, path: str, number: int) -> str:
        """One line by its number, from 1; empty where there is none or the file is gone."""
        if path not in self._files:
            self._files[path] = self._read(Path(path))
        lines = self._files[path]
        return lines[number - 1] if 0 < number <= len(lines) else ""

    @staticmethod
    def _read(path: Path) -> tuple[str, ...]:
        from engine.source import lines_of

        try:
            return lines_of(path) if path.is_file() else ()  # a pipe has been read, and would wait for ever
        except OSError:
            return ()
