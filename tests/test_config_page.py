"""The page of `runbook config` in its three formats."""

from __future__ import annotations

import json

from engine.errors import SettingsFault
from engine.render.config import Line, render

LINES: list[Line] = [
    ("LAGO_API_URL", "https://billing.example.com/api/v1", "environment"),
    ("LAGO_API_KEY", "set, from LAGO_API_KEY", "environment"),
    ("BILLING_CONSOLE_URL", "not set", ""),
    ("RUNBOOK_JOURNAL", "/srv/a/rather/long/folder/journal.db", "user file /home/jane/.config/runbook/config.toml:3"),
]
NOTES = ["the journal is private to your account: it does not keep another operator from the same invoice"]
WARNINGS = ["the key to Lago is set twice, by LAGO_API_KEY_FILE and LAGO_API_KEY; LAGO_API_KEY_FILE is used"]
PROBLEMS = [SettingsFault("the clock is held and LAGO_API_URL is not on loopback", hint="Unset RUNBOOK_CLOCK.")]


def test_a_person_sees_aligned_lines_and_what_is_odd_below() -> None:
    assert render(LINES, NOTES, WARNINGS, PROBLEMS, "human").splitlines() == [
        "LAGO_API_URL         https://billing.example.com/api/v1  environment",
        "LAGO_API_KEY         set, from LAGO_API_KEY  environment",
        "BILLING_CONSOLE_URL  not set",
        "RUNBOOK_JOURNAL      /srv/a/rather/long/folder/journal.db",
        "                     user file /home/jane/.config/runbook/config.toml:3",
        "",
        "note  the journal is private to your account: it does not keep another operator",
        "      from the same invoice",
        "",
        "warn  the key to Lago is set twice, by LAGO_API_KEY_FILE and LAGO_API_KEY;",
        "      LAGO_API_KEY_FILE is used",
        "",
        "FAIL  the clock is held and LAGO_API_URL is not on loopback. Unset",
        "      RUNBOOK_CLOCK.",
    ]


def test_colour_changes_no_word() -> None:
    import re

    coloured = render(LINES, NOTES, WARNINGS, PROBLEMS, "human", colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == render(LINES, NOTES, WARNINGS, PROBLEMS, "human")


def test_a_pipe_gets_one_thing_a_line() -> None:
    assert render(LINES[1:3], NOTES, WARNINGS, PROBLEMS, "plain").split("\n") == [
        "LAGO_API_KEY\tset, from LAGO_API_KEY\tenvironment",
        "BILLING_CONSOLE_URL\tnot set",
        f"note\t{NOTES[0]}",
        f"warning\t{WARNINGS[0]}",
        "problem\tthe clock is held and LAGO_API_URL is not on loopback. Unset RUNBOOK_CLOCK.",
        "",
    ]


def test_a_program_gets_one_document() -> None:
    assert json.loads(render(LINES[:1], NOTES, [], PROBLEMS, "json")) == {
        "v": 1,
        "type": "config",
        "settings": [{"name": LINES[0][0], "value": LINES[0][1], "origin": LINES[0][2]}],
        "notes": NOTES,
        "warnings": [],
        "problems": [{"message": PROBLEMS[0].message, "help": "Unset RUNBOOK_CLOCK."}],
    }


def test_a_path_that_plays_tricks_is_written_out() -> None:
    lines = [("RUNBOOK_JOURNAL", "/srv/\x1b[2J\u202e\n\tx", "environment")]
    for format in ("human", "plain"):
        assert "/srv/\\x1b[2J\\u202e\\x0a\\x09x" in render(lines, [], [], [], format)
    assert len(render(lines, [], [], [], "json").splitlines()) == 1
