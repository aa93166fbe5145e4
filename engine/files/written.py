"""Files that a command writes for others to read: whole or not at all. Floor 2."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from engine.errors import UsageFault


def write(path: Path, text: str) -> None:
    """Write the text as UTF-8, in place of what was there. Raises UsageFault when it cannot be.

    It is written beside its place first and then moved, so that no reader sees a part of it and a full disk loses
    nothing that was there. What is no file (`/dev/stdout`, a pipe) is written to as it is; a link stays a link.
    """
    try:
        place = Path(os.path.realpath(path))
        if place.exists() and not place.is_file():
            place.write_text(text, encoding="utf-8", newline="\n")
            return
        mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else 0o666 & ~_umask()
        _replace(place, text, mode)
    except OSError as error:
        hint = "Make its folder first." if isinstance(error, FileNotFoundError) else None
        raise UsageFault(f"{path} cannot be written: {error.strerror}", hint=hint) from error


def _replace(place: Path, text: str, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{place.name[:100]}.", dir=place.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        os.replace(name, place)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
