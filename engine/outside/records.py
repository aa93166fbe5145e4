"""Write all records of a journal.db as a folder that verify.py checks: python3 records.py journal.db FOLDER

It changes nothing, and judges nothing but whether SQLite finds the pages of the file whole. What columns say beside the
records it does not look at; `runbook audit verify` does. It needs Python 3.8 or newer, and nothing of runbook. Exit
code 0: the folder is written; 2: the journal cannot be read, or the folder cannot be made.
"""

import argparse
import json
import sqlite3
from hashlib import sha256
from pathlib import Path


def unpacked(pack):
    """The records of a pack, an xz file of lines. Of `prev` it keeps four digits: the hash before begins with them."""
    import lzma  # some Pythons come without it, and not every journal has packs

    unpacking = lzma.LZMADecompressor()
    lines = unpacking.decompress(pack, 1 << 28).split(b"\n")  # no pack of runbook's is larger
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError("a pack of older records is damaged")
    for at in range(1, len(lines)):
        hash = sha256(lines[at - 1]).hexdigest().encode()
        before, name, after = lines[at].rpartition(b'"prev":"')
        if name and after.startswith(hash[:4] + b'"'):
            lines[at] = before + name + hash + after[4:]
    return lines


def export(journal):
    """The files of the folder, by name, as one moment's state of the journal has them."""
    db = sqlite3.connect(journal.resolve().as_uri() + "?mode=ro", uri=True, isolation_level=None)
    db.execute("BEGIN")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version not in (1, 2):
        raise ValueError("it is no journal of the formats 1 and 2")
    ((log, seq, hash),) = db.execute("SELECT log, seq, hash FROM head")
    ((pages,),) = db.execute("PRAGMA integrity_check(1)")
    packs = db.execute("SELECT body FROM pack ORDER BY first") if version == 2 else ()
    lines = [line for (pack,) in packs for line in unpacked(pack)]
    lines += [body for (body,) in db.execute("SELECT body FROM event WHERE seq > ? ORDER BY seq", (len(lines),))]
    if any(b"\n" in line for line in lines):
        raise ValueError("a record holds a line break")
    files = {"records.jsonl": b"".join(line + b"\n" for line in lines)}
    files.update(("blobs/" + sha256(body).hexdigest(), body) for (body,) in db.execute("SELECT body FROM blob"))
    manifest = {
        "type": "runbook.export",
        "v": 1,
        "log": log,
        "head": {"seq": seq, "hash": hash.hex()},
        "first": 1,
        "runs": [],
        "whole_log": True,
        "journal": {"intact": pages == "ok", "why": pages},
        "files": {name: {"sha256": sha256(body).hexdigest()} for name, body in files.items()},
    }
    return {**files, "manifest.json": json.dumps(manifest).encode()}


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        description="Write all records of a journal.db as a folder that verify.py checks."
    )
    options.add_argument("journal", type=Path)
    options.add_argument("folder", type=Path, help="it is made, and must not be there")
    given = options.parse_args()
    try:
        files = export(given.journal)
        given.folder.mkdir(mode=0o700)
        (given.folder / "blobs").mkdir()
        for name, body in files.items():
            (given.folder / name).write_bytes(body)
    except (Exception, KeyboardInterrupt) as error:
        options.exit(2, "CANNOT BE READ: %s: %a\n" % (type(error).__name__, str(error)))
    print("Written. It is for verify.py to say whether the records hold.")
