"""One command against Lago: who, which journal, which transport; from `run.start` to `run.end`, whatever happens. Floor 4."""

from __future__ import annotations

import platform
import socket
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from engine import __version__
from engine.applying import Applying, require_made_for
from engine.clearance import Clearance
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
from engine.opening import Hears, open_world
from engine.operators import Operator, account, who
from engine.plain import dataclass
from engine.planning import Planning
from engine.registry import Registry
from engine.runner import Runner
from engine.settings import Settings
from engine.steps.base import Effect

if TYPE_CHECKING:
    from engine.plan import Bond
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

# What a run may do that may not do all.
REACHES = {Effect.READ: "reads only", Effect.WRITE: "reads and one refresh"}

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

    def run(
        self,
        runbook: Runbook,
        inputs: Mapping[str, Any],
        consenting: Consenting,
        reach: Effect,
        *,
        planning: Planning | None = None,
        applying: Applying | None = None,
    ) -> Exit:
        """Run a runbook; with `planning` to a plan, with `applying` as planned. Answers the exit code; raises nothing."""
        problem = self._hold_clock()
        try:
            journal = Journal.open(self.settings.journal, self.clock)
        except RunbookError as error:
            self.fault(error)
            return error.exit
        with journal:
            run = new_run_id(self.clock)
            begun = self._begin(journal, run, runbook, consenting, reach)
            begun.planning, begun.applying = planning, applying
            given = {**(applying.plan.inputs if applying else {}), **consenting.values}
            data: dict[str, Any] = {"inputs": given, "mode": "plan" if planning else MODES[reach]}
            if applying is not None:
                begun.bond = applying.bond
                data["plan"] = begun.bond.as_data()
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
            begun.bond = recalled.bond

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
    planning: Planning | None = None
    applying: Applying | None = None
    bond: Bond | None = None

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
        about = self.about()
        if not about["extensions"]:
            del about["extensions"]
        self.log.emit(
            type,
            None,
            operator=operator.as_data() if operator else None,
            os_account=account(),
            machine=socket.gethostname(),
            python=platform.python_version(),
            **about,
            **data,
        )

    def about(self) -> dict[str, Any]:
        """What is run, where, and with which code: for a run's first record, and for a plan."""
        settings = self.session.settings
        return {
            "runbook": {
                "name": self.runbook.runbook,
                "version": self.runbook.version,
                "digest": self.runbook.source.digest,
            },
            "environment": settings.environment,
            "target": urlsplit(settings.lago_url or "").netloc or None,
            "version": __version__,
            "extensions": self.session.registry.code_behind(self.runbook),
            **({"clock": settings.clock} if settings.clock else {}),
        }

    def _header(self, operator: Operator | None) -> None:
        settings = self.session.settings
        self.log.notice(
            Header(
                runbook=self.runbook.runbook,
                version=self.runbook.version,
                environment=settings.environment,
                host=urlsplit(settings.lago_url or "").netloc,
                run=self.run,
                mode=f"{'plan' if self.planning else 'dry run'}: {REACHES[self.reach]}"
                if self.reach in REACHES
                else "",
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
        clearance = self._clearance(operator)
        session = self.session
        hears = Hears(session.tell, session.heard, session.ask_key)
        world, registry = open_world(session.settings, session.clock, hears, self.reach), session.registry
        gathering = Gathering(
            self.runbook,
            registry.steps,
            registry.checks,
            world,
            self.log,
            operator,
            {"inputs": inputs, "run": {"id": self.run}},
        )
        self.made = Runner(
            gathering, self._consenting(operator), self.reach, self.run, clearance, self._planning(operator)
        )
        return self.made

    def _clearance(self, operator: Operator) -> Clearance:
        """What this run has to pass before its call. Raises what stands against applying the plan here."""
        settings, applying = self.session.settings, self.applying
        words = self.consenting.command
        clearance = Clearance(
            self.run, self.log.journal, self.session.clock, operator, settings.operators, self.bond,
            replan=replace(self.consenting, command=("runbook", "plan", *words[2:])).again() if words[1:2] == ("run",) else "",
        )  # fmt: skip
        if applying is None:
            return clearance
        require_made_for(applying.plan, self.about(), applying.replan)
        return replace(
            clearance, plan=applying.plan, handed=applying.handed, name=applying.name, replan=applying.replan
        )

    def _consenting(self, operator: Operator) -> Consenting:
        """A plan stands for the consent of whoever made it, and of nobody else."""
        made_it = self.applying is not None and self.applying.plan.made_by.id == operator.id
        return replace(self.consenting, by_plan=made_it)

    def _planning(self, operator: Operator) -> Planning | None:
        if self.planning is None:
            return None
        about = {
            **self.about(),
            "made_by": operator.as_data(),
            "run": self.run,
            "inputs": dict(self.consenting.values),
            "reach": self.reach.value,
        }
        return replace(self.planning, about=about)


def defaults(runbook: Runbook) -> dict[str, Any]:
    """The inputs that were not given: their defaults, or None."""
    return {name: item.value for name, item in runbook.inputs.items()}
