"""What a case is judged on, from its facts and its changes to an occasion. Floor 5.

Facts are documents as `runbook policy facts` writes them. Changes go by the paths that expressions read, and are held
against the declared types, so that a change that nothing would read is told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.cel.types import ListOf, MapOf, Nullable, Plain, Record, Type, Words
from engine.diagnostics import Span
from engine.http.answers import parse
from engine.plain import dataclass
from engine.policy.decision import Override, Phase
from engine.policy.documents import as_json, from_json, handed, steps_of
from engine.policy.kinds import Unfit
from engine.policy.model import PLANNED, PolicySet
from engine.policy.occasion import Handed, Occasion
from engine.testing.texts import Texts
from engine.validation.notes import nearest, one_of

MOST_BYTES = 32 * 1024 * 1024
DIGEST = "sha256:" + "0" * 64


@dataclass
class Documents:
    """The documents of one case, by the names that expressions read them under."""

    set: PolicySet
    environment: str
    texts: Texts
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names: dict[str, Type] = {name: of for name, of in self.set.names.items() if name != "variables"}

    def take(self, said: Mapping[str, Any]) -> None:
        """Facts of a file or of the case itself. What the set does not read is left alone, and so are params."""
        self.values |= {
            name: deepcopy(value) for name, value in said.items() if name in self.names and name != "params"
        }

    def change(self, path: str, value: Any, span: Span) -> None:
        """Put a value at a path; what cannot be there is noted."""
        route = self._route(path, span)
        if route is None:
            return
        of = self._type(route, path, span)
        if of is None:
            return
        _, unfit = from_json(of, value, path)
        if unfit:
            self.texts.error("RT007", f"this is no value for `{path}`", span, _help(of, unfit[0]))
        else:
            self._put(route, path, value, span)

    def remove(self, path: str, span: Span) -> None:
        """Let what is at a path not be there."""
        route = self._route(path, span)
        if route is None or self._type(route, path, span) is None:
            return
        if len(route) == 1:
            self.values.pop(str(route[0]), None)
        else:
            self._put(route, path, None, span)

    def _route(self, path: str, span: Span) -> list[str | int] | None:
        try:
            return steps_of(path)
        except ValueError as error:
            self.texts.error("RT011", str(error), span, "name what an expression could read")
            return None

    def _type(self, route: list[str | int], path: str, span: Span) -> Type | None:
        """The type at a path; noted, and None, where an expression could not read it."""
        of: Type = Record("this set", self.names)
        for at, step in enumerate(route):
            of = of.of if isinstance(of, Nullable) else of
            if isinstance(of, Record) and step in of.fields:
                of = of.fields[str(step)]
            elif isinstance(of, MapOf) and isinstance(step, str):
                of = of.value
            elif isinstance(of, ListOf) and isinstance(step, int):
                of = of.element
            else:
                fields = of.fields if isinstance(of, Record) else {}
                help = nearest(str(step), fields) or (one_of(fields) if fields else _within(of, route[:at]))
                where = f"`{'.'.join(map(str, route[:at]))}`" if at else "what this set reads"
                self.texts.error("RT011", f"`{path}` changes nothing: {where} has no `{step}`", span, help)
                return None
        return of

    def _put(self, route: list[str | int], path: str, value: Any, span: Span) -> None:
        if route[0] == PLANNED and PLANNED not in self.values and self.set.mirrors is not None:
            self.values[PLANNED] = deepcopy(self.values.get(self.set.mirrors, {}))
        if route[0] == "params" and "params" not in self.values:
            self.values["params"] = as_json(self.set.params_in(self.environment))
        *before, last = route
        holder: Any = self.values
        try:
            for step, following in zip(before, route[1:], strict=True):
                if isinstance(holder, dict) and holder.get(step) is None:
                    holder[step] = [] if isinstance(following, int) else {}
                holder = holder[step]
            if isinstance(holder, list) and last == len(holder):
                holder.append(value)
            else:
                holder[last] = value
        except (LookupError, TypeError):
            help = "an entry is changed by its number, from 0; the number after the last adds one"
            self.texts.error("RT011", f"`{path}` leads nowhere in these facts", span, help)


def _help(of: Type, unfit: Unfit) -> str:
    of = of.of if isinstance(of, Nullable) else of
    if isinstance(of, Words):
        return f"it can be {one_of(sorted(of.values))}"
    return f"`{unfit.path}` {unfit.why}" + (f"; {of} is needed" if isinstance(of, Plain) else "")


def _within(of: Type, route: list[str | int]) -> str:
    path = ".".join(map(str, route))
    return f"it is a {of}: `{path}[0]` is the first" if isinstance(of, ListOf) else f"it is a {of}, and has no parts"


@dataclass(frozen=True, slots=True)
class Around:
    """What a case says beside its facts."""

    action: str
    environment: str
    phase: Phase
    now: datetime
    overrides: tuple[Override, ...] = ()


def occasion(documents: Documents, around: Around) -> tuple[PolicySet, Occasion]:
    """The occasion that these documents make, and the set with the params that the case changed."""
    values, set = documents.values, documents.set
    facts = {name: handed(kind, values[name]) for name, kind in set.facts.items() if values.get(name) is not None}
    planned: dict[str, Handed] | None = None
    if isinstance(values.get(PLANNED), dict) and set.mirrors is not None:
        planned = {set.mirrors: handed(set.facts[set.mirrors], values[PLANNED])}
    run, operator, plan = (_object(values.get(name)) for name in ("run", "operator", "plan"))
    digest = str(plan.get("figures_digest", DIGEST))
    found = Occasion(
        phase=around.phase,
        now=around.now,
        action=around.action,
        environment=around.environment,
        run=str(run.get("id", "TEST")),
        runbook=str(run.get("runbook", "")),
        mode=str(run.get("mode", "run")),
        operator=str(operator.get("id", "jane")),
        roles=tuple(map(str, operator.get("roles", ("billing_admin",)))),
        figures_digest=digest,
        facts=facts,
        planned=planned,
        planned_digest=str(_object(values.get(PLANNED)).get("figures_digest", digest)),
        overrides=around.overrides,
    )
    changed = _object(values.get("params"))
    if not changed:
        return set, found
    params = set.params_in(around.environment)
    typed = {name: from_json(of, changed[name], name)[0] for name, of in set.param_types.items() if name in changed}
    return replace(set, params={**params, **typed}, by_environment={}), found


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def load(path: Path) -> Any:
    """The documents in a file of JSON. Raises OSError, ValueError that says what is wrong with it."""
    with path.open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES // 1024**2} MiB")
    said = parse(raw)
    if said is None:
        try:
            json.loads(raw)
        except json.JSONDecodeError as error:
            raise ValueError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
        except (ValueError, RecursionError) as error:
            raise ValueError(str(error)) from None
        raise ValueError("a name stands twice in an object, or a number is none")
    if not isinstance(said, dict):
        raise ValueError("it is no JSON object")
    return said
