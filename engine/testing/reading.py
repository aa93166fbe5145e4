"""A test file, from YAML to scenarios, and everything that is wrong with it at once (`docs/testing.md`). Floor 5."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.config.table import BY_NAME, Place
from engine.diagnostics import Diagnostic, sort
from engine.errors import Invalid, UsageFault
from engine.folders import SHIPPED as RUNBOOKS
from engine.manual import page
from engine.model import Runbook
from engine.plain import dataclass
from engine.registry import Registry
from engine.sandbox.scenario import SHIPPED, Scenario, load
from engine.source import Node, Parsed
from engine.source import read as read_yaml
from engine.testing.changes import Change, NothingChanged, changed, stage_names
from engine.testing.model import Case, CaseFile, Placed, Unreached
from engine.testing.outcomes import items
from engine.testing.reading_commands import OWN, SHARED, CommandReading, merged
from engine.testing.reading_expected import ExpectedReading
from engine.testing.texts import Texts
from engine.validation.notes import Notes, nearest, one_of

ENDING = ".test.yaml"
# The day that the shipped recordings were made on; dates of issue are relative to it.
CLOCK = datetime(2026, 11, 23, 12, tzinfo=UTC)

_WORLD: dict[str, tuple[type, bool]] = {"recording": (str, False), "start": (str, False), "clock": (str, False)}
_TOP: dict[str, tuple[type, bool]] = {
    "test": (str, True), "about": (str, False), "defaults": (dict, False), "coverage": (dict, False),
    "scenarios": (list, True),
}  # fmt: skip
_DEFAULTS = {**_WORLD, **SHARED}
_SCENARIO: dict[str, tuple[type, bool]] = {
    "scenario": (str, True), "about": (str, False), **_WORLD, "change": (list, False), **SHARED, **OWN,
    "expect": (dict, True), "then": (list, False),
}  # fmt: skip
_CHANGE: dict[str, tuple[type, bool]] = {
    "answer": (str, True), "stage": (str, False), "at": (str, False), "to": (Node, False), "remove": (bool, False),
    "as_in": (str, False),
}  # fmt: skip
_COVERAGE: dict[str, tuple[type, bool]] = {"threshold": (int, False), "not_reached": (list, False)}
_UNREACHED: dict[str, tuple[type, bool]] = {"outcome": (str, True), "why": (str, True)}


def beside(runbook: Path) -> Path:
    """Where the tests of a runbook's file are: `finalize_invoice.test.yaml` beside `finalize_invoice.yaml`."""
    return runbook.with_name(runbook.stem + ENDING)


def tests_of(runbook: Path, folders: Sequence[Path]) -> Path:
    """The tests of a runbook's file: beside it; of one that comes along in a folder of one's own, where they are there."""
    return next((path for path in _own(runbook, folders) if path.is_file()), beside(runbook))


def place_of_tests(runbook: Path, folders: Sequence[Path]) -> Path:
    """Where somebody writes tests of a runbook's file: never among what is installed."""
    return next(iter(_own(runbook, folders)), beside(runbook))


def _own(runbook: Path, folders: Sequence[Path]) -> list[Path]:
    if runbook.parent != RUNBOOKS:
        return []
    return [folder / (runbook.stem + ENDING) for folder in folders if folder != RUNBOOKS]


def read(path: Path, shown: str, runbook: Runbook, registry: Registry) -> CaseFile:
    """Read a runbook's test file. Raises Invalid with all that is wrong, UsageFault when it cannot be read."""
    try:
        parsed = read_yaml(path, shown)
    except OSError as error:
        raise UsageFault(f"{shown} cannot be read: {error.strerror}") from error
    reading = Reading(parsed, path, runbook, registry)
    file = reading.file()
    if file is None or reading.found:
        raise Invalid(f"{shown} is not valid", reading.found, hint=f"{page('testing')} shows the format.")
    return file


# Stands for a recording that is not there.
NOWHERE = Scenario("", "", "", {"invoice": "00000000-0000-4000-8000-000000000000", "customer": "nobody"}, [])


