"""Older records, packed: some hundreds of them in one xz file inside the journal, to be had back byte for byte. Floor 2.

A record says much that those before it said, so packed together they take a thirtieth of their room. Most of what is left
would be `prev`, which nothing compresses; but it is the hash of the record before, so four digits of it stay, and the others
are computed when it is unpacked. Nothing else changes: each record keeps its bytes, its hash and its place in the chain. The
newest ones stay as they were written, and of the packed ones the rows that SQLite needs to find runs and to keep the rule of
effects, with an empty body.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import apsw

from engine.journal import chain
from engine.journal.sqlite import rows

# So many records make a pack, and at least as many are left loose. It takes a tenth of a second, every tenth run.
RECORDS = 500
# What a pack may hold when it is read: records of 60 KiB, however many.
MOST_BYTES = 256 * 1024 * 1024
# So many digits of `prev` stay in a pack: where they are not those of the record before, one of both was changed.
DIGITS = 4

# The last of them in a record is its own: a quote within a text is escaped, and after `prev` stand no objects.
_PREV = b'"prev":"'
_LOOSE = "SELECT seq, run, type, effect_key, subject, body, hash FROM event WHERE seq > ? ORDER BY seq LIMIT ?"
_PACK_OF = "SELECT first, body FROM pack WHERE first <= ?1 AND last >= ?1"
_TO_STAY = "type IN ('run.start', 'run.end') OR effect_key IS NOT NULL"


def together(bodies: Sequence[bytes]) -> bytes:
    """Records as one xz file of lines."""
    import lzma

    lines = [*bodies[:1], *(_cut(body, chain.hash_of(before)) for before, body in pairwise(bodies))]
    return lzma.compress(
        b"\n".join(lines),
        filters=[{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 20, "pb": 0, "nice_len": 128}],
    )


def apart(packed: bytes) -> list[bytes]:
    """The records of a pack, in order. What no longer follows from the record before it is left as it stands, with the
    few digits of `prev`, so that a check of the chain names it. Raises ValueError.
    """
    try:
        import lzma
    except ImportError:  # a Python that was built without it
        raise ValueError("this Python has no `lzma`, with which older records are packed") from None
    unpacking = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    try:
        text = unpacking.decompress(packed, MOST_BYTES)
    except lzma.LZMAError as error:
        raise ValueError(f"their pack is damaged ({error})") from None
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError("their pack is cut off, too large, or followed by something")
    bodies: list[bytes] = []
    for line in text.split(b"\n"):
        bodies.append(_completed(line, chain.hash_of(bodies[-1])) if bodies else line)
    return bodies


def _cut(body: bytes, before: str) -> bytes:
    """A record without most of its `prev`, where that is the hash of the record before it as it should be."""
    start, name, rest = body.rpartition(_PREV)
    is_link = name and rest.startswith(before.encode() + b'"')
    return start + name + rest[:DIGITS] + rest[len(before) :] if is_link else body


def _completed(line: bytes, before: str) -> bytes:
    """The record that `_cut` made this line of."""
    start, name, rest = line.rpartition(_PREV)
    is_link = name and rest.startswith(before[:DIGITS].encode() + b'"')
    return start + name + before.encode() + rest[DIGITS:] if is_link else line


def is_kept(db: apsw.Connection) -> bool:
    """Whether this journal keeps packs: those of format 1 do not."""
    return bool(db.pragma("user_version") != 1)


def packed_up_to(db: apsw.Connection) -> int:
    """The number of the last record in a pack, 0 without any."""
    if not is_kept(db):
        return 0
    ((last,),) = rows(db, "SELECT max(last) FROM pack")
    return last or 0


def body_of(db: apsw.Connection, seq: int) -> bytes:
    """The record of a row whose body is empty. Raises ValueError."""
    for first, packed in rows(db, _PACK_OF, (seq,)):
        for number, body in enumerate(apart(packed), first):
            if number == seq:
                return body
    raise ValueError(f"record #{seq} is in no pack")


def of_run(db: apsw.Connection, run: str) -> Iterator[tuple[int, bytes]]:
    """The packed records of a run with their numbers, in order. Raises ValueError."""
    sql = "SELECT first, body FROM pack JOIN packed USING (first) WHERE run=? ORDER BY first"
    for first, packed in rows(db, sql, (run,)) if is_kept(db) else ():
        yield from ((seq, body) for seq, body in enumerate(apart(packed), first) if _run(body) == run)


def every(db: apsw.Connection, first: int) -> Iterator[tuple[int, str, bytes]]:
    """Number, run and bytes of every record from `first` on; the run is what its row says, and empty for a packed one.

    Raises ValueError for a pack that cannot be read.
    """
    last = packed_up_to(db)
    packs = rows(db, "SELECT first, body FROM pack WHERE last >= ? ORDER BY first", (first,)) if last else ()
    for start, packed in packs:
        yield from ((seq, "", body) for seq, body in enumerate(apart(packed), start) if seq >= first)
    sql = "SELECT seq, run, body FROM event WHERE seq >= ? ORDER BY seq"
    yield from rows(db, sql, (max(first, last + 1),))


def _run(body: bytes) -> str:
    try:
        return chain.read(body).run
    except ValueError:  # it was changed; which run it was of nobody can say
        return ""


def is_due(db: apsw.Connection, records: int) -> bool:
    """Whether so many loose records can be packed that as many are left."""
    ((head,),) = rows(db, "SELECT seq FROM head")
    return is_kept(db) and head - packed_up_to(db) >= 2 * records


def pack(db: apsw.Connection, records: int) -> None:
    """Pack the oldest loose records, inside the open transaction. Raises ValueError, and has then to be rolled back."""
    first = packed_up_to(db) + 1
    loose = list(rows(db, _LOOSE, (first - 1, records)))
    bodies = [bytes(row[5]) for row in loose]
    packed, last = together(bodies), first + records - 1
    if apart(packed) != bodies or [row[0] for row in loose] != list(range(first, last + 1)):
        raise ValueError("what was packed is not what it was packed from")
    db.execute("INSERT INTO pack VALUES(?, ?, ?, ?)", (first, last, loose[-1][6], packed))
    for run in sorted({row[1] for row in loose}):
        db.execute("INSERT INTO packed VALUES(?, ?)", (run, first))
    # The last row of a run that names its subject, so that runs are found by it.
    subjects = {(row[1], row[4]): row[0] for row in loose if row[4] is not None}
    named = ", ".join(map(str, subjects.values()))
    db.execute(
        f"UPDATE event SET body=x'' WHERE seq BETWEEN ? AND ? AND ({_TO_STAY} OR seq IN ({named}))", (first, last)
    )
    db.execute("DELETE FROM event WHERE seq BETWEEN ? AND ? AND length(body) > 0", (first, last))
