"""Every setting there is, one row each: its names, what it means, its default, and how its text is read. Floor 2.

`docs/settings.md` is tested against this table, and nothing else in the code knows the name of a setting's variable.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.http.addresses import normalize_lago_url, normalize_server_url
from engine.plain import dataclass

MOST_SECONDS = 86_400
MOST_READS = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """What a text is read against: `folder` for relative paths (its file's, else the present one), `home` for `~`."""

    folder: Path
    home: Path


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `name` is its key in a file and, with dashes, its flag; `env` its variable.

    `read` turns a text into the value and raises ValueError that says what is expected, never repeating a secret.
    `default` is that text, or None where the default is no fixed text; `default_said` is what the manual says of it.
    """

    name: str
    env: str
    what: str
    read: Callable[[str, Place], Any]
    default: str | None
    default_said: str
    is_secret: bool = False


def _path(text: str, place: Place) -> Path:
    if "\0" in text:
        raise ValueError("a path cannot hold a NUL byte")
    if text == "~" or text.startswith("~/"):
        return place.home / text[2:]
    return place.folder / text


def _paths(text: str, place: Place) -> tuple[Path, ...]:
    found = tuple(dict.fromkeys(_path(part, place) for part in text.split(os.pathsep) if part.strip()))
    if not found:
        raise ValueError(f"paths are needed, with `{os.pathsep}` between them")
    return found


def _seconds(*, may_be_zero: bool) -> Callable[[str, Place], float]:
    least = "0" if may_be_zero else "more than 0"
    wanted = f"a number of seconds is needed, {least} to {MOST_SECONDS}, as `90` or `0.5`"

    def read(text: str, place: Place) -> float:
        if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?|\.\d{1,9}", text, re.ASCII):
            raise ValueError(wanted)
        seconds = Decimal(text)
        if seconds > MOST_SECONDS or (seconds == 0 and not may_be_zero):
            raise ValueError(wanted)
        return float(seconds)

    return read


def _reads(text: str, place: Place) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not 1 <= int(text) <= MOST_READS:
        raise ValueError(f"a whole number is needed, 1 to {MOST_READS}")
    return int(text)


def _label(text: str, place: Place) -> str:
    if len(text) > 64 or not text.isprintable():
        raise ValueError("a label of at most 64 printable characters is needed, as `production`")
    return text


def _moment(text: str, place: Place) -> datetime:
    wanted = "a moment with its offset is needed (RFC 3339), as `2026-11-23T12:00:00Z`"
    shape = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)"
    if not re.fullmatch(shape, text, re.ASCII):
        raise ValueError(wanted)
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.upper()))
    except ValueError:
        raise ValueError(f"{wanted}; this one is not in the calendar") from None
    if not 1970 <= moment.year < 9000:
        raise ValueError(f"{wanted}; the year must lie between 1970 and 8999")
    return moment.astimezone(UTC)


def _lago_url(text: str, place: Place) -> str:
    return normalize_lago_url(text)


def _server_url(text: str, place: Place) -> str:
    return normalize_server_url(text)


def _key(text: str, place: Place) -> str:
    """A key or token as it may stand in a header: visible ASCII, no spaces. The message never repeats it."""
    if not re.fullmatch(r"[\x21-\x7e]{1,4096}", text):
        raise ValueError("this is no key: a space, a line break or a character beyond ASCII stands in it")
    return text


def _cookie(text: str, place: Place) -> str:
    """A `Cookie` header's value: printable ASCII. The message never repeats it."""
    if not re.fullmatch(r"[\x20-\x7e]{1,16384}", text):
        raise ValueError("this is no cookie: a line break or a character beyond ASCII stands in it")
    return text


_NONE = "none"

TABLE: tuple[Setting, ...] = (
    Setting(
        "lago_api_url",
        "LAGO_API_URL",
        "Lago's address; `/api/v1` is appended unless it is there; https, or http on loopback only",
        _lago_url,
        None,
        _NONE,
    ),
    Setting(
        "lago_api_key",
        "LAGO_API_KEY",
        "the key to Lago; else the keyring is asked, else you are, without echo",
        _key,
        None,
        _NONE,
        is_secret=True,
    ),
    Setting("lago_api_key_file", "LAGO_API_KEY_FILE", "a file that holds the key to Lago", _path, None, _NONE),
    Setting(
        "billing_console_url",
        "BILLING_CONSOLE_URL",
        "the billing console; `GET /api/admin/sync/status` is read from it; https, or http on loopback only",
        _server_url,
        None,
        _NONE,
    ),
    Setting(
        "billing_console_token",
        "BILLING_CONSOLE_TOKEN",
        "sent to the console as `Authorization: Bearer`",
        _key,
        None,
        _NONE,
        is_secret=True,
    ),
    Setting(
        "billing_console_token_file", "BILLING_CONSOLE_TOKEN_FILE", "a file that holds that token", _path, None, _NONE
    ),
    Setting(
        "billing_console_cookie",
        "BILLING_CONSOLE_COOKIE",
        "sent to the console as `Cookie`",
        _cookie,
        None,
        _NONE,
        is_secret=True,
    ),
    Setting(
        "billing_console_cookie_file",
        "BILLING_CONSOLE_COOKIE_FILE",
        "a file that holds that cookie",
        _path,
        None,
        _NONE,
    ),
    Setting(
        "billing_sync_file",
        "BILLING_SYNC_FILE",
        "instead of the console: a JSON file of the same shape",
        _path,
        None,
        _NONE,
    ),
    Setting(
        "operators",
        "RUNBOOK_OPERATORS",
        "the operators file",
        _path,
        None,
        "`$XDG_CONFIG_HOME/runbook/operators.yaml`",
    ),
    Setting(
        "journal", "RUNBOOK_JOURNAL", "the journal's database", _path, None, "`$XDG_STATE_HOME/runbook/journal.db`"
    ),
    Setting(
        "path",
        "RUNBOOK_PATH",
        f"folders of runbooks, with `{os.pathsep}` between them; the first that has a runbook of a name wins",
        _paths,
        None,
        "`./runbooks`, then those shipped",
    ),
    Setting(
        "policies",
        "RUNBOOK_POLICIES",
        f"folders of policy sets, with `{os.pathsep}` between them; the first that has a set of a name wins; "
        "one that is not there is an error",
        _paths,
        None,
        "`./policies`, then those shipped",
    ),
    Setting(
        "extensions",
        "RUNBOOK_EXTENSIONS",
        f"Python files with steps and checks of your own, with `{os.pathsep}` between them",
        _paths,
        None,
        _NONE,
    ),
    Setting(
        "trusted_projects",
        "RUNBOOK_TRUSTED_PROJECTS",
        "folders of projects whose own `extensions` may be executed; never from a project file",
        _paths,
        None,
        _NONE,
    ),
    Setting(
        "opa",
        "RUNBOOK_OPA",
        "the `opa` executable, for policies in Rego; never from a project file",
        _path,
        None,
        "`opa` on the `PATH`",
    ),
    Setting(
        "opa_url",
        "RUNBOOK_OPA_URL",
        "an OPA server that facts may be sent to; https, or http on loopback only; never from a project file",
        _server_url,
        None,
        "only servers on loopback",
    ),
    Setting(
        "opa_token",
        "RUNBOOK_OPA_TOKEN",
        "sent to that server as `Authorization: Bearer`",
        _key,
        None,
        _NONE,
        is_secret=True,
    ),
    Setting("opa_token_file", "RUNBOOK_OPA_TOKEN_FILE", "a file that holds that token", _path, None, _NONE),
    Setting(
        "environment",
        "RUNBOOK_ENVIRONMENT",
        "the label on every screen and record; `production` is spelled out",
        _label,
        None,
        "the host name of `LAGO_API_URL`",
    ),
    Setting(
        "clock",
        "RUNBOOK_CLOCK",
        "a moment (RFC 3339): wall time starts there and runs; refused unless every target is on loopback",
        _moment,
        None,
        "real time",
    ),
    Setting(
        "finalize_timeout",
        "RUNBOOK_FINALIZE_TIMEOUT",
        "seconds to wait for the answer of a one-way call, and of a refresh; for finalize, 5 times what the refresh "
        "took where that is more",
        _seconds(may_be_zero=False),
        "90",
        "90",
    ),
    Setting(
        "settle_window",
        "RUNBOOK_SETTLE_WINDOW",
        "seconds that an unknown outcome is read for before a person is needed",
        _seconds(may_be_zero=True),
        "120",
        "120",
    ),
    Setting(
        "settle_min_reads",
        "RUNBOOK_SETTLE_MIN_READS",
        "how often it is read at least",
        _reads,
        "3",
        "3",
    ),
    Setting(
        "pending_deadline",
        "RUNBOOK_PENDING_DEADLINE",
        "seconds to wait for `pending` to end",
        _seconds(may_be_zero=True),
        "120",
        "120",
    ),
    Setting(
        "taxes_deadline",
        "RUNBOOK_TAXES_DEADLINE",
        "seconds to wait for a provider's taxes after a refresh",
        _seconds(may_be_zero=True),
        "120",
        "120",
    ),
    Setting(
        "poll_interval",
        "RUNBOOK_POLL_INTERVAL",
        "seconds between such reads",
        _seconds(may_be_zero=True),
        "2",
        "2",
    ),
)

BY_NAME = {row.name: row for row in TABLE}
BY_ENV = {row.env: row for row in TABLE}

LISTS = frozenset({"path", "policies", "extensions", "trusted_projects"})
"""What holds several paths, and so may be a list in a file."""

CODE = frozenset({"extensions", "trusted_projects", "opa"})
"""What decides which code is executed. In the environment, which goes from folder to folder, only whole paths do."""

OWN = {
    "trusted_projects": "a project cannot say itself that it is trusted",
    "opa": "a project cannot say which program is executed",
    "opa_url": "a project cannot say where facts are sent",
}
"""What a project file may not hold, and why: it would decide by itself what is done beside the key."""

KEYS = frozenset({row.name for row in TABLE if row.is_secret} | {f"{row.name}_file" for row in TABLE if row.is_secret})
"""What a project file may neither hold nor point to: with its own URL beside it, it could have any file sent there."""
