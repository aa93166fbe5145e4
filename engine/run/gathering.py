"""What a run knows: facts by step id, read, recorded and handed to steps and checks. Floor 4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError

from engine.checks.base import Check, Here, Verdict, denied
from engine.errors import Bug, Denied, JournalFault, Unreachable
from engine.events import Finished, Started, Word
from engine.facts import Fact
from engine.http.exchange import Answer, Fetched, NeverSent, Replied, Request
from engine.model import Runbook, StepDef
from engine.operators import Operator
from engine.plain import dataclass
from engine.references import names_in, resolve
from engine.run.endings import state_of
from engine.run.log import RunLog
from engine.steps.base import OneWayStep, ReadStep, Step, World, WriteStep
from engine.under_way import Awaited
from engine.validation.types import type_of
from engine.values import digest

WORDS: dict[str, Word] = {"pass": "ok", "warn": "warn", "deny": "DENY"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One check of the runbook and its verdict."""

    defn: StepDef
    verdict: Verdict


@dataclass(slots=True)
class Gathering:
    """The facts of one run, and the ways they come and go. `known` is what `${...}` may name.

    `fetched` are the facts as they were read last, with the requests and the moment, by the ids of their steps; `skipped`
    the steps that their `when:` leaves out at this moment.
    """

    runbook: Runbook
    steps: Mapping[str, Step[Any]]
    checks: Mapping[str, Check[Any]]
    world: World
    log: RunLog
    operator: Operator
    known: dict[str, Any]
    subject: str | None = None
    fetched: dict[str, Fetched[Any]] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    _begun: dict[tuple[str, str], Awaited[Fetched[Any]]] = field(default_factory=dict)
    _in_full: dict[str, tuple[str, int]] = field(default_factory=dict)

    def step_of(self, defn: StepDef) -> Step[Any]:
        """The step that a definition names; validation has seen to it that there is one."""
        return self.steps[defn.name]

    def params(self, defn: StepDef, model: type[BaseModel]) -> Any:
        """A step's or check's parameters, from what its `with:` refers to. Raises Bug when validation let slip a type."""
        values = {key: resolve(raw, self.known) for key, raw in defn.with_.items()}
        _build_parts(model)
        try:
            return model.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise Bug(f"step `{defn.id}`: `{place}` cannot be used: {first['msg']}") from error

    def takes(self, defn: StepDef, phase: str) -> bool:
        """Whether a step is taken now. One whose `when:` is false is left out, on the record, and its fact with it.

        Raises Denied where its `when:` has no value: nothing is left out for want of knowing.
        """
        if defn.when is None:
            return True
        self.skipped.discard(defn.id)
        if defn.when.holds(self.known):
            return True
        self.known.pop(defn.id, None)
        self.skipped.add(defn.id)
        self.log.emit("step.skipped", defn.id, when=str(defn.when), phase=phase)
        return False

    def read(self, defn: StepDef, phase: str, *, quiet: bool = False) -> Fact:
        """Run a read step: what it learned is recorded, shown, and known under its id."""
        step = self.step_of(defn)
        if not isinstance(step, ReadStep):
            raise Bug(f"step `{defn.id}` does not read")
        if not quiet:
            self.log.notice(Started(defn.id, self.title(defn), defn.id))
        begun = self._begun.pop((phase, defn.id), None)
        fetched = begun.result() if begun else step.read(self.params(defn, step.Params), self.world)
        self.take(defn.id, fetched, phase)
        if not quiet:
            self.log.notice(Finished(defn.id, "ok", defn.id, fetched.value.summary(), fetched.seconds))
        fact: Fact = fetched.value
        return fact

    def read_ahead(self, coming: Sequence[StepDef], phase: str) -> None:
        """Begin the reads among the `coming` steps that need nothing of any of these; the first is the caller's to take.

        They are recorded and shown in their turn, as `read` asks for them. One with a `when:` is decided in its turn,
        and what is wrong with one is told in its turn.
        """
        unknown = {defn.id for defn in coming}
        for defn in coming[1:]:
            step = self.steps.get(defn.name) if defn.kind == "step" else None
            if (
                not isinstance(step, ReadStep)
                or not step.beside
                or defn.when is not None
                or names_in(defn.with_) & unknown
            ):
                continue
            if (phase, defn.id) not in self._begun:
                with suppress(Exception):
                    work = partial(step.read, self.params(defn, step.Params), self.world)
                    self._begun[phase, defn.id] = self.world.begin(work)

    def reread(self, defn: StepDef, phase: str) -> Fact:
        """Read again what a write step renews, under the write step's id."""
        step = self.step_of(defn)
        if not isinstance(step, WriteStep):
            raise Bug(f"step `{defn.id}` renews nothing")
        fetched = step.reread(self.params(defn, step.Params), self.world)
        self.take(defn.id, fetched, phase)
        fact: Fact = fetched.value
        return fact

    def left_as(self, defn: StepDef) -> tuple[Fact | None, str]:
        """How a write that was refused leaves what it is about, by one read: the fact, if any, and a clause for it."""
        before: Fact = self.known[defn.id]
        try:
            fact = self.reread(defn, "refreshed")
        except Denied:
            return None, f"the {before.NOUN} is gone"
        except Unreachable:
            return None, f"the {before.NOUN} could not be read"
        return fact, state_of(fact)

    def take(self, id: str, fetched: Fetched[Any], phase: str) -> None:
        """Record a fact and know it from now on."""
        fact: Fact = fetched.value
        self.known[id] = fact
        self.fetched[id] = fetched
        self.find_subject()
        data: dict[str, Any] = {
            "phase": phase,
            "requests": [str(request) for request in fetched.requests],
            "at": fetched.at,
            "kind": type(fact).__name__,
            "digest": fact.digest,
        }
        if self.subject:
            data["subject"] = self.subject
        seen = self._in_full.get(id)
        if seen and seen[0] == fact.digest:
            self.log.emit("fact", id, **data, same_as=seen[1])
            return
        recorded = self.log.emit("fact", id, **data, values=fact.clear())
        self._in_full[id] = (fact.digest, recorded.seq)

    def origin(self, step: str) -> dict[str, Any]:
        """Where the fact of a step came from: the step that read it, its record, digest, requests and moment."""
        fact: Fact = self.known[step]
        # Before a refresh a refreshed draft is the draft itself, as another step read it.
        read = next((id for id in (step, *self.fetched) if id in self.fetched and self.fetched[id].value is fact), step)
        origin: dict[str, Any] = {"step": step, "kind": type(fact).__name__, "digest": fact.digest}
        if read in self._in_full:
            origin["seq"] = self._in_full[read][1]
        if fetched := self.fetched.get(read):
            origin |= {"requests": [str(request) for request in fetched.requests], "at": fetched.at}
        return origin

    def take_answer(self, id: str, request: Request, answer: Answer) -> None:
        """Record that a write was sent and what was answered, before anything is made of it."""
        said: dict[str, Any] = {"status": answer.status} if isinstance(answer, Replied) else {"why": answer.why}
        is_sent = not isinstance(answer, NeverSent)
        self.log.emit("fact", id, phase="write", kind="Answer", requests=[str(request)], sent=is_sent, **said)

    def find_subject(self) -> None:
        """What the run is about, as soon as the runbook's `subject` can be told."""
        if self.subject is None:
            try:
                self.subject = str(resolve(self.runbook.subject, self.known))
            except (KeyError, AttributeError, ValueError):
                return

    def judge(self, defns: Iterable[StepDef], here: Here, phase: str) -> list[Judged]:
        """Run every one of these checks that is taken, and record its verdict. A check that fails denies."""
        judged = ((defn, self._judge(defn, here, phase)) for defn in defns)
        return [Judged(defn, verdict) for defn, verdict in judged if verdict is not None]

    def _judge(self, defn: StepDef, here: Here, phase: str) -> Verdict | None:
        """The verdict of one check; None where its `when:` leaves it out."""
        check = self.checks[defn.name]
        try:
            if not self.takes(defn, phase):
                return None
            verdict = check.judge(self.params(defn, check.Params), here)
        except Denied as nothing:
            verdict = denied(f"`{defn.name}` could not judge: {nothing.message}", "Mend the expression in the runbook.")
        except (Bug, JournalFault):
            raise
        except Exception as error:
            verdict = denied(
                f"`{defn.name}` could not judge: {type(error).__name__}: {error}"[:500],
                "This is a defect of the check; report it with `runbook audit show`.",
            )
        more: dict[str, Any] = {"more": list(verdict.more)} if verdict.more else {}
        more |= {"seen": verdict.seen} if verdict.seen else {}
        self.log.emit(
            "check.verdict",
            defn.id,
            check=defn.name,
            verdict=verdict.verdict,
            message=verdict.message,
            fix=verdict.fix,
            phase=phase,
            **more,
        )
        return verdict

    def tell_skipped(self, defn: StepDef) -> None:
        """Show that a step is left out, and by which condition."""
        self.log.notice(Finished(defn.id, "skip", defn.id, f"left out, since this is false: {defn.when}"))

    def tell(self, judged: Judged) -> None:
        """Show one verdict: its sentence, and below it what to do about it."""
        verdict = judged.verdict
        more = verdict.more + ((verdict.fix,) if verdict.fix and verdict.verdict != "pass" else ())
        if verdict.verdict == "warn":  # of a denial, which ends the run, the last lines tell it
            more += self.notes(f"{judged.defn.id}.warn")
        self.log.notice(Finished(judged.defn.id, WORDS[verdict.verdict], judged.defn.id, verdict.message, None, more))

    def notes(self, on: str) -> tuple[str, ...]:
        """What the runbook's `when_it_fails` says about this: `finalize.refused`, `as_confirmed.deny`."""
        return tuple(" ".join(note.say.split()) for note in self.runbook.when_it_fails if note.on == on)

    def title(self, defn: StepDef) -> str:
        """What a person calls this step."""
        if defn.kind == "policy":
            return defn.title or "What the policies say"
        return defn.title or (self.checks[defn.name].title if defn.kind == "check" else self.steps[defn.name].title)


def _build_parts(model: type[BaseModel]) -> None:
    """Build the facts that a model takes before it is built itself: pydantic takes over what is built, and else builds
    it anew for each that takes one, an invoice twice before the first is read."""
    if not model.__pydantic_complete__:
        for field in model.model_fields.values():
            for kind in type_of(field.annotation).classes:
                if issubclass(kind, BaseModel):
                    kind.model_rebuild()


def figures_of(facts: Mapping[str, Fact], step: OneWayStep[Any] | None, world: World) -> dict[str, Any]:
    """Everything that a consent binds, by step id: each fact's figures and what the one-way step foresees."""
    figures = {id: fact.figures() for id, fact in facts.items()}
    bound = {id: value for id, value in figures.items() if value is not None}
    if step is not None:
        bound["foreseen"] = step.foresee(facts, world)
    return bound


def figures_digest(figures: Mapping[str, Any]) -> str:
    """The digest that a consent is bound to, over what `figures_of` gives."""
    return digest(figures)
