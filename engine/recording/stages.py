"""Exchanges in the order of a run, as the stages of a recording: by the one rule that plays them. Floor 5.

A write is a stage of its own. A read that is made again begins a new stage of reads, because that is when a player moves
on; so what is played back comes in the order in which it was heard. Reads that end a row of them and say what those
before them said are left out: a player then stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field

from engine.plain import dataclass
from engine.recording.scrubbing import Scrubbed
from engine.sandbox.scenario import Key, key_of

READS = ("GET", "HEAD")


@dataclass
class Recorded:
    """One stage: its name, and its exchanges."""

    name: str
    kind: str
    exchanges: list[Scrubbed] = field(default_factory=list)

    @property
    def request(self) -> str:
        """A write's request, as `scenario.yaml` names it: below `/api/v1`."""
        first = self.exchanges[0]
        return f"{first.method} {first.target.removeprefix('/api/v1')}"


def stages(exchanges: Iterable[Scrubbed]) -> list[Recorded]:
    """The stages, in order, each with a name of its own."""
    found: list[Recorded] = []
    seen: set[Key] = set()
    for one in exchanges:
        key = key_of(one.method, one.target)
        if one.method not in READS:
            found = [*_without_echoes(found), Recorded(_free(one.target.rpartition("/")[2], found), "write", [one])]
            seen = set()
            continue
        if not found or found[-1].kind == "write" or key in seen:
            found.append(Recorded(_free(_reads_after(found), found), "reads"))
            seen = set()
        seen.add(key)
        found[-1].exchanges.append(one)
    return _without_echoes(found)


def _without_echoes(found: list[Recorded]) -> list[Recorded]:
    """Without the last stages of reads that repeat the one before them."""
    while len(found) > 1 and found[-1].kind == found[-2].kind == "reads" and _says_the_same(found[-1], found[-2]):
        found = found[:-1]
    return found


def _says_the_same(later: Recorded, before: Recorded) -> bool:
    known = {key_of(one.method, one.target): one for one in before.exchanges}
    return all(known.get(key_of(one.method, one.target)) == one for one in later.exchanges)


def _reads_after(found: Sequence[Recorded]) -> str:
    """What reads are called by what came before them."""
    if not found:
        return "before"
    return f"after_{found[-1].name}" if found[-1].kind == "write" else "again"


def _free(name: str, found: Sequence[Recorded]) -> str:
    """The name, or the name with the first number that is free."""
    taken, free, number = {one.name for one in found}, name, 1
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
