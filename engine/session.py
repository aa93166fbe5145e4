"""One command against Lago: who, which journal, which transport; from `run.start` to `run.end`, whatever happens. Floor 4."""

from __future__ import annotations

import platform
import socket
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from engine import __version__
from engine.clock import Clock
from engine.consent import Consenting
from engine.endings import Ending, Outcome, sentence
from engine.errors import Exit, JournalFault, RunbookError, SettingsFault, Terminated
from engine.events import Header, Renderer
from engine.exchange import Heard
from engine.facts import Fact
from engine.gathering import Gathering
from engine.interrupts import Interrupts
from engine.journal import Journal, new_run_id
from engine.journal.pipeline import Pipeline
from engine.log import RunLog
from engine.model import Runbook
from engine.operators import Operator, account, who
from engine.plain import dataclass
from engine.registry import Registry
from engine.runner import Runner
from engine.settings import Settings
from engine.steps.base import Effect, Limits, World

if TYPE_CHECKING:
    from engine.resume import Resumption, Word
    from engine.secrets_source import Ask

OUTCOMES: dict[Exit, Outcome] = {
    Exit.USAGE: "invalid",
    Exit.INVALID: "invalid",
    Exit.DENIED: "denied",
    Exit.NOT_CONFIRMED: "not_confirmed",
    Exit.STALE: "stale",
    Exit.UNREACHABLE: "unreachable",
    Exit.REFUSED: "refused",
}

MODES = {Effect.READ: "preview", Effect.WRITE: "preview", Effect.ONE_WAY: "run"}


@dataclass(slots=True)
class Session:
    """What one command needs. `fault` receives what can stand on stderr only, because no record could keep it.

    `is_detailed`: a dry run that would write ends with an exit code of its own. `heard` gets every answer of Lago and
    the console whole.
    """

    settings: Settings
    registry: Registry
    renderer: Renderer
    interrupts: Interrupts
    fault: Callable[[RunbookError | Ending], None]
    ask_key: Ask | None = None
    tell: Callable[[str], object] = str
    heard: Callable[[Heard], object] = id
    is_lost: Callable[[], bool] = lambda: False
    is_detailed: bool = False
    clock: Clock = field(default_factory=Clock)

    def run(self, runbook: Runbook, inputs: Mapping[str, Any], consenting: Consenting, reach: Effect) -> Exit:
        """Run a runbook. Answers the exit code; nothing is raised."""
        problem = self._hold_clock()
        try:
            journal = Journal.open(self.settings.journal, self.clock)
        except RunbookError as error:
            self.fault(error)
            return error.exit
        with journal:
            run = new_run_id(self.clock)
            begun = self._begin(journal, run, runbook, consenting, reach)
            data = {"inputs": dict(consenting.values), "mode": MODES[reach]}
            code = begun.conduct("run.start", data, problem, lambda: begun.runner(dict(inputs)).go())
            journal.pack()
            return code

    def resume(self, run: str, load: Callable[[str], Runbook], consenting: Consenting) -> Exit:
        """Take up a run. Answers the exit code; raises UsageFault when there is no such run."""
        return self._take_up(run, load, consenting, lambda resumption: resumption.resume(), "resume")

    def resolve(
        self, run: str, load: Callable[[str], Runbook], consenting: Consenting, word: Word, reason: str, confirm: str
    ) -> Exit:
        """Record a person's word on a run. Answers the exit code; raises UsageFault when there is no such run."""
        act = lambda resumption: resumption.resolve(word, reason, confirm)  # noqa: E731
        return self._take_up(run, load, consenting, act, "resolve")

    def _take_up(
        self,
        run: str,
        load: Callable[[str], Runbook],
        consenting: Consenting,
        act: Callable[[Resumption], Ending],
        why: str,
    ) -> Exit:
        from engine.recall import read_inputs, recall
        from engine.resume import Resumption

        problem = self._hold_clock()
        with Journal.open(self.settings.journal, self.clock) as journal:
            run = journal.find_run(run)
            recalled = recall(run, journal.run(run))
            runbook = load(recalled.start.data["runbook"]["name"])
            given = {**(recalled.start.data.get("inputs") or {}), **consenting.values}
            flags = frozenset(name for name, item in runbook.inputs.items() if item.type == "flag")
            words = ("runbook", "run", runbook.runbook)
            consenting = Consenting(consenting.ask, consenting.typed, given, words, flags)
            begun = self._begin(journal, run, runbook, consenting, Effect.ONE_WAY)

            def work() -> Ending:
                inputs = {**defaults(runbook), **read_inputs(runbook, recalled.run, consenting.values)}
                runner = begun.runner(inputs)
                resumption = Resumption(runner.gathering, recalled, runner)
                try:
                    return act(resumption)
                finally:
                    begun.target = resumption.target or runner.target

            data = {"why": why, **self._changes(recalled.start.data, runbook)}
            code = begun.conduct("run.resume", data, problem, work)
            journal.pack()
            return code

    def _changes(self, before: Mapping[str, Any], runbook: Runbook) -> dict[str, bool]:
        """What is no longer as it was when the run began: the runbook's file, the code of its own steps and checks."""
        code = [
            sorted(one["digest"] for one in some)
            for some in (before.get("extensions", ()), self.registry.code_behind(runbook))
        ]
        changes = {
            "runbook_changed": before["runbook"].get("digest") != runbook.source.digest,
            "extensions_changed": code[0] != code[1],
        }
        return {name: True for name, is_so in changes.items() if is_so}

    def _hold_clock(self) -> RunbookError | None:
        try:
            self.clock = self.settings.clock_to_use()
        except SettingsFault as fault:
            return fault
        return None

    def _begin(self, journal: Journal, run: str, runbook: Runbook, consenting: Consenting, reach: Effect) -> Begun:
        log = RunLog(journal, Pipeline(), self.renderer, self.interrupts, run, self.is_lost)
        return Begun(self, log, run, runbook, consenting, reach)


