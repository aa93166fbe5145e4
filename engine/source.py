"""YAML with places: nodes that know their line and column, and refusal of what a reader would misread. Floor 1.

YAML 1.1, which PyYAML speaks, reads `on` as true, `010` as 8 and `12:30` as 750, keeps the last of two equal keys and
expands anchors without end. A runbook is read by people first, so every such thing is an error with its place.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from engine.diagnostics import Diagnostic, Span
from engine.plain import dataclass
from engine.yaml.tokens import Scanned
from engine.yaml.words import Place, Quoted, Unreadable, character, explain, unseen

MOST_BYTES = 256 * 1024
MOST_DEPTH = 40
MOST_DIGITS = 18
_LEVELS = f"{MOST_DEPTH} levels are the most"

# Plain scalars that YAML 1.1 reads as something else than a person does (yaml.org/type/bool, int, float, null).
_BOOL_WORDS = re.compile(r"(?i:y|yes|n|no|on|off)")
_OCTAL = re.compile(r"[-+]?0[0-7_]+")
_ODD_INT = re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o[0-7_]+|[0-9][0-9_]*_[0-9_]*)")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_FLOAT = re.compile(r"[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|\.[0-9]+|[0-9]+[eE][-+]?[0-9]+)")
_ODD_FLOAT = re.compile(r"(?i:[-+]?\.(inf)|\.nan)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?")
_NULL = re.compile(r"~|(?i:null)")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_BOOL = re.compile(r"true|false")
_TEXT_TAG = "tag:yaml.org,2002:str"
_ODD_BOOL = re.compile(r"(?i:true|false)")


@dataclass(frozen=True)
class Source:
    """One file as it was read. `digest` is SHA-256 of its bytes."""

    path: str
    text: str
    digest: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its lines without their ends; the last one is empty where the file ends with its line."""
        return tuple(line.removesuffix("\r") for line in self.text.split("\n"))

    def line(self, number: int) -> str:
        """A line by its number, from 1; empty where there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place. `value` is a str, int, bool, None, a list of nodes or a dict of name to node.

    `keys` holds the places of a mapping's keys.
    """

    value: Any
    span: Span
    keys: dict[str, Span] = field(default_factory=dict)
    is_quoted: bool = False

    @property
    def kind(self) -> str:
        """What a person calls a value of this type."""
        names = {str: "text", bool: "true or false", int: "a whole number", list: "a list", dict: "a mapping"}
        return names.get(type(self.value), "nothing")

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def at(self, *route: str | int) -> Node | None:
        """The node at the end of a route of keys and indexes, or None."""
        node: Node | None = self
        for part in route:
            if node is None:
                return None
            if isinstance(node.value, dict) and isinstance(part, str):
                node = node.value.get(part)
            elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
                node = node.value[part]
            else:
                return None
        return node


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
    if is_quick and (quick := _quick(source)) is not None:
        return quick
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


# libyaml's loader; None where PyYAML was built without it.
_LIBYAML: Any = getattr(yaml, "CSafeLoader", None)
# A comment right behind the sign of a block of text: libyaml takes it, PyYAML does not.
_BLOCK_COMMENT = re.compile(r"[|>][-+0-9]*#")


def _quick(source: Source) -> Parsed | None:
    """The file as libyaml reads it; None where anything is wrong with it, or PyYAML might read it otherwise."""
    text = source.text
    if _LIBYAML is None or "\t" in text or _BLOCK_COMMENT.search(text):
        return None
    reader = _Reader(source, _LIBYAML)
    try:
        root = reader.read(text) if _is_alike(text) else None
    except (yaml.YAMLError, RecursionError):
        return None
    return Parsed(source, root, []) if root is not None and not reader.diagnostics else None


def _is_alike(text: str) -> bool:
    """Whether no plain word within brackets holds a sign that libyaml takes as a letter and PyYAML does not."""
    flow = 0
    for token in yaml.scan(text, Loader=_LIBYAML):
        flow += isinstance(token, yaml.FlowMappingStartToken | yaml.FlowSequenceStartToken)
        flow -= isinstance(token, yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken)
        if flow and isinstance(token, yaml.ScalarToken) and token.plain and {"?", "!", ":"} & set(token.value):
            return False
    return True


_REFUSED: dict[type[yaml.Token], tuple[str, str]] = {
    yaml.AnchorToken: ("an anchor", "remove it, and write the value out wherever it is needed"),
    yaml.AliasToken: ("an alias", "write the value out"),
    yaml.TagToken: ("a tag", "put a text in quotes: YAML takes a word after `!` for a tag"),
    yaml.DirectiveToken: ("a directive", "remove the line"),
}


