"""The expressions of one policy file: compiled over what they may name, with what is wrong at its place. Floor 4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from engine.cel import Failed, OverBudget, Problem, Program, Uncompiled, compile
from engine.cel.parser import parsed
from engine.cel.types import BOOL, Type
from engine.diagnostics import Diagnostic
from engine.plain import dataclass
from engine.policy_files.missing_entries import Params
from engine.source import Node, clip
from engine.validation.notes import Notes, meant
from engine.yaml.scalars import span_in


@dataclass
class Expressions:
    """What compiles expressions of one file. `reads` gathers every path that any of them reads.

    `has_broken` says that there is more to be read than could be: what nothing seems to use may be used there. `is_blind`
    says that the names are not known, so that of an expression only its form can be judged.
    """

    notes: Notes
    reads: set[str] = field(default_factory=set)
    has_broken: bool = False
    is_blind: bool = False
    compiled: list[tuple[Node, Program]] = field(default_factory=list)

    def compile(self, node: Node, names: Mapping[str, Type], wants: Type | None = None) -> Program | None:
        """The expression of a node; None after its problems were noted, each at its own place."""
        text = _text(node)
        if self.is_blind or self.notes.is_misread(node.span):
            self.has_broken = True
            for problem in [] if self.notes.is_misread(node.span) else parsed(text)[1]:
                self._note(node, problem, "RP010", "error")
            return None
        try:
            program = compile(text, names, wants)
        except Uncompiled as error:
            self.has_broken = True
            for problem in error.problems:
                self._note(node, problem, "RP010", "error")
            return None
        for problem in program.warnings:
            self._note(node, problem, "RP011", "warning")
        self.reads.update(program.reads)
        self.compiled.append((node, program))
        return program

    def missing_entries(self, params: Params) -> None:
        """Warn of entries of params that are taken by name and are not there; not where any expression asks for them first."""
        known = {path for _, program in self.compiled for path in program.asked}
        for node, program in self.compiled:
            for entry in program.taken:
                if entry.path[0] == "params" and entry.path not in known and (labels := params.without(entry.path)):
                    name, key = ".".join(entry.path[:-1]), entry.path[-1]
                    message = f"`{name}` has no entry `{key}`{params.where(labels)}; without it this fails"
                    near = meant(key, params.keys(entry.path, labels))
                    help = f"did you mean `{near}`? Else give it" if near else "give it"
                    help += f' one under `params`, or ask first: "{key}" in {name}'
                    self._note(node, Problem(entry.start, entry.end, message, help), "RP011", "warning")

    def _note(self, node: Node, problem: Problem, code: str, severity: str) -> None:
        span = clip(span_in(node, problem.start, problem.end, self.notes.source), self.notes.source)
        help = problem.help or "see `runbook explain RP010`"
        path = self.notes.source.path
        found = Diagnostic(code, problem.message, path, span, "", help, "error" if severity == "error" else "warning")
        self.notes.found.append(found)

    def is_used(self, name: str) -> bool:
        """Whether any expression reads this name, or anything below it. A broken one might: then it is taken on trust."""
        return self.has_broken or any(read == name or read.startswith((name + ".", name + "[")) for read in self.reads)


def constant(program: Program | None) -> bool | None:
    """The truth value of an expression that reads nothing; None of any other."""
    if program is None or program.reads or program.type != BOOL:
        return None
    try:
        return bool(program.evaluate({}))
    except (Failed, OverBudget):
        return None


def _text(node: Node) -> str:
    """The expression: YAML reads `true` and a number as such, and an expression they are all the same."""
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    return str(node.value)


def roots(reads: Iterable[str]) -> set[str]:
    """The names that paths begin with."""
    return {read.partition(".")[0].partition("[")[0] for read in reads}
