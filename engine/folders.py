"""Where runbooks and policy sets are found: the folders of the settings, then those shipped. No file is opened. Floor 1."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import engine
from engine.errors import SettingsFault

SHIPPED = Path(engine.__file__).parent.parent / "runbooks"
SHIPPED_POLICIES = SHIPPED.parent / "policies"
ENDING = ".yaml"


def files(folders: Sequence[Path]) -> dict[str, Path]:
    """Every runbook by name, the first folder that has it counting; tests beside runbooks are none."""
    found: dict[str, Path] = {}
    for folder in (*folders, SHIPPED):
        if folder.is_dir():
            for path in sorted(folder.glob(f"*{ENDING}")):
                if path.is_file() and not path.name.endswith((".test.yaml", ".cases.yaml")):
                    found.setdefault(path.stem, path)
    return found


def names(folders: Sequence[Path]) -> list[str]:
    """The names that can be run."""
    return sorted(files(folders))


def misnamed(name: str, folders: Sequence[Path]) -> Path | None:
    """A file that somebody takes for this runbook and that is none, for its ending: `NAME.yml`."""
    return next((path for folder in folders if (path := folder / f"{name}.yml").exists()), None)


def policy_files(folders: Sequence[Path]) -> dict[str, Path]:
    """Every policy file by the name of its set, the first folder that has it counting; cases beside them are none.

    Nothing is passed over without a word, since the set of a later folder would decide instead: a name that cannot be
    read is one all the same. Raises SettingsFault for a folder that cannot be looked into, and for a file that somebody
    takes for a set of that name and that is none, for its ending.
    """
    found: dict[str, Path] = {}
    misnamed: dict[str, Path] = {}
    for folder in (*folders, SHIPPED_POLICIES):
        for name in _names_in(folder):
            path = folder / name
            if name.endswith(ENDING) and not name.startswith(".") and not name.endswith((".test.yaml", ".cases.yaml")):
                if path.stem in misnamed and path.stem not in found:
                    message = f"{misnamed[path.stem]} is no policy file by its ending, and {path} would decide instead"
                    raise SettingsFault(message, hint="rename it to end in `.yaml`")
                found.setdefault(path.stem, path)
            elif name.endswith(".yml"):
                misnamed.setdefault(path.stem, path)
    return found


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        message = f"the policies in {folder} cannot be looked into: {error.strerror}"
        raise SettingsFault(message, hint="RUNBOOK_POLICIES names folders; mend its permissions") from error
