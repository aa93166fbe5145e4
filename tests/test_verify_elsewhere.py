"""Others can verify a journal too: a program that shares no code with ours, and a person with the guide."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_builders import behind, bodies, opened, small, whole_run
from journal_forgeries import (
    FORGERIES,
    RECORDS,
    a_number_for_a_name,
    forged,
    in_memory,
    original,
    stored,
)

from engine.journal import Reader, verify
from engine.journal.schema import APPLICATION_ID, TABLES
from engine.values import canonical

GOLDEN = Path(__file__).parent / "golden" / "journal_v1.jsonl"
GUIDE = Path(__file__).parent.parent / "docs" / "journal.md"
FIELDS = set("actor data id log mono_us origin prev run seq step ts type v".split())
# It does not look at what a field of no consequence holds.
SEEN = [forge for forge, _, _ in FORGERIES if forge is not a_number_for_a_name]


def by_another_program(path: Path) -> bool:
    """A verifier that shares no code with ours: the standard library and the guide."""
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT seq, run, type, effect_key, subject, body, hash FROM event ORDER BY seq").fetchall()
        heads = db.execute("SELECT log, seq, hash FROM head").fetchall()
        blobs = dict(db.execute("SELECT digest, body FROM blob").fetchall())
    db.close()
    prev: str | None = None
    attempts: dict[str, list[str]] = {}
    starts = set()
    for number, (seq, run, type, key, subject, body, hash) in enumerate(rows, 1):
        try:
            value = json.loads(body, parse_float=lambda text: 1 / 0)
        except (ValueError, ZeroDivisionError):
            return False
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        text = re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)
        digest = hashlib.sha256(body)
        if not isinstance(value, dict) or set(value) - {"blobs"} != FIELDS or not isinstance(value["data"], dict):
            return False
        data = value["data"]
        good = (
            text.encode() == body
            and hash == digest.digest()
            and (seq, value["seq"], value["prev"], value["v"]) == (number, number, prev, 1)
            and (run, type, key, subject) == (value["run"], value["type"], data.get("effect_key"), data.get("subject"))
            and (type == "log.open") == (number == 1)
            and value["log"] == heads[0][0]
            and all(
                hashlib.sha256(blobs.get(name, b"")).hexdigest() == name for name in value.get("blobs", {}).values()
            )
            and not (type == "run.start" and run in starts)
        )
        if not good:
            return False
        if type == "run.start":
            starts.add(run)
        if type.startswith("effect."):
            effect, _, attempt = (key or "#0").rpartition("#")
            known = attempts.setdefault(effect, [])
            if type == "effect.intent":
                if int(attempt) != len(known) + 1 or any(
                    word not in ("not_sent", "rejected", "released") for word in known
                ):
                    return False
                known.append("intent")
            elif not 1 <= int(attempt) <= len(known):
                return False
            elif known[int(attempt) - 1] not in ("done", "observed"):
                known[int(attempt) - 1] = type.removeprefix("effect.")
        prev = digest.hexdigest()
    return [(seq, hash.hex()) for _, seq, hash in heads] == [(len(rows), prev)]


def written(path: Path, records: list[bytes], blobs: list[bytes]) -> Path:
    """A journal made of given bytes, without our writer."""
    with sqlite3.connect(path) as db:
        for sql in TABLES[1].values():
            db.execute(sql)
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db.execute("PRAGMA user_version=1")
        for body in records:
            value = json.loads(body)
            data = value["data"]
            columns = (value["run"], value["type"], data.get("effect_key"), data.get("subject"))
            row = (value["seq"], *columns, body, hashlib.sha256(body).digest())
            db.execute("INSERT INTO event VALUES(?, ?, ?, ?, ?, ?, ?)", row)
        db.executemany("INSERT INTO blob VALUES(?, ?)", [(hashlib.sha256(blob).hexdigest(), blob) for blob in blobs])
        db.execute("INSERT INTO head VALUES(?, ?, ?)", (value["log"], value["seq"], hashlib.sha256(body).digest()))
    db.close()
    return path


def test_a_journal_written_by_the_first_version_of_the_format_is_read_today(tmp_path: Path) -> None:
    fees = canonical({"fees": ["f" * 40] * 1600})
    path = written(tmp_path / "journal.db", GOLDEN.read_bytes().splitlines(), [fees])
    report = verify(path)
    assert (report.why, report.count, report.first_bad) == ("", 8, None)
    assert report.head == "5c80ed678f2cb58aa58f6d5169cc50dc6da6843b38ccde463c34d218767ac969"
    assert by_another_program(path)
    with Reader.open(path) as reader:
        *_, end, late = reader.run("1NG9DSBKT00A")
        assert end.data["outcome"] == "finalized"
        assert late.data == {"values": {"fees": ["f" * 40] * 1600}, "odd": "\ud83d lone, \U0001f4b6 \u202e"}
        assert [run.outcome for run in reader.runs()] == ["finalized"]


@pytest.mark.parametrize("forge", SEEN, ids=lambda forge: forge.__name__)
def test_another_program_sees_the_same_forgeries(tmp_path: Path, forge: Callable[[list[dict[str, Any]]], Any]) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(forged(forge).serialize("main"))
    assert not by_another_program(path)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 255))
def test_another_program_agrees_on_every_changed_byte(record: int, at: int, change: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        path.write_bytes(original())
        assert by_another_program(path)
        seq, body = stored(in_memory())[record % RECORDS]
        changed = bytearray(body)
        changed[at % len(body)] ^= change
        behind(path, "UPDATE event SET body=? WHERE seq=?", bytes(changed), seq)
        assert not by_another_program(path)
        assert verify(path).first_bad == seq


def block(language: str) -> str:
    """The guide's one block of code in this language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return str(found)


