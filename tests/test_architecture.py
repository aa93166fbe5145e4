"""The floors and walls of the house: a file imports from its own floor or below, and some doors are shut for good."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest
from source_tree import ROOT, Module, by_name, modules, own, reached

from engine.checks import REGISTRY as CHECKS
from engine.steps import REGISTRY as STEPS

# Which floor a module is on; a room's floor holds for all that is in it.
FLOORS: dict[int, str] = {
    0: "clock diagnostics errors events facts manual plain printable reports values",
    1: "cel folders lago_models lago_rules model references source sync_runs under_way yaml",
    2: "billing config files http journal lago lago_reading opa operators settings signatures terminal",
    3: "api approvals checks plan policy steps",
    4: "consent extensions library one_way policy_decisions policy_files registry resume run runner schema session "
    "validation",
    5: "commands explain policy_testing recording render sandbox testing",
    6: "line start",
}
MOST_LINES = 400

# A library, and the only places that may import it.
DOORS = {
    "httpx": ["engine/http/wire.py"],
    "httpcore": ["engine/http/wire.py", "engine/http/deadline.py"],
    "click": ["cli.py", "engine/line/*.py", "engine/terminal.py"],
    "structlog": ["engine/journal/pipeline.py", "engine/commands/running.py"],
    "apsw": ["engine/journal/*.py"],
    "sqlite3": [],
    "yaml": ["engine/source.py", "engine/yaml/*.py", "engine/sandbox/scenario.py", "engine/recording/writing.py"],
    "wcwidth": ["engine/render/text.py"],
    "keyring": ["engine/config/secrets.py"],
    "requests": [],
    "logging": [],
    "asyncio": [],
    "pickle": [],
    "jsonschema": [],
}

# What must not be reached from here, not even by way of others.
WALLS = {
    "engine.lago": {"engine.model", "engine.references", "engine.source", "engine.library", "engine.journal"},
    "engine.http.wire": {"engine.lago", "engine.lago_models", "engine.model", "engine.journal"},
    "engine.journal": {"engine.lago", "engine.http.wire", "engine.lago_models", "engine.model"},
    "engine.runner": {"cli", "engine.commands", "engine.render", "engine.sandbox", "engine.terminal"},
    "engine.checks": {"engine.steps", "engine.lago", "engine.billing", "engine.journal", "engine.clock"},
    "engine.steps": {"engine.checks", "engine.lago", "engine.billing", "engine.journal", "engine.http.wire"},
    "engine.extensions": {"engine.lago", "engine.http.wire", "engine.journal", "engine.runner", "engine.commands"},
    "engine.api": {"engine.lago", "engine.http.wire", "engine.journal", "engine.settings", "engine.runner"},
    "engine.validation": {"engine.lago", "engine.http.wire", "engine.journal", "engine.runner"},
    "engine.policy": {
        "engine.lago",
        "engine.http.wire",
        "engine.journal",
        "engine.opa.asking",
        "engine.settings",
        "engine.clock",
    },
    "engine.policy_files": {"engine.lago", "engine.http.wire", "engine.journal", "engine.opa.asking", "engine.runner"},
    "engine.schema": {"engine.lago", "engine.http.wire", "engine.journal", "engine.runner"},
}

NAMES_THAT_SAY_NOTHING = {"utils", "util", "helper", "helpers", "manager", "handler", "common", "misc", "core", "base_"}


def room(name: str) -> str:
    """The room below `engine` that a module is in, or the module itself: `checks` of `engine.checks.base`."""
    return name.split(".")[1] if name.startswith("engine.") else name


def floor(name: str) -> int:
    """The floor of a module. Raises KeyError when it is on none."""
    return {"cli": 6, "engine": 0}.get(name, -1) if "." not in name else _FLOOR_OF[room(name)]


_FLOOR_OF = {name: number for number, rooms in FLOORS.items() for name in rooms.split()}


def offending(fault: Callable[[Module], object]) -> dict[str, object]:
    """What is wrong with a module, by its place, for all that have something wrong: one test a rule, not one a file."""
    return {module.place: found for module in modules() if (found := fault(module))}


def test_every_room_is_on_a_floor_and_every_floor_is_lived_on() -> None:
    assert {room(module.name) for module in modules()} - {"cli", "engine"} == set(_FLOOR_OF)
    assert len(_FLOOR_OF) == sum(len(rooms.split()) for rooms in FLOORS.values())


def test_the_map_for_newcomers_has_every_room_on_its_floor() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    told = [
        (name, int(row[1]))
        for row in re.finditer(r"^\| (\d) .*", page, re.M)
        for name in re.findall(r"`(\w+)/?`", row[0])
    ]
    assert sorted(told) == sorted(_FLOOR_OF.items())


def test_a_module_begins_with_a_paragraph_that_names_its_floor() -> None:
    assert offending(lambda module: len(module.docstring) <= 20) == {}
    rooms = [module for module in modules() if module.name != "engine"]
    said = {module.place: re.findall(r"\bFloor (\d)", module.docstring) for module in rooms}
    assert said == {module.place: [str(floor(module.name))] for module in rooms}


def upward(module: Module) -> list[str]:
    """Every import that leads to a higher floor."""
    return [f"line {one.line}: {one.module}" for one in own(module) if floor(one.module) > floor(module.name)]


def test_a_module_imports_from_its_own_floor_or_below() -> None:
    assert offending(upward) == {}


def test_an_import_that_leads_up_is_seen_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source_tree.ROOT", tmp_path)
    (tmp_path / "engine").mkdir()
    source = tmp_path / "engine" / "clock.py"
    source.write_text(
        "from typing import TYPE_CHECKING\nfrom engine import lago\nimport engine.values\n"
        "if TYPE_CHECKING:\n    from engine.runner import Runner\n"
        "def late():\n    import cli\n    from engine.checks import REGISTRY\n"
    )
    module = Module(source)
    assert upward(module) == ["line 2: engine.lago", "line 5: engine.runner", "line 7: cli", "line 8: engine.checks"]
    assert [one.module for one in module.imports if one.is_for_types] == ["engine.runner"]


def test_no_two_modules_need_each_other() -> None:
    circles = []
    for module in modules():
        for one in own(module):
            if not one.is_for_types and module.name in reached({one.module}) and one.module != module.name:
                circles.append(f"{module.name} <-> {one.module}")
    assert circles == []


@pytest.mark.parametrize("library", DOORS)
def test_a_library_comes_in_by_its_own_door(library: str) -> None:
    users = {
        module.place
        for module in modules()
        if any(one.module == library or one.module.startswith(library + ".") for one in module.imports)
    }
    doors = DOORS[library]
    assert {place for place in users if not any(fnmatch(place, door) for door in doors)} == set()
    assert bool(users) is bool(doors)


def test_a_dataclass_is_one_that_is_made_in_no_time() -> None:
    """Decision 060: those of the standard library took a sixth of a run."""
    standard = re.compile(r"^\s*from dataclasses import .*\bdataclass\b|\bdataclasses\.dataclass\b", re.M)
    users = {module.name for module in modules() if standard.search(module.text)}
    assert users == {"engine.plain"}


@pytest.mark.parametrize("name", WALLS)
def test_a_wall_stands(name: str) -> None:
    inside = {one for one in by_name() if one == name or one.startswith(name + ".")}
    found = reached(inside)
    through = {one for one in found for shut in WALLS[name] if one == shut or one.startswith(shut + ".")}
    assert through == set()
    assert found & inside


def test_a_renderer_sees_floor_0_and_other_renderers() -> None:
    rendering = [module for module in modules() if module.place.startswith("engine/render/")]
    seen = {one.module for module in rendering for one in own(module)}
    assert len(rendering) > 5
    assert {name for name in seen if floor(name) > 0 and not name.startswith("engine.render")} == set()


def test_nothing_is_printed_past_the_streams_that_a_test_can_hold() -> None:
    assert offending(lambda module: [line for name, line in module.calls if name in ("print", "breakpoint")]) == {}


def test_a_preview_is_no_branch() -> None:
    """Whether a run may write is decided where its transport is chosen, and nowhere else."""
    named = offending(lambda module: [n for n, text in enumerate(module.text.splitlines(), 1) if "dry_run" in text])
    assert set(named) == {"cli.py", "engine/run/opening.py"}, named


def test_a_file_can_be_read_at_one_sitting() -> None:
    lengths = {module.place: len(module.text.splitlines()) for module in modules()}
    assert {place: lines for place, lines in lengths.items() if lines > MOST_LINES} == {}


def test_a_file_s_name_says_what_is_in_it() -> None:
    assert offending(lambda module: {module.path.stem, module.path.parent.name} & NAMES_THAT_SAY_NOTHING) == {}


def test_what_others_may_use_is_documented() -> None:
    assert offending(undocumented) == {}


def undocumented(module: Module) -> list[str]:
    return [
        f"line {node.lineno}: {name}"
        for name, node in module.public()
        if not ast.get_docstring(node) and not is_told_by_a_base(module, name)
    ]


def is_told_by_a_base(module: Module, name: str) -> bool:
    """Whether a method replaces one that a base class, here or of a library, tells about."""
    owner, _, method = name.partition(".")
    return bool(method) and any(tells(base, method) for base in bases(module, owner))


def bases(module: Module, owner: str) -> list[str]:
    found = [node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef) and node.name == owner]
    return [re.sub(r"\[.*", "", ast.unparse(base)) for node in found for base in node.bases]


def tells(base: str, method: str) -> bool:
    if base.startswith("click."):
        return hasattr(getattr(click, base.removeprefix("click.")), method)
    for module in modules():
        public = dict(module.public())
        if f"{base}.{method}" in public:
            return bool(ast.get_docstring(public[f"{base}.{method}"]))
        if base in public:
            return any(tells(further, method) for further in bases(module, base))
    return False


def test_the_registries_are_complete_and_each_goes_by_its_file_s_name() -> None:
    for folder, registry, exported in (("checks", CHECKS, "CHECK"), ("steps", STEPS, "STEP")):
        makers = {
            module.path.stem
            for module in modules()
            if module.place.startswith(f"engine/{folder}/")
            and any(
                isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == exported for node in module.tree.body
            )
        }
        assert makers == {name.rpartition(".")[2] for name in registry}
        assert [name for name, one in registry.items() if one.name != name] == []
    plain = {module.path.stem for module in modules() if module.place.startswith("engine/checks/")}
    assert plain == {*CHECKS, "__init__", "base"}


def test_a_registry_is_a_plain_dict_that_a_search_finds() -> None:
    for place in ("engine/checks/__init__.py", "engine/steps/__init__.py"):
        (module,) = [one for one in modules() if one.place == place]
        (registry,) = [node for node in module.tree.body if isinstance(node, ast.AnnAssign)]
        assert isinstance(registry.value, ast.Dict)
        assert all(isinstance(key, ast.Constant) for key in registry.value.keys)


def test_no_step_and_no_check_is_registered_by_being_imported() -> None:
    for module in modules():
        if module.place.startswith(("engine/checks/", "engine/steps/")):
            loose = [node for node in module.tree.body if isinstance(node, ast.Expr | ast.For | ast.With | ast.While)]
            assert [ast.unparse(node)[:60] for node in loose[1:]] == [], module.place


def test_a_command_that_only_calls_a_function_names_one_that_is_there() -> None:
    places = re.findall(r'calls\(\s*\w+,\s*"\w+",\s*"(\w+\.\w+)"', (ROOT / "cli.py").read_text())
    known = {
        f"{module.path.stem}.{name}"
        for module in modules()
        if module.place.startswith("engine/commands/")
        for name, _ in module.public()
    }
    assert len(places) > 4
    assert set(places) <= known


def test_no_file_names_a_machine_or_a_secret_place() -> None:
    kept = [*(ROOT / "tests").glob("*.py"), *(ROOT / "docs").rglob("*.md"), *(module.path for module in modules())]
    told = {
        path.relative_to(ROOT).as_posix()
        for path in kept
        if path != Path(__file__) and re.search(r"(?<![\w.])/(work|root)/", path.read_text("utf-8"))
    }
    assert told == set()
    assert len(kept) > 100
