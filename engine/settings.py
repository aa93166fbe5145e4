"""The settings of one command: each value with where it came from, and what may not be combined. Floor 2.

Flags > environment > `[tool.runbook]` of the project > user file > default. Loading needs no Lago: what a command needs
it asks for (`need_lago`, `console`, `clock_to_use`), and only then can it be refused.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.clock import Clock, HeldClock
from engine.config import files, secrets
from engine.config.files import Layer, Origin, Text
from engine.config.secrets import Ask, Held
from engine.config.table import BY_NAME, TABLE, Place, Setting
from engine.errors import RunbookError, SettingsFault
from engine.files.others import writers
from engine.http.addresses import is_loopback
from engine.manual import page
from engine.plain import dataclass
from engine.values import Secret

SHIPPED = Path(__file__).resolve().parent.parent / "runbooks"

_DEFAULT = Origin(Layer.DEFAULT, "default")


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value and where it came from. Keys are no values: they stay closed until they are needed."""

    value: Any
    origin: Origin


@dataclass(frozen=True, slots=True)
class LagoTarget:
    """Where Lago is and the key that goes there. `url` ends in `/api/v1`; `key_from` names the key's source."""

    url: str
    key: Secret
    key_from: str


@dataclass(frozen=True, slots=True)
class ConsoleTarget:
    """Where the billing console is; the secret goes into `header` as it is, or there is none."""

    url: str
    header: str | None
    secret: Secret | None


@dataclass(frozen=True, slots=True)
class OpaTarget:
    """The `opa` executable (None: the one on the PATH), and the server that facts may go to, with its token."""

    executable: Path | None = None
    url: str | None = None
    token: Secret | None = None


