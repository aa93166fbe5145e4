"""A folder that a command makes for others: whole or not at all, and never over what somebody else put there. Floor 2."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import UsageFault

PRIVATE = 0o700


@contextmanager
def new_folder(path: Path, is_ours: Callable[[Path], bool]) -> Iterator[Path]:
    """A new folder to be filled, which takes the place of `path` at the end; left by an error, nothing has changed.

    An empty folder is taken; another one only if `is_ours` says that nothing but this command's own files is in it.
    It is open to its owner alone. Raises UsageFault: something else is there, or it cannot be written.
    """
    place = Path(os.path.realpath(path))
    if place.exists() and not place.is_dir():
        raise UsageFault(f"{path} is a file", hint="Name a folder, or one that is not there yet.")
    try:
        if place.exists() and any(place.iterdir()) and not is_ours(place):
            raise UsageFault(
                f"{path} holds other files than an earlier export",
                hint="Name an empty folder, or one that is not there yet.",
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        passing = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".new", dir=place.parent))
        try:
            passing.chmod(PRIVATE)
            yield passing
            _take_place(passing, place)
        finally:
            shutil.rmtree(passing, ignore_errors=True)
    except OSError as error:
        raise UsageFault(
            f"{path} cannot be written: {error.strerror or error}", hint="Name a folder that you may write."
        ) from error


def _take_place(made: Path, place: Path) -> None:
    if not place.exists():
        made.rename(place)
        return
    gone = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".old", dir=place.parent))
    gone.rmdir()
    place.rename(gone)
    try:
        made.rename(place)
    except OSError:
        with suppress(OSError):
            gone.rename(place)
        raise
    shutil.rmtree(gone, ignore_errors=True)
