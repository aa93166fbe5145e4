"""A policy file, from YAML to a compiled set, and everything that is wrong with it at once (`docs/policies.md`). Floor 4."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path, PurePath
from typing import Any

from engine.cel import Program
from engine.cel.types import NEVER, Type
from engine.diagnostics import Diagnostic, Span, sort
from engine.plain import dataclass
from engine.policy.kinds import KINDS, Kind
from engine.policy.model import PLANNED, RESERVED, Asked, Policy, PolicySet, names_of
from engine.policy_files import format
from engine.policy_files.expressions import Expressions
from engine.policy_files.missing_entries import Params
from engine.policy_files.rego import RegoReading, digest_of
from engine.policy_files.rules import Rules
from engine.policy_files.shapes import MOMENT, Shapes
from engine.source import Node, Parsed, Source
from engine.validation.keys import Key, keys_of
from engine.validation.notes import Notes, meant, nearest, one_of

_NAME = re.compile(format.VARIABLE, re.ASCII)
_NAME_HELP = "use small letters, digits and underscores, a letter first"


def read(parsed: Parsed, folder: Path | None = None) -> tuple[PolicySet | None, list[Diagnostic]]:
    """The set of one file, and everything wrong with it; None when there is an error. Never raises.

    `folder` is where the file lies: what it names is looked for there.
    """
    notes = Notes(parsed.source, [one for one in parsed.diagnostics if not _is_a_moment(one, parsed.source)])
    found = Reading(notes, parsed.source, folder).file(parsed.root) if parsed.root is not None else None
    told = sort(notes.found)
    return (None if any(one.severity == "error" for one in told) else found), told


def _is_a_moment(one: Diagnostic, source: Source) -> bool:
    """A moment in plain letters, which YAML 1.1 has a type of its own for, is no text that anybody misreads."""
    written = source.line(one.span.line)[one.span.col - 1 : one.span.end_col - 1]
    return one.code == "RB003" and MOMENT.fullmatch(written) is not None


def _is_meant(root: Node, key: str) -> bool:
    """Whether a section is there and cannot be used, or another key is likely it, misspelt."""
    return any(one == key or (one not in format.SET and meant(one, format.SET) == key) for one in root.value)


@dataclass
class Reading:
    """One file being read."""

    notes: Notes
    source: Source
    folder: Path | None = None
    facts: dict[str, Kind] = field(default_factory=dict)
    mirrors: str | None = None
    types: dict[str, Type] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    variables: dict[str, Program] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shapes = Shapes(self.notes)
        self.expressions = Expressions(self.notes)
        self._broken: dict[str, Type] = {}
        self._lost: set[str] = set()

    def file(self, root: Node) -> PolicySet | None:
        """The set; None when too little of it is there."""
        engine = root.at("engine")
        is_rego = engine is not None and engine.value == "opa"
        top = self.keys(root, format.IN_REGO if is_rego else format.SET, "a policy file" + " in Rego" * is_rego)
        if top is None:
            return None
        self._lose({key for key in format.SET if key not in top and _is_meant(root, key)})
        self._word(top.get("apiVersion"), "apiVersion", (format.API_VERSION,))
        self._word(top.get("kind"), "kind", (format.KIND,))
        self._word(engine, "engine", format.ENGINES)
        about = self.keys(top["metadata"], format.METADATA, "`metadata`") if "metadata" in top else None
        self._own_name((about or {}).get("name"))
        applies = self.keys(top["applies_to"], format.APPLIES_TO, "`applies_to`") if "applies_to" in top else None
        self._facts(top.get("facts"))
        self._params(top.get("types"), top.get("params"), top.get("environments"))
        self._variables(top.get("variables"))
        rules = Rules(self.notes, self.expressions, self.names, self.keys)
        if is_rego:
            asked = RegoReading(self.notes, rules, self.folder).read(top.get("opa"))
            return self._made(about or {}, applies or {}, [], asked)
        policies = rules.all(top.get("policies"))
        self._unused(top)
        found = self._made(about or {}, applies or {}, policies)
        if not self._lost:
            self.expressions.missing_entries(Params(found.params, found.by_environment, found.environments))
        return found

    def _made(
        self, about: Mapping[str, Node], applies: Mapping[str, Node], policies: list[Policy], asked: Asked | None = None
    ) -> PolicySet:
        said = {name: str(node.value) for name, node in about.items()}
        return PolicySet(
            name=said.get("name", ""),
            title=said.get("title", ""),
            version=said.get("version", ""),
            owner=said.get("owner", ""),
            path=self.source.path,
            digest=digest_of("sha256:" + self.source.digest, asked),
            actions=self._list(applies.get("actions"), "actions"),
            environments=self._list(applies.get("environments"), "environments"),
            facts=self.facts,
            mirrors=self.mirrors,
            param_types=self.types,
            params=self.values,
            by_environment=self.environments,
            variables=self.variables,
            policies=tuple(policies),
            text=self.source.text,
            opa=asked,
        )

    def keys(self, node: Node, wanted: Mapping[str, Key], what: str) -> dict[str, Node] | None:
        """A mapping's keys, with what is wrong noted under this kind of file's codes."""
        kinds = {name: (key.kind, key.is_needed) for name, key in wanted.items()}
        before = len(self.notes.found)
        found = keys_of(node, kinds, what, self.notes, format.CODES)
        self.expressions.has_broken |= len(self.notes.found) > before
        return found

    def _lose(self, sections: set[str]) -> None:
        """Take on trust what these sections would have said: what is wrong with them was told."""
        self._lost = sections
        self.expressions.is_blind = "facts" in sections
        self.shapes = Shapes(self.notes, types_are_lost="types" in sections)
        self._broken |= {name: NEVER for name in ("params", "variables") if name in sections}

    @property
    def names(self) -> dict[str, Type]:
        """What an expression may name now."""
        variables = {name: program.type for name, program in self.variables.items()}
        known = {name: of for name, of in self._broken.items() if name.startswith("variables.")}
        variables |= {name.partition(".")[2]: of for name, of in known.items()}
        names = names_of(self.facts, self.mirrors, self.types, variables)
        return names | {name: of for name, of in self._broken.items() if "." not in name}

    # Facts

    def _facts(self, node: Node | None) -> None:
        mirrored: Node | None = None
        for name, item in (node.value if node is not None else {}).items():
            assert node is not None
            kind = KINDS.get(item.value) if isinstance(item.value, str) else None
            if kind is None:
                help = nearest(str(item.value), KINDS) or f"it can be {one_of(KINDS)}"
                self.notes.error("RP005", f"there is no kind of fact `{item.value}`", item.span, help=help)
                self._broken[name] = NEVER
            elif name == PLANNED:
                mirrored = item
            elif self._is_a_name(name, node.keys[name], "a fact"):
                self.facts[name] = kind
        if mirrored is not None:
            of = KINDS[mirrored.value]
            same = [name for name, kind in self.facts.items() if kind == of]
            if len(same) == 1:
                self.mirrors = same[0]
                return
            self._broken[PLANNED] = NEVER
            why = f"there are {len(same)}" if same else "there is none"
            help = f"`{PLANNED}` shows one fact as it was planned: declare exactly one fact of the kind `{of.name}`"
            self.notes.error("RP006", f"`{PLANNED}` needs a fact to go with, and {why}", mirrored.span, help=help)

    def _is_a_name(self, name: str, place: Span, what: str) -> bool:
        if name in RESERVED:
            self.notes.error("RP006", f"`{name}` means something else", place, help="choose another name")
        elif not _NAME.fullmatch(name):
            self.notes.error("RP006", f"`{name}` is no name for {what}", place, help=_NAME_HELP)
        else:
            return True
        self._broken[name] = NEVER
        return False

    # Params

    def _params(self, types: Node | None, params: Node | None, environments: Node | None) -> None:
        if "params" in self._lost:
            return
        given: Mapping[str, Node] = params.value if params is not None else {}
        declared: Mapping[str, Node] = types.value if types is not None else {}
        for name in declared:
            assert types is not None
            if name not in given:
                help = nearest(name, given) or "give it a value under `params:`"
                self.notes.error("RP009", f"there is no param `{name}`", types.keys[name], help=help)
        for name, item in given.items():
            assert params is not None
            if not _NAME.fullmatch(name):
                self.notes.error("RP006", f"`{name}` is no name for a param", params.keys[name], help=_NAME_HELP)
            has_type = name in declared
            type = self.shapes.declared(declared[name], name) if has_type else self.shapes.told(item, name)
            self.types[name] = type
            self.values[name] = self.shapes.value(item, type, name)
        for label, item in (environments.value if environments is not None else {}).items():
            keys = self.keys(item, format.ENVIRONMENT, f"the environment `{label}`")
            if keys is not None and "params" in keys:
                self.environments[label] = dict(self._other(label, keys["params"]))

    def _other(self, label: str, node: Node) -> Iterable[tuple[str, Any]]:
        for name, item in node.value.items():
            if name not in self.types:
                help = nearest(name, self.types) or "declare it under `params:`, with what it is elsewhere"
                message = f"there is no param `{name}` to be other in `{label}`"
                self.notes.error("RP009", message, node.keys[name], help=help)
            else:
                yield name, self.shapes.value(item, self.types[name], name)

    # Variables

    def _variables(self, node: Node | None) -> None:
        for name, item in (node.value if node is not None else {}).items():
            assert node is not None
            self._is_a_name(name, node.keys[name], "a variable")
            program = None
            if isinstance(item.value, str | bool | int):
                program = self.expressions.compile(item, self.names)
            else:
                self.expressions.has_broken = True
                help = "write an expression after it"
                self.notes.error("RP001", f"the variable `{name}` must be an expression", node.keys[name], help=help)
            if program is None:
                self._broken[f"variables.{name}"] = NEVER
            else:
                self.variables[name] = program

    # What nothing uses

    def _unused(self, top: Mapping[str, Node]) -> None:
        for what, noun, names in (
            ("params", "param", self.types), ("variables", "variable", self.variables), ("facts", "fact", self.facts),
        ):  # fmt: skip
            for name in names:
                path = name if what == "facts" else f"{what}.{name}"
                if not self.expressions.is_used(path) and not (what == "facts" and name == self.mirrors):
                    place = top[what].keys[name]
                    help = f"name it as `{path}` in a policy, or remove it"
                    self.notes.error("RP012", f"nothing uses the {noun} `{name}`", place, help=help)

    # Words and lists

    def _own_name(self, node: Node | None) -> None:
        stem = PurePath(self.source.path).stem
        if node is not None and str(node.value) not in ("", stem):
            message = f"the policy set `{node.value}` stands in a file of another name"
            help = f"runbooks name it by its file: call the file `{node.value}.yaml`, or the set `{stem}`"
            self.notes.warning("RP014", message, node.span, help=help)

    def _word(self, node: Node | None, key: str, words: tuple[str, ...]) -> None:
        if node is not None and node.value not in words:
            help = nearest(str(node.value), words)
            self.notes.error("RP005", f"`{key}` cannot be `{node.value}`", node.span, help=help)

    def _list(self, node: Node | None, key: str) -> tuple[str, ...]:
        if node is None:
            return ()
        for item in node.value:
            if not isinstance(item.value, str) or not item.value.strip():
                self.notes.error("RP001", f"an item of `{key}` must be a text", item.span, help="write one word each")
        if not node.value:
            message = f"`{key}` is empty, so the set is for nothing"
            self.notes.error("RP013", message, node.span, help=f"name what it is for, or leave `{key}` out for all")
        return tuple(str(item.value) for item in node.value)
