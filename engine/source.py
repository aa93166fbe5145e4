"""YAML with places: nodes that know their line and column, and refusal of what a reader would misread. Floor 1.

YAML 1.1, which PyYAML speaks, reads `on` as true, `010` as 8 and `12:30` as 750, keeps the last of two equal keys and
expands anchors without end. A runbook is read by people first, so every such thing is an error with its place.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml

from engine.diagnostics import Diagnostic, Span
from engine.plain import dataclass
from engine.yaml.misread import MOST_DIGITS, is_too_long, misread, short, unquoted, value_of
from engine.yaml.nodes import MOST_DEPTH, Node, Source, clip, span_of, walk
from engine.yaml.quick import quick
from engine.yaml.tokens import Scanned
from engine.yaml.words import Place, Quoted, Unreadable, character, explain, unseen

__all__ = ["MOST_BYTES", "Node", "Parsed", "Source", "clip", "content_of", "lines_of", "parse", "read", "walk"]

MOST_BYTES = 256 * 1024
_LEVELS = f"{MOST_DEPTH} levels are the most"


@dataclass
class Parsed:
    """A file, its root node if there is one, and everything wrong with it as YAML."""

    source: Source
    root: Node | None
    diagnostics: list[Diagnostic]


def read(path: Path, shown: str | None = None, *, is_quick: bool = False) -> Parsed:
    """Read and parse a file. Raises OSError; everything else is a diagnostic."""
    return parse(content_of(path), shown or str(path), is_quick=is_quick)


def content_of(path: Path) -> bytes:
    """The bytes of a file, one more than the most that may be where there are more. Raises OSError."""
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def lines_of(path: Path) -> tuple[str, ...]:
    """The lines of a file as `Source.lines` has them, without a look at what they mean. Raises OSError."""
    return Source(str(path), content_of(path).decode("utf-8", "replace").removeprefix("\ufeff"), "").lines


def parse(content: bytes, path: str, *, is_quick: bool = False) -> Parsed:
    """Parse YAML. Never raises: what is wrong stands in `diagnostics`.

    `is_quick` lets libyaml read a text that it and PyYAML read alike and find nothing wrong with, fifteen times as
    fast. The values are the same; a place may be another, so whoever has something to say of a place reads anew.
    """
    source = Source(path, content.decode("utf-8", "replace"), hashlib.sha256(content).hexdigest())
    whole = Span(1, 1, 1, 2)
    if len(content) > MOST_BYTES:
        help = "no runbook or policy is; is this one?"
        return _failed(source, "RB001", "the file is larger than 256 KiB", whole, help=help)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        line = before.count("\n") + 1
        col = len(before) - before.rfind("\n")
        return _failed(
            source, "RB001", "this is not UTF-8", Span(line, col, line, col + 1), help="save the file as UTF-8"
        )
    if text.startswith("\ufeff"):
        text = text[1:]
    source = Source(path, text, source.digest)
    hidden = unseen(text)
    if hidden is not None:
        return _unreadable(source, hidden)
    if is_quick and (root := quick(text)) is not None:
        return Parsed(source, root, [])
    reader = _Reader(source)
    try:
        root = reader.read(text)
    except yaml.MarkedYAMLError as error:
        end, start = (None if mark is None else _place(mark) for mark in (error.problem_mark, error.context_mark))
        return _unreadable(source, explain(error.problem or "", end or start or (0, 0), start, text, reader.quoted))
    except yaml.reader.ReaderError as error:
        number = error.character if isinstance(error.character, int) else 0xFFFD
        return _unreadable(source, character(number, error.position, text))
    except RecursionError:
        return _failed(source, "RB001", "this is nested too deeply", whole, help=_LEVELS)
    return Parsed(source, root, reader.diagnostics)


_REFUSED: dict[type[yaml.Token], tuple[str, str]] = {
    yaml.AnchorToken: ("an anchor", "remove it, and write the value out wherever it is needed"),
    yaml.AliasToken: ("an alias", "write the value out"),
    yaml.TagToken: ("a tag", "put a text in quotes: YAML takes a word after `!` for a tag"),
    yaml.DirectiveToken: ("a directive", "remove the line"),
}


class _Reader:
    """Turns PyYAML's node graph into ours, and notes what may not stand in it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.quoted: list[Quoted] = []
        self._tokens: list[yaml.Token] = []

    def read(self, text: str) -> Node | None:
        if not self._is_shallow(text):
            return None
        loader = Scanned(self._tokens)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
        if root is None:
            help = "a runbook begins with `runbook: NAME`, a policy file with `apiVersion: policy/v1`"
            self._note("RB001", "the file is empty", Span(1, 1, 1, 2), help=help)
            return None
        return self._node(root)

    def _is_shallow(self, text: str) -> bool:
        """Whether nesting stays within bounds, and no anchors, aliases or tags stand in the text; by its tokens."""
        depth = 0
        opening = (yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken, yaml.FlowMappingStartToken,
                   yaml.FlowSequenceStartToken)  # fmt: skip
        closing = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)
        is_fine = True
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            self._tokens.append(token)
            depth += isinstance(token, opening) - isinstance(token, closing)
            if depth > MOST_DEPTH:
                self._note("RB001", "this is nested too deeply", span_of(token), help=_LEVELS)
                return False
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                self.quoted.append((_place(token.start_mark), _place(token.end_mark)))
            if type(token) in _REFUSED:
                what, help = _REFUSED[type(token)]
                self._note("RB005", f"{what} cannot stand here", span_of(token), help=help)
                is_fine = False
        return is_fine

    def _node(self, node: yaml.Node) -> Node:
        span = span_of(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, span)
        if isinstance(node, yaml.SequenceNode):
            return Node([self._node(item) for item in node.value], span)
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node, span)

    def _mapping(self, node: yaml.MappingNode, span: Span) -> Node:
        found: dict[str, Node] = {}
        keys: dict[str, Span] = {}
        for key, value in node.value:
            place = span_of(key)
            if not isinstance(key, yaml.ScalarNode):
                self._note("RB005", "a key must be a word", place, help="use a plain word as the key")
                continue
            name = str(key.value)
            if name == "<<" and not key.style:
                self._note("RB005", "a merge key cannot stand here", place, help="write the keys out")
                continue
            if name in found:
                first = keys[name]
                self._note(
                    "RB002", f"`{name}` stands twice", place, label="the second time",
                    help=f"the first is on line {first.line}; YAML would keep the last without a word",
                )  # fmt: skip
                continue
            keys[name] = place
            found[name] = self._node(value)
        return Node(found, span, keys)

    def _scalar(self, node: yaml.ScalarNode, span: Span) -> Node:
        text = str(node.value)
        if node.style:
            return Node(text, span, is_quoted=True)
        misread_as = misread(text, node.tag) if text else ""
        if misread_as:
            self._note("RB003", f"YAML 1.1 reads `{short(text)}` as {misread_as}", span, help=unquoted(text))
            return Node(text, span)
        if is_too_long(text):
            help = "put it in quotes if it is a text"
            self._note("RB003", f"this number has more than {MOST_DIGITS} digits", span, help=help)
            return Node(text, span)
        return Node(value_of(text), span)

    def _note(self, code: str, message: str, span: Span, *, label: str = "", help: str = "") -> None:
        self.diagnostics.append(Diagnostic(code, message, self.source.path, clip(span, self.source), label, help))


def _place(mark: Any) -> Place:
    return (mark.line, mark.column)


def _unreadable(source: Source, why: Unreadable) -> Parsed:
    line = min(why.line + 1, len(source.lines))
    col = min(why.col + 1, len(source.line(line)) + 1)
    return _failed(source, "RB001", why.message, Span(line, col, line, col + 1), help=why.help)


def _failed(source: Source, code: str, message: str, span: Span, *, help: str = "") -> Parsed:
    return Parsed(source, None, [Diagnostic(code, message, source.path, span, "", help)])