SQLITE3 = """#!{python}
import hashlib, sqlite3, sys
db = sqlite3.connect(f"file:{{sys.argv[-2]}}?mode=ro", uri=True)
db.create_function("writefile", 2, lambda name, body: open(name, "wb").write(body))
for row in db.execute(sys.argv[-1]):
    print("|".join(str(cell) for cell in row))
"""


XZ = """#!{python}
import lzma, sys
sys.stdout.buffer.write(lzma.decompress(open(sys.argv[2], "rb").read()))
"""


def by_hand(tmp_path: Path) -> str:
    """What the guide's shell lines print, in a folder with `journal.db`; stand-ins play the commands sqlite3 and xz."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    for name, program in (("sqlite3", SQLITE3), ("xz", XZ)):
        command = tmp_path / "bin" / name
        command.write_text(program.format(python=sys.executable))
        command.chmod(0o755)
    path = f"{command.parent}:/usr/bin:/bin"
    done = subprocess.run(["sh", "-c", block("sh")], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout


def test_the_guides_lines_for_verifying_by_hand_work_and_find_a_changed_record(tmp_path: Path) -> None:
    path = small(tmp_path / "journal.db")
    head = verify(path).head
    assert by_hand(tmp_path) == f"last record: {head}\n7|{head}\n"
    with opened(path) as journal:
        journal.pack(3)
    assert behind(path, "SELECT first, last FROM pack") == [(1, 3)]
    assert by_hand(tmp_path) == f"last record: {head}\n7|{head}\n"
    behind(path, "UPDATE event SET body=CAST(replace(body, 'pass', 'deny') AS BLOB) WHERE seq=4")
    assert by_hand(tmp_path).splitlines()[0] == "#5 does not follow from the record before it"


def test_the_guides_example_of_a_record_is_canonical_and_has_the_fields_of_one() -> None:
    example = json.loads(block("json"))
    first = json.loads(GOLDEN.read_bytes().splitlines()[0])
    assert set(example) == set(first)


def test_every_field_of_a_record_stands_in_the_guide(tmp_path: Path) -> None:
    with opened(tmp_path / "journal.db") as journal:
        whole_run(journal)
    guide = GUIDE.read_text()
    for body in bodies(tmp_path / "journal.db"):
        value = json.loads(body)
        for name in (*value, *value["origin"], value["type"]):
            assert f"`{name}`" in guide, name
