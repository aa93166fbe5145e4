"""What `runbook config` says: each setting, its value, where it came from, and never a key. Floor 2."""

from __future__ import annotations

import os
import stat
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from engine.config.files import Layer, Origin
from engine.config.secrets import KEYRING_USER, from_keyring, keyring_service
from engine.config.table import TABLE, Setting
from engine.operators import is_ours_to_write
from engine.settings import Settings
from engine.values import iso


class Line(NamedTuple):
    """One line of `runbook config`: the variable's name, the value as text, where it came from."""

    name: str
    value: str
    origin: str


def lines(settings: Settings) -> tuple[Line, ...]:
    """All settings in the order of the table. Of a key only that it is set, and where."""
    return tuple(_secret_line(settings, row) if row.is_secret else _line(settings, row) for row in TABLE)


def notes(settings: Settings) -> tuple[str, ...]:
    """What a person should know of these settings beside their values."""
    return (_journal_note(settings.journal), *_operators_note(settings.operators))


def _operators_note(path: Path) -> tuple[str, ...]:
    if not path.exists() or not is_ours_to_write(path):
        return ()
    return ("this account may write the operators file, so who approves its plans is for itself to say",)


def _line(settings: Settings, row: Setting) -> Line:
    one = settings.values[row.name]
    if one.value is None or one.value == "":
        return Line(row.env, "not set", "")
    return Line(row.env, _shown(one.value), _named(one.origin))


def _secret_line(settings: Settings, row: Setting) -> Line:
    text = next((texts[row.name] for texts in settings.layers if row.name in texts), None)
    if text is not None:
        return Line(row.env, f"set, from {text.origin.name}", _named(text.origin))
    if row.name == KEYRING_USER and settings.lago_url and not settings.held(row.name):
        service = keyring_service(settings.lago_url)
        if from_keyring(service) is not None:
            return Line(row.env, "set, from keyring", service)
    return Line(row.env, "not set", "")


def _named(origin: Origin) -> str:
    match origin.layer:
        case Layer.DEFAULT:
            return "default"
        case Layer.ENVIRONMENT:
            return "environment"
        case Layer.FLAG:
            return f"flag {origin.name}"
        case Layer.PROJECT:
            return f"project file {origin.name}"
        case Layer.USER:
            return f"user file {origin.name}"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return os.pathsep.join(map(str, value))
    if isinstance(value, datetime):
        return iso(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _journal_note(journal: Path) -> str:
    try:
        mode = journal.parent.stat().st_mode
    except OSError:
        mode = 0
    if mode & stat.S_IWGRP and mode & stat.S_ISGID:
        return f"the journal is shared: operators in the group of {journal.parent} exclude one another"
    return "the journal is private to your account: it does not keep another operator from the same invoice"
