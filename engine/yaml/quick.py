"""A YAML file that nothing is wrong with, in one go: from what libyaml tells of it, event after event, to nodes. Floor 1."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from engine.diagnostics import Span
from engine.yaml.misread import is_too_long, misread, value_of
from engine.yaml.nodes import MOST_DEPTH, Node, between, span_of

# libyaml's loader; None where PyYAML was built without it.
_LIBYAML: Any = getattr(yaml, "CSafeLoader", None)
# A comment right behind the sign of a block of text: libyaml takes it, PyYAML does not.
_BLOCK_COMMENT = re.compile(r"[|>][-+0-9]*#")
_DIRECTIVE = re.compile(r"^%", re.M)


def quick(text: str) -> Node | None:
    """The text as libyaml reads it; None where anything is wrong with it, or PyYAML might read it otherwise."""
    if _LIBYAML is None or "\t" in text or _BLOCK_COMMENT.search(text) or _DIRECTIVE.search(text):
        return None
    loader = _LIBYAML(text)
    try:
        return _Quick(loader).read()
    except (yaml.YAMLError, _Doubtful):
        return None
    finally:
        loader.dispose()


class _Doubtful(Exception):
    """Something in a file that is refused, or that PyYAML might read otherwise: whoever reads with care tells it."""


class _Quick:
    """Turns libyaml's events into our nodes. Raises _Doubtful, and what libyaml raises."""

    def __init__(self, loader: Any) -> None:
        self._event: Callable[[], Any] = loader.get_event
        self._resolve: Callable[..., str] = loader.resolve
        self._depth = self._flow = 0

    def read(self) -> Node:
        start, _ = self._event(), self._event()
        if not isinstance(start, yaml.StreamStartEvent):
            raise _Doubtful
        root = self._node(self._event())
        self._event()
        if not isinstance(self._event(), yaml.StreamEndEvent):  # a second document
            raise _Doubtful
        return root

    def _node(self, event: Any) -> Node:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._scalar(event)
        if kind not in (yaml.MappingStartEvent, yaml.SequenceStartEvent) or event.anchor or event.tag:
            raise _Doubtful
        self._depth += 1
        self._flow += event.flow_style
        if self._depth > MOST_DEPTH:
            raise _Doubtful
        node = self._mapping(event) if kind is yaml.MappingStartEvent else self._sequence(event)
        self._depth -= 1
        self._flow -= event.flow_style
        return node

    def _sequence(self, start: Any) -> Node:
        items: list[Node] = []
        while type(event := self._event()) is not yaml.SequenceEndEvent:
            items.append(self._node(event))
        return Node(items, between(start.start_mark, event.end_mark))

    def _mapping(self, start: Any) -> Node:
        found: dict[str, Node] = {}
        keys: dict[str, Span] = {}
        while type(event := self._event()) is not yaml.MappingEndEvent:
            self._require_text(event)
            name = event.value
            if name in found or (name == "<<" and not event.style):
                raise _Doubtful
            keys[name] = span_of(event)
            found[name] = self._node(self._event())
        return Node(found, between(start.start_mark, event.end_mark), keys)

    def _scalar(self, event: Any) -> Node:
        self._require_text(event)
        text = event.value
        if event.style:
            return Node(text, span_of(event), is_quoted=True)
        if text and (misread(text, self._resolve(yaml.ScalarNode, text, (True, False))) or is_too_long(text)):
            raise _Doubtful
        return Node(value_of(text), span_of(event))

    def _require_text(self, event: Any) -> None:
        """A text without anchor and tag; within brackets, a plain one holds no sign that only libyaml takes as a letter."""
        if type(event) is not yaml.ScalarEvent or event.anchor or event.tag:
            raise _Doubtful
        if self._flow and not event.style and {"?", "!", ":"} & set(event.value):
            raise _Doubtful
