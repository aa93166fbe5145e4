"""A policy's test file, from YAML to cases, and everything that is wrong with it at once (`docs/policy-tests.md`). Floor 5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.diagnostics import Diagnostic, Span, sort
from engine.errors import Invalid, UsageFault
from engine.manual import page
from engine.opa.answers import Answered
from engine.plain import dataclass
from engine.policy import rego
from engine.policy.decision import Override, Phase
from engine.policy.model import PolicySet
from engine.policy_files.shapes import MOMENT
from engine.policy_testing.expecting import ExpectedReading, merged
from engine.policy_testing.facts import Around, Documents, load, occasion
from engine.policy_testing.model import Case, CaseFile, Excused
from engine.source import Node, Parsed
from engine.source import read as read_yaml
from engine.testing.texts import Texts
from engine.validation.notes import Notes

ENDING = ".test.yaml"
PHASES: tuple[Phase, ...] = ("plan", "commit")
DOCUMENT = "`runbook policy facts RUN --json` writes such a file"

_SHARED: dict[str, tuple[type, bool]] = {
    "facts": (Node, False), "now": (str, False), "with": (dict, False), "without": (list, False), "rego": (Node, False),
    "action": (str, False), "environment": (str, False), "phase": (str, False), "operator": (dict, False),
}  # fmt: skip
_TOP: dict[str, tuple[type, bool]] = {
    "test": (str, True), "about": (str, False), "defaults": (dict, False), "coverage": (dict, False), "cases": (list, True),
}  # fmt: skip
_CASE: dict[str, tuple[type, bool]] = {
    "name": (str, True), "about": (str, False), **_SHARED, "overrides": (list, False), "expect": (dict, True),
}  # fmt: skip
_OPERATOR: dict[str, tuple[type, bool]] = {"id": (str, False), "roles": (list, False)}
_OVERRIDE: dict[str, tuple[type, bool]] = {"policy": (str, True), "by": (dict, True), "reason": (str, True)}


def beside(policy: Path) -> Path:
    """Where the tests of a policy file are: `billing.test.yaml` beside `billing.yaml`."""
    return policy.with_name(policy.stem + ENDING)


def read(path: Path, shown: str, set: PolicySet) -> CaseFile:
    """Read a policy's test file. Raises Invalid with all that is wrong, UsageFault when it cannot be read."""
    try:
        parsed = read_yaml(path, shown)
    except OSError as error:
        raise UsageFault(f"{shown} cannot be read: {error.strerror}") from error
    reading = Reading(parsed, path, set)
    file = reading.file()
    if file is None or reading.found:
        raise Invalid(f"{shown} is not valid", reading.found, hint=f"{page('policy-tests')} shows the format.")
    return file