@dataclass(slots=True)
class Begun:
    """A run that has its journal: from its first record to its last one."""

    session: Session
    log: RunLog
    run: str
    runbook: Runbook
    consenting: Consenting
    reach: Effect
    target: Fact | None = None
    made: Runner | None = None

    def conduct(
        self, type: str, data: Mapping[str, Any], problem: RunbookError | None, work: Callable[[], Ending]
    ) -> Exit:
        """Record the beginning, do the work, record the end."""
        settings, fault = self.session.settings, self.session.fault
        self.log.interrupts.hold()
        operator: Operator | None = None
        try:
            operator = who(settings.operators)
        except RunbookError as error:
            problem = problem or error
        try:
            self._start(type, data, operator)
            self._header(operator)
            ending = self._guard(problem, work)
            self.target = self.made.target if self.made and self.made.target else self.target
        except JournalFault as error:
            fault(error)
            return error.exit
        if self.session.is_detailed and ending.outcome == "would_write":
            ending = replace(ending, exit=Exit.WOULD_WRITE)
        if ending.exit is Exit.UNRECORDED:
            fault(ending)
            return ending.exit
        return self._end(ending)

    def _end(self, ending: Ending) -> Exit:
        try:
            self.log.emit("run.end", None, **ending.as_data(self.target))
        except JournalFault as error:
            self.session.fault(ending)
            self.session.fault(error)
            if ending.exit in (Exit.UNKNOWN, Exit.PENDING):
                return ending.exit
            sent = ending.attribution is not None and ending.outcome not in ("already_done", "not_sent")
            return Exit.UNRECORDED if sent else error.exit
        self.log.flush()
        return ending.exit

    def _start(self, type: str, data: Mapping[str, Any], operator: Operator | None) -> None:
        settings = self.session.settings
        held: dict[str, Any] = {"clock": settings.clock} if settings.clock else {}
        if code := self.session.registry.code_behind(self.runbook):
            held["extensions"] = code
        self.log.emit(
            type,
            None,
            runbook={
                "name": self.runbook.runbook,
                "version": self.runbook.version,
                "digest": self.runbook.source.digest,
            },
            operator=operator.as_data() if operator else None,
            os_account=account(),
            environment=settings.environment,
            target=urlsplit(settings.lago_url or "").netloc or None,
            machine=socket.gethostname(),
            version=__version__,
            python=platform.python_version(),
            **held,
            **data,
        )

    def _header(self, operator: Operator | None) -> None:
        settings = self.session.settings
        self.log.notice(
            Header(
                runbook=self.runbook.runbook,
                version=self.runbook.version,
                environment=settings.environment,
                host=urlsplit(settings.lago_url or "").netloc,
                run=self.run,
                mode={Effect.READ: "dry run: reads only", Effect.WRITE: "dry run: reads and one refresh"}.get(
                    self.reach, ""
                ),
                operator=operator.id if operator else "",
                is_production=settings.is_production,
                notes=(*settings.warnings, *settings.careless()),
            )
        )

    def _guard(self, problem: RunbookError | None, work: Callable[[], Ending]) -> Ending:
        """The work's ending, or the ending that an exception means. A JournalFault is not ours to end: it goes on."""
        try:
            if problem is not None:
                raise problem
            with self.log.interrupts.freed():
                return work()
        except JournalFault:
            raise
        except RunbookError as error:
            return self._failed(error)
        except KeyboardInterrupt:
            return Ending(Exit.INTERRUPTED, "not_confirmed", f"Stopped by Ctrl-C. {self._written()}", self._again())
        except Terminated:
            return Ending(Exit.TERMINATED, "not_confirmed", f"Stopped by SIGTERM. {self._written()}", self._again())
        except Exception as bug:
            self.session.fault(RunbookError(f"a defect of runbook: {type(bug).__name__}: {bug}"))
            message = f"Stopped by a defect of runbook ({type(bug).__name__}). {self._written()}"
            return Ending(Exit.BUG, "error", message, f"runbook audit show {self.run}")

    def _failed(self, error: RunbookError) -> Ending:
        outcome = OUTCOMES.get(error.exit, "error")
        message = f"{sentence(error.message)} {self._written()}"
        return Ending(error.exit, outcome, message, lines=(error.hint,) if error.hint else ())

    def _written(self) -> str:
        return self.made.written if self.made is not None else "Nothing was written."

    def _again(self) -> str:
        return self.consenting.again()

    def runner(self, inputs: dict[str, Any]) -> Runner:
        """The runner of this run. Raises what stands in its way: settings, an operator who is not known."""
        operator = who(self.session.settings.operators)
        world, registry = open_world(self.session, self.reach), self.session.registry
        gathering = Gathering(
            self.runbook,
            registry.steps,
            registry.checks,
            world,
            self.log,
            operator,
            {"inputs": inputs, "run": {"id": self.run}},
        )
        self.made = Runner(gathering, self.consenting, self.reach, self.run)
        return self.made


