"""Reading single values of a test file: texts with their references, lists, words out of a few. Floor 5."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from typing import Any

from engine.diagnostics import Span
from engine.plain import dataclass
from engine.references import find, resolve
from engine.source import Node
from engine.testing.model import Placed
from engine.validation.keys import Codes, keys_of
from engine.validation.notes import Notes, nearest, one_of, place_of

CODES = Codes("RT001", "RT002", "RT003")
Wanted = Mapping[str, tuple[type, bool]]


@dataclass
class Texts:
    """Where values are read: `known` is what `${recording...}` stands for, once the recording is known."""

    notes: Notes
    known: Mapping[str, Any] = field(default_factory=dict)

    def keys(self, node: Node, wanted: Wanted, what: str) -> dict[str, Node] | None:
        """The keys of a mapping; None when it is none."""
        return keys_of(node, wanted, what, self.notes, CODES)

    def error(self, code: str, message: str, span: Span, help: str) -> None:
        """Note an error."""
        self.notes.error(code, message, span, help=help)

    def text(self, node: Node | None) -> str:
        """A scalar as the text that a person would type, its references replaced."""
        if node is None or node.value is None or isinstance(node.value, list | dict):
            return ""
        if isinstance(node.value, bool):
            return "true" if node.value else "false"
        raw = str(node.value)
        for reference in find(raw):
            value = self.known.get("recording", {}).get(".".join(reference.path[1:]))
            if reference.path[:1] != ("recording",) or value is None:
                about = f"`{reference.text}` is nothing here" if reference.path else "this reference is malformed"
                help = "there is `${recording.invoice}` and `${recording.customer}`"
                if reference.path[:1] == ("recording",) and reference.path[1:] in (("invoice",), ("customer",)):
                    about, help = f"this recording has no {reference.path[1]}", "it is about several; write the one"
                self.error("RT013", about, place_of(node, reference, self.notes.source), help)
                return ""
        return str(resolve(raw, self.known))

    def placed(self, node: Node | None) -> Placed | None:
        """The same with its place; None where nothing is said."""
        return None if node is None else Placed(self.text(node), node.span)

    def list(self, node: Node | None, what: str) -> tuple[Placed, ...]:
        """A list of texts, or one text for a list of one."""
        if node is None:
            return ()
        rows = node.value if isinstance(node.value, list) else [node]
        found = []
        for row in rows:
            if isinstance(row.value, list | dict) or row.value is None or row.value == "":
                help = "put a text that has a colon or begins with a bracket in quotes"
                self.error("RT002", f"an item of `{what}` must be text, not {row.kind}", row.span, help)
            else:
                found.append(Placed(self.text(row), row.span))
        return tuple(found)

    def word(self, node: Node | None, words: Collection[str], what: str, default: str, code: str = "RT006") -> str:
        """One of these words; noted, and the default, when it is another."""
        if node is None:
            return default
        text = self.text(node)
        if text in words:
            return text
        self.error(code, f"`{text}` is no {what}", node.span, nearest(text, words) or f"it can be {one_of(words)}")
        return default

    def read(self, node: Node, read: Callable[[str], Any], what: str) -> Any:
        """A value that `read` makes of the text; noted, and None, when it raises ValueError."""
        text = self.text(node)
        try:
            return read(text)
        except ValueError as error:
            self.error("RT007", f"`{text[:80]}` is no {what}", node.span, str(error))
            return None
