#!/usr/bin/env python3
"""Check an export of runbook's journal, or a journal.db, offline: Python 3.8 or newer, the standard library, nothing else.

    python3 verify.py [FOLDER | journal.db] [--head HASH] [--count N]

Without a name it checks the folder that it lies in. HASH and N are a head that was noted elsewhere: the hash and the
number of the newest record at that time. It shares no code with runbook. Exit code 0: all of it holds; 1: it does not;
2: it cannot be read. Take this file from where you trust it, not from the folder that it is to judge.
"""

import argparse
import hashlib
import json
import re
import sqlite3
import struct
import sys
from pathlib import Path

FIELDS = set("actor data id log mono_us origin prev run seq step ts type v".split())
LINKS = set("prev run seq step ts type v".split())
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, ImportError)
DAMAGED = (struct.error, sqlite3.Error)
CLOSED, SETTLED = {"not_sent", "rejected", "released"}, {"done", "observed"}
ROUNDS = [int(n ** (1 / 3) % 1 * 2**32) for n in range(2, 312) if all(n % by for by in range(2, n))]  # FIPS 180-4
SHOWS = """HOLDS: records #{} to #{} of log {}; {} are shown, {} show their links alone.
What this shows:
  - No record from the first to the last was changed, removed, inserted, doubled or moved after it was written,
    unless every later hash was computed anew.
  - Every record of the runs above is here, whole. No request was begun while an earlier one for the same effect
    was open or done, as far as records are shown.
  - The parts kept beside records{} name.
What it does not show:"""
AND_FILES = ", and the files of the export, are those that the records and manifest.json"
NO_FILES = " are those that the records"
ROWS = "  - What the columns and pages of the database say beside the records: `runbook audit verify` looks at them."
NEVER = """  - What was recorded wrongly at the time, done past runbook, or stands in records that show their links alone.
  - That the report and the tables say what the records say: the records are the evidence, the report is a reading."""


class Wrong(Exception):
    """Something that does not hold, in words."""


def require(holds, why):
    if not holds:
        raise Wrong(why)


def continued(state, at, tail):
    """SHA-256 of a text of which the last bytes are known, and the inner state that its first `at` bytes left behind."""
    size, state = at + len(tail), struct.unpack(">8I", bytes.fromhex(state))
    tail += b"\x80" + bytes(-(size + 9) % 64) + struct.pack(">Q", 8 * size)
    for start in range(0, len(tail), 64):
        w = list(struct.unpack(">16I", tail[start : start + 64]))
        for i in range(16, 64):
            x, y = w[i - 15], w[i - 2]
            x = (x >> 7 | x << 25) ^ (x >> 18 | x << 14) ^ x >> 3
            y = (y >> 17 | y << 15) ^ (y >> 19 | y << 13) ^ y >> 10
            w.append(w[i - 16] + x + w[i - 7] + y & 0xFFFFFFFF)
        a, b, c, d, e, f, g, h = state
        for word, round in zip(w, ROUNDS):
            t = h + ((e >> 6 | e << 26) ^ (e >> 11 | e << 21) ^ (e >> 25 | e << 7)) + (g ^ e & (f ^ g)) + round + word
            u = ((a >> 2 | a << 30) ^ (a >> 13 | a << 19) ^ (a >> 22 | a << 10)) + (a & b | c & (a | b))
            a, b, c, d, e, f, g, h = t + u & 0xFFFFFFFF, a, b, c, d + t & 0xFFFFFFFF, e, f, g
        state = [old + new & 0xFFFFFFFF for old, new in zip(state, (a, b, c, d, e, f, g, h))]
    return struct.pack(">8I", *state).hex()


def parse(body):
    """Canonical JSON: sorted keys, no spaces, UTF-8, whole numbers below 2^53, nothing twice."""

    def whole(text):
        require(re.fullmatch("-?[0-9]+", text) and abs(int(text)) < 2**53, "a number in it is not exact")
        return int(text)

    try:
        value = json.loads(body.decode(), parse_int=whole, parse_float=whole, parse_constant=whole)
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        text = re.sub("[\ud800-\udfff]", lambda half: "\\u%04x" % ord(half[0]), text)
    except (ValueError, RecursionError):
        raise Wrong("it is not JSON") from None
    require(text.encode() == body, "it is not canonical JSON")
    return value


