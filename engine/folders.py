"""Where runbooks and policy sets are found: the folders of the settings, then those shipped. No file is opened. Floor 1."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import engine
from engine.errors import SettingsFault
from engine.plain import dataclass

SHIPPED = Path(engine.__file__).parent.parent / "runbooks"
SHIPPED_POLICIES = SHIPPED.parent / "policies"
ENDING = ".yaml"


def files(folders: Sequence[Path]) -> dict[str, Path]:
    """Every runbook by name, the first folder that has it counting; tests beside runbooks are none."""
    found: dict[str, Path] = {}
    for folder in (*folders, SHIPPED):
        if folder.is_dir():
            for path in sorted(folder.glob(f"*{ENDING}")):
                if os.path.isfile(path) and not path.name.endswith((".test.yaml", ".cases.yaml")):
                    found.setdefault(path.stem, path)
    return found


def names(folders: Sequence[Path]) -> list[str]:
    """The names that can be run."""
    return sorted(files(folders))


def misnamed(name: str, folders: Sequence[Path]) -> Path | None:
    """A file that somebody takes for this runbook and that is none, for its ending: `NAME.yml`."""
    return next((path for folder in folders if (path := folder / f"{name}.yml").exists()), None)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file or folder that somebody put there to be read and that is not: why, and what to do."""

    path: Path
    why: str
    to_do: str


def passed_over(folders: Sequence[Path]) -> list[PassedOver]:
    """What lies in these folders as if it were a runbook or policy set, or tests of one, and is never looked at."""
    return [one for folder in dict.fromkeys(folders) for one in _passed_over(folder)]


def _passed_over(folder: Path) -> Iterator[PassedOver]:
    try:
        found = sorted(os.listdir(folder))
    except FileNotFoundError:
        return
    except OSError as error:
        yield PassedOver(
            folder, f"it cannot be looked into: {error.strerror}", "Mend its permissions, or name another."
        )
        return
    for name in found:
        path = folder / name
        if name.startswith("."):
            continue
        if name.endswith(".yml"):
            yield PassedOver(path, "its name ends in `.yml`", f"Rename it to {path.stem}{ENDING}.")
        elif name.endswith(ENDING) and not os.path.exists(path):
            if os.path.islink(path):
                why = f"it is a link to {os.readlink(path)}, which is not there"
                yield PassedOver(path, why, "Mend or remove the link.")
            else:  # a folder that may be listed and not entered
                yield PassedOver(path, "it cannot be looked at", f"Mend the permissions of {folder}.")


def inside(folder: Path) -> list[Path]:
    """The files in a folder that are read as runbooks and policy sets. Raises OSError."""
    found = [folder / name for name in sorted(os.listdir(folder))]
    return [path for path in found if _is_read(path.name) and os.path.isfile(path)]


def _is_read(name: str) -> bool:
    return name.endswith(ENDING) and not name.startswith(".") and not name.endswith((".test.yaml", ".cases.yaml"))


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
            if _is_read(name):
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
