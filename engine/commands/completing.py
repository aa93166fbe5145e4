"""Completion: the script of a shell, and what is offered for a word. Quick, quiet, and never by calling Lago. Floor 5.

click takes the line apart and completes commands, options and choices; its own scripts lose `--option=` (its issue 2847)
and break words with a colon, so the scripts in `engine/shells/` are ours and speak its protocol.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import engine
from engine.errors import Exit
from engine.folders import files, policy_files
from engine.plain import dataclass
from engine.printable import safe

if TYPE_CHECKING:
    from engine.commands.shell import Shell
    from engine.model import Input

SCRIPTS = Path(engine.__file__).parent / "shells"
CODES = Path(engine.__file__).parent / "explain" / "diagnostics"

# Runs that are offered; older ones are found once their ids have been begun.
MOST_RUNS = 30
MOST_LOOKED_AT = 300
# A journal that another process holds is not waited for.
BUSY_SECONDS = 0.1

# A value and half a sentence about it.
Offer = tuple[str, str]


def print_script(shell: Shell, name: str) -> int:
    """Print the completion script of a shell."""
    shell.terminal.out((SCRIPTS / f"runbook.{name}").read_text("utf-8"))
    return Exit.DONE


@dataclass(frozen=True, slots=True)
class Item:
    """One value as click hands it to a shell: `type` is for the script, `help` stands beside the value."""

    value: str
    type: str = "plain"
    help: str | None = None


def offers(shell: Shell, what: str, begun: str) -> list[Item]:
    """Values that begin so; nothing where something is wrong. Of `yaml` the shell itself lists the files. Raises nothing."""
    if what == "yaml":
        return [Item(begun, "yaml")]
    try:
        return [Item(one, help=safe(said)) for one, said in OFFERS[what](shell, begun) if one.startswith(begun)]
    except Exception:  # a shell asks between two keys: whatever is wrong is told by the command itself
        return []


@dataclass(frozen=True, slots=True)
class Sketch:
    """A runbook as far as completion needs it: not validated, since that takes longer than a person waits for a key."""

    inputs: Mapping[str, Input]
    title: str = ""
    summary: str = ""


def sketch(shell: Shell, name: str) -> Sketch | None:
    """The inputs that a file declares, as far as they can be read; None where there is no such file. Raises nothing."""
    try:
        from engine.model import INPUT_TYPES
        from engine.source import read

        root = read(_files(shell)[name]).root
    except Exception:  # as above
        return None
    plain = root.plain() if root is not None else None
    declared = plain.get("inputs") if isinstance(plain, dict) else None
    rows = declared.items() if isinstance(declared, dict) else ()
    known = {one: row for one, row in rows if isinstance(row, dict) and row.get("type") in INPUT_TYPES}
    return Sketch({one: _input(one, row) for one, row in known.items()})


def _input(name: str, row: Mapping[str, object]) -> Input:
    from engine.model import Input

    default = None if row.get("default") is None else str(row["default"])
    return Input(name, str(row["type"]), row.get("optional") is True, default, str(row.get("help", "")))


def _files(shell: Shell) -> Mapping[str, Path]:
    return files(shell.settings.path)


def _runbooks(shell: Shell, begun: str) -> Iterator[Offer]:
    for name, path in sorted(_files(shell).items()):
        with path.open(encoding="utf-8", errors="replace") as file:
            title = re.search(r"^title:[ \t]*[\"']?(.*?)[\"']?[ \t]*$", file.read(4000), re.MULTILINE)
        yield name, title[1] if title else ""


def _policies(shell: Shell, begun: str) -> Iterator[Offer]:
    for name, path in sorted(policy_files(shell.settings.policies).items()):
        yield name, path.parent.name


def _runs(shell: Shell, begun: str) -> Iterator[Offer]:
    """The newest first, each with what came of it."""
    from engine.journal import Reader

    with Reader.open(shell.settings.journal, busy_seconds=BUSY_SECONDS) as journal:
        found = journal.runs(limit=MOST_LOOKED_AT if begun else MOST_RUNS)
    for run in found:
        dry = "" if run.mode == "run" else "dry run, "
        released = ", released" if run.released_by else ""
        said = f"{dry}{run.outcome or 'not ended'}{released}, {run.runbook}, {run.operator}, {run.started[:16]}Z"
        yield _as_begun(run.run, begun), said


def _as_begun(code: str, begun: str) -> str:
    """A code that is read in any case, with the letters that were typed: a shell offers nothing else."""
    return begun + code[len(begun) :] if code.casefold().startswith(begun.casefold()) else code


def _subjects(shell: Shell, begun: str) -> Iterator[Offer]:
    from engine.journal import Reader

    with Reader.open(shell.settings.journal, busy_seconds=BUSY_SECONDS) as journal:
        found = journal.runs(limit=MOST_RUNS)
    newest = {run.subject: run for run in reversed(found) if run.subject}
    for subject, run in sorted(newest.items(), key=lambda item: item[1].started, reverse=True):
        yield subject, f"{run.outcome or 'not ended'}, {run.started[:16]}Z"


def _codes(shell: Shell, begun: str) -> Iterator[Offer]:
    if begun[:1].isdigit():
        yield from ((str(code.value), code.brief) for code in Exit)
        return
    from engine.explain import titles
    from engine.explain.entries import title_of

    # A code that is begun needs none of what a name needs: the steps, the checks, and what they know.
    families = [path for path in CODES.glob("*.md") if len(begun) > 1 and path.stem.startswith(begun.upper())]
    if families:
        yield from ((_as_begun(path.stem, begun), title_of(path)) for path in sorted(families))
        return
    yield from ((_as_begun(one.code, begun), one.title) for one in titles(shell.registry))


def _explainable(shell: Shell, begun: str) -> Iterator[Offer]:
    """Codes; and the runs, of which it is told what policies decided, once the id of one is begun."""
    yield from _codes(shell, begun)
    if len(begun) > 2 and begun[0].isdigit():
        yield from _runs(shell, begun)


def _faults(shell: Shell, begun: str) -> Iterator[Offer]:
    from engine.sandbox.faults import CALLS, FAULTS

    if ":" not in begun:
        yield from ((f"{call}:", "") for call in CALLS)
        return
    yield from ((f"{call}:{fault}", said) for call in CALLS for fault, said in FAULTS.items())


def _syncs(shell: Shell, begun: str) -> Iterator[Offer]:
    from engine.sandbox.console import STATES

    yield from STATES.items()


OFFERS: Mapping[str, Callable[[Shell, str], Iterator[Offer]]] = {
    "runbooks": _runbooks,
    "policies": _policies,
    "runs": _runs,
    "subjects": _subjects,
    "codes": _explainable,
    "faults": _faults,
    "syncs": _syncs,
}
