"""The oracle's process, started under a Python that has `cel-expr-python`, and asked a block at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cel_oracle.facts import Facts

TESTS = Path(__file__).parent.parent
SETTING = "RUNBOOK_CEL_ORACLE"


def oracle_python() -> str | None:
    """The Python named by `RUNBOOK_CEL_ORACLE`, taken at its word; else this one, if it has the oracle; else None."""
    if named := os.environ.get(SETTING):
        return named
    has_oracle = sys.version_info >= (3, 12) and find_spec("cel_expr_python") is not None
    return sys.executable if has_oracle else None


class Oracle:
    """A process of the oracle. `ask` and `answers` are apart, so that it thinks while we do."""

    def __init__(self, python: str) -> None:
        """Start it. Its stderr is ours."""
        self.process = subprocess.Popen(
            [python, "-m", "cel_oracle.google"],
            env={**os.environ, "PYTHONPATH": str(TESTS)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Oracle:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()

    def ask(self, facts: Facts, texts: Sequence[str]) -> None:
        """Hand it a block."""
        assert self.process.stdin
        block = {"names": facts.names, "values": facts.values, "texts": list(texts)}
        self.process.stdin.write(json.dumps(block) + "\n")
        self.process.stdin.flush()

    def answers(self) -> list[dict[str, Any]]:
        """The outcomes of the block that was handed over first. Raises RuntimeError when the process died of it."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the oracle ended with {self.process.wait()}")
        found: list[dict[str, Any]] = json.loads(line)
        return found
