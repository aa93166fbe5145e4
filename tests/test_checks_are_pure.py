"""A check is a pure function: by its source it can reach no file, network or clock, and when it judges it touches none."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import source_tree
from source_tree import Module
from test_cases import FILES, read

from engine.checks import REGISTRY

# What a check may import besides pydantic and the models, rules and values of floors 0 and 1.
QUIET = {"__future__", "collections.abc", "dataclasses", "datetime", "decimal", "re", "typing", "pydantic"}
ROOMS = {"engine.facts", "engine.plain", "engine.values", "engine.sync_runs", "engine.lago_models", "engine.lago_rules"}

# What none of the modules that a check stands on may import or call.
LOUD = set(
    "os io pathlib shutil tempfile glob time random secrets socket ssl select asyncio threading multiprocessing "
    "concurrent subprocess signal sqlite3 apsw urllib.request http httpx httpcore requests click structlog logging "
    "ctypes mmap pickle importlib getpass locale sys atexit".split()
)
CALLS = set(
    "open input print eval exec compile __import__ globals vars setattr delattr breakpoint "
    ".now .today .utcnow .time .monotonic .sleep .open .read_text .read_bytes .write .write_text .write_bytes "
    ".getenv .uuid1 .uuid4 .random .choice .randint .shuffle .connect .send .urandom .localtime".split()
)

# What is no way out where it stands: the time of a day, and the methods of a class while it is made.
ALLOWED = {"engine.lago_rules.dates": {".time"}, "engine.plain": {"exec", "setattr", "delattr"}}

CHECKS = [module for module in source_tree.modules() if module.place.startswith("engine/checks/")]


@cache
def below() -> list[str]:
    """What checks stand on."""
    checks = {module.name for module in CHECKS}
    return sorted(source_tree.reached(checks) - checks)


def is_loud(name: str) -> bool:
    return any(name == one or name.startswith(one + ".") for one in LOUD)


def named(module: Module) -> str:
    return module.place


@pytest.mark.parametrize("module", CHECKS, ids=named)
def test_a_check_imports_models_rules_and_values_alone(module: Module) -> None:
    allowed = QUIET | ROOMS | {"engine.checks.base"}
    if module.name == "engine.checks":
        allowed |= {f"engine.checks.{name}" for name in REGISTRY}
    strange = {one.module for one in module.imports if one.module not in allowed}
    assert {name for name in strange if not name.startswith(("engine.lago_models.", "engine.lago_rules."))} == set()


@pytest.mark.parametrize("module", CHECKS, ids=named)
def test_a_check_calls_nothing_that_reads_writes_or_tells_the_time(module: Module) -> None:
    assert [f"line {line}: {name}" for name, line in module.calls if name in CALLS] == []
    assert "global " not in module.text
    assert "nonlocal " not in module.text


def test_nothing_below_a_check_does_either() -> None:
    below_them = [source_tree.by_name()[name] for name in below()]
    assert [
        f"{module.place}: {one.module}"
        for module in below_them
        for one in module.imports
        if is_loud(one.module) and not one.is_for_types
    ] == []
    assert [
        f"{module.place}:{line}: {call}"
        for module in below_them
        for call, line in module.calls
        if call in CALLS - ALLOWED.get(module.name, set())
    ] == []


def test_a_check_stands_on_floors_0_and_1() -> None:
    assert "engine.lago_models.invoices" in below()
    floors = {name: source_tree.by_name()[name].docstring.rpartition("Floor ")[2][:1] for name in below()}
    assert {name for name, floor in floors.items() if floor not in ("0", "1", "")} == set()
    assert "engine.clock" not in below()


def test_the_search_finds_what_it_forbids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_tree, "ROOT", tmp_path)
    source = tmp_path / "check.py"
    source.write_text(
        "import os.path\nfrom datetime import datetime\n\ndef judge():\n    open('x')\n    return datetime.now()\n"
    )
    module = Module(source)
    assert [one.module for one in module.imports if is_loud(one.module)] == ["os.path"]
    assert [name for name, _ in module.calls if name in CALLS] == ["open", ".now"]


WATCHED: list[list[str]] = []


def _listen(event: str, args: tuple[Any, ...]) -> None:
    # An audit hook stays for good, so it only listens while somebody has put a list there.
    if WATCHED and event.startswith(
        ("open", "os.", "socket.", "subprocess.", "sqlite3.", "shutil.", "urllib.", "exec")
    ):
        WATCHED[-1].append(f"{event} {args[:1]}")


sys.addaudithook(_listen)


def test_judging_touches_neither_a_file_nor_a_network() -> None:
    ready = []
    for file in FILES:
        case = read(file)
        case.judged()  # a time zone is read from its file once
        ready.append(case)
    heard: list[str] = []
    WATCHED.append(heard)
    try:
        verdicts = [case.judged() for case in ready]
        quiet = list(heard)
        Path(__file__).stat()
        Path(__file__).read_bytes()
    finally:
        WATCHED.pop()
    assert len(verdicts) > 100
    assert quiet == []
    assert heard != []
