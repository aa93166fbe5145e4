"""The tables of a journal file and the numbers that tell one format from another. Floor 2.

One file holds one log. `event.body` is the record; every other column repeats a part of it so that SQLite can keep
the rules, and `verify` compares them. `head` says where the log ends. `blob` holds parts of a record that are too
large to stand in it; the record names them by their SHA-256. `pack` holds the records of ended runs together, from
`first` to `last`, with the hash of the last; `packed` says which runs are in it, and the rows of `event` that stay have an
empty body.
"""

from __future__ import annotations

APPLICATION_ID = 0x52424A4C
FORMAT = 2
RECORD_LIMIT = 60 * 1024

# Of a file by its format. Format 2 can pack the records of ended runs; a file keeps the format that it was made with.
_FIRST = {
    "event": """CREATE TABLE event(
  seq INTEGER PRIMARY KEY,
  run TEXT NOT NULL,
  type TEXT NOT NULL,
  effect_key TEXT,
  subject TEXT,
  body BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT""",
    "head": """CREATE TABLE head(
  log TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT""",
    "blob": """CREATE TABLE blob(
  digest TEXT PRIMARY KEY,
  body BLOB NOT NULL
) STRICT""",
    "one_intent": "CREATE UNIQUE INDEX one_intent ON event(effect_key) WHERE type='effect.intent'",
    "one_start": "CREATE UNIQUE INDEX one_start ON event(run) WHERE type='run.start'",
    "by_run": "CREATE INDEX by_run ON event(run, seq)",
    "by_effect": "CREATE INDEX by_effect ON event(effect_key, seq) WHERE effect_key IS NOT NULL",
    "by_subject": "CREATE INDEX by_subject ON event(subject, run) WHERE subject IS NOT NULL",
}
TABLES = {
    1: _FIRST,
    2: {
        **_FIRST,
        "pack": """CREATE TABLE pack(
  first INTEGER PRIMARY KEY,
  last INTEGER NOT NULL,
  hash BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT""",
        "packed": """CREATE TABLE packed(
  run TEXT NOT NULL,
  first INTEGER NOT NULL,
  PRIMARY KEY(run, first)
) STRICT, WITHOUT ROWID""",
    },
}