@dataclass
class Reading:
    """One file being read."""

    parsed: Parsed
    path: Path
    set: PolicySet
    texts: Texts = field(init=False)

    def __post_init__(self) -> None:
        kept = [one for one in self.parsed.diagnostics if not self._is_moment(one)]
        self.texts = Texts(Notes(self.parsed.source, kept))
        self.expecting = ExpectedReading(self.texts, self.set)

    def _is_moment(self, one: Diagnostic) -> bool:
        """A moment in plain letters, which YAML 1.1 has a type of its own for, is read as it is written."""
        written = self.parsed.source.line(one.span.line)[one.span.col - 1 : one.span.end_col - 1]
        return one.code == "RB003" and MOMENT.fullmatch(written) is not None

    @property
    def found(self) -> list[Diagnostic]:
        """Everything that is wrong so far, by place."""
        return sort(self.texts.notes.found)

    def file(self) -> CaseFile | None:
        """The file; None when too little of it is there to look further."""
        top = self.texts.keys(self.parsed.root, _TOP, "a policy's test file") if self.parsed.root is not None else None
        if top is None:
            return None
        stem = self.path.name.removesuffix(ENDING)
        if "test" in top and top["test"].value != stem:
            help = f"the file beside `{stem}.yaml` tests `{stem}`"
            said = f"this file stands beside another policy file than `{top['test'].value}`"
            self.texts.error("RT004", said, top["test"].span, help)
        defaults = self.texts.keys(top["defaults"], _SHARED, "`defaults`") if "defaults" in top else {}
        cases = self._cases(top.get("cases"), defaults or {})
        threshold, excused = self.expecting.coverage(top.get("coverage"))
        return CaseFile(
            path=self.path,
            shown=self.parsed.source.path,
            set=self.set,
            cases=tuple(cases),
            threshold=threshold.value if threshold is not None else None,
            threshold_span=threshold.span if threshold is not None else None,
            excused=tuple[Excused, ...](excused),
        )

    def _cases(self, node: Node | None, defaults: Mapping[str, Node]) -> list[Case]:
        rows = node.value if node is not None else []
        if node is not None and not rows:
            self.texts.error("RT003", "a test file needs cases", node.span, "begin each with `- name: WORDS`")
        cases, seen = [], dict[str, int]()
        for row in rows:
            keys = self.texts.keys(row, _CASE, "a case")
            if keys is None or "name" not in keys:
                continue
            title = " ".join(str(keys["name"].value).split())
            if title in seen:
                help = f"the first is on line {seen[title]}"
                self.texts.error("RT010", f"two cases are called `{title}`", keys["name"].span, help)
            seen.setdefault(title, keys["name"].span.line)
            case = self._case(title, keys, merged(defaults, keys))
            if case is not None:
                cases.append(case)
        return cases

    def _case(self, title: str, own: Mapping[str, Node], keys: Mapping[str, Node]) -> Case | None:
        span = own["name"].span
        texts, set = self.texts, self.set
        environment = texts.text(keys.get("environment")) or (set.environments or ("production",))[0]
        documents = Documents(set, environment, texts)
        self._facts(keys.get("facts"), documents)
        if "operator" in keys and (said := texts.keys(keys["operator"], _OPERATOR, "`operator`")) is not None:
            documents.take({"operator": {name: node.plain() for name, node in said.items()}})
        for path, node in keys["with"].value.items() if "with" in keys else ():
            documents.change(path, node.plain(), keys["with"].keys[path])
        for node in keys["without"].value if "without" in keys else ():
            documents.remove(texts.text(node), node.span)
        now = self._moment(keys.get("now"), documents, span)
        expect, result = self.expecting.expect(own.get("expect"))
        overrides = tuple(self._override(row) for row in own["overrides"].value) if "overrides" in own else ()
        action = texts.text(keys.get("action")) or (set.actions or ("lago.finalize_invoice",))[0]
        phase = texts.word(keys.get("phase"), PHASES, "phase of a decision", "plan")
        if now is None:
            return None
        around = Around(action, environment, "commit" if phase == "commit" else "plan", now, overrides)
        changed, found = occasion(documents, around)
        return Case(title, span, changed, found, expect, result, self._answered(keys.get("rego")))

    def _facts(self, node: Node | None, documents: Documents) -> None:
        if node is None:
            return
        if isinstance(node.value, dict):
            documents.take(node.plain())
            return
        text = self.texts.text(node)
        path = self.path.parent / text
        try:
            documents.take(_loaded(path.resolve()))
        except OSError as error:
            message = f"the facts `{text}` cannot be read: {error.strerror}"
            self.texts.error("RT005", message, node.span, f"name a file from this folder; {DOCUMENT}")
        except ValueError as error:
            self.texts.error("RT005", f"the facts `{text}` cannot be read", node.span, f"{error}; {DOCUMENT}")

    def _moment(self, node: Node | None, documents: Documents, span: Span) -> datetime | None:
        """The case's own moment, one that a change gave, or that of its facts."""
        said = node.value if node is not None else documents.values.get("now")
        if said is None:
            self.texts.error("RT003", "this case has no moment", span, "add `now: 2026-11-02T09:30:00Z`")
            return None
        if not isinstance(said, str) or not MOMENT.fullmatch(said):
            help = "it is written `2026-11-02T09:30:00Z`"
            self.texts.error("RT007", f"`{said}` is no moment", node.span if node is not None else span, help)
            return None
        try:
            return datetime.fromisoformat(said.upper())
        except ValueError as error:
            self.texts.error("RT007", f"`{said}` is no moment", node.span if node is not None else span, str(error))
            return None

    def _override(self, row: Node) -> Override:
        keys = self.texts.keys(row, _OVERRIDE, "an override") or {}
        by = self.texts.keys(keys["by"], _OPERATOR, "`by`") if "by" in keys else None
        said = {name: node.plain() for name, node in (by or {}).items()}
        policy = self.texts.text(keys.get("policy"))
        if "policy" in keys:
            self.expecting.require_policy(policy, keys["policy"].span)
        roles = tuple(map(str, said.get("roles", ())))
        return Override(policy, str(said.get("id", "jane")), roles, self.texts.text(keys.get("reason")))

    def _answered(self, node: Node | None) -> Answered | None:
        """What OPA says in this case, as its document."""
        if node is None:
            return None
        document: Any = node.plain()
        return rego.kept(Answered("the case", document))


@lru_cache(maxsize=64)
def _loaded(path: Path) -> Any:
    """A file of facts, read once: many cases begin with the same."""
    return load(path)
