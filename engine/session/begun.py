"""A run that has its journal: from its first record to its last one, whatever happens in between. Floor 4."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from engine import __version__
from engine.consent.applying import Applying, require_made_for
from engine.consent.clearance import Clearance
from engine.consent.given import Consenting
from engine.consent.planning import Planning
from engine.errors import Exit, Invalid, JournalFault, RunbookError, Terminated
from engine.events import Header
from engine.facts import Fact
from engine.model import Runbook
from engine.opa.answers import Ask
from engine.operators import Operator, account, who
from engine.plain import dataclass
from engine.policy_decisions.overriding import given, require_known
from engine.policy_decisions.policing import Mandate
from engine.run.endings import Ending, Outcome, sentence
from engine.run.gathering import Gathering
from engine.run.log import RunLog
from engine.run.opening import Hears, open_world
from engine.runner import Runner
from engine.steps.base import Effect

if TYPE_CHECKING:
    from engine.plan import Bond
    from engine.session.command import Session

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


@dataclass(slots=True)
class Begun:
    """A run under way. `target` is what it is about, as last read; `made` the runner, once there is one.

    `planning` makes a plan of it; `applying` is the plan that it applies, or, with `is_decision`, decides on; `bond` is that
    plan as the first record names it; `replan` the command that makes a plan of the same.
    """

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
    is_decision: bool = False
    replan: str = ""

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
        place = self.applying.plan if self.applying is not None and self.is_decision else None
        return {
            "runbook": {
                "name": self.runbook.runbook,
                "version": self.runbook.version,
                "digest": self.runbook.source.digest,
            },
            "environment": place.environment if place else settings.environment,
            "target": place.target if place else urlsplit(settings.lago_url or "").netloc or None,
            "version": __version__,
            "extensions": self.session.registry.code_behind(self.runbook),
            **({"clock": settings.clock} if settings.clock else {}),
        }

    def _header(self, operator: Operator | None) -> None:
        settings, about = self.session.settings, self.about()
        self.log.notice(
            Header(
                runbook=self.runbook.runbook,
                version=self.runbook.version,
                environment=about["environment"],
                host=about["target"] or "",
                run=self.run,
                mode=self._mode(),
                operator=operator.id if operator else "",
                is_production=about["environment"].casefold() == "production",
                notes=settings.warnings,
            )
        )

    def _mode(self) -> str:
        if self.is_decision:
            return "a plan to decide on: reads nothing"
        return f"{'plan' if self.planning else 'dry run'}: {REACHES[self.reach]}" if self.reach in REACHES else ""

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
        next = f"runbook resume {self.run}" if self._has_spent_its_plan() else ""
        return Ending(error.exit, outcome, message, next, lines=(error.hint,) if error.hint else ())

    def _written(self) -> str:
        return self.made.written if self.made is not None else "Nothing was written."

    def _again(self) -> str:
        return f"runbook resume {self.run}" if self._has_spent_its_plan() else self.consenting.again()

    def _has_spent_its_plan(self) -> bool:
        """Whether a consent stands in the journal under the plan that this run applies: then no other run can use it."""
        if self.bond is None or self.is_decision:
            return False
        return any(
            one.type == "consent.given" and one.run == self.run for one in self.log.journal.about(self.bond.mark)
        )

    def runner(self, inputs: dict[str, Any]) -> Runner:
        """The runner of this run. Raises what stands in its way: settings, an operator who is not known."""
        operator = who(self.session.settings.operators)
        clearance = self.clearance(operator)
        if clearance.plan is not None:
            require_made_for(clearance.plan, self.about(), clearance.replan)
        session = self.session
        hears = Hears(session.tell, session.heard, session.ask_key)
        world = open_world(session.settings, session.clock, hears, self.reach, session.begin)
        registry = session.registry
        gathering = Gathering(
            self.runbook,
            registry.steps,
            registry.checks,
            world,
            self.log,
            operator,
            {"inputs": inputs, "run": {"id": self.run}},
        )
        mandate = self._mandate()
        require_known(clearance.overrides, mandate.sets)
        self.made = Runner(
            gathering, self._consenting(operator), self.reach, self.run, clearance, self._planning(operator), mandate
        )
        return self.made

    def _mandate(self) -> Mandate:
        """By what its policies decide. Raises Invalid, having told all that is wrong with their files."""
        session = self.session
        names = [name for defn in self.runbook.steps for name in defn.sets]
        try:
            sets = session.registry.policies.load(names)
        except Invalid as error:
            session.fault(error)  # with what to do about it
            raise Invalid(error.message) from error
        mode = "plan" if self.planning is not None else "run" if self.reach is Effect.ONE_WAY else "preview"
        return Mandate(
            sets, session.settings.environment, mode, self._asking() if any(one.opa for one in sets) else None
        )

    def _asking(self) -> Ask:
        """What asks OPA. Raises SettingsFault: its token is of another party than its address."""
        from engine.opa.asking import Asker

        return Asker(self.session.settings.opa(), self.session.clock, os.environ).ask

    def clearance(self, operator: Operator) -> Clearance:
        """What this run has to pass before its call."""
        words, applying = self.consenting.command, self.applying
        plan = applying.plan if applying is not None else None
        again = (
            replace(self.consenting, command=("runbook", "plan", *words[2:])).again() if words[1:2] == ("run",) else ""
        )
        return Clearance(
            self.run,
            self.log.journal,
            self.session.clock,
            operator,
            self.session.settings.operators,
            self.bond,
            applying,
            applying.replan if applying is not None else self.replan or again,
            overrides=given(operator, self.session.overrides, plan, self.log.journal.run(self.run)),
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
