"""The policies of one file: each against its keys, its words and its expressions. Floor 4."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from engine.cel import Program
from engine.cel.types import BOOL, STRING, Type
from engine.plain import dataclass
from engine.policy.model import Approve, Policy
from engine.policy_files import format
from engine.policy_files.expressions import Expressions, constant
from engine.source import Node
from engine.validation.keys import Key
from engine.validation.notes import Notes, nearest
from engine.values import parse_duration

_ID = re.compile(format.POLICY_ID, re.ASCII)
PATH = r"[a-z_][A-Za-z0-9_]*(\.[a-z_][A-Za-z0-9_]*)*"
_PATH = re.compile(PATH, re.ASCII)
_DAY = 86_400
BOUND = "plan.figures_digest"

Keys = Callable[[Node, Mapping[str, Key], str], "dict[str, Node] | None"]


@dataclass
class Rules:
    """The policies being read. `names` is what their expressions may name."""

    notes: Notes
    expressions: Expressions
    names: Mapping[str, Type]
    keys: Keys
    _seen: dict[str, int] = field(default_factory=dict)

    def all(self, node: Node | None) -> list[Policy]:
        """Every policy that could be made."""
        rows = node.value if node is not None else []
        if node is not None and not rows:
            self.notes.error("RP001", "a set needs policies", node.span, help="begin each with `- id: NAME`")
        return [policy for row in rows if (policy := self._policy(row)) is not None]

    def _policy(self, row: Node) -> Policy | None:
        turned = self._turned(row)
        keys = self.keys(turned or row, format.POLICY, "a policy")
        if keys is None:
            return None
        if turned is not None:
            self._id(keys)
            return None
        id = self._id(keys)
        effect, mode = self._word(keys, "effect", format.EFFECTS), self._word(keys, "mode", format.MODES)
        phase = self._word(keys, "evaluate", format.PHASES)
        when = self._expression(keys, "when", BOOL)
        require = self._expression(keys, "require", BOOL)
        message = self._expression(keys, "message", STRING)
        self._reaches(keys, when, require)
        roles = self._override(keys.get("override"), effect)
        approve = None if "approve" in row.value and "approve" not in keys else self._approve(keys, effect)
        if not id or require is None or not effect:
            return None
        line = keys["id"].span.line
        return Policy(
            id=id,
            title=str(keys["title"].value) if "title" in keys else id,
            place=f"{self.notes.source.path}:{line}",
            effect=effect,
            require=require,
            when=when,
            message=message,
            doc=str(keys["doc"].value) if "doc" in keys else "",
            mode=mode or "enforce",
            evaluate=phase or "both",
            may_override=roles,
            approve=approve,
        )

    def _turned(self, row: Node) -> Node | None:
        """The row without keys of rules that are the other way round; None when there are none."""
        found = [key for key in row.value if key in format.TURNED] if isinstance(row.value, dict) else []
        for key in found:
            help = "write what must be true under `require:`, and what comes of it otherwise under `effect:`"
            message = f"`{key}` is not taken: where a fact is missing or misspelt it would say yes"
            self.notes.error("RP004", message, row.keys[key], help=help)
        if not found:
            return None
        self.expressions.has_broken = True  # what it reads is not known
        rest = {key: node for key, node in row.value.items() if key not in found}
        rest.setdefault("require", Node(True, row.span))
        rest.setdefault("effect", Node("deny", row.span))
        return Node(rest, row.span, row.keys)

    def _id(self, keys: Mapping[str, Node]) -> str:
        node = keys.get("id")
        if node is None:
            return ""
        id = str(node.value)
        if not _ID.fullmatch(id):
            help = "use small letters, digits and dashes, a letter first"
            self.notes.error("RP006", f"`{id}` is no name for a policy", node.span, help=help)
        elif id in self._seen:
            help = f"the first is on line {self._seen[id]}"
            self.notes.error("RP006", f"two policies are called `{id}`", node.span, help=help)
        self._seen.setdefault(id, node.span.line)
        return id

    def _word(self, keys: Mapping[str, Node], key: str, words: tuple[str, ...]) -> Any:
        node = keys.get(key)
        if node is None:
            return ""
        if node.value not in words:
            help = nearest(str(node.value), words)
            self.notes.error("RP005", f"`{key}` cannot be `{node.value}`", node.span, help=help)
            return ""
        return node.value

    def _expression(self, keys: Mapping[str, Node], key: str, wants: Type) -> Program | None:
        return self.expressions.compile(keys[key], self.names, wants) if key in keys else None

    def _reaches(self, keys: Mapping[str, Node], when: Program | None, require: Program | None) -> None:
        """A policy that never applies, or can never be unmet, only looks like one."""
        if constant(when) is False:
            help = "remove the policy, or say when it applies; `mode: observe` keeps one that is not to count"
            self.notes.error("RP013", "this policy never applies", keys["when"].span, help=help)
        elif constant(when) is True:
            self.notes.error("RP013", "this is always so", keys["when"].span, help="remove `when`")
        if constant(require) is True:
            help = "say what must be so, or remove the policy"
            self.notes.error("RP013", "this policy can never be unmet", keys["require"].span, help=help)

    # Who may lift it, who must approve

    def _override(self, node: Node | None, effect: str) -> tuple[str, ...]:
        keys = self.keys(node, format.OVERRIDE, "`override`") if node is not None else None
        if keys is None or node is None:
            return ()
        if effect == "warn":
            message = "a warning stops nothing, so nobody needs to lift it"
            self.notes.error("RP007", message, node.span, help="remove `override`, or let the effect be `deny`")
        if "reason" in keys and keys["reason"].value != "required":
            self.notes.error(
                "RP005", f"`reason` cannot be `{keys['reason'].value}`", keys["reason"].span,
                help="write `reason: required`: whoever lifts a policy says why, and it stands in the journal",
            )  # fmt: skip
        return self._roles(keys.get("roles"))

    def _roles(self, node: Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        if not node.value:
            self.notes.error("RP007", "`roles` is empty, so nobody could", node.span, help="name a role")
        for item in node.value:
            word = item.value
            if not isinstance(word, str) or not word or not word.isprintable() or " " in word:
                help = "as the operators file has it, without spaces: `billing_approver`"
                self.notes.error("RP007", "a role must be one word", item.span, help=help)
        return tuple(str(item.value) for item in node.value)

    def _approve(self, all: Mapping[str, Node], effect: str) -> Approve | None:
        node = all.get("approve")
        if node is None:
            if effect == "approve":
                help = "add `approve: {count: 1, roles: [billing_approver], valid_for: 4h}`"
                self.notes.error("RP007", "nothing says who must approve", all["effect"].span, help=help)
            return None
        if effect and effect != "approve":
            help = "remove `approve`, or let the effect be `approve`"
            self.notes.error("RP007", f"with `effect: {effect}` nobody is asked to approve", node.span, help=help)
        return self.approve(node)

    def approve(self, node: Node) -> Approve | None:
        """What an approval must be; None where it cannot be told."""
        keys = self.keys(node, format.APPROVE, "`approve`")
        if keys is None:
            return None
        count = keys["count"].value if "count" in keys else 1
        if not 1 <= count <= 9:
            self.notes.error("RP007", "`count` must be 1 to 9", keys["count"].span, help="say how many people")
        for item in keys["distinct_from"].value if "distinct_from" in keys else ():
            if item.value != "operator":
                help = "write `operator`; approvers are always distinct from each other"
                self.notes.error("RP005", f"`distinct_from` cannot hold `{item.value}`", item.span, help=help)
        bound = [program for item in _items(keys.get("bound_to")) if (program := self._bound(item)) is not None]
        roles = self._roles(keys.get("roles"))
        return Approve(count, roles, ("operator",), self._seconds(keys.get("valid_for")), tuple(bound))

    def _bound(self, node: Node) -> Program | None:
        if not isinstance(node.value, str) or not _PATH.fullmatch(node.value):
            help = f"as `invoice.lago_id` or `{BOUND}`"
            self.notes.error("RP007", "an item of `bound_to` must be a path", node.span, help=help)
            return None
        return self.expressions.compile(node, self.names)

    def _seconds(self, node: Node | None) -> int:
        if node is None:
            return _DAY
        try:
            seconds = int(parse_duration(str(node.value)).total_seconds())
            if seconds <= 0:
                raise ValueError("it must be longer than nothing")
        except ValueError as error:
            self.notes.error("RP007", "`valid_for` is no duration", node.span, help=str(error))
            return _DAY
        return seconds


def _items(node: Node | None) -> list[Node]:
    return list(node.value) if node is not None else []
