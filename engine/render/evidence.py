"""What an export is evidence of: the log, the head, and in plain words what its records prove and what not. Floor 5."""

from __future__ import annotations

from collections.abc import Iterator

from engine.plain import dataclass
from engine.render.document import Kind


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the records come from. `head` is the hash (hex) of the newest record of the log, `last` its number.

    `closed` counts the records that show their links alone. `why` says what was wrong with the journal, or nothing.
    """

    log: str
    first: int
    last: int
    head: str
    head_ts: str
    shown: int
    closed: int
    is_whole: bool
    why: str = ""
    first_bad: int | None = None

    @property
    def is_intact(self) -> bool:
        """Nothing wrong was found when it was taken out."""
        return not self.why

    def rows(self) -> Iterator[tuple[str, str]]:
        """The log and the head, which is worth comparing with one noted elsewhere."""
        yield "Log", self.log
        yield "Records", f"#{self.first} to #{self.last}; {self.shown} shown whole, {self.closed} by their links alone"
        yield (
            "Head",
            f"#{self.last}, written {self.head_ts[:19].replace('T', ' ')} UTC" if self.head_ts else f"#{self.last}",
        )
        yield "Its hash, SHA-256", f"`{self.head}`" if self.head else "none"


def standing(evidence: Evidence) -> tuple[str, Kind]:
    """Whether the journal was intact, in one sentence."""
    if evidence.is_intact:
        return f"Journal intact up to record #{evidence.last}", "good"
    where = f"record #{evidence.first_bad}" if evidence.first_bad is not None else "the journal as a whole"
    return f"Journal NOT intact: {where}: {evidence.why}", "bad"


def proves(evidence: Evidence) -> list[str]:
    """What holds if the verifier finds no fault."""
    told = [
        "No record between the first and the last of this export was changed, removed, inserted, doubled or moved after"
        " it was written, unless somebody computed every later hash anew.",
        "Every record of the exported runs up to the head is here, whole.",
        "No one-way request was begun while an earlier one for the same effect was open or done, as far as records are"
        " shown.",
    ]
    if evidence.closed:
        told.append(
            f"{evidence.closed} records of other runs stand between them. Their content is left out; their number, time,"
            " type, run and links show, and their hashes can be computed. `--whole-log` shows all of them."
        )
    told.append(
        "Against a head that was noted elsewhere it also proves that nothing up to that head was cut off or rewritten."
    )
    return told


def proves_not() -> list[str]:
    """What no chain in one file can show (`docs/journal.md`)."""
    return [
        "That no records were cut off the end, no older copy was put back and no hash was computed anew, unless a head"
        " noted elsewhere agrees.",
        "That the log is complete: what was done past this program, in Lago's own screens, is not in it.",
        "That what was recorded is true: a changed program or an administrator can record falsely, and a clock can be"
        " wrong. The order still holds.",
        "Who sat at the keyboard: the operator is known by the account of the machine, as the record says.",
        "That this report says what the records say. It is made from them, and can be held against them line by line.",
    ]


def verifying(evidence: Evidence) -> str:
    """How to check it."""
    return (
        "In the folder of this export, with Python 3.8 or newer and without a network. Take `verify.py` from where you"
        " trust it rather than from this folder; its SHA-256 stands in the manual of each version. HASH and N are a head"
        f" that you or somebody you trust noted earlier, of log {evidence.log}."
    )
