"""Speed and size, as ratios side by side in one run: `python bench/run.py [--rounds N] [--runs N] [--json]`.

Every round runs every peer once, in turn, so that a busy minute falls on all of them alike. See `bench/README.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parent.parent)  # the project, in place of this folder

from bench.imports import imports
from bench.journal import cost
from bench.measure import Sample, Samples, measure
from bench.peers import BARE, PASS, RUN, Peer, audited, environment, peers
from bench.server import Server

GOALS = (
    ("peers", "runbook --help", PASS, 4.0, 2.0),
    ("as_lago", RUN, BARE, 1.5, 0.7),
    ("peers", RUN, BARE, 1.5, 0.7),
)
TABLES = {"peers": "each answer as soon as it can be", "as_lago": "each answer after the time that a Lago takes"}
JOURNAL_GOAL = 4096


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="how often each peer runs (default: 20)")
    parser.add_argument("--runs", type=int, default=70, help="runs that the journal's size is told from (default: 70)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Server() as server:
        found = bench(server, Path(folder), wanted.rounds, wanted.runs)
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if wanted.json else report(found))


def bench(server: Server, folder: Path, rounds: int, runs: int) -> dict[str, Any]:
    """Everything, as JSON: sizes in bytes, times in seconds."""
    env = environment(server, folder)

    def play(command: tuple[str, ...]) -> Any:
        server.reset()
        return measure([word.replace("{invoice}", server.invoice) for word in command], env, folder)

    play(audited(server))  # writes what is compiled, and shows which calls a run makes
    same = server.seen()
    all_peers = peers(server, folder, same)
    at_once = interleaved(all_peers, rounds, play, server)
    server.answer("slow")
    speaking = [peer for peer in all_peers if peer.against == BARE]
    as_lago = interleaved(speaking, max(1, rounds // 4), play, server)
    server.answer("fast")
    journal = cost(Path(env["RUNBOOK_JOURNAL"]), lambda: play(audited(server)), runs)
    server.reset()
    told = [word.replace("{invoice}", server.invoice) for word in audited(server)]
    words = {"--help": ["--help"], "validate": ["validate"], "run": told[told.index("run") :]}
    return {
        "machine": {"python": platform.python_version(), "system": platform.system(), "cores": os.cpu_count()},
        "rounds": rounds,
        "peers": at_once,
        "as_lago": as_lago,
        "imports": {name: asdict(one) for name, one in imports(words, env).items()},
        "journal": asdict(journal),
    }


def interleaved(
    all_peers: list[Peer], rounds: int, play: Callable[[tuple[str, ...]], Sample], server: Server
) -> dict[str, dict[str, Any]]:
    """Each peer once a round, and how many calls of it the server counted. Of several rounds the first is not kept."""
    samples = {peer.name: Samples() for peer in all_peers}
    made: dict[str, int] = {}
    for number in range(rounds + 1 if rounds > 1 else 1):
        for peer in all_peers:
            sample = play(peer.command)
            made[peer.name] = len(server.seen())
            if number or rounds == 1:
                samples[peer.name].all.append(sample)
    return {
        peer.name: {
            "wall_least": samples[peer.name].least_wall,
            "wall_median": samples[peer.name].median_wall,
            "cpu_least": samples[peer.name].least_cpu,
            "peak_bytes": samples[peer.name].peak,
            "against": peer.against,
            "ratio_least": samples[peer.name].least_wall / samples[peer.against].least_wall,
            "ratio_median": samples[peer.name].median_wall / samples[peer.against].median_wall,
            "calls": made[peer.name],
        }
        for peer in all_peers
    }


def report(found: dict[str, Any]) -> str:
    """The tables that a person reads."""
    machine, journal = found["machine"], found["journal"]
    lines = [
        f"Python {machine['python']}, {machine['system']}, {machine['cores']} cores; {found['rounds']} rounds in turn"
    ]
    for table, title in TABLES.items():
        lines += [
            "",
            title,
            "                           wall ms        cpu ms  peak MB   calls   ratio         to",
            "                        least  median      least           of HTTP  least  median",
            *map(row, found[table], found[table].values()),
        ]
    lines += ["", "goals                                   wanted  extreme   reached (least, median)"]
    for table, name, against, wanted, extreme in GOALS:
        peer = found[table][name]
        reached = f"{peer['ratio_least']:.2f}, {peer['ratio_median']:.2f}; {TABLES[table]}"
        lines.append(f"{name + ' / ' + against:40}{wanted:>5}x  {extreme:>6}x   {reached}")
    lines.append(f"{'journal, bytes of file a run':40}{JOURNAL_GOAL:>6}  {'-':>7}   {journal['file']:.0f}")
    lines += ["", "imports                 modules      ms   slowest by themselves"]
    for name, told in found["imports"].items():
        slow = ", ".join(f"{module} {seconds * 1e3:.0f}" for module, seconds in told["slowest"])
        lines.append(f"{name:24}{told['modules']:7}  {told['seconds'] * 1e3:6.0f}   {slow}")
    kept = "older ones packed" if journal["is_packed"] else "too few to pack any"
    lines += [
        "",
        f"journal, of a run ({journal['runs']} runs, {kept})",
        f"{journal['records']:.0f} records as JSON, bytes",
    ]
    lines += [f"  {name:30}{size:9.0f}" for name, size in journal["told"].items()]
    lines += ["in the file, bytes", *(f"  {name:30}{size:9.0f}" for name, size in journal["tables"].items() if size)]
    median, worst = journal["append_median"] * 1e3, journal["append_worst"] * 1e3
    lines.append(f"the newest records, not packed yet: {journal['loose'] / 1e6:.1f} MB, whatever the number of runs")
    lines.append(f"one durable record: {median:.2f} ms median, {worst:.2f} ms at the 99th of 100")
    return "\n".join(lines) + "\n"


def row(name: str, peer: dict[str, Any]) -> str:
    """A peer's line of a table."""
    times = f"{peer['wall_least'] * 1e3:6.0f}  {peer['wall_median'] * 1e3:6.0f}  {peer['cpu_least'] * 1e3:9.0f}"
    ratios = f"{peer['ratio_least']:5.2f}  {peer['ratio_median']:6.2f}  {peer['against']}"
    return f"{name:24}{times}  {peer['peak_bytes'] / 1e6:7.1f}  {peer['calls'] or '-':>7}  {ratios}"


if __name__ == "__main__":
    main()