def defaults(runbook: Runbook) -> dict[str, Any]:
    """The inputs that were not given: their defaults, or None."""
    return {name: item.value for name, item in runbook.inputs.items()}


def open_world(session: Session, reach: Effect) -> World:
    """Lago and the console as the settings say. What a run may not write, its transport cannot send.

    Raises SettingsFault: no address, no key, a key from elsewhere than its address.
    """
    from engine.lago import Lago

    settings = session.settings
    target = settings.need_lago(session.ask_key)
    dry_run = reach is not Effect.ONE_WAY
    lago = Lago(
        target.url,
        target.key,
        clock=session.clock,
        read_only=dry_run,
        may_refresh=reach is Effect.WRITE,
        tell=session.tell,
        heard=session.heard,
    )
    return World(lago=lago, sync=open_sync(session), clock=session.clock, limits=limits(settings))


def open_sync(session: Session) -> Any:
    """Where the latest sync run is read: the console, a file, or nowhere."""
    from engine.billing import Console, SyncFile
    from engine.settings import ConsoleTarget

    console = session.settings.console()
    if isinstance(console, ConsoleTarget):
        return Console(
            console.url, console.header, console.secret, clock=session.clock, tell=session.tell, heard=session.heard
        )
    return SyncFile(console, clock=session.clock) if console is not None else None


def limits(settings: Settings) -> Limits:
    """How long things may take."""
    return Limits(
        finalize_timeout=settings.finalize_timeout,
        settle_window=settings.settle_window,
        settle_min_reads=settings.settle_min_reads,
        pending_deadline=settings.pending_deadline,
        taxes_deadline=settings.taxes_deadline,
        poll_interval=settings.poll_interval,
    )
