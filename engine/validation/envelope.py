"""The envelope: keys, types and inputs of a runbook file, from nodes to a Runbook. Floor 4."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath

from engine.model import INPUT_TYPES, FailureNote, Input, Kind, Runbook, StepDef, parse_input
from engine.source import Node, Source
from engine.validation.format import FLAGS, INPUT, NAME, NOTE, RESERVED, RUNBOOK, STEP
from engine.validation.keys import keys_of
from engine.validation.notes import Notes, nearest

_NAME = re.compile(NAME, re.ASCII)


def envelope(root: Node, source: Source, notes: Notes) -> Runbook | None:
    """The runbook that the nodes make; None when too little of it is there to look further."""
    top = keys_of(root, RUNBOOK, "a runbook", notes)
    if top is None:
        return None
    name = _str(top, "runbook")
    if name and not _NAME.fullmatch(name):
        notes.error("RB011", f"`{name}` is no name for a runbook", top["runbook"].span, help=_NAME_HELP)
    elif name and name != PurePath(source.path).stem:
        message = f"the runbook `{name}` stands in a file of another name"
        help = f"it is found by its file: call the file `{name}.yaml`, or the runbook `{PurePath(source.path).stem}`"
        notes.error("RB030", message, top["runbook"].span, help=help)
    inputs = _inputs(top.get("inputs"), notes)
    steps = _steps(top.get("steps"), notes)
    if not steps:
        return None
    version = top["version"].value if "version" in top else 0
    if "version" in top and version < 1:
        notes.error("RB011", "`version` must be 1 or more", top["version"].span, help="count up with every change")
    return Runbook(
        runbook=name,
        version=version,
        title=_str(top, "title"),
        summary=_str(top, "summary"),
        subject=_str(top, "subject"),
        inputs=inputs,
        steps=tuple(steps),
        source=source,
        use_when=_str(top, "use_when"),
        prerequisites=tuple(_texts(top.get("prerequisites"), "prerequisites", notes)),
        when_it_fails=tuple(_notes(top.get("when_it_fails"), notes)),
        undo=_str(top, "undo"),
        audit=_str(top, "audit"),
    )


_NAME_HELP = "use small letters, digits and underscores, a letter first"


def _str(keys: Mapping[str, Node], name: str) -> str:
    return str(keys[name].value) if name in keys else ""


def _inputs(node: Node | None, notes: Notes) -> dict[str, Input]:
    inputs: dict[str, Input] = {}
    for name, item in (node.value if node is not None else {}).items():
        assert node is not None
        if not _NAME.fullmatch(name):
            notes.error("RB024", f"`{name}` is no name for an input", node.keys[name], help=_NAME_HELP)
        elif name in FLAGS:
            message = f"`--{name.replace('_', '-')}` means something else to `runbook run`"
            notes.error("RB024", message, node.keys[name], help="choose another name for the input")
        keys = keys_of(item, INPUT, f"the input `{name}`", notes)
        notes.broken_inputs.add(name)
        if keys is None or "type" not in keys:
            continue
        type = str(keys["type"].value)
        if type not in INPUT_TYPES:
            help = nearest(type, INPUT_TYPES)
            notes.error("RB011", f"there is no input type `{type}`", keys["type"].span, help=help)
            continue
        default = keys.get("default")
        text = None if default is None else _default(name, type, default, notes)
        optional = bool(keys["optional"].value) if "optional" in keys else False
        if optional and default is not None:
            message = f"the input `{name}` is optional and has a default"
            notes.error(
                "RB025", message, keys["optional"].span, help="with a default it never is absent: drop `optional`"
            )
        elif type == "flag" and default is not None and text == "true":
            message = f"nobody could switch `{name}` off"
            help = "a flag is off until it is given: give it the opposite name, without a default"
            notes.error("RB025", message, default.span, help=help)
        if not _NAME.fullmatch(name):
            continue
        notes.broken_inputs.discard(name)
        inputs[name] = Input(name, type, optional, text, _str(keys, "help").strip())
    return inputs


def _default(name: str, type: str, node: Node, notes: Notes) -> str | None:
    text = ("true" if node.value else "false") if isinstance(node.value, bool) else str(node.value)
    try:
        parse_input(type, text)
    except ValueError as error:
        notes.error("RB025", f"the default of `{name}` is no {type}", node.span, help=str(error))
        return None
    return text


def _steps(node: Node | None, notes: Notes) -> list[StepDef]:
    steps: list[StepDef] = []
    seen: dict[str, int] = {}
    rows = node.value if node is not None else []
    if node is not None and not rows:
        notes.error("RB013", "a runbook needs steps", node.span, help="begin each with `- id: NAME`")
    for row in rows:
        keys = keys_of(row, STEP, "a step", notes)
        notes.broken_steps.append(row)
        if keys is None or "id" not in keys:
            continue
        id = str(keys["id"].value)
        place = keys["id"].span
        if id in RESERVED or not _NAME.fullmatch(id):
            why = "a word that means something else" if id in RESERVED else "no name for a step"
            notes.error("RB024", f"`{id}` is {why}", place, help=_NAME_HELP if id not in RESERVED else "choose another")
        if id in seen:
            notes.error("RB024", f"two steps are called `{id}`", place, help=f"the first is on line {seen[id]}")
            continue
        seen[id] = place.line
        kinds = [kind for kind in ("step", "check", "policy", "confirm") if kind in row.value]
        if len(kinds) != 1:
            many = " and ".join(f"a `{kind}`" for kind in kinds)
            message = f"`{id}` cannot be {many} at once" if many else f"`{id}` does not say what it does"
            notes.error("RB013", message, place, help="a step has one of `step`, `check`, `policy` and `confirm`")
            continue
        if kinds[0] not in keys or ("with" in row.value and "with" not in keys):
            continue
        kind: Kind = kinds[0]  # type: ignore[assignment]
        if kind == "policy" and not _sets(keys["policy"], notes):
            continue
        notes.broken_steps.pop()
        steps.append(
            StepDef(
                id=id,
                kind=kind,
                name=" ".join(_sets(keys[kind], notes)) if kind == "policy" else str(keys[kind].value),
                title=_str(keys, "title") or None,
                section=_str(keys, "section") or None,
                with_={name: value.plain() for name, value in keys["with"].value.items()} if "with" in keys else {},
                node=row,
            )
        )
    return steps


def _sets(node: Node, notes: Notes) -> list[str]:
    """The names of policy sets; none, where anything is wrong with them."""
    words = [row.value for row in node.value if isinstance(row.value, str) and re.fullmatch(r"\S+", row.value)]
    if len(words) == len(node.value) > 0:
        return list(dict.fromkeys(words))
    if not notes.has_one_at(node.span):
        help = "write the names of files without `.yaml`, as `policy: [billing]`"
        notes.error("RB011", "`policy` must be a list of names", node.span, help=help)
    return []


def _texts(node: Node | None, what: str, notes: Notes) -> list[str]:
    rows = node.value if node is not None else []
    for row in rows:
        if not isinstance(row.value, str):
            help = "put a text that has a colon or begins with a bracket in quotes"
            notes.error("RB011", f"an item of `{what}` must be text, not {row.kind}", row.span, help=help)
    return [row.value for row in rows if isinstance(row.value, str)]


def _notes(node: Node | None, notes: Notes) -> list[FailureNote]:
    found = []
    for row in node.value if node is not None else []:
        keys = keys_of(row, NOTE, "a note of `when_it_fails`", notes)
        if keys is not None and {"on", "say"} <= set(keys):
            found.append(FailureNote(str(keys["on"].value), str(keys["say"].value)))
    return found
