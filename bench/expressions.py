"""Speed of the expression language, beside other engines in one run: `python bench/expressions.py [--peers] [--json]`.

`--peers` installs them into a temporary virtual environment of `--python`, 3.12 or newer, in which ours is then measured
as well.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PEERS = ("cel-expr-python==0.1.3", "protobuf", "cel-python", "common-expression-language")
OURS = "ours"
# What the language takes of the standard library, and then the language itself, in a process that has neither.
IMPORT = (
    "from time import perf_counter as now; a = now(); import contextlib, dataclasses, datetime, re, typing, zoneinfo;"
    " b = now(); import engine.cel; print(b - a, now() - b)"
)
IMPORTS = 8


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="how often each engine is asked (default: 100)")
    parser.add_argument("--peers", action="store_true", help="install other engines and measure them, too")
    parser.add_argument("--python", default=sys.executable, help="the Python to run all of them (default: this one)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        python = installed(wanted.python, Path(folder)) if wanted.peers else wanted.python
        found = measured(python, wanted.rounds)
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if wanted.json else report(found))


def installed(python: str, folder: Path) -> str:
    """A Python of a new virtual environment that has the peers. Raises CalledProcessError when they cannot be had."""
    subprocess.run([python, "-m", "venv", str(folder / "venv")], check=True)
    inside = str(folder / "venv" / "bin" / "python")
    subprocess.run([inside, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PEERS], check=True)
    return inside


def measured(python: str, rounds: int) -> dict[str, Any]:
    """Everything, as JSON: times in seconds, by engine, of compiling and of evaluating over so many fees."""
    command = [python, str(ROOT / "bench" / "expression_peers.py"), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, "import": imported(python)}


def imported(python: str) -> dict[str, float]:
    """The least seconds that importing takes, compiled: the standard library's part, and the language's own."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    rows = [
        subprocess.run([python, "-c", IMPORT], env=env, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(IMPORTS)
    ]
    library, own = zip(*(map(float, row.split()) for row in rows), strict=True)
    return {"library": min(library), "own": min(own)}


def report(found: dict[str, Any]) -> str:
    """The table that a person reads. A ratio is to ours: above 1 the other one takes longer."""
    columns = list(found["engines"][OURS])
    titles = [f"{name} fees" if name.isdigit() else name for name in columns]
    lines = [
        f"Python {found['python']}; least of the rounds in µs, and least and median as multiples of ours",
        "",
        f"{'':32}" + "".join(f"{title:>32}" for title in titles),
    ]
    for name, times in found["engines"].items():
        cells = []
        for column in columns:
            own, one = found["engines"][OURS][column], times[column]
            least, middle = one["least"] / own["least"], one["median"] / own["median"]
            cells.append(f"{one['least'] * 1e6:14,.1f} {least:8.2f} {middle:8.2f}")
        lines.append(f"{name:32}" + "".join(cells))
    library, own = found["import"]["library"] * 1e3, found["import"]["own"] * 1e3
    lines += [
        "",
        f"import of ours: {own:.1f} ms, after {library:.1f} ms of what it takes of the standard library",
        ", ".join(f"{name} {version}" for name, version in found["versions"].items()) or "no other engine was asked",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