@dataclass
class Reading:
    """One file being read."""

    parsed: Parsed
    path: Path
    runbook: Runbook
    registry: Registry
    texts: Texts = field(init=False)

    def __post_init__(self) -> None:
        self.texts = Texts(Notes(self.parsed.source, list(map(_of_a_test, self.parsed.diagnostics))))

    @property
    def found(self) -> list[Diagnostic]:
        """Everything that is wrong so far, by place."""
        return sort(self.texts.notes.found)

    def file(self) -> CaseFile | None:
        """The file; None when too little of it is there to look further."""
        if self.parsed.root is None:
            return None
        top = self.texts.keys(self.parsed.root, _TOP, "a test file")
        if top is None:
            return None
        name = top.get("test")
        if name is not None and name.value != self.runbook.runbook:
            help = f"the file beside `{self.runbook.runbook}.yaml` tests `{self.runbook.runbook}`"
            self.texts.error("RT004", f"this file stands beside another runbook than `{name.value}`", name.span, help)
        defaults = self.texts.keys(top["defaults"], _DEFAULTS, "`defaults`") if "defaults" in top else {}
        threshold, unreached = self._coverage(top.get("coverage"))
        cases = self._cases(top.get("scenarios"), defaults or {})
        return CaseFile(self.path, self.parsed.source.path, self.runbook, tuple(cases), threshold, tuple(unreached))

    def _cases(self, node: Node | None, defaults: Mapping[str, Node]) -> list[Case]:
        rows = node.value if node is not None else []
        if node is not None and not rows:
            self.texts.error("RT003", "a test file needs scenarios", node.span, "begin each with `- scenario: WORDS`")
        cases, seen = [], dict[str, int]()
        for row in rows:
            keys = self.texts.keys(row, _SCENARIO, "a scenario")
            if keys is None or "scenario" not in keys:
                continue
            name = keys["scenario"]
            title = " ".join(str(name.value).split())
            if title in seen:
                help = f"the first is on line {seen[title]}"
                self.texts.error("RT010", f"two scenarios are called `{title}`", name.span, help)
            seen.setdefault(title, name.span.line)
            case = self._case(title, keys, merged(defaults, keys))
            if case is not None:
                cases.append(case)
        return cases

    def _case(self, title: str, own: Mapping[str, Node], keys: dict[str, Node]) -> Case | None:
        span = own["scenario"].span
        found = self._recording(keys.get("recording"), title, span)
        recording = found or NOWHERE  # the rest is read all the same: everything wrong is told at once
        subject = {"invoice": recording.invoice, "customer": recording.customer}
        self.texts.known = {"recording": {name: text for name, text in subject.items() if text}}
        original = recording
        for row in keys["change"].value if found and "change" in keys else ():
            recording = self._changed(recording, row, original)
        expected = ExpectedReading(self.texts, self.runbook, self.registry)
        commands = CommandReading(self.texts, self.runbook, expected, self.path.parent)
        first = commands.first(keys, span)
        rows = keys["then"].value if "then" in keys else []
        then = [command for row in rows if (command := commands.further(row, keys)) is not None]
        clock = CLOCK if recording.recorded_at is None else recording.recorded_at
        if "clock" in keys:
            place = Place(Path(), Path())
            clock = self.texts.read(keys["clock"], lambda text: BY_NAME["clock"].read(text, place), "moment") or clock
        start = self._start(keys.get("start"), recording) if found else ""
        return Case(title, span, recording, start, clock, (first, *then)) if found else None

    def _recording(self, node: Node | None, title: str, span: Any) -> Scenario | None:
        if node is None:
            help = "add `recording:` to it, or to `defaults`"
            self.texts.error("RT003", f"the scenario `{title}` has no recording", span, help)
            return None
        text = str(node.value)
        shipped = sorted(path.name for path in SHIPPED.iterdir() if path.is_dir())
        folder = SHIPPED / text if text in shipped else self.path.parent / text
        try:
            return _loaded(folder.resolve())
        except OSError:
            help = nearest(text, shipped) or "name one that comes with runbook, or a folder, relative to this file"
            self.texts.error("RT005", f"there is no recording `{text}`", node.span, help)
        except (KeyError, TypeError, ValueError, AttributeError):
            help = f'{page("testing")}, "Recordings of one\'s own", says what stands in one'
            self.texts.error("RT005", f"the recording `{text}` cannot be read", node.span, help)
        return None

    def _start(self, node: Node | None, recording: Scenario) -> str:
        return self.texts.word(node, stage_names(recording.stages), "stage of reads of this recording", "", "RT005")

    def _changed(self, recording: Scenario, row: Node, original: Scenario) -> Scenario:
        keys = self.texts.keys(row, _CHANGE, "a change")
        if keys is None or "answer" not in keys:
            return recording
        ways = [key for key in ("to", "remove", "as_in") if key in keys]
        if len(ways) != 1 or ("at" in keys) is (ways == ["as_in"]):
            help = "`at: PATH` with `to: VALUE`, `at: PATH` with `remove: true`, or `as_in: STAGE`"
            self.texts.error("RT011", "this does not say what to change", row.span, help)
            return recording
        change = Change(
            answer=self.texts.text(keys["answer"]),
            stage=self.texts.text(keys.get("stage")),
            at=self.texts.text(keys.get("at")),
            to=keys["to"].plain() if "to" in keys else None,
            is_removed="remove" in keys,
            as_in=self.texts.text(keys.get("as_in")),
        )
        try:
            return changed(recording, change, original)
        except NothingChanged as nothing:
            place = keys["answer"].span
            self.texts.error("RT011", f"this changes nothing: {nothing}", place, "see the recording's own files")
            return recording

    def _coverage(self, node: Node | None) -> tuple[Placed | None, list[Unreached]]:
        keys = self.texts.keys(node, _COVERAGE, "`coverage`") if node is not None else None
        if keys is None:
            return None, []
        threshold = keys.get("threshold")
        if threshold is not None and not 0 <= threshold.value <= 100:
            self.texts.error("RT007", f"{threshold.value} is no percentage", threshold.span, "0 to 100")
        possible = [f"{id}.{word}" for id, words in items(self.runbook, self.registry).items() for word in words]
        found: list[Unreached] = []
        for row in keys["not_reached"].value if "not_reached" in keys else ():
            said = self.texts.keys(row, _UNREACHED, "an outcome that is not reached")
            if said is None or set(said) != set(_UNREACHED):
                continue
            item = str(said["outcome"].value)
            if item not in possible:
                own = [one for one in possible if one.partition(".")[0] == item.partition(".")[0]]
                help = f"it can be {one_of(own)}" if own else nearest(item, possible)
                help = help or "write `STEP.OUTCOME`, as `is_draft.deny`"
                self.texts.error("RT012", f"`{item}` is no outcome of this runbook", said["outcome"].span, help)
            elif item in {one.item for one in found}:
                self.texts.error("RT012", f"`{item}` stands twice", said["outcome"].span, "say it once")
            else:
                found.append(Unreached(item, " ".join(str(said["why"].value).split()), said["outcome"].span))
        return None if threshold is None else Placed(threshold.value, threshold.span), found


@lru_cache(maxsize=64)
def _loaded(folder: Path) -> Scenario:
    """A recording, read once: nothing that plays it changes it, and reading one costs more than a run."""
    scenario = load(folder)
    for stage in scenario.stages:
        if stage.file is not None and not stage.file.is_file():
            raise ValueError(f"there is no {stage.file.name}")
    return scenario


def _of_a_test(found: Diagnostic) -> Diagnostic:
    """What is wrong as YAML, in the words of a test file."""
    message = re.sub(r"\ba runbook\b", "a test file", found.message)
    help = re.sub(r"a runbook begins with .*", "a test file begins with `test: NAME`", found.help)
    return replace(found, message=message, help=help.replace("no runbook or policy is", "no test file is"))
