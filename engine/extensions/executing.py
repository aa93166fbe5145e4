"""Foreign code on its first run: a file executed, a package imported, and whatever goes wrong told with its line. Floor 4."""

from __future__ import annotations

import hashlib
import importlib
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOBase
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.diagnostics import Diagnostic, Span
from engine.extensions.packages import Offer
from engine.extensions.places import NOWHERE, Place, place_of


class Printed(Exception):
    """A module wrote to stdout while it was imported, where a renderer's lines go."""


class _Nobody(TextIOBase):
    """A stdout that takes nothing."""

    def write(self, text: str) -> int:
        """Raises Printed, from the very line that prints."""
        raise Printed


@contextmanager
def _unheard() -> Iterator[None]:
    before = sys.stdout
    sys.stdout = _Nobody()
    try:
        yield
    finally:
        sys.stdout = before


def execute(path: Path, content: bytes) -> tuple[ModuleType | None, Diagnostic | None]:
    """The module that a file's bytes make, or why they make none. It never lies under a name that others import."""
    place = Place(path, content.decode("utf-8", "replace"))
    # Classes look for their module under its name, so it needs one; no file of that name can be on any path.
    module = ModuleType(f"runbook extension {path.stem} {hashlib.sha256(str(path).encode()).hexdigest()[:8]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module

    def run() -> ModuleType:
        exec(compile(content, str(path), "exec", dont_inherit=True), module.__dict__)
        return module

    found, fault = _attempt(run, place, lambda name: name == str(path))
    if found is None:
        del sys.modules[module.__name__]
    return found, fault


def load(offer: Offer) -> tuple[ModuleType | None, Any, Diagnostic | None]:
    """The module of an entry point and what the entry point means there, or why there is none."""
    name, _, attribute = (part.strip() for part in offer.value.partition(":"))
    table = place_of(offer.table)
    spot = table.word(offer.name)
    if not attribute:
        help = "name what is in the module, as `acme_runbook.contracts:STEP`"
        return None, None, table.fault("EX004", f"`{offer.value}` of {offer.label} names a module alone", help, spot)
    root = name.partition(".")[0]
    inside = lambda file: f"/{root}/" in file or Path(file).stem == root  # noqa: E731
    module, fault = _attempt(lambda: importlib.import_module(name), table, inside, offer, spot)
    if module is None:
        return None, None, fault
    thing: Any = module
    for part in attribute.split("."):
        if not hasattr(thing, part):
            message = f"`{name}` has no `{attribute}`, which `{offer.name}` of {offer.label} names"
            return module, None, table.fault("EX004", message, "mend the package's table, and install it again", spot)
        thing = getattr(thing, part)
    return module, thing, None


def _attempt(
    run: Callable[[], ModuleType],
    place: Place,
    is_theirs: Callable[[str], bool],
    offer: Offer | None = None,
    spot: Span = NOWHERE,
) -> tuple[ModuleType | None, Diagnostic | None]:
    """Run it unheard. What it raises is told at the last line that is theirs, else at `spot` of `place`."""
    whose = f" (`{offer.name}` of {offer.label})" if offer else ""
    try:
        with _unheard():
            return run(), None
    except SyntaxError as error:
        if error.filename is not None and is_theirs(error.filename):
            place = place if not offer else place_of(Path(error.filename))
            line, col = error.lineno or 1, error.offset or 1
            end = max(error.end_offset or 0, col + 1) if error.end_lineno == line else col + 1
            message = f"this is not Python{whose}: {error.msg}"
            return None, place.fault("EX003", message, "mend the line", Span(line, col, line, end))
        raised: BaseException = error
    except (Exception, SystemExit) as error:
        raised = error
    frames = [frame for frame in traceback.extract_tb(raised.__traceback__) if is_theirs(frame.filename)]
    if frames:
        place = place if not offer else place_of(Path(frames[-1].filename))
        spot = place.line(frames[-1].lineno or 1)
    return None, place.fault("EX003", *_why(raised, whose), spot)


def _why(raised: BaseException, whose: str) -> tuple[str, str]:
    if isinstance(raised, Printed):
        return f"it prints while it is imported{whose}", "what stands on stdout is for programs to read: remove it"
    if isinstance(raised, SystemExit):
        return f"it ends the program while it is imported{whose}", "remove it: a module only defines"
    told = f"{type(raised).__name__}: {raised}".removesuffix(": ")[:300]
    if isinstance(raised, ModuleNotFoundError) and raised.name:
        help = f"install what has `{raised.name}` where runbook is installed"
        if raised.name.split(".")[0] not in sys.stdlib_module_names and not whose:
            help += "; a file cannot import another file beside it: make them a package"
        return f"it cannot be imported{whose}: {told}", help
    return f"it cannot be imported{whose}: {told}", "mend the line; nothing of it is used until then"