class Chain:
    """The records in order, each held against the one before it. `only`: the runs that must be whole, or all of them.

    With `folded`, a record may stand in a closed form; where all runs must be whole, none may hide its content in it.
    """

    def __init__(self, log, blob_of, first=1, only=(), folded=True):
        self.log, self.blob_of, self.only, self.first, self.hashes = log, blob_of, set(only), first, []
        self.closed, self.effects, self.runs, self.folded = 0, {}, {}, folded

    def take(self, line):
        if self.folded and line.startswith(b'{"sealed":'):
            part = json.loads(line)["sealed"]
            at, tail = part["at"], part["tail"].encode("latin-1")
            require(at >= 0 and at % 64 == 0, "its content does not end with a block")
            shown = at == 0
            hash = hashlib.sha256(tail).hexdigest() if shown else continued(part["state"], at, tail)
            value = parse(tail if shown else b"{" + tail[max(0, tail.rfind(b'"prev":')) :])
            self.closed += not shown
        else:
            hash, shown, value = hashlib.sha256(line).hexdigest(), True, parse(line)
        require(isinstance(value, dict), "it is no JSON object")
        require(set(value) - {"blobs"} == (FIELDS if shown else LINKS), "its fields are not those of format 1")
        is_other = self.only and value["run"] not in self.only
        require(shown or is_other, "it is of an exported run, and its content is closed")
        require(repr(value["v"]) == "1", "it is of another format than 1")
        seq, place = value["seq"], self.first + len(self.hashes)
        require(repr(seq) == repr(place), "it is record #%s in the place of #%d" % (ascii(seq), place))
        before = self.hashes[-1] if self.hashes else value["prev"] if seq > 1 else None
        require(value["prev"] == before, "it does not follow from the record before it: one of both was changed")
        require((value["type"] == "log.open") == (seq == 1), "`log.open` must be the first record, and no other")
        if shown:
            self.content(value["run"], value["type"], value["data"], value)
        self.hashes.append(hash)

    def content(self, run, kind, data, value):
        require(value["log"] == self.log, "it is of another log")
        for digest in value.get("blobs", {}).values():
            blob = self.blob_of(digest)
            require(hashlib.sha256(blob).hexdigest() == digest, "a part kept beside it is missing, or was changed")
            parse(blob)
        if run in self.only or (run and not self.only):
            require((kind == "run.start") == (run not in self.runs), "a run has one `run.start`, and it comes first")
            told = self.runs.setdefault(run, {"first": value["seq"], "count": 0, "start": data, "end": {}})
            told["count"], told["end"] = told["count"] + 1, data if kind == "run.end" else told["end"]
        if kind.startswith("effect."):
            effect, _, attempt = str(data.get("effect_key")).rpartition("#")
            word, words = kind[7:], self.effects.setdefault(effect, [])
            if word == "intent":
                require(attempt == str(len(words) + 1), "an attempt was left out before this intent")
                require(set(words) <= CLOSED, "an intent, while an earlier one is open or done")
                words.append(word)
            else:
                require(attempt in map(str, range(1, len(words) + 1)), "an outcome without an intent")
                if words[int(attempt) - 1] not in SETTLED or word in SETTLED:
                    words[int(attempt) - 1] = word


def from_folder(folder):
    manifest = json.loads((folder / "manifest.json").read_bytes())
    require((manifest["type"], manifest["v"]) == ("runbook.export", 1), "manifest.json is of another format")
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    for name, file in manifest["files"].items():
        digest = hashlib.sha256(there[name].read_bytes()).hexdigest() if name in there else ""
        require(digest == file["sha256"], "%s is missing, or is not the file that manifest.json names" % ascii(name))
    lines = there["records.jsonl"].read_bytes().split(b"\n")
    require(lines.pop() == b"", "records.jsonl is cut off")
    blobs = {name[6:]: path for name, path in there.items() if name.startswith("blobs/")}
    only = [] if manifest["whole_log"] else manifest["runs"]
    part = lambda digest: blobs[digest].read_bytes() if digest in blobs else b""  # noqa: E731
    manifest["besides"] = set(there) - set(manifest["files"]) - {"manifest.json"}
    return Chain(manifest["log"], part, manifest["first"], only), lines, manifest["head"], manifest


def unpacked(pack):
    """The records of a pack of older ones, which only a journal.db holds. Some Pythons come without `lzma`.

    Of `prev` four digits are left where they begin the hash of the record before: they are made whole.
    """
    import lzma

    unpacking = lzma.LZMADecompressor()
    try:
        text = unpacking.decompress(pack, 1 << 28)  # no pack of runbook's is larger
    except lzma.LZMAError:
        raise Wrong("a pack of older records is damaged") from None
    require(unpacking.eof and not unpacking.unused_data, "a pack of older records is damaged")
    lines = text.split(b"\n")
    for at in range(1, len(lines)):
        hash = hashlib.sha256(lines[at - 1]).hexdigest().encode()
        start, name, rest = lines[at].rpartition(b'"prev":"')
        if name and rest.startswith(hash[:4] + b'"'):
            lines[at] = start + name + hash + rest[4:]
    return lines


