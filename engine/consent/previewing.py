"""How a run ends that makes no call: a review, a preview of what would be done, a plan of it. Floor 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.consent.asking import Asking
from engine.consent.clearance import Clearance
from engine.consent.planning import Planning
from engine.errors import Exit
from engine.events import Finished, Preview
from engine.facts import Fact
from engine.plain import dataclass
from engine.run.endings import Ending, clauses, plural
from engine.run.gathering import Judged, figures_digest


def reviewed(judged: Sequence[Judged], target: Fact | None) -> Ending:
    """A runbook that only looks is done when it has judged."""
    warned = _warned(judged)
    found = f"{plural(len(judged) - warned, 'check')} passed" + (f", {warned} warned" if warned else "")
    about = f" {target.named()}" if target is not None else ""
    return Ending(Exit.DONE, "done", f"Reviewed{about}: {found}. Nothing was written.")


@dataclass(frozen=True, slots=True)
class Previewing:
    """A preview at its end. `is_refreshed` says that the writes before the consent were made."""

    asking: Asking
    clearance: Clearance
    judged: Sequence[Judged]
    target: Fact | None
    is_refreshed: bool
    planning: Planning | None = None

    def end(self) -> Ending:
        """Show what would be done; as a plan, keep it as well. Raises UsageFault: the plan cannot be written."""
        preview = self._preview()
        self.asking.gathering.log.notice(preview)
        if self.planning is not None:
            return self._planned(preview, self.planning)
        warned = _warned(self.judged)
        note = f" {plural(warned, 'check')} warned." if warned else ""
        lacking = self.clearance.assess(figures_digest(self.asking.figures())).lacking if self.clearance.needs else ()
        asked = f" {plural(len(lacking), 'approval')} needed first." if lacking else ""
        message = f"Would {self._act()}.{note}{asked} {self._did()}"
        again = self.asking.consenting.again()
        if lacking:
            # Nobody can approve a run that has no plan.
            applying = self.clearance.applying
            again = f"runbook approve {applying.name}" if applying is not None else self.clearance.replan
        return Ending(Exit.DONE, "would_write", message, again, extra={"preview": preview.as_json()})

    def _planned(self, preview: Preview, planning: Planning) -> Ending:
        plan = planning.make(self.asking, self.judged, preview)
        log = self.asking.gathering.log
        log.emit(
            "plan.made",
            None,
            plan=plan.digest,
            subject=plan.mark,
            expires_at=plan.expires_at,
            expected=plan.expected,
            figures_digest=plan.figures_digest,
            requests=[one.request for one in plan.requests],
            warnings=[one.step for one in plan.warned],
            preview=preview.as_json(),
        )
        name = planning.keep(plan)
        until = f"good for one run until {plan.expires_at.strftime('%Y-%m-%d %H:%M')} UTC"
        log.notice(Finished("plan", "ok", "plan", f"{name}, {plan.short}, {until}"))
        needs = self.clearance.needs
        next = f"runbook approve {name}" if needs else f"runbook apply {name}"
        asked = f" {plural(len(needs), 'approval')} needed first." if needs else ""
        message = f"Planned: would {self._act()}.{asked} {self._did()}"
        data: dict[str, Any] = {"plan": plan.digest, "expires_at": plan.expires_at}
        return Ending(Exit.DONE, "would_write", message, next, extra={"preview": preview.as_json(), **data})

    def _preview(self) -> Preview:
        preview = self.asking.preview()
        if self.is_refreshed:
            return preview
        could = tuple(
            f"{step.noun} (`{defn.id}`) comes first and may change {step.could_change}"
            for defn, step in self.asking.way.writes
        )
        return replace(preview, refresh_could_change=could)

    def _act(self) -> str:
        name = self.target.named() if self.target is not None else "it"
        return f"{self.asking.one_way.words.verb} {name}"

    def _did(self) -> str:
        return clauses(self.asking.way.did, "nothing else was written") if self.is_refreshed else "Nothing was written."


def _warned(judged: Sequence[Judged]) -> int:
    return sum(one.verdict.verdict == "warn" for one in judged)
