"""Steps, checks and parameters: that each exists, and that what `with:` hands over is there and fits. Floor 4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from engine.checks.base import Check
from engine.diagnostics import Span
from engine.facts import Confirmed, Fact, RunRecord
from engine.model import INPUT_TYPES, Runbook, StepDef
from engine.plain import dataclass
from engine.policy_files.library import Policies
from engine.references import Reference, find, is_path, is_whole
from engine.source import Node
from engine.steps.base import Step
from engine.validation.expressions import Expressions
from engine.validation.notes import Notes, meant, nearest, one_of, place_of
from engine.validation.policies import PolicyStep
from engine.validation.types import Type, fields_of, fits, name_of, type_of


@dataclass
class Wiring:
    """What the references of one runbook mean.

    `used` are the inputs that something refers to; `values` are what texts under `with:` stand for where a parameter
    is money, a month or a duration, by step id and parameter.
    """

    runbook: Runbook
    steps: Mapping[str, Step[Any]]
    checks: Mapping[str, Check[Any]]
    notes: Notes
    policies: Policies
    expressions: Expressions
    used: set[str] = field(default_factory=set)
    values: dict[tuple[str, str], Any] = field(default_factory=dict)
    _known: dict[str, Type] = field(default_factory=dict)
    _ids: tuple[str, ...] = ()
    _at: str = ""

    def all(self, root: Node) -> None:
        """Look at every step in order, then at the subject, which may refer to any of them."""
        self._ids = tuple(defn.id for defn in self.runbook.steps)
        self._known = {"run": Type((RunRecord,))}
        for row in self.notes.broken_steps:
            self._mark_used(row)
        self._known.update((id, Type(())) for id in self.notes.broken_ids if id != "run")
        for defn in self.runbook.steps:
            self._at = defn.id
            self._when(defn)
            self._step(defn)
            self._known[defn.id] = self._type_of(defn)
        subject = root.at("subject")
        if subject is not None and isinstance(subject.value, str):
            self._text(subject)

    def _when(self, defn: StepDef) -> None:
        assert defn.node is not None
        when = defn.node.at("when")
        if when is not None and isinstance(when.value, str):
            self.expressions.condition(defn.id, when, self._known)

    def _step(self, defn: StepDef) -> None:
        node = defn.node
        assert node is not None
        name = node.value[defn.kind]
        with_ = node.at("with")
        if defn.kind == "confirm":
            self._text(name)
            self._consent(defn, with_)
            return
        if defn.kind == "policy":
            self._policy(defn, with_)
            return
        registry: Mapping[str, Any] = self.steps if defn.kind == "step" else self.checks
        if defn.name not in registry:
            code = "RB012" if defn.kind == "step" else "RB014"
            self.notes.error(
                code, f"unknown {defn.kind} `{defn.name}`", name.span, label=f"no {defn.kind} has this name",
                help=nearest(defn.name, registry) or "`runbook explain` lists them",
            )  # fmt: skip
            self._mark_used(with_)
            return
        self._params(defn, registry[defn.name].Params, with_, name.span)

    def _params(self, defn: StepDef, model: type[BaseModel], with_: Node | None, place: Span) -> None:
        given = with_.value if with_ is not None and isinstance(with_.value, dict) else {}
        misspelt: set[str | None] = set()
        for key, value in given.items():
            assert with_ is not None
            if key not in model.model_fields:
                misspelt.add(meant(key, model.model_fields))
                help = nearest(key, model.model_fields) or f"`{defn.name}` takes none"
                self.notes.error("RB015", f"`{defn.name}` has no parameter `{key}`", with_.keys[key], help=help)
                self._mark_used(value)
            else:
                self._value(defn, key, value, model.model_fields[key])
        for key, field_ in model.model_fields.items():
            if field_.is_required() and key not in given and key not in misspelt:
                says = f": {field_.description}" if field_.description else ""
                self.notes.error(
                    "RB016", f"`{defn.name}` needs `{key}`{says}", place, help=f"add `{key}: ${{...}}` under `with:`"
                )

    def _value(self, defn: StepDef, key: str, node: Node, field_: Any) -> None:
        wanted = type_of(field_.annotation)
        if is_whole(node.value):
            reference = find(node.value)[0]
            given = self._look_up(node, reference)
            if given is None:
                return
            place = place_of(node, reference, self.notes.source)
            if not fits(given, wanted):
                message = f"`{key}` of `{defn.name}` must be {wanted.said}, and `{reference.text}` is {given.said}"
                self.notes.error("RB027", message, place, help=self._instead(wanted))
            elif given.may_be_none and not wanted.may_be_none:
                message = f"`{reference.text}` may be absent, and `{key}` of `{defn.name}` must be there"
                self.notes.error("RB027", message, place, help=_absent_help(reference))
            return
        if find(node.plain()):
            self._texts(node)
            if wanted.classes and str not in wanted.classes:
                help = "let one reference be the whole value"
                self.notes.error("RB011", f"`{key}` must be {wanted.said}, not a text", node.span, help=help)
            return
        self._literal(key, node, field_, wanted)

    def _literal(self, key: str, node: Node, field_: Any, wanted: Type) -> None:
        if any(issubclass(one, Fact) for one in wanted.classes) and not {str, bool, int} & set(wanted.classes):
            help = self._instead(wanted)
            self.notes.error("RB011", f"`{key}` must be {wanted.said}, as a reference", node.span, help=help)
            return
        value = node.plain()
        for type, (read, kind) in INPUT_TYPES.items():
            if kind in wanted.classes and kind not in (str, bool, int) and isinstance(value, str):
                try:
                    self.values[(self._at, key)] = read(value)
                except ValueError as error:
                    self.notes.error("RB011", f"`{key}` is no {type}", node.span, help=str(error))
                return
        try:
            TypeAdapter(Annotated[field_.annotation, field_]).validate_python(value, strict=True)
        except ValidationError as error:
            found = error.errors()[0]
            if not found["type"].endswith(("_type", "is_instance_of")):
                says = found["msg"].replace("Input should", "it should")
                self.notes.error("RB011", f"`{key}` cannot be `{value}`", node.span, help=says)
                return
            help = f"write {wanted.said} after `{key}:`"
            if str in wanted.classes and isinstance(value, int):
                help = f'write `{key}: "{str(value).lower()}"`'
            self.notes.error("RB011", f"`{key}` must be {wanted.said}, not {node.kind}", node.span, help=help)

    def _consent(self, defn: StepDef, with_: Node | None) -> None:
        if with_ is None:
            assert defn.node is not None
            help = "under `with:` stand the facts that are shown and bound, as `invoice: ${refreshed}`"
            self.notes.error("RB016", f"`{defn.id}` confirms nothing", defn.node.keys["confirm"], help=help)
            return
        for key, node in with_.value.items():
            if not is_path(node.value):
                help = f"write `{key}: ${{...}}` with a step above that reads it"
                self.notes.error("RB011", f"`{key}` must be a reference to a fact", node.span, help=help)
                self._mark_used(node)
                continue
            given = self._look_up(node, find(node.value)[0])
            if given is not None and given.classes and not issubclass(given.classes[0], Fact):
                reference = find(node.value)[0]
                message = f"`{key}` must be what a step read, and `{reference.text}` is {given.said}"
                help = f"hand over the whole of it: `${{{reference.path[0]}}}`"
                self.notes.error("RB027", message, place_of(node, reference, self.notes.source), help=help)

    def _policy(self, defn: StepDef, with_: Node | None) -> None:
        """Each set is there, and is handed every fact that it reads, of the kind that it reads it as."""
        given: dict[str, Type] = {}
        for key, node in (with_.value if with_ is not None else {}).items():
            reference = find(node.value)[0] if is_whole(node.value) else None
            if reference is None or len(reference.path) != 1:
                help = f"write `{key}: ${{...}}` with a step above that reads it, whole"
                self.notes.error("RB011", f"`{key}` must be a reference to a fact", node.span, help=help)
                self._mark_used(node)
                given[key] = Type(())
            else:
                given[key] = self._look_up(node, reference) or Type(())
        PolicyStep(defn, self.policies, self.notes, self.called).all(given, with_)

    def called(self, kind: type) -> list[str]:
        """The steps above that read a fact of this class."""
        return [id for id, known in self._known.items() if known.classes and issubclass(known.classes[0], kind)]

    # References

    def _texts(self, node: Node) -> None:
        children = node.value.values() if isinstance(node.value, dict) else node.value
        if isinstance(node.value, str):
            self._text(node)
            return
        for child in children if isinstance(node.value, dict | list) else ():
            self._texts(child)

    def _text(self, node: Node) -> None:
        """References inside a text: each must be text or a whole number."""
        for reference in find(node.value):
            given = self._look_up(node, reference)
            if given is None or not given.classes:
                continue
            if given.may_be_none:
                message = f"`{reference.text}` may be absent and cannot stand in a text"
                place = place_of(node, reference, self.notes.source)
                self.notes.error("RB027", message, place, help=_absent_help(reference))
            elif not all(issubclass(one, str | int) and one is not bool for one in given.classes):
                message = f"`{reference.text}` is {given.said} and cannot stand in a text"
                self.notes.error(
                    "RB027", message, place_of(node, reference, self.notes.source), help=self._fields_help(given)
                )

    def _look_up(self, node: Node, reference: Reference) -> Type | None:
        """The type at the end of a path; None after an error was noted."""
        place = place_of(node, reference, self.notes.source)
        path = reference.path
        if reference.expression:
            return self.expressions.type_of(node, reference, self._known)
        if not path:
            is_open = not node.value[reference.start : reference.end].endswith("}")
            message = "`${` lacks its `}`" if is_open else "nothing stands between the braces"
            help = "write `${step}`, `${step.field}`, `${inputs.name}`, or an expression over them"
            self.notes.error("RB028", message, place, help=help)
            return None
        if path[0] == "inputs":
            return self._input(path, place)
        if path[0] not in self._known:
            if path[0] in self._ids:
                message = f"`{path[0]}` " + ("is this step itself" if path[0] == self._at else "comes later")
                self.notes.error("RB018", message, place, help="a step knows only what stands above it")
            else:
                help = (
                    nearest(path[0], {*self._known, "inputs"})
                    or f"no step is called so: add one above, `id: {path[0]}`"
                )
                self.notes.error("RB017", f"there is no `{path[0]}` to refer to", place, help=help)
            return None
        return self._walk(self._known[path[0]], path, place)

    def _input(self, path: tuple[str, ...], place: Span) -> Type | None:
        inputs = self.runbook.inputs
        if len(path) > 1 and path[1] in self.notes.broken_inputs:
            return None
        if len(path) == 1 or path[1] not in inputs:
            name = path[1] if len(path) > 1 else ""
            message = f"there is no input `{name}`" if name else "`inputs` needs a name after it"
            self.used.add(meant(name, inputs) or "")
            help = nearest(name, inputs) or "declare it under `inputs:`"
            self.notes.error("RB017", message, place, help=help)
            return None
        self.used.add(path[1])
        item = inputs[path[1]]
        given = Type((INPUT_TYPES[item.type][1],), item.optional and item.default is None and item.type != "flag")
        return self._walk(given, path, place, 2)

    def _walk(self, given: Type, path: tuple[str, ...], place: Span, depth: int = 1) -> Type | None:
        for at, name in enumerate(path[depth:], depth):
            if not given.classes:
                return given
            kind = given.classes[0]
            names = fields_of(kind)
            if name not in names:
                before = ".".join(path[:at])
                message = f"`{before}` is {name_of(kind)} and has no field `{name}`"
                help = nearest(name, names) or (f"`runbook explain {kind.__name__}` lists its fields" if names else "")
                self.notes.error("RB019", message, place, help=help or f"write `${{{before}}}`")
                return None
            found = type_of(names[name])
            given = Type(found.classes, found.may_be_none or given.may_be_none)
        return given

    def _type_of(self, defn: StepDef) -> Type:
        if defn.kind == "confirm":
            return Type((Confirmed,))
        if defn.kind in ("check", "policy"):  # told in `consent.py`: nothing can be made of a verdict
            return Type(())
        return Type((self.steps[defn.name].Fact,)) if defn.name in self.steps else Type(())

    def _instead(self, wanted: Type) -> str:
        """The steps above that would fit."""
        fitting = [id for id, known in self._known.items() if known.classes and wanted.classes and fits(known, wanted)]
        if fitting:
            return f"it can be {one_of(f'${{{id}}}' for id in fitting)}"
        return f"hand over {wanted.said}; no step above this one has it"

    def _fields_help(self, given: Type) -> str:
        names = list(fields_of(given.classes[0]))[:8]
        return f"name one of its fields, as `.{names[0]}`" if names else "only text and whole numbers can"

    def _mark_used(self, node: Node | None) -> None:
        """Inputs below a node that could not be looked at count as used: one error at a time."""
        for reference in find(node.plain()) if node is not None else ():
            if "inputs" in reference.names:
                self.used |= {name for name in self.runbook.inputs if f"inputs.{name}" in reference.text}


def _absent_help(reference: Reference) -> str:
    if reference.path[:1] == ("inputs",):
        return "give the input a default, or make it required"
    return "hand over something that is always there"
