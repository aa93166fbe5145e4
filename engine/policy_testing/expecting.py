"""What a case of a policy expects, and what its file excuses: only what these policies could come to. Floor 5."""

from __future__ import annotations

from collections.abc import Mapping

from engine.cel import Program
from engine.diagnostics import Span
from engine.plain import dataclass
from engine.policy.model import PolicySet
from engine.policy_testing.model import OUTCOMES, RESULT, RESULTS, Excused, Expected
from engine.source import Node
from engine.testing.model import Placed
from engine.testing.texts import Texts
from engine.validation.notes import nearest, one_of

_EXPECTED: dict[str, tuple[type, bool]] = {"outcome": (str, True), "says": (Node, False)}
_COVERAGE: dict[str, tuple[type, bool]] = {"threshold": (int, False), "not_reached": (list, False)}
_EXCUSED: dict[str, tuple[type, bool]] = {
    "policy": (str, True), "in": (str, False), "condition": (str, True), "value": (bool, True), "why": (str, True),
}  # fmt: skip


def merged(defaults: Mapping[str, Node], own: Mapping[str, Node]) -> dict[str, Node]:
    """A case's keys over the defaults. `with` and `without` are added to those of the defaults."""
    found = {**defaults, **own}
    for key in ("with", "without"):
        if key in defaults and key in own:
            first, then = defaults[key], own[key]
            both = {**first.value, **then.value} if key == "with" else [*first.value, *then.value]
            found[key] = Node(both, then.span, {**first.keys, **then.keys})
    return found


def programs(set: PolicySet) -> dict[str, dict[str, Program]]:
    """The expressions that decide, by what they belong to and what they are: variables, and each policy's own."""
    found = {f"variables.{name}": {"variable": program} for name, program in set.variables.items()}
    for policy in set.policies:
        found[policy.id] = {"require": policy.require} | ({"when": policy.when} if policy.when is not None else {})
    return found


@dataclass
class ExpectedReading:
    """Reads what is expected of one set."""

    texts: Texts
    set: PolicySet

    def expect(self, node: Node | None) -> tuple[dict[str, Expected], Expected | None]:
        """What each policy, and all of them, should come to."""
        found: dict[str, Expected] = {}
        result: Expected | None = None
        for name, row in node.value.items() if node is not None else ():
            assert node is not None
            words = tuple(RESULTS) if name == RESULT else OUTCOMES
            expected = self._expected(name, row, words)
            if name == RESULT:
                result = expected
            elif self.require_policy(name, node.keys[name]) and expected is not None:
                found[name] = expected
        if node is not None and not node.value:
            self.texts.error("RT003", "this case expects nothing", node.span, "add `result: pass`, or a policy")
        return found, result

    def require_policy(self, name: str, span: Span) -> bool:
        """Whether the set has such a policy; noted where it has not. In Rego each rule is one, and not known beforehand."""
        ids = [policy.id for policy in self.set.policies]
        if name in ids or not ids:
            return True
        help = nearest(name, [*ids, RESULT]) or f"it can be {one_of([*ids, RESULT])}"
        self.texts.error("RT009", f"`{name}` is no policy of this set", span, help)
        return False

    def _expected(self, name: str, row: Node, words: tuple[str, ...]) -> Expected | None:
        keys: dict[str, Node] | None = {"outcome": row}
        if isinstance(row.value, dict):
            keys = self.texts.keys(row, _EXPECTED, f"what `{name}` should come to")
        if keys is None or "outcome" not in keys:
            return None
        word = self.texts.text(keys["outcome"])
        if word not in words:
            help = nearest(word, words) or f"it can be {one_of(words)}"
            self.texts.error("RT009", f"`{name}` cannot come to `{word}`", keys["outcome"].span, help)
            return None
        return Expected(word, row.span, tuple(one.value for one in self.texts.list(keys.get("says"), "says")))

    def coverage(self, node: Node | None) -> tuple[Placed | None, list[Excused]]:
        """The threshold, and the conditions that are excused."""
        keys = self.texts.keys(node, _COVERAGE, "`coverage`") if node is not None else None
        if keys is None or node is None:
            return None, []
        if self.set.opa is not None:
            help = "`opa test --coverage` tells which lines of Rego its own tests reach"
            self.texts.error("RT012", "of a set in Rego no conditions are known", node.span, help)
        threshold = keys.get("threshold")
        if threshold is not None and not 0 <= threshold.value <= 100:
            self.texts.error("RT007", f"{threshold.value} is no percentage", threshold.span, "0 to 100")
        found: list[Excused] = []
        for row in keys["not_reached"].value if "not_reached" in keys else ():
            excused = self._excused(row)
            if excused is not None:
                found.append(excused)
        return None if threshold is None else Placed(threshold.value, threshold.span), found

    def _excused(self, row: Node) -> Excused | None:
        said = self.texts.keys(row, _EXCUSED, "a condition that is not reached")
        if said is None or not {key for key, (_, is_needed) in _EXCUSED.items() if is_needed} <= set(said):
            return None
        owner, text = str(said["policy"].value), flat(str(said["condition"].value))
        own = programs(self.set).get(owner)
        if own is None:
            known = programs(self.set)
            help = nearest(owner, known) or f"it can be {one_of(known)}"
            self.texts.error("RT012", f"`{owner}` is no policy of this set", said["policy"].span, help)
            return None
        within = self.texts.word(said.get("in"), own, f"expression of `{owner}`", "", "RT012")
        asked = [program for what, program in own.items() if within in ("", what)]
        conditions = [flat(program.text[start:end]) for program in asked for start, end in program.conditions]
        if text not in conditions:
            help = nearest(text, conditions) or f"it can be {one_of(conditions)}"
            self.texts.error("RT012", f"`{owner}` has no such condition", said["condition"].span, help)
            return None
        why = flat(str(said["why"].value))
        return Excused(owner, within, text, bool(said["value"].value), why, said["condition"].span)


def flat(text: str) -> str:
    """A text on one line, as a condition is written wherever it is named."""
    return " ".join(text.split())
