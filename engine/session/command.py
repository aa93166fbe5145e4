"""One command against Lago: who, which journal, which transport; from `run.start` to `run.end`, whatever happens. Floor 4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from engine.clock import Clock
from engine.consent.applying import Applying
from engine.consent.given import Consenting
from engine.consent.planning import Planning
from engine.errors import Exit, RunbookError, SettingsFault
from engine.events import Renderer
from engine.http.exchange import Heard
from engine.journal import Journal, new_run_id
from engine.journal.pipeline import Pipeline
from engine.model import Runbook
from engine.plain import dataclass
from engine.registry import Registry
from engine.run.endings import Ending
from engine.run.interrupts import Interrupts
from engine.run.log import RunLog
from engine.session.begun import Begun
from engine.settings import Settings
from engine.steps.base import Effect
from engine.under_way import Begin, UnderWay

if TYPE_CHECKING:
    from engine.approvals.papers import Decision
    from engine.config.secrets import Ask
    from engine.consent.approving import Approving
    from engine.resume import Resumption, Word

MODES = {Effect.READ: "preview", Effect.WRITE: "preview", Effect.ONE_WAY: "run"}


@dataclass(slots=True)
class Session:
    """What one command needs. `fault` receives what can stand on stderr only, because no record could keep it.

    `is_detailed`: a dry run that would write ends with an exit code of its own. `heard` gets every answer of Lago and
    the console whole. `overrides` are policies that are not to stop this run, each with the reason.
    `begin` is how reads that do not need each other's answer are made.
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
    overrides: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    begin: Begin = UnderWay

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
        given = {**(applying.plan.inputs if applying else {}), **consenting.values}
        data: dict[str, Any] = {"inputs": given, "mode": "plan" if planning else MODES[reach]}

        def conduct(begun: Begun, problem: RunbookError | None) -> Exit:
            begun.planning, begun.applying = planning, applying
            if applying is not None:
                begun.bond = applying.bond
                data["plan"] = begun.bond.as_data()
            return begun.conduct("run.start", data, problem, lambda: begun.runner(dict(inputs)).go())

        return self._anew(runbook, consenting, reach, conduct)

    def decide(
        self, runbook: Runbook, consenting: Consenting, applying: Applying, mode: Decision, make: Decide
    ) -> Exit:
        """Let somebody approve or reject a plan. Answers the exit code; nothing is raised."""

        def conduct(begun: Begun, problem: RunbookError | None) -> Exit:
            begun.applying, begun.bond, begun.is_decision = applying, applying.bond, True
            data = {"mode": mode, "plan": begun.bond.as_data()}
            return begun.conduct("run.start", data, problem, lambda: make(begun).decide())

        return self._anew(runbook, consenting, Effect.READ, conduct)

    def _anew(
        self,
        runbook: Runbook,
        consenting: Consenting,
        reach: Effect,
        conduct: Callable[[Begun, RunbookError | None], Exit],
    ) -> Exit:
        """A run of its own. What keeps the journal from being opened can stand on stderr only."""
        problem = self._hold_clock()
        try:
            journal = Journal.open(self.settings.journal, self.clock)
        except RunbookError as error:
            self.fault(error)
            return error.exit
        with journal:
            code = conduct(self._begin(journal, new_run_id(self.clock), runbook, consenting, reach), problem)
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
        from engine.resume import Resumption
        from engine.run.recall import read_inputs, recall

        problem = self._hold_clock()
        with Journal.open(self.settings.journal, self.clock) as journal:
            run = journal.find_run(run)
            recalled = recall(run, journal.run(run))
            runbook = load(recalled.start.data["runbook"]["name"])
            given = {**(recalled.start.data.get("inputs") or {}), **consenting.values}
            flags = frozenset(name for name, item in runbook.inputs.items() if item.type == "flag")
            again = Consenting(consenting.ask, consenting.typed, given, ("runbook", "run", runbook.runbook), flags)
            replan = replace(again, command=("runbook", "plan", runbook.runbook)).again()
            if recalled.bond is not None:  # a run of its own could not use the plan: this one goes on with it
                again = replace(again, values=consenting.values, command=("runbook", "resume", run))
            begun = self._begin(journal, run, runbook, again, Effect.ONE_WAY)
            begun.bond, begun.replan = recalled.bond, replan

            def work() -> Ending:
                inputs = {**defaults(runbook), **read_inputs(runbook, recalled.run, given)}
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


Decide = Callable[[Begun], "Approving"]


def defaults(runbook: Runbook) -> dict[str, Any]:
    """The inputs that were not given: their defaults, or None."""
    return {name: item.value for name, item in runbook.inputs.items()}
