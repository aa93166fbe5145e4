"""Check an export of runbook's journal, offline: python3 verify.py [FOLDER] [--head HASH] [--count N]

Take this file from where you trust it, not from the folder that it judges. It needs Python 3.8 or newer, nothing else.
"""

import argparse
import json
from hashlib import sha256
from pathlib import Path

LINKS = {"prev", "run", "seq", "step", "ts", "type", "v"}
FIELDS = LINKS | {"actor", "data", "id", "log", "mono_us", "origin"}
CLOSED, DONE = {"effect.not_sent", "effect.rejected", "effect.released"}, {"effect.done", "effect.observed"}
K = [int(n ** (1 / 3) % 1 * 2**32) for n in range(2, 312) if all(n % by for by in range(2, n))]  # FIPS 180-4, 4.2.2
HOLDS = """HOLDS: records #%d to #%d of log %a, %d shown and %d by their links alone, and the named files.
What this shows: no record was changed, removed, inserted, doubled or moved after it was written, unless all later
hashes were computed anew; these runs and files are whole; no request began while one for its effect was open or done.
What it does not show:
  - Whether records were cut off the end, an older copy was put back, or all hashes were computed anew%s.
  - What was recorded wrongly at the time, done past runbook, or stands in records that show their links alone.
  - That the report and the tables say what the records say: the records are the evidence, the report is a reading."""
NOTED, NOT_NOTED = " after #%d, which was noted", ":\n    hold it against a head noted elsewhere: --head HASH --count N"


def sha256_from(state, at, tail):
    """SHA-256 (FIPS 180-4) of a text: its first `at` bytes are not known, but the inner state that they left behind."""
    state = [int(state[i : i + 8], 16) for i in range(0, 64, 8)]
    text = tail.encode("latin-1") + b"\x80" + bytes(-(len(tail) + 9) % 64) + (8 * (at + len(tail))).to_bytes(8, "big")
    for start in range(0, len(text), 64):
        w = [int.from_bytes(text[i : i + 4], "big") for i in range(start, start + 64, 4)]
        for t in range(16, 64):
            s0 = (w[t - 15] >> 7 | w[t - 15] << 25) ^ (w[t - 15] >> 18 | w[t - 15] << 14) ^ w[t - 15] >> 3
            s1 = (w[t - 2] >> 17 | w[t - 2] << 15) ^ (w[t - 2] >> 19 | w[t - 2] << 13) ^ w[t - 2] >> 10
            w.append((w[t - 16] + s0 + w[t - 7] + s1) % 2**32)
        a, b, c, d, e, f, g, h = state
        for t in range(64):
            t1 = h + ((e >> 6 | e << 26) ^ (e >> 11 | e << 21) ^ (e >> 25 | e << 7)) + (e & f ^ ~e & g) + K[t] + w[t]
            t2 = ((a >> 2 | a << 30) ^ (a >> 13 | a << 19) ^ (a >> 22 | a << 10)) + (a & b ^ a & c ^ b & c)
            a, b, c, d, e, f, g, h = (t1 + t2) % 2**32, a, b, c, (d + t1) % 2**32, e, f, g
        state = [(old + new) % 2**32 for old, new in zip(state, (a, b, c, d, e, f, g, h))]
    return "".join("%08x" % word for word in state)


def parse(body):
    """The value of canonical JSON, else None: sorted keys, no spaces, nothing twice, whole numbers below 2**53."""
    exact = {"parse_int": lambda n: int(n) if abs(int(n)) < 2**53 else n, "parse_float": str, "parse_constant": str}
    value = json.loads(body.decode(), **exact)  # any other number comes out as a text, and is written otherwise
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return value if text.encode("utf-8", "backslashreplace") == body else None


