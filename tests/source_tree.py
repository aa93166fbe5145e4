"""The program's own source as a tree: its modules, what each imports, what each calls. For the tests of its walls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Import:
    """One import: the module named, at this line. `is_for_types`: below `if TYPE_CHECKING`."""

    module: str
    line: int
    is_for_types: bool


@dataclass(frozen=True)
class Module:
    """One source file."""

    path: Path

    @property
    def place(self) -> str:
        """Its path below the project: `engine/checks/base.py`."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        """Its dotted name: `engine.checks.base`, and `engine.checks` for the room itself."""
        return self.place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.place)

    @cached_property
    def docstring(self) -> str:
        return ast.get_docstring(self.tree) or ""

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import, also those inside functions; `from engine import lago` names `engine.lago`."""
        typed = {
            id(node)
            for guard in ast.walk(self.tree)
            if isinstance(guard, ast.If) and "TYPE_CHECKING" in ast.unparse(guard.test)
            for part in guard.body
            for node in ast.walk(part)
        }
        return tuple(
            Import(module, node.lineno, id(node) in typed)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for module in self._named(node)
        )

    def _named(self, node: ast.Import | ast.ImportFrom) -> list[str]:
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        assert node.level == 0, f"{self.place}:{node.lineno}: a relative import hides where it leads"
        below = [f"{node.module}.{alias.name}" for alias in node.names]
        return [name for name in below if name in names()] or [str(node.module)]

    @cached_property
    def calls(self) -> tuple[tuple[str, int], ...]:
        """Every call with its line: `print`, `.now` for a method, whatever it is called on."""
        return tuple(
            (f".{node.func.attr}" if isinstance(node.func, ast.Attribute) else ast.unparse(node.func), node.lineno)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Call)
        )

    def public(self) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
        """Every class and function that another module may use, and the methods of such classes."""
        for node in self.tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
                if "overload" in map(ast.unparse, node.decorator_list):
                    continue  # its types alone: what it does is told where it is done
                yield node.name, node
                if isinstance(node, ast.ClassDef):
                    for inner in node.body:
                        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and inner.name[0] != "_":
                            yield f"{node.name}.{inner.name}", inner


@cache
def names() -> frozenset[str]:
    """The dotted names of all modules."""
    return frozenset(Module(path).name for path in _paths())


@cache
def modules() -> tuple[Module, ...]:
    """All of the program: `cli.py` and everything in `engine/`."""
    return tuple(Module(path) for path in _paths())


@cache
def by_name() -> dict[str, Module]:
    return {module.name: module for module in modules()}


def _paths() -> list[Path]:
    """What is handed out (`engine/outside/`) is no part of the program: it is a script by itself, which imports nothing."""
    found = sorted((ROOT / "engine").rglob("*.py"))
    return [ROOT / "cli.py", *(path for path in found if path.parent.name != "outside")]


def own(module: Module) -> list[Import]:
    """Its imports of other modules of the program."""
    return [one for one in module.imports if one.module in names() and one.module != module.name]


def reached(start: set[str]) -> set[str]:
    """These modules and all that they import when they are imported, however far away."""
    found, left = set(), set(start)
    while left:
        name = left.pop()
        found.add(name)
        left |= {one.module for one in own(by_name()[name]) if not one.is_for_types} - found
    return found
