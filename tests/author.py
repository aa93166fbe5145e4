"""An author's folder: a runbook and the tests beside it, and `runbook test` on them in a child of this process."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forked import run
from lago_server import PROJECT, Result

from engine.library import SHIPPED

RUNBOOK = "finalize_invoice"


@dataclass(frozen=True)
class Author:
    """The folder that `runbook` is typed in."""

    folder: Path

    @classmethod
    def at(cls, folder: Path, tests: str = "", runbook: str = RUNBOOK) -> Author:
        """An author of a copy of a shipped runbook, with these tests."""
        place = folder / "runbooks"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{runbook}.yaml").write_text((SHIPPED / f"{runbook}.yaml").read_text("utf-8"), "utf-8")
        if tests:
            (place / f"{runbook}.test.yaml").write_text(tests, "utf-8")
        return cls(folder)

    @property
    def env(self) -> dict[str, str]:
        """The environment of somebody who has set nothing up."""
        keep = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
        home = {"HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder / "config")}
        return {**keep, **home, "XDG_STATE_HOME": str(self.folder / "state"), "PYTHONPATH": str(PROJECT)}

    def test(self, *args: str, **env: str) -> Result:
        """`runbook test ARGS`."""
        return run(("test", *args), {**self.env, **env}, self.folder).result

    def json(self, *args: str) -> tuple[int, list[dict[str, Any]]]:
        """The exit code and the lines of `runbook test ARGS --format json`."""
        done = self.test(*args, "--format", "json")
        return done.code, [json.loads(line) for line in done.out.splitlines()]


def timeless(text: str) -> str:
    """A screen without what differs from run to run: seconds and the ids of runs."""
    text = re.sub(r"\b\d+\.\d+s\b", "0.0s", text)
    return re.sub(r"\b(?=[0-9A-Z]{12}\b)(?=\w*\d)[0-9A-HJKMNP-TV-Z]{12}\b", "1NG000000000", text)