class SettingsInvalid(SettingsFault):
    """Settings that cannot be read: all that is wrong, one sentence each, in `faults`."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        told = faults[0] if len(faults) == 1 else f"{len(faults)} settings are wrong: {'; '.join(faults)}"
        super().__init__(told, hint=f"`runbook config` lists the settings; {page('settings')} explains them.")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one command. `warnings` are sentences for the person; nothing in them is a secret."""

    values: Mapping[str, Value]
    warnings: tuple[str, ...]
    layers: tuple[Mapping[str, Text], ...] = field(repr=False)

    @property
    def lago_url(self) -> str | None:
        """Lago's address with `/api/v1`, or None."""
        return self._text("lago_api_url")

    @property
    def console_url(self) -> str | None:
        """The billing console's address, or None."""
        return self._text("billing_console_url")

    @property
    def operators(self) -> Path:
        """The operators file; whether it is there is `engine.operators`' affair."""
        return self._path("operators")

    @property
    def journal(self) -> Path:
        """The journal's database."""
        return self._path("journal")

    @property
    def path(self) -> tuple[Path, ...]:
        """The folders of runbooks, the first one first. They may not exist."""
        found: tuple[Path, ...] = self.values["path"].value
        return found

    @property
    def extensions(self) -> tuple[Path, ...]:
        """The Python files with steps and checks of one's own; whether they may be executed is `engine.extensions`."""
        return self.values["extensions"].value or ()

    @property
    def policies(self) -> tuple[Path, ...]:
        """The folders of policy sets, the first one first. Raises SettingsFault where one that somebody named is not there.

        Only `./policies` need not be: without a folder that is meant, other policies would decide, and nobody would know.
        """
        found: tuple[Path, ...] = self.values["policies"].value
        said = self.values["policies"].origin
        for folder in found if said != _DEFAULT else ():
            if not os.path.exists(folder):  # which, other than Path.exists, raises nothing
                message = f"there is no folder {folder} of policies, which {said.name} names"
                raise SettingsFault(
                    message, hint="make it, or name the one that has your policies; see `runbook config`"
                )
        return found

    @property
    def trusted_projects(self) -> tuple[Path, ...]:
        """The folders of projects whose own extensions may be executed."""
        return self.values["trusted_projects"].value or ()

    @property
    def environment(self) -> str:
        """The label of every screen and record, or an empty text where neither it nor Lago's address is set."""
        return str(self.values["environment"].value)

    @property
    def is_production(self) -> bool:
        """Whether the label is `production`, which screens spell out."""
        return self.environment.casefold() == "production"

    @property
    def clock(self) -> datetime | None:
        """Where wall time starts, in UTC, or None for real time; `run.start` keeps it."""
        found: datetime | None = self.values["clock"].value
        return found

    @property
    def finalize_timeout(self) -> float:
        """Seconds; what is used for finalize is the larger of this and 5 times what the refresh took."""
        return self._number("finalize_timeout")

    @property
    def settle_window(self) -> float:
        """Seconds that an unknown outcome is read for."""
        return self._number("settle_window")

    @property
    def settle_min_reads(self) -> int:
        """How often it is read at least."""
        return int(self._number("settle_min_reads"))

    @property
    def pending_deadline(self) -> float:
        """Seconds to wait for `pending` to end."""
        return self._number("pending_deadline")

    @property
    def taxes_deadline(self) -> float:
        """Seconds to wait for a provider's taxes after a refresh."""
        return self._number("taxes_deadline")

    @property
    def poll_interval(self) -> float:
        """Seconds between two such reads."""
        return self._number("poll_interval")

    def need_lago(self, ask: Ask | None = None) -> LagoTarget:
        """Lago's address and key. The key: what is set, else the keyring, else what `ask` gets from the person.

        Raises SettingsFault when there is no address or no key, or when the two are of different parties.
        """
        url = self.lago_url
        if url is None:
            raise SettingsFault(
                "LAGO_API_URL is not set",
                hint="Set LAGO_API_URL and LAGO_API_KEY, or try it without a Lago: runbook demo",
            )
        found = self.held("lago_api_key")
        if found:
            self._same_party("lago_api_url", found[0])
            return LagoTarget(url, found[0].open(), found[0].label)
        place = urlsplit(url).netloc
        if key := secrets.from_keyring(secrets.keyring_service(url)):
            return LagoTarget(url, key, "the keyring")
        if ask is not None and (key := secrets.asked(f"Key to Lago at {place}: ", "lago_api_key", ask)):
            return LagoTarget(url, key, "what you typed")
        raise SettingsFault(
            f"there is no key for Lago at {place}",
            hint="Set LAGO_API_KEY, or LAGO_API_KEY_FILE to a file that holds it.",
        )

    def console(self) -> ConsoleTarget | Path | None:
        """Where the latest sync run is read: the console, a file, or nowhere.

        Where both are set, the higher layer counts, and in one layer the file. Raises SettingsFault when the console's
        token or cookie is of another party than its address.
        """
        if self._sync_is_file():
            return self._path("billing_sync_file")
        url = self.console_url
        if url is None:
            return None
        held = self.held("billing_console_token", "billing_console_cookie")
        if not held:
            return ConsoleTarget(url, None, None)
        self._same_party("billing_console_url", held[0])
        secret = held[0].open()
        if held[0].name == "billing_console_token":
            return ConsoleTarget(url, "Authorization", Secret(f"Bearer {secret.reveal()}"))
        return ConsoleTarget(url, "Cookie", secret)

    def opa(self) -> OpaTarget:
        """Whom policies in Rego are asked of. Raises SettingsFault when the token is of another party than the address."""
        url, held = self._text("opa_url"), self.held("opa_token")
        if url is not None and held:
            self._same_party("opa_url", held[0])
        return OpaTarget(self.values["opa"].value, url, held[0].open() if url is not None and held else None)

    def clock_to_use(self) -> Clock:
        """Real time, or time from `RUNBOOK_CLOCK` on. Raises SettingsFault unless every target is on loopback."""
        start = self.clock
        if start is None:
            return Clock()
        for name in ("lago_api_url", "billing_console_url", "opa_url"):
            url = self._text(name)
            if url is not None and not is_loopback(url):
                raise SettingsFault(
                    f"the clock is held ({self.values['clock'].origin.name}) and {BY_NAME[name].env} is not on "
                    f"loopback: {urlsplit(url).netloc}",
                    hint="A held clock is for practice and tests. Unset RUNBOOK_CLOCK.",
                )
        return HeldClock(start)

    def problems(self) -> tuple[RunbookError, ...]:
        """What would stop a run although every setting can be read: a key beside a foreign address, a held clock."""
        found: list[RunbookError] = []
        for attempt in (self._check_lago, self.console, self.opa, self.clock_to_use):
            try:
                attempt()
            except SettingsFault as fault:
                found.append(fault)
        return tuple(found)

    def careless(self) -> tuple[str, ...]:
        """What works and is still worth a warning: two sources at once, a key that all can read, operators that others name."""
        lago = self.held("lago_api_key")
        console = self.held("billing_console_token", "billing_console_cookie")
        found = []
        opa = self.held("opa_token")
        for what, held in (
            ("the key to Lago", lago),
            ("access to the billing console", console),
            ("the token for OPA", opa),
        ):
            if len(held) > 1:
                labels = " and ".join(one.label for one in held)
                found.append(f"{what} is set twice, by {labels}; {held[0].label} is used")
        file, url = self.values["billing_sync_file"], self.values["billing_console_url"]
        if file.value is not None and url.value is not None:
            used = "BILLING_SYNC_FILE" if self._sync_is_file() else "BILLING_CONSOLE_URL"
            found.append(f"sync runs are set twice, by BILLING_SYNC_FILE and BILLING_CONSOLE_URL; {used} is used")
        for one in (*lago, *console, *opa):
            if (path := one.lies_open_in) is not None:
                found.append(f"{path} holds a key that every account on this machine can read; chmod 600 it")
        with suppress(OSError):  # there is none yet, which is told by whoever reads it
            for place, them in writers(self.operators):
                who = f"{self.operators} says who is an operator, and {them} may"
                way = f"replace it, since they may write {place}" if place.is_dir() else "write it"
                found.append(f"{who} {way}; chmod go-w {place}")
                break
        return tuple(found)

    def _sync_is_file(self) -> bool:
        file, url = self.values["billing_sync_file"], self.values["billing_console_url"]
        return file.value is not None and (url.value is None or file.origin.layer >= url.origin.layer)

    def _check_lago(self) -> None:
        if self.lago_url is not None and (found := self.held("lago_api_key")):
            self._same_party("lago_api_url", found[0])
            found[0].open()

    def _same_party(self, url_name: str, held: Held) -> None:
        url = self.values[url_name].origin
        if url.party == held.origin.party:
            return
        raise SettingsFault(
            f"{BY_NAME[url_name].env} comes from {url.party} ({url.name}) and its key from {held.origin.party} "
            f"({held.label}); a key goes only to an address of the same source",
            hint="Set both in the same place: both in your shell, or both in your user file.",
        )

    def held(self, *names: str) -> tuple[Held, ...]:
        """Everything that is set for these secrets, unopened, the one that counts first."""
        found = [one for name in names for one in secrets.held(name, self.layers)]
        return tuple(sorted(found, key=lambda one: -one.origin.layer))

    def _text(self, name: str) -> str | None:
        found: str | None = self.values[name].value
        return found

    def _path(self, name: str) -> Path:
        found: Path = self.values[name].value
        return found

    def _number(self, name: str) -> float:
        found: float = self.values[name].value
        return found


