"""Who else may write a file, or put another in its place, by the permissions of it and of the folders it lies in. Floor 2."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

EVERYONE = "every account on this machine"


def writers(path: Path) -> Iterator[tuple[Path, str]]:
    """Each place where somebody besides owners may change what is read at `path`, and who may; the file first.

    A place is the file, its folder, and a folder above that every account may write: in a folder with a sticky bit, as /tmp,
    nobody replaces what is another's. Links are followed, since whoever may write where one lies may lead it elsewhere.
    Raises OSError.
    """
    real = Path(os.path.realpath(path))
    for place in dict.fromkeys([real, real.parent, path.absolute().parent, *real.parents, *path.absolute().parents]):
        status = place.stat()
        if stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX:
            continue
        if status.st_mode & stat.S_IWOTH:
            yield place, EVERYONE
        elif place in (real, real.parent, path.absolute().parent) and is_open_to_its_group(status):
            yield place, f"the group {_group(status.st_gid)}"


def is_open_to_its_group(status: os.stat_result) -> bool:
    """Whether the group may write it, and others than the owner are in it: many systems make a group for each account."""
    if not status.st_mode & stat.S_IWGRP:
        return False
    import grp
    import pwd

    try:
        group, owner = grp.getgrgid(status.st_gid), pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        return True
    return not (group.gr_name == owner and set(group.gr_mem) <= {owner})


def _group(number: int) -> str:
    import grp

    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
