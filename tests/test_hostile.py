"""What must not get through: personal data and keys into any record or output, raw names onto a terminal, a clock's jump.

The replay is changed on its way: the customer's name becomes hostile, and canaries stand in every personal field.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lago_server import RUNBOOK, Played

from engine.journal import Reader
from engine.sandbox.scenario import Reply, Stage

TOTAL = "636.04 EUR"
HOSTILE = (
    "\x1b[2J\x1b]0;owned\x07<script>alert(1)</script>\u202egnp.exe\u200b\x9b31m\t|\r\n" + "W" * 10_000 + "株式会社"
)
CANARIES = {
    "email": "canary-mail@example.com",
    "phone": "+33 canary-phone",
    "address_line1": "1 canary-street",
    "address_line2": "canary-floor",
    "city": "canary-city",
    "zipcode": "canary-zip",
    "state": "canary-state",
    "legal_name": "canary-legal-name",
    "legal_number": "canary-legal-number",
    "tax_identification_number": "canary-tax-number",
    "firstname": "canary-first",
    "lastname": "canary-last",
    "url": "https://canary-url.example",
    "logo_url": "https://canary-logo.example",
}


def changed(value: Any, name: str) -> Any:
    """The same JSON with every customer renamed and full of canaries."""
    if isinstance(value, dict):
        made = {key: changed(item, name) for key, item in value.items()}
        if "external_id" in made and "name" in made and "email" in made:
            made |= {**CANARIES, "name": name, "metadata": [{"key": "k", "value": "canary-metadata"}]}
        return made
    return [changed(item, name) for item in value] if isinstance(value, list) else value


def disguise(stages: list[Stage], name: str) -> None:
    for stage in stages:
        rows = []
        for key, reply in stage.calls:
            try:
                body = json.dumps(changed(json.loads(reply.body), name)).encode()
            except ValueError:
                body = reply.body
            rows.append((key, replace(reply, body=body) if isinstance(reply, Reply) else reply))
        stage.__dict__["calls"] = tuple(rows)


def everything_kept(played: Played) -> bytes:
    """Every byte of the journal's folder: database, write-ahead log, shared memory."""
    return b"".join(path.read_bytes() for path in sorted(played.journal.parent.iterdir()) if path.is_file())


@pytest.mark.parametrize("format", ["human", "plain", "json"])
def test_no_key_and_no_personal_data_is_kept_or_shown(format: str, tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path, settings={"BILLING_CONSOLE_TOKEN": "canary-token"}) as played:
        disguise(played.player.stages, "Hooli SAS")
        secret = {"LAGO_API_KEY": "canary-key-7f3a"}
        done = played.finalize(TOTAL, "--format", format, "-v", **secret)
        assert done.code == 0, done.out + done.err
        run = json.loads(done.out.splitlines()[-1])["run"] if format == "json" else done.last_line.rpartition(" ")[2]
        shown = played.run("audit", "show", run, "--format", format).out
        config = played.run("config", "--format", format, **secret).out
        kept = everything_kept(played)
        assert b"Hooli SAS" in kept
        for where in (kept, done.out.encode(), done.err.encode(), shown.encode(), config.encode()):
            assert b"canary" not in where.lower(), re.findall(rb".{30}canary.{30}", where.lower())[:3]


def test_a_stderr_that_takes_nothing_stops_no_run(tmp_path: Path) -> None:
    """What `--verbose` says is said in the midst of a request: an error there would be one of the call."""
    with Played("finalize_ok", tmp_path) as played, open("/dev/full", "w") as full:
        words = ("--invoice", played.invoice, "--confirm", played.customer, "--total", TOTAL, "--verbose")
        done = subprocess.run(
            [*RUNBOOK, "run", "finalize_invoice", *words],
            env=played.env,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            check=False,
        )
    assert (done.returncode, "Finalized ACM-013-001" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("format", ["human", "plain", "json"])
def test_a_hostile_name_reaches_no_terminal_and_is_kept_exactly(format: str, tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        disguise(played.player.stages, HOSTILE)
        done = played.finalize(TOTAL, "--format", format)
        assert done.code == 0, done.err
        outputs = [done.out, done.err, played.run("audit", "list").out]
        with Reader.open(played.journal) as journal:
            run = journal.runs()[0].run
            facts = [record.data for record in journal.run(run) if record.data.get("kind") == "Customer"]
        names = {fact["values"]["name"] for fact in facts if "values" in fact}
        assert names == {HOSTILE}
        outputs += [played.run("audit", "show", run, "--format", format).out]
        for text in outputs:
            raw = set(re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", text))
            assert raw == set(), f"raw in {format}: {raw}"
        if format == "human":
            assert max(len(line) for line in done.out.splitlines()) <= 80


def test_the_drafts_table_holds_with_a_hostile_name(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        disguise(played.player.stages, HOSTILE)
        done = played.run("drafts", "--customer", played.customer, "--format", "human")
        assert done.code == 0, done.err
        assert played.invoice in done.out
        assert max(len(line) for line in done.out.splitlines()) <= 80
        assert "\x1b" not in done.out


def test_the_journal_is_readable_with_sqlite_alone(tmp_path: Path) -> None:
    with Played("finalize_ok", tmp_path) as played:
        assert played.finalize(TOTAL).code == 0
        with sqlite3.connect(f"file:{played.journal}?mode=ro", uri=True) as db:
            types = [row[0] for row in db.execute("SELECT type FROM event ORDER BY seq")]
    assert types[0] == "log.open"
    assert types[-1] == "run.end"
    assert types.index("effect.intent") < types.index("effect.done")
