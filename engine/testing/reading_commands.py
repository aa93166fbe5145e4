"""The commands of a scenario, from nodes to values: who, with what, how it consents, what goes wrong. Floor 5."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from engine.config.table import BY_NAME, Place, Setting
from engine.diagnostics import Span
from engine.manual import page
from engine.model import Runbook, parse_input
from engine.plain import dataclass
from engine.sandbox.console import STATES
from engine.sandbox.faults import CALLS, FAULTS, Fault
from engine.source import Node
from engine.testing.model import MODES, WORDS, Command, Consent, Operator
from engine.testing.reading_expected import ExpectedReading
from engine.testing.texts import Texts
from engine.validation.notes import nearest
from engine.values import parse_duration

# What a scenario, its defaults and each further command may say.
SHARED: dict[str, tuple[type, bool]] = {
    "mode": (str, False), "inputs": (dict, False), "consent": (Node, False), "operator": (Node, False),
    "sync": (Node, False), "settings": (dict, False),
}  # fmt: skip
OWN: dict[str, tuple[type, bool]] = {"faults": (list, False), "gone_at": (str, False)}
FURTHER: dict[str, tuple[type, bool]] = {
    "command": (str, True), "after": (str, False), "word": (str, False), "reason": (str, False),
    "expect": (dict, True), **SHARED, **OWN,
}  # fmt: skip

SETTINGS = (
    "environment", "finalize_timeout", "settle_window", "settle_min_reads", "pending_deadline", "taxes_deadline",
    "poll_interval",
)  # fmt: skip
JANE = Operator("jane", ("billing_admin",))
_OPERATOR: dict[str, tuple[type, bool]] = {"id": (str, True), "roles": (list, False)}


@dataclass
class CommandReading:
    """Reads the commands of one runbook's scenarios. `folder` is the test file's own."""

    texts: Texts
    runbook: Runbook
    expected: ExpectedReading
    folder: Path

    def first(self, keys: Mapping[str, Node], span: Span) -> Command:
        """The run that a scenario begins with."""
        return self._command("run", keys, span)

    def further(self, row: Node, above: Mapping[str, Node]) -> Command | None:
        """A command after it; what it does not say is as for the one before it, but for what went wrong."""
        keys = self.texts.keys(row, FURTHER, "a further command")
        if keys is None or "command" not in keys:
            return None
        name = self.texts.word(keys["command"], ("run", "resume", "resolve"), "command of a scenario", "run")
        inherited = {key: node for key, node in above.items() if key in SHARED}
        keys = merged(inherited, keys)
        if name == "resolve":
            for key in ("word", "reason"):
                if key not in keys:
                    self.texts.error("RT003", f"`resolve` lacks `{key}`", row.span, f"add `{key}:`")
        return self._command(name, keys, row.span)

    def _command(self, name: Any, keys: Mapping[str, Node], span: Span) -> Command:
        texts = self.texts
        after = texts.read(keys["after"], parse_duration, "duration") if "after" in keys else None
        faults = tuple(text for text in map(self._fault, self._rows(keys.get("faults"))) if text)
        state, file = self._sync(keys.get("sync"))
        return Command(
            name=name,
            span=span,
            expect=self.expected.read(keys.get("expect"), span),
            mode=texts.word(keys.get("mode"), MODES, "mode of a run", "run"),
            inputs=self._inputs(keys.get("inputs"), span if name == "run" else None),
            consent=self._consent(keys.get("consent")),
            operator=self._operator(keys.get("operator")),
            sync=state,
            sync_file=file,
            settings=self._settings(keys.get("settings")),
            faults=faults,
            gone_at=self._gone(keys.get("gone_at")),
            after=after.total_seconds() if after is not None else 0.0,
            word=texts.word(keys.get("word"), WORDS, "word on a run", ""),
            reason=texts.text(keys.get("reason")),
        )

    def _rows(self, node: Node | None) -> list[Node]:
        return list(node.value) if node is not None else []

    def _inputs(self, node: Node | None, span: Span | None) -> dict[str, str]:
        """The inputs as typed; each is one of the runbook's, and none that it must have is missing."""
        found: dict[str, str] = {}
        known = self.runbook.inputs
        for name, value in node.value.items() if node is not None else ():
            assert node is not None
            if name not in known:
                help = nearest(name, known) or "this runbook has no inputs"
                self.texts.error("RT008", f"the runbook has no input `{name}`", node.keys[name], help)
                continue
            text = self.texts.text(value)
            if not text or (known[name].type == "flag" and text == "false"):
                continue  # said by a reference already, or the same as not given
            try:
                parse_input(known[name].type, text)
            except ValueError as error:
                self.texts.error("RT008", f"`{name}` cannot be `{text[:80]}`", value.span, str(error))
                continue
            found[name] = text
        given = node.value if node is not None else {}
        for name, item in known.items():
            if span is not None and item.is_required and name not in given:
                help = f"add `{name}:` to its `inputs`, or to those of `defaults`"
                self.texts.error("RT008", f"the input `{name}` is missing", span, help)
        return found

    def _consent(self, node: Node | None) -> Consent:
        help = "it is `typed`, `flags`, `none`, `{typed: TEXT}` or `{confirm: TEXT}`"
        customer = str(self.texts.known.get("recording", {}).get("customer") or "")
        if node is None:
            return Consent()
        if isinstance(node.value, dict):
            rows = {key: value for key, value in node.value.items() if key in ("typed", "confirm")}
            if len(rows) != 1 or len(node.value) != 1:
                self.texts.error("RT006", "this is no consent", node.span, help)
                return Consent()
            ((key, value),) = rows.items()
            return Consent(typed=self.texts.text(value)) if key == "typed" else Consent(confirm=self.texts.text(value))
        word = self.texts.word(node, ("typed", "flags", "none"), "consent", "none")
        if word != "none" and not customer:
            self.texts.error("RT013", "this recording has no customer", node.span, "write `{typed: TEXT}`")
        return {"typed": Consent(typed=customer), "flags": Consent(confirm=customer)}.get(word, Consent())

    def _operator(self, node: Node | None) -> Operator | None:
        if node is None:
            return JANE
        if not isinstance(node.value, dict):
            self.texts.word(node, ("nobody",), "operator", "nobody")
            return None
        keys = self.texts.keys(node, _OPERATOR, "an operator")
        if keys is None or "id" not in keys:
            return JANE
        words = [Node(keys["id"].value, keys["id"].span), *(keys["roles"].value if "roles" in keys else ())]
        for word in words:
            text = word.value if isinstance(word.value, str) else ""
            if not 0 < len(text) <= 64 or not text.isprintable() or " " in text or set(text) & set("{}[],:'\"#"):
                help = "letters, digits, `_`, `-` and `.`; at most 64"
                self.texts.error("RT007", "an operator's id and roles are one word each", word.span, help)
                return JANE
        return Operator(str(words[0].value), tuple(str(word.value) for word in words[1:]))

    def _sync(self, node: Node | None) -> tuple[str, Path | None]:
        if node is None:
            return "fresh", None
        if not isinstance(node.value, dict):
            return self.texts.word(node, (*STATES, "none"), "state of the sync", "fresh"), None
        keys = self.texts.keys(node, {"file": (str, True)}, "`sync`")
        if keys is None or "file" not in keys:
            return "fresh", None
        path = self.folder / self.texts.text(keys["file"])
        if not path.is_file():
            message = f"there is no file `{self.texts.text(keys['file'])}`"
            self.texts.error("RT005", message, keys["file"].span, "a path is relative to the test file")
        return "none", path

    def _settings(self, node: Node | None) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in node.value.items() if node is not None else ():
            assert node is not None
            if name not in SETTINGS:
                help = nearest(name, SETTINGS)
                self.texts.error("RT006", f"a scenario cannot set `{name}`", node.keys[name], help)
                continue
            row = BY_NAME[name]
            if self.texts.read(value, partial(_setting, row), name) is not None:
                found[row.env] = self.texts.text(value)
        return found

    def _fault(self, node: Node) -> str:
        text = self.texts.text(node)
        try:
            Fault.parse(text)
        except ValueError as error:
            call, colon, what = text.partition(":")
            help = nearest(what.partition("@")[0], FAULTS) if call in CALLS and colon else str(error)
            self.texts.error("RT006", f"`{text}` is no fault", node.span, help or f"{page('sandbox')} lists the faults")
            return ""
        return text

    def _gone(self, node: Node | None) -> str:
        if node is None:
            return ""
        id = self.texts.text(node)
        steps = [defn.id for defn in self.runbook.steps if defn.kind == "step"]
        if id not in steps:
            help = nearest(id, steps) or "name a step by its `id`"
            self.texts.error("RT009", f"`{id}` is no step of this runbook", node.span, help)
            return ""
        return id


def _setting(row: Setting, text: str) -> Any:
    return row.read(text, Place(Path(), Path()))


def merged(above: Mapping[str, Node], own: Mapping[str, Node]) -> dict[str, Node]:
    """What is said here over what is said above; inputs and settings one by one."""
    found = {**above, **own}
    for key in ("inputs", "settings"):
        if key in above and key in own:
            values, keys = {**above[key].value, **own[key].value}, {**above[key].keys, **own[key].keys}
            found[key] = Node(values, own[key].span, keys)
    return found