class _Reader:
    """Turns PyYAML's node graph into ours, and notes what may not stand in it."""

    def __init__(self, source: Source, loader: Any = yaml.SafeLoader) -> None:
        self.source = source
        self._loader = loader
        self.diagnostics: list[Diagnostic] = []
        self.quoted: list[Quoted] = []
        self._tokens: list[yaml.Token] = []

    def read(self, text: str) -> Node | None:
        if not self._is_shallow(text):
            return None
        # libyaml parses for itself, and fast.
        loader = Scanned(self._tokens) if self._loader is yaml.SafeLoader else self._loader(text)
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
        for token in yaml.scan(text, Loader=self._loader):
            self._tokens.append(token)
            depth += isinstance(token, opening) - isinstance(token, closing)
            if depth > MOST_DEPTH:
                self._note("RB001", "this is nested too deeply", _span(token), help=_LEVELS)
                return False
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                self.quoted.append((_place(token.start_mark), _place(token.end_mark)))
            if type(token) in _REFUSED:
                what, help = _REFUSED[type(token)]
                self._note("RB005", f"{what} cannot stand here", _span(token), help=help)
                is_fine = False
        return is_fine

    def _node(self, node: yaml.Node) -> Node:
        span = _span(node)
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
            place = _span(key)
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
        if node.style:  # libyaml says "", PyYAML None
            return Node(text, span, is_quoted=True)
        if text == "":
            return Node(None, span)
        misread = _misread(text, node.tag)
        if misread:
            self._note("RB003", f"YAML 1.1 reads `{_short(text)}` as {misread}", span, help=_unquoted(text))
            return Node(text, span)
        if _BOOL.fullmatch(text):
            return Node(text == "true", span)
        if not _INT.fullmatch(text):
            return Node(text, span)
        if len(text) > MOST_DIGITS:
            help = "put it in quotes if it is a text"
            self._note("RB003", f"this number has more than {MOST_DIGITS} digits", span, help=help)
            return Node(text, span)
        return Node(int(text), span)

    def _note(self, code: str, message: str, span: Span, *, label: str = "", help: str = "") -> None:
        self.diagnostics.append(Diagnostic(code, message, self.source.path, clip(span, self.source), label, help))


def _misread(text: str, tag: str) -> str:
    """What YAML 1.1 makes of a plain scalar that a person reads otherwise; empty when both agree.

    `tag` is PyYAML's own reading: whatever it takes for more than text, and no pattern here knows, is misread too.
    """
    if _BOOL_WORDS.fullmatch(text):
        return "`true`" if text.lower() in ("y", "yes", "on") else "`false`"
    if _BOOL.fullmatch(text) or _INT.fullmatch(text):
        return ""
    if _ODD_BOOL.fullmatch(text):
        return f"`{text.lower()}`"
    for pattern, what in (
        (_OCTAL, "an octal number"), (_ODD_INT, "a number in another notation"), (_SEXAGESIMAL, "a number in base 60"),
        (_FLOAT, "a binary fraction, which is not exact"), (_ODD_FLOAT, "infinity or no number"), (_DATE, "a date"),
        (_NULL, "nothing"),
    ):  # fmt: skip
        if pattern.fullmatch(text):
            return what + _in_tens(text, tag)
    return "" if tag == _TEXT_TAG else "something that is no text"


def _in_tens(text: str, tag: str) -> str:
    """`, 8`: the value that a whole number has for PyYAML."""
    if tag != "tag:yaml.org,2002:int" or len(text) > MOST_DIGITS:
        return ""
    value = yaml.SafeLoader("").construct_yaml_int(yaml.ScalarNode(tag, text))
    return f": {value}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _unquoted(text: str) -> str:
    if _BOOL_WORDS.fullmatch(text) or _ODD_BOOL.fullmatch(text):
        return f'write `true` or `false`, or "{text}" for the word'
    if _NULL.fullmatch(text):
        return f'leave the key out, or write "{text}" for the word'
    if _OCTAL.fullmatch(text) or _ODD_INT.fullmatch(text):
        return f'write the number in plain digits, or "{_short(text)}" for the text'
    return f'write "{_short(text)}" for the text as it stands'


def _place(mark: Any) -> Place:
    return (mark.line, mark.column)


def _unreadable(source: Source, why: Unreadable) -> Parsed:
    line = min(why.line + 1, len(source.lines))
    col = min(why.col + 1, len(source.line(line)) + 1)
    return _failed(source, "RB001", why.message, Span(line, col, line, col + 1), help=why.help)


def _failed(source: Source, code: str, message: str, span: Span, *, help: str = "") -> Parsed:
    return Parsed(source, None, [Diagnostic(code, message, source.path, span, "", help)])


def _span(node: Any) -> Span:
    start, end = node.start_mark, node.end_mark
    return _of(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _of(line: int, col: int, end_line: int, end_col: int) -> Span:
    if end_line > line:
        return Span(line, col, line, max(col + 1, 10_000))
    return Span(line, col, end_line, max(end_col, col + 1))


def clip(span: Span, source: Source) -> Span:
    """The span within its line, for drawing."""
    end = len(source.line(span.line)) + 1
    col = min(span.col, max(end, 1))
    return Span(span.line, col, span.line, max(col + 1, min(span.end_col, end)))


def walk(node: Node) -> Iterator[Node]:
    """Every node below and including this one."""
    yield node
    children = (
        node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    )
    for child in children:
        yield from walk(child)