def from_database(path):
    db = sqlite3.connect(path.resolve().as_uri() + "?mode=ro", uri=True)
    (version,) = db.execute("PRAGMA user_version").fetchone()
    require(version in (1, 2), "this program reads a journal of the formats 1 and 2 only")
    ((log, seq, hash),) = db.execute("SELECT log, seq, hash FROM head")
    blobs = dict(db.execute("SELECT digest, body FROM blob"))
    packs = db.execute("SELECT body FROM pack ORDER BY first") if version > 1 else ()
    lines = [line for (pack,) in packs for line in unpacked(pack)]
    lines += [body for (body,) in db.execute("SELECT body FROM event WHERE seq > ? ORDER BY seq", (len(lines),))]
    part = lambda digest: blobs.get(digest, b"")  # noqa: E731
    return Chain(log, part, folded=False), lines, {"seq": seq, "hash": hash.hex()}, {}


def against(chain, last, hash, count):
    """Hold the chain against a head that was noted elsewhere. The number of the record that it was."""
    require(count or hash in chain.hashes, "no record here has the hash that was noted")
    count = count or chain.first + chain.hashes.index(hash)
    require(count <= last, "record #%d was noted and is not here: an older copy, or cut off" % count)
    require(count >= chain.first, "this begins after record #%d, which was noted" % count)
    require(not hash or chain.hashes[count - chain.first] == hash, "record #%d is not the one that was noted" % count)
    return count


def check(path, hash, count, at):
    chain, lines, head, manifest = (from_folder if path.is_dir() else from_database)(path)
    for seq, line in enumerate(lines, chain.first):
        at[:] = ["record #%d: " % seq]
        chain.take(line)
    at[:] = [""]
    require(lines, "there is no record")
    last = chain.first + len(lines) - 1
    require(head == {"seq": last, "hash": chain.hashes[-1]}, "the last record is not the one that the head names")
    require(set(manifest.get("runs", [])) <= set(chain.runs), "an exported run is not in it")
    journal = manifest.get("journal", {"intact": True})
    why = "the journal was NOT intact when this was taken from it: " + ascii(journal.get("why"))
    require(journal["intact"] is True, why)
    count = against(chain, last, hash, count) if hash or count else 0
    for run, told in chain.runs.items():
        who, end = told["start"].get("operator", {}).get("id"), told["end"]
        said = (run, told["first"], told["count"], who, end.get("exit"), end.get("message"))
        print("run %s: from record #%s on, %s of them, by %s, exit %s: %s" % tuple(map(ascii, said)))
    print(
        SHOWS.format(
            chain.first,
            last,
            ascii(chain.log),
            len(lines) - chain.closed,
            chain.closed,
            AND_FILES if manifest else NO_FILES,
        )
    )
    if hash:
        print(
            "  - Whether anything was cut off or computed anew after record #%d, which agrees with what was noted."
            % count
        )
    else:
        print("  - Whether records were cut off the end, an older copy was put back, or all hashes were computed anew:")
        print("    hold it against a head noted elsewhere, with --head HASH --count N.")
    if not manifest:
        print(ROWS)
    for name in sorted(manifest.get("besides", [])):
        print("  - Anything of %s, which lies here and manifest.json does not name." % ascii(name))
    print(NEVER)


def noted(text):
    """A hash that was noted, as it is compared. A part of one, or none, would be no comparison."""
    found = re.fullmatch("(?:sha256:)?([0-9a-f]{64})", text.strip().lower())
    if not found:
        raise argparse.ArgumentTypeError("64 hexadecimal digits are needed, all of them")
    return found.group(1)


def number(text):
    """The number of a record that was noted."""
    if not re.fullmatch("0*[1-9][0-9]{0,15}", text):
        raise argparse.ArgumentTypeError("the number of a record is needed, 1 or more")
    return int(text)


def main():
    options = argparse.ArgumentParser(description="Check an export of runbook's journal, or a journal.db, offline.")
    options.add_argument("path", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    options.add_argument("--head", type=noted, help="a hash noted elsewhere")
    options.add_argument("--count", type=number, default=0, help="the number of the record with that hash")
    given, at = options.parse_args(), [""]
    try:
        check(given.path, given.head, given.count, at)
    except Wrong as wrong:
        print("DOES NOT HOLD: %s%s" % (at[0], wrong))
        return 1
    except (*UNREADABLE, *DAMAGED) as error:
        print("CANNOT BE READ: %s%s: %s" % (at[0], type(error).__name__, ascii(str(error))))
        return 1 if at[0] else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