def load(flags: Mapping[str, str], env: Mapping[str, str], cwd: Path, home: Path) -> Settings:
    """The settings as flags, environment and files give them. `flags` are by the setting's name, never a key.

    Raises SettingsInvalid with everything that is wrong at once: unknown keys, texts that are no such value, keys in a
    project file, files that cannot be read.
    """
    here = Place(cwd, home)
    config = _xdg(env, "XDG_CONFIG_HOME", home / ".config") / "runbook"
    project = files.project_file(cwd)
    found = (
        files.from_flags(flags, here),
        files.from_environment(env, here),
        files.from_project(project, home) if project else files.Found({}),
        files.from_user(config / "config.toml", home),
    )
    faults = [fault for layer in found for fault in layer.faults]
    layers = tuple(layer.texts for layer in found)
    values: dict[str, Value] = {
        "path": Value(tuple(dict.fromkeys((cwd / "runbooks", SHIPPED))), _DEFAULT),
        "policies": Value(tuple(dict.fromkeys((cwd / "policies", SHIPPED.parent / "policies"))), _DEFAULT),
        "operators": Value(config / "operators.yaml", _DEFAULT),
        "journal": Value(_xdg(env, "XDG_STATE_HOME", home / ".local" / "state") / "runbook" / "journal.db", _DEFAULT),
    }
    for row in TABLE:
        if row.is_secret:
            continue
        for texts in reversed(layers):
            if (text := texts.get(row.name)) is not None:
                try:
                    values[row.name] = Value(row.read(text.text, text.place), text.origin)
                except ValueError as error:
                    faults.append(f"{_where(row, text)}: {error}")
        if row.name not in values:
            values[row.name] = Value(None if row.default is None else row.read(row.default, here), _DEFAULT)
    if faults:
        raise SettingsInvalid(tuple(faults))
    if values["environment"].value is None:
        url = values["lago_api_url"]
        values["environment"] = Value((urlsplit(url.value).hostname or "") if url.value else "", _DEFAULT)
    settings = Settings(values, files.unknown_variables(env), layers)
    return replace(settings, warnings=(*settings.warnings, *settings.careless()))


def _xdg(env: Mapping[str, str], name: str, default: Path) -> Path:
    """A base folder of the XDG specification, which says that a relative one is to be ignored."""
    path = Path(env.get(name, ""))
    return path if path.is_absolute() else default


def _where(row: Setting, text: Text) -> str:
    """A value's place as a fault names it; a file's line says the file, so the key is named beside it."""
    name = text.origin.name
    return name if text.origin.layer >= Layer.ENVIRONMENT else f"{name}: `{row.name}`"
