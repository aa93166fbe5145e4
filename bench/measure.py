"""One process from its start to its end: wall time, CPU time and the most memory that it held."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds of wall and CPU time, and the peak of resident memory in bytes, of one process."""

    wall: float
    cpu: float
    peak: int


@dataclass(slots=True)
class Samples:
    """All that was measured of one peer."""

    all: list[Sample] = field(default_factory=list)

    @property
    def least_wall(self) -> float:
        """The shortest wall time, in seconds: what it takes when nothing else is in the way."""
        return min(sample.wall for sample in self.all)

    @property
    def median_wall(self) -> float:
        """The median wall time, in seconds."""
        return median(sample.wall for sample in self.all)

    @property
    def least_cpu(self) -> float:
        """The least CPU time, user and system, in seconds."""
        return min(sample.cpu for sample in self.all)

    @property
    def peak(self) -> int:
        """The median of the peaks of resident memory, in bytes."""
        return int(median(sample.peak for sample in self.all))


def measure(command: Sequence[str], env: Mapping[str, str], folder: Path) -> Sample:
    """Run a command to its end. Raises RuntimeError, with what it said, when it fails."""
    said = os.open(folder / "said", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        files = [(os.POSIX_SPAWN_DUP2, said, 1), (os.POSIX_SPAWN_DUP2, said, 2)]
        nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        started = time.perf_counter()
        pid = os.posix_spawn(command[0], list(command), dict(env), file_actions=[nothing, *files])
        _, status, used = os.wait4(pid, 0)
        wall = time.perf_counter() - started
        if status:
            os.lseek(said, 0, os.SEEK_SET)
            raise RuntimeError(f"{' '.join(command)} failed: {os.read(said, 10_000).decode(errors='replace')}")
    finally:
        os.close(said)
    unit = 1 if sys.platform == "darwin" else 1024
    return Sample(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit)