def claims(folder, head, count):
    """All that must hold, in order: where, whether it does, and what is wrong if not. Then tells what that shows."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    yield "", (manifest["type"], manifest["v"]) == ("runbook.export", 1), "manifest.json is of another format"
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    found = {name: sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}
    for name, file in manifest["files"].items():
        yield "", found.get(name) == file["sha256"], "%a is missing, or is not the file that manifest.json names" % name
    *lines, rest = paths["records.jsonl"].read_bytes().split(b"\n")
    yield "", lines and not rest, "there is no record, or the last one is cut off"
    first, log, chosen = manifest["first"], manifest["log"], set() if manifest["whole_log"] else set(manifest["runs"])
    hashes, runs, effects, shown, kept = {}, {}, {}, 0, set(found.values())
    for seq, line in enumerate(lines, first):
        yield (at := "record #%d: " % seq), line, "it is empty"
        value, hash, is_shown = parse(line), sha256(line).hexdigest(), not line.startswith(b'{"sealed":')
        if value and not is_shown:  # its content is closed: what is left are its last bytes, and in them its links
            start, state, tail = (value["sealed"].pop(name) for name in ("at", "state", "tail"))
            is_closed = start % 64 == 0 and state == "%064x" % int(state, 16) and value == {"sealed": {}}
            yield at, is_closed, "it is not closed as format 1 has it"
            value, hash = parse(b"{" + tail[tail.rfind('"prev":') :].encode("latin-1")), sha256_from(state, start, tail)
        is_right = value and set(value) - {"blobs"} == (FIELDS if is_shown else LINKS) and repr(value["v"]) == "1"
        yield at, is_right, "it is not canonical JSON with the fields of format 1"
        yield at, repr(value["seq"]) == repr(seq), "it is record #%a in the place of #%d" % (value["seq"], seq)
        follows = value["prev"] == hashes.get(seq - 1) or seq == first > 1  # what came before the first is not here
        yield at, follows, "it does not follow from the record before it: one of both was changed"
        run, kind, data = value["run"], value["type"], value.get("data")
        yield at, is_shown or (chosen and run not in chosen), "it is of an exported run, and its content is closed"
        yield at, (kind == "log.open") == (seq == 1), "`log.open` must be the first record, and no other"
        yield at, value.get("log", log) == log, "it is of another log"
        yield at, set(value.get("blobs", {}).values()) <= kept, "a part kept beside it is missing, or was changed"
        if run in chosen or (run and not chosen):  # where none is named, all of them are
            yield at, (kind == "run.start") == (run not in runs), "a run has one `run.start`, and it comes first"
            runs.setdefault(run, {})[kind] = data
        if is_shown and kind.startswith("effect."):
            effect, _, attempt = str(data.get("effect_key")).rpartition("#")
            words = effects.setdefault(effect, {})  # the newest word on each attempt; but once done, it is done
            is_next = attempt == str(len(words) + 1) and CLOSED.issuperset(words.values())
            yield at, is_next if kind == "effect.intent" else attempt in words, "it breaks the rule of effects"
            words[attempt] = words[attempt] if words.get(attempt) in DONE else kind
        hashes[seq], shown = hash, shown + is_shown
    yield "", manifest["head"] == {"seq": seq, "hash": hash}, "the last record is not the one that the head names"
    yield "", set(manifest["runs"]) <= set(runs), "an exported run is not in it"
    yield "", manifest["journal"]["intact"] is True, "the journal was NOT intact: %a" % manifest["journal"]["why"]
    agreed = [seq for seq, hash in hashes.items() if count in (None, seq) and head in (None, hash)]
    yield "", agreed, "what was noted is none of these: it came before, or they are older, cut off or computed anew"
    for run, told in runs.items():
        by, end = told["run.start"].get("operator", {}).get("id"), told.get("run.end", {})
        print("run %a, by %a, exit %a: %a" % (run, by, end.get("exit"), end.get("message")))
    print(HOLDS % (first, seq, log, shown, len(lines) - shown, NOTED % agreed[0] if head else NOT_NOTED))
    for name in sorted(set(paths) - set(manifest["files"]) - {"manifest.json"}):
        print("  - Anything of %a, which lies here and manifest.json does not name." % name)


if __name__ == "__main__":
    options = argparse.ArgumentParser(epilog="Exit code 0: all of it holds; 1: it does not; 2: it cannot be read.")
    options.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    options.add_argument("--head", type=lambda text: text.lower().replace("sha256:", ""), help="a hash noted elsewhere")
    options.add_argument("--count", type=int, help="the number of the record with that hash")
    given, place = options.parse_args(), ""
    if (given.head is not None and len(given.head) != 64) or (given.count is not None and given.count < 1):
        options.error("of HASH all 64 hexadecimal digits are needed, and for N the number of a record is needed")
    try:
        for place, holds, why in claims(given.folder, given.head, given.count):
            if not holds:
                print("DOES NOT HOLD: %s%s" % (place, why))
                raise SystemExit(1)
    except (Exception, KeyboardInterrupt) as error:  # such as a closed standard output, so it is said on the other
        options.exit(1 if place else 2, "CANNOT BE READ: %s%s: %a\n" % (place, type(error).__name__, str(error)))
