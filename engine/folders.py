"""Where runbooks are found: the folders of RUNBOOK_PATH, then those that come with runbook. No file is opened. Floor 1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import engine

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
    """Every policy file by the name of its set, the first folder that has it counting; cases beside them are none."""
    found: dict[str, Path] = {}
    for folder in (*folders, SHIPPED_POLICIES):
        if folder.is_dir():
            for path in sorted(folder.glob(f"*{ENDING}")):
                if path.is_file() and not path.name.endswith((".test.yaml", ".cases.yaml")):
                    found.setdefault(path.stem, path)
    return found
