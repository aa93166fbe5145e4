"""The keys of one mapping against those that are wanted: unknown, of the wrong type, empty, missing. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.plain import dataclass
from engine.source import Node
from engine.validation.notes import Notes, meant, nearest, one_of

_TYPES = {
    str: "text",
    int: "a whole number",
    bool: "`true` or `false`",
    list: "a list",
    dict: "a mapping",
    object: "a text, a whole number, `true` or `false`",
}
_HOW = {
    str: "write `{0}: words`; a number or `true` for words needs quotes",
    int: "write `{0}: 1`, without quotes",
    bool: "write `{0}: true` or `{0}: false`, without quotes",
    list: "write each item on a line of its own below `{0}:`, after `- `",
    dict: "write `name: value` lines below `{0}:`",
    object: "write it on the same line, after `{0}:`",
}


class Key(NamedTuple):
    """What a key holds, whether it must be there, and what it is for, in half a sentence."""

    kind: type
    is_needed: bool
    help: str = ""


@dataclass(frozen=True, slots=True)
class Codes:
    """What these findings are called in a kind of file."""

    unknown: str
    wrong: str
    missing: str


RUNBOOK = Codes("RB010", "RB011", "RB013")


def keys_of(
    node: Node, wanted: Mapping[str, Key | tuple[type, bool]], what: str, notes: Notes, codes: Codes = RUNBOOK
) -> dict[str, Node] | None:
    """The node's keys that are wanted and have the right type; everything else is noted. None: it is no mapping.

    `wanted` has for each key its type (`object`: any scalar; `Node`: anything at all) and whether it must be there.
    """
    if not isinstance(node.value, dict):
        notes.error(
            codes.wrong, f"{what} must be a mapping, not {node.kind}", node.span, help=f"its keys: {one_of(wanted)}"
        )
        return None
    found: dict[str, Node] = {}
    misspelt: set[str | None] = set()
    for key, value in node.value.items():
        if key not in wanted:
            misspelt.add(meant(key, wanted))
            notes.error(codes.unknown, f"{what} has no key `{key}`", node.keys[key], help=nearest(key, wanted))
        elif not _is(value, wanted[key][0]):
            needed = _TYPES[wanted[key][0]]
            help = _HOW[wanted[key][0]].format(key)
            notes.error(codes.wrong, f"`{key}` must be {needed}, not {value.kind}", _place(node, key, value), help=help)
        elif isinstance(value.value, str) and not value.value.strip() and wanted[key][0] not in (object, Node):
            notes.error(
                codes.wrong,
                f"`{key}` must not be empty",
                value.span,
                help="write a text" if wanted[key][1] else f"write a text, or remove `{key}`",
            )
        else:
            found[key] = value
    for key, one in wanted.items():
        if one[1] and key not in node.value and key not in misspelt:
            notes.error(codes.missing, f"{what} lacks `{key}`", node.span, help=f"add `{key}:`")
    return found


def _is(node: Node, kind: type) -> bool:
    if kind is Node:
        return True
    if kind is object:
        return isinstance(node.value, str | int | bool)
    if kind is int:
        return isinstance(node.value, int) and not isinstance(node.value, bool)
    return isinstance(node.value, kind)


def _place(node: Node, key: str, value: Node) -> Any:
    return node.keys[key] if value.value is None else value.span
