"""Which files may be executed: named by whom the process belongs to, and writable by nobody else. Floor 4.

The process holds the key to Lago. A repository that is cloned may name files of its own in `pyproject.toml`; they are not
executed before the person says that this project is trusted, in a place that no repository reaches.
"""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from engine.config.files import Layer, Origin
from engine.diagnostics import Diagnostic
from engine.extensions.places import Place, place_of
from engine.files.others import is_open_to_its_group
from engine.settings import Settings

MOST_BYTES = 1_000_000


def untrusted(settings: Settings) -> Diagnostic | None:
    """Why none of the files that the settings name may be executed: a project names them, and nobody trusts it."""
    origin = settings.values["extensions"].origin
    if origin.layer is not Layer.PROJECT or origin.file is None:
        return None
    project = origin.file.parent.resolve()
    if any(Path(os.path.realpath(folder)) == project for folder in settings.trusted_projects):
        return None
    place = place_of(origin.file)
    files = ", ".join(f"`{path.name}`" for path in settings.extensions)
    return place.fault(
        "EX001",
        f"this project names Python files to be executed ({files}), and it is not trusted",
        f'read them; then add "{project}" to `trusted_projects` in your user file, or to RUNBOOK_TRUSTED_PROJECTS',
        place.line(_line(origin)),
    )


def _line(origin: Origin) -> int:
    number = origin.name.rpartition(":")[2]
    return int(number) if number.isdigit() else 1


def read(path: Path) -> tuple[bytes, Diagnostic | None]:
    """The file's bytes, or why it is not to be executed. What is judged is the file that was opened, not its name."""
    place = Place(path, "")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        why = (
            "there is no such file" if isinstance(error, FileNotFoundError) else f"it cannot be read: {error.strerror}"
        )
        return b"", place.fault("EX002", why, "`extensions` names it; `runbook config` says where that is set")
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return b"", place.fault("EX002", "this is no file", "`extensions` must name Python files")
    with open(descriptor, "rb") as file:
        if (others := _open_to_others(path, status)) is not None:
            return b"", place.fault("EX002", *others)
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return b"", place.fault("EX002", f"it is larger than {MOST_BYTES} bytes", "make it a package")
    return content, None


def _open_to_others(path: Path, status: os.stat_result) -> tuple[str, str] | None:
    """Who else could put other code there, and what to do about it: by the file, its folder, and those above."""
    if status.st_uid not in (0, os.getuid()):
        owner = _account(status.st_uid)
        return (
            f"it belongs to {owner}, who could change it",
            f"copy it, or have it given to you: chown {_account()} {path}",
        )
    if _writable(status):
        return f"others may write it ({stat.S_IMODE(status.st_mode):04o})", f"chmod go-w {path}"
    folder = path.resolve().parent
    if _writable(folder.stat()):
        return f"others may write its folder {folder}, and so replace it", f"chmod go-w {folder}"
    for above in folder.parents:
        mode = above.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"everyone may write the folder {above} above it, and so replace it", f"chmod o-w {above}"
    return None


def _writable(status: os.stat_result) -> bool:
    """Whether anybody but the owner may write it. A group with nobody else in it is the owner; a sticky folder is safe."""
    if status.st_mode & stat.S_ISVTX and stat.S_ISDIR(status.st_mode):
        return False
    return bool(status.st_mode & stat.S_IWOTH) or is_open_to_its_group(status)


def _account(uid: int | None = None) -> str:
    uid = os.getuid() if uid is None else uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
