"""What a scenario expects, from nodes to values: only what a run of this runbook could come to. Floor 5."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from engine.diagnostics import Span
from engine.errors import Exit
from engine.events import TYPES
from engine.manual import page
from engine.model import Runbook
from engine.plain import dataclass
from engine.registry import Registry
from engine.run.endings import Attribution, Outcome
from engine.source import Node
from engine.testing.model import Expected, Placed, Verdict
from engine.testing.outcomes import verdicts_of
from engine.testing.texts import Texts
from engine.validation.notes import nearest, one_of

PHASES = ("operator", "first", "refreshed", "verify")
EFFECTS = ("none", *(type.removeprefix("effect.") for type in TYPES if type.startswith("effect.")))

_EXPECT: dict[str, tuple[type, bool]] = {
    "exit": (int, True), "outcome": (str, False), "attribution": (str, False), "says": (Node, False),
    "screen": (Node, False), "checks": (dict, False), "sends": (list, False), "reads": (list, False),
    "records": (list, False), "no_records": (list, False), "effect": (str, False),
}  # fmt: skip
_VERDICT: dict[str, tuple[type, bool]] = {"verdict": (str, True), "phase": (str, False), "says": (Node, False)}


@dataclass
class ExpectedReading:
    """Reads `expect` of one runbook's scenarios."""

    texts: Texts
    runbook: Runbook
    registry: Registry

    def read(self, node: Node | None, span: Span) -> Expected:
        """What is expected; `span` is where the command stands."""
        nothing = Expected(span, Placed(0, span))
        keys = self.texts.keys(node, _EXPECT, "`expect`") if node is not None else None
        if node is None or keys is None:
            return nothing
        texts = self.texts
        exit = keys.get("exit")
        if exit is not None and exit.value not in set(Exit):
            texts.error("RT009", f"{exit.value} is no exit code", exit.span, "`runbook explain` lists them")
        reads = keys.get("reads")
        return Expected(
            span=node.span,
            exit=Placed(exit.value, exit.span) if exit is not None else nothing.exit,
            outcome=self._one_of(keys.get("outcome"), get_args(Outcome), "outcome of a run"),
            attribution=self._one_of(keys.get("attribution"), (*get_args(Attribution), "none"), "attribution"),
            says=texts.list(keys.get("says"), "says"),
            screen=texts.list(keys.get("screen"), "screen"),
            checks=self._checks(keys.get("checks")),
            sends=texts.list(keys.get("sends"), "sends"),
            reads=None if reads is None else texts.list(reads, "reads"),
            records=self._records(keys.get("records"), "records"),
            no_records=self._records(keys.get("no_records"), "no_records"),
            effect=self._one_of(keys.get("effect"), EFFECTS, "record of an effect"),
        )

    def _one_of(self, node: Node | None, words: tuple[str, ...], what: str) -> Placed | None:
        if node is None:
            return None
        return Placed(self.texts.word(node, words, what, "", "RT009"), node.span)

    def _records(self, node: Node | None, what: str) -> tuple[Placed, ...]:
        found = self.texts.list(node, what)
        for one in found:
            if one.value not in TYPES:
                help = nearest(one.value, TYPES) or f"{page('journal')} lists the types"
                self.texts.error("RT009", f"`{one.value}` is no type of record", one.span, help)
        return found

    def _checks(self, node: Node | None) -> Mapping[str, Verdict]:
        found: dict[str, Verdict] = {}
        checks = {defn.id: defn for defn in self.runbook.steps if defn.kind == "check"}
        for id, row in node.value.items() if node is not None else ():
            assert node is not None
            if id not in checks:
                help = nearest(id, checks) or "name a check by its step's `id`"
                self.texts.error("RT009", f"`{id}` is no check of this runbook", node.keys[id], help)
                continue
            verdict = self._verdict(id, row, verdicts_of(self.registry.checks[checks[id].name]))
            if verdict is not None:
                found[id] = verdict
        return found

    def _verdict(self, id: str, row: Node, can: tuple[str, ...]) -> Verdict | None:
        texts = self.texts
        keys: dict[str, Node] | None = {"verdict": row}
        if isinstance(row.value, dict):
            keys = texts.keys(row, _VERDICT, f"what `{id}` should come to")
        if keys is None or "verdict" not in keys:
            return None
        word = texts.text(keys["verdict"])
        if word not in can:
            help = nearest(word, can) or f"it can be {one_of(can)}"
            texts.error("RT009", f"`{id}` cannot come to `{word}`", keys["verdict"].span, help)
            return None
        phase = texts.word(keys.get("phase"), PHASES, "phase of a run", "", "RT009")
        says = tuple(one.value for one in texts.list(keys.get("says"), "says"))
        return Verdict(word, row.span, phase, says)
