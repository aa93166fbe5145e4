"""The expression language: how fast it is, in seconds of the processor. A longer run: it wants a machine that is not busy."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from expressions import NAMES, fees, values
from test_cel import WHOLE

from engine.cel import compile

pytestmark = pytest.mark.campaign


def quickest(work: Callable[[], object], times: int) -> float:
    """The seconds that one of `times` takes at best, of ten tries."""
    found = []
    for _ in range(10):
        begun = time.process_time()
        for _ in range(times):
            work()
        found.append((time.process_time() - begun) / times)
    return min(found)


@pytest.mark.parametrize(("count", "times", "most"), [(20, 1000, 60e-6), (10_000, 3, 15e-3)])
def test_an_invoice_is_judged_in_no_time(count: int, times: int, most: float) -> None:
    program = compile(WHOLE, NAMES)
    held = values(fees=fees(count), fees_amount_cents=sum(range(count)))
    assert program.evaluate(held) is True
    assert quickest(lambda: program.evaluate(held), times) < most


def test_a_text_is_compiled_and_explained_in_milliseconds() -> None:
    program = compile(WHOLE, NAMES)
    held = values(fees=fees(20), fees_amount_cents=190)
    assert quickest(lambda: compile(WHOLE, NAMES), 10) < 10e-3
    assert quickest(lambda: program.explain(held), 10) < 10e-3


def test_importing_it_adds_little_to_what_every_command_imports(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    others = "import datetime, re, time, engine.plain; begun = time.process_time()"
    code = f"{others}; import engine.cel; print(time.process_time() - begun)"
    taken = [float(subprocess.check_output([sys.executable, "-c", code], env=env)) for _ in range(10)]
    assert min(taken) < 30e-3
