"""A case of a check: facts of a recording in, a verdict out. One file a case, in `cases/CHECK/` beside the check's code.

Floor 5. The format stands in `docs/own-steps-and-checks.md`; the checks that come with runbook have theirs in the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.checks.base import Check, Here, Outcome, Params
from engine.config.table import BY_NAME, Place
from engine.diagnostics import Diagnostic, Span, shown, sort
from engine.errors import Invalid, UsageFault
from engine.facts import Confirmed, Fact
from engine.manual import page
from engine.model import INPUT_TYPES
from engine.plain import dataclass
from engine.references import find, is_whole, look_up
from engine.sandbox.scenario import SHIPPED, Scenario, load
from engine.source import Node, Parsed
from engine.source import read as read_yaml
from engine.testing.check_cases import CheckCase, Said
from engine.testing.recorded_facts import facts_of, lists_of, stage_of
from engine.testing.texts import Texts
from engine.validation.notes import Notes, nearest, one_of
from engine.validation.types import type_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
VERDICTS: tuple[Outcome, ...] = ("pass", "warn", "deny")
_CASE: dict[str, tuple[type, bool]] = {
    "says": (str, False), "recording": (str, False), "recordings": (dict, False), "change": (dict, False),
    "remove": (list, False), "with": (dict, True), "here": (dict, False), "expect": (dict, True),
}  # fmt: skip
_HERE: dict[str, tuple[type, bool]] = {
    "now": (str, False), "operator_id": (str, False), "operator_roles": (list, False), "finalize_timeout": (int, False),
    "is_preflight": (bool, False),
}  # fmt: skip
_EXPECT: dict[str, tuple[type, bool]] = {
    "verdict": (str, True), "message": (Node, True), "fix": (Node, False), "more": (list, False),
}  # fmt: skip


def read(path: Path, check: Check[Any], recordings: Sequence[Path] = (SHIPPED,)) -> CheckCase:
    """Read a case. `recordings` are folders in which a recording's name is looked up, before it is a path from the case.

    Raises Invalid with all that is wrong, UsageFault when it cannot be read.
    """
    try:
        parsed = read_yaml(path, shown(path))
    except OSError as error:
        raise UsageFault(f"{shown(path)} cannot be read: {error.strerror}") from error
    reading = _Reading(parsed, path, check, recordings)
    case = reading.case()
    if case is None or reading.found:
        hint = f"{page('own-steps-and-checks')} shows the format."
        raise Invalid(f"{shown(path)} is no case of `{check.name}`", reading.found, hint=hint)
    return case


@dataclass
class _Reading:
    """One file being read."""

    parsed: Parsed
    path: Path
    check: Check[Any]
    recordings: Sequence[Path]
    texts: Texts = field(init=False)
    names: dict[str, Any] = field(default_factory=dict)
    _nothing: set[Span] = field(default_factory=set)

    def __post_init__(self) -> None:
        # Here nothing may stand for itself: a field that Lago left empty, a parameter that is not given.
        nothing = [
            one for one in self.parsed.diagnostics if one.code == "RB003" and one.message.endswith(" as nothing")
        ]
        kept = [one for one in self.parsed.diagnostics if one not in nothing]
        self._nothing = {one.span for one in nothing}
        self.texts = Texts(Notes(self.parsed.source, kept))

    @property
    def found(self) -> list[Diagnostic]:
        """Everything that is wrong so far, by place."""
        return sort(self.texts.notes.found)

    def case(self) -> CheckCase | None:
        """The case; None when something is wrong."""
        if self.parsed.root is None:
            return None
        keys = self.texts.keys(self.parsed.root, _CASE, "a case")
        if keys is None:
            return None
        self._learn(keys)
        self._change(keys)
        here = self._here(keys.get("here"))
        expect = self.texts.keys(keys["expect"], _EXPECT, "`expect`") if "expect" in keys else None
        params = self._params(keys["with"]) if "with" in keys and not self.found else None
        if params is None or here is None or not expect or self.found:
            return None
        verdict = self.texts.word(expect["verdict"], VERDICTS, "verdict", "")
        nothing = Said((), False, expect["verdict"].span)
        message, fix = (self._said(expect[key]) if key in expect else nothing for key in ("message", "fix"))
        more = tuple((placed.value, placed.span) for placed in self.texts.list(expect.get("more"), "more"))
        place = expect["verdict"].span
        return CheckCase(self.path, self.check, params, here, verdict, place, message, fix, more, self.names)

    # What is known

    def _learn(self, keys: Mapping[str, Node]) -> None:
        if "recording" in keys and "recordings" in keys:
            help = "name one under `recording`, or several by names of your own under `recordings`"
            self.texts.error("RT002", "`recording` and `recordings` stand side by side", keys["recordings"].span, help)
        elif "recording" in keys:
            self.names = dict(self._stage(keys["recording"]))
        for name, node in keys["recordings"].value.items() if "recordings" in keys else ():
            self.names[name] = dict(self._stage(node))

    def _stage(self, node: Node) -> Mapping[str, Fact]:
        text = str(node.value)
        name, _, stage = text.rpartition("/")
        known = {path.name: path for folder in self.recordings for path in folder.iterdir() if path.is_dir()}
        folder = known.get(name, self.path.parent / name)
        try:
            scenario = _loaded(folder.resolve())
        except (OSError, KeyError, TypeError, ValueError, AttributeError):
            help = nearest(name, known) or "write `RECORDING/STAGE`: one that comes with runbook, or a folder from here"
            self.texts.error("RT005", f"there is no recording `{name}`", node.span, help)
            return {}
        found = stage_of(scenario, stage)
        if found is None:
            stages = [one.name for one in scenario.stages if one.file]
            self.texts.error(
                "RT005", f"`{name}` has no stage `{stage}`", node.span, nearest(stage, stages) or one_of(stages)
            )
            return {}
        return _known(folder.resolve(), stage)

    def _change(self, keys: Mapping[str, Node]) -> None:
        for path, node in keys["change"].value.items() if "change" in keys else ():
            value = self._plain(node)
            self._at(path, keys["change"].keys[path], lambda row, key, value=value: row.__setitem__(key, value))
        for node in keys["remove"].value if "remove" in keys else ():
            *within, last = str(node.value).split(".")
            holder = self.names.get(within[0]) if len(within) == 1 else self.names
            if len(within) < 2 and isinstance(holder, dict) and isinstance(holder.get(last), Fact):
                del holder[last]  # the whole fact
                continue
            self._at(str(node.value), node.span, lambda row, key: row.__delitem__(key))

    def _at(self, path: str, span: Span, do: Any) -> None:
        """Do something to the field at `path` (`invoice.fees.0.amount_cents`), and read its fact again."""
        parts = path.split(".")
        depth = 2 if parts[0] in self.names and isinstance(self.names[parts[0]], dict) else 1
        holder = self.names[parts[0]] if depth == 2 else self.names
        fact = holder.get(parts[depth - 1]) if len(parts) > depth else None
        if not isinstance(fact, Fact):
            help = f"begin with a fact and a field of it: {one_of(self._facts())}"
            self.texts.error("RT011", f"`{path}` changes nothing", span, help)
            return
        raw = _listed(fact.model_dump(exclude_unset=True))
        try:
            row: Any = raw
            there: Any = fact
            *before, last = (int(part) if part.isdigit() else part for part in parts[depth:])
            for key in before:
                row = row[key]
                there = getattr(there, str(key)) if isinstance(there, Fact) else there[key]
            # A field that this server left out may be given; a misspelt one would only be kept, and change nothing.
            if isinstance(there, Fact) and last not in row and last not in type(there).model_fields:
                raise KeyError(last)
            do(row, last)
            holder[parts[depth - 1]] = type(fact).model_validate(raw)
        except ValidationError as error:
            self.texts.error("RT011", f"`{path}` cannot be so", span, error.errors()[0]["msg"])
        except (LookupError, TypeError, AttributeError):
            self.texts.error("RT011", f"`{path}` leads nowhere", span, "name a field that the recording has")

    def _facts(self) -> list[str]:
        inner = [(name, value) for name, value in self.names.items() if isinstance(value, dict)]
        return [f"{name}.{fact}" for name, facts in inner for fact in facts] or list(self.names)

    # What the check is handed

    def _params(self, node: Node) -> Params | None:
        fields = self.check.Params.model_fields
        values = {}
        for key, value in node.value.items():
            if key not in fields:
                help = nearest(key, fields) or f"`{self.check.name}` takes none"
                self.texts.error("RT001", f"`{self.check.name}` has no parameter `{key}`", node.keys[key], help)
            else:
                values[key] = self._value(key, value, fields[key].annotation)
        if self.found:
            return None
        try:
            params: Params = self.check.Params(**values)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            spot = (
                node.value[str(first["loc"][0])].span
                if first["loc"] and str(first["loc"][0]) in node.value
                else node.span
            )
            self.texts.error("RT007", f"`{place}` cannot be handed to `{self.check.name}`", spot, first["msg"])
            return None
        return params

    def _value(self, key: str, node: Node, annotation: Any) -> Any:
        """A reference to a fact, a stage as what was confirmed, or a literal as it is typed on a command line."""
        raw = self._plain(node)
        if is_whole(raw):
            try:
                found = look_up(find(raw)[0].path, self.names)
            except (KeyError, AttributeError):
                help = f"there is {one_of(sorted({*self.names, *self._facts()}))}" if self.names else "name a recording"
                self.texts.error("RT013", f"`{raw}` is nothing here", node.span, help)
                return None
            return _confirmed(found) if isinstance(found, dict) else found
        classes = type_of(annotation).classes
        for name, (read, kind) in INPUT_TYPES.items():
            if isinstance(raw, str) and kind in classes and kind not in (str, bool, int):
                try:
                    return read(raw)
                except ValueError as error:
                    self.texts.error("RT007", f"`{key}` is no {name}", node.span, str(error))
        return self._plain(node)

    def _plain(self, node: Node) -> Any:
        if isinstance(node.value, dict):
            return {name: self._plain(one) for name, one in node.value.items()}
        if isinstance(node.value, list):
            return [self._plain(one) for one in node.value]
        return None if node.span in self._nothing else node.value

    def _here(self, node: Node | None) -> Here | None:
        usual: dict[str, Any] = {"now": NOON, "operator_id": "jane", "operator_roles": ("billing_admin",)}
        keys = self.texts.keys(node, _HERE, "`here`") if node is not None else {}
        if keys is None:
            return None
        said = {name: one.plain() for name, one in keys.items()}
        if "operator_roles" in said:
            said["operator_roles"] = tuple(said["operator_roles"])
        if "now" in keys:
            place = Place(Path(), Path())
            said["now"] = self.texts.read(keys["now"], lambda text: BY_NAME["clock"].read(text, place), "moment")
        return Here(**{**usual, **said})

    def _said(self, node: Node) -> Said:
        texts = tuple(placed.value for placed in self.texts.list(node, "the sentence"))
        return Said(texts, isinstance(node.value, str), node.span)


def _confirmed(facts: Mapping[str, Fact]) -> Confirmed:
    shown = {name: fact for name, fact in facts.items() if name != "lists"}
    return Confirmed(facts=shown, figures_digest="sha256:0", at=NOON)


def _listed(value: Any) -> Any:
    """The same with lists for tuples, so that it can be changed."""
    if isinstance(value, Mapping):
        return {key: _listed(item) for key, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, list | tuple) else value


@lru_cache(maxsize=64)
def _loaded(folder: Path) -> Scenario:
    """A recording, read once."""
    return load(folder)


@lru_cache(maxsize=256)
def _known(folder: Path, stage: str) -> Mapping[str, Fact]:
    """The facts of a stage that there is, worked out once however many cases rest on it. No fact ever changes."""
    scenario = _loaded(folder)
    found = stage_of(scenario, stage)
    assert found is not None
    facts = facts_of(found)
    lists = lists_of(found, scenario.invoice)
    return {**facts, "lists": lists} if lists is not None else facts
