"""Keys, tokens and cookies: which source has one, and whether it may go to the address it is meant for. Floor 2.

A key goes only to an address of the same party (`docs/settings.md`, "Keys and addresses"), so that a cloned repository
that brings an address along cannot collect keys.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from engine.config.files import Origin, Text
from engine.config.table import BY_NAME, Place
from engine.errors import SettingsFault
from engine.plain import dataclass
from engine.values import Secret

MOST_BYTES = 65_536

KEYRING_USER = "lago_api_key"

Ask = Callable[[str], str | None]
"""Asks a person for a secret, without echo: the prompt in, the answer out, None where there is none."""


@dataclass(frozen=True, slots=True)
class Held:
    """A secret that a setting holds (`value`) or points to (`file`). Nothing is read or judged before `open`."""

    name: str
    label: str
    origin: Origin
    value: Secret | None = None
    file: Path | None = None

    def open(self) -> Secret:
        """The secret. Raises SettingsFault when its file cannot be read or when it is no key; it is never repeated."""
        if self.file is not None:
            return _checked(_read(self.file, self.label), self.name, f"{self.label} ({self.file})")
        return _checked(self.value.reveal() if self.value else "", self.name, self.label)

    @property
    def lies_open_in(self) -> Path | None:
        """The file that holds it, if every account of this machine can read that file."""
        holder = self.file or self.origin.file
        try:
            return holder if holder is not None and holder.stat().st_mode & stat.S_IROTH else None
        except OSError:
            return None


def held(name: str, layers: Iterable[Mapping[str, Text]]) -> tuple[Held, ...]:
    """All that is set for the secret `name`, the one that counts first: the higher layer, then file before value."""
    found = []
    for texts in layers:
        if (file := texts.get(f"{name}_file")) is not None:
            path = BY_NAME[f"{name}_file"].read(file.text, file.place)
            found.append(Held(name, _label(f"{name}_file", file), file.origin, file=path))
        if (text := texts.get(name)) is not None:
            found.append(Held(name, _label(name, text), text.origin, value=Secret(text.text)))
    return tuple(found)


def keyring_service(url: str) -> str:
    """The keyring's name for the key to this address: it is bound to its host, so a foreign address never gets it."""
    return f"runbook:{urlsplit(url).netloc}"


def from_keyring(service: str) -> Secret | None:
    """What the keyring (the extra `keyring`) holds, or None: also where it is not installed or cannot be opened."""
    try:
        import keyring
    except ImportError:
        return None
    try:
        value = keyring.get_password(service, KEYRING_USER)
    except Exception:  # a backend is foreign code and raises what it likes; a keyring that fails holds no key
        return None
    return _checked(value, KEYRING_USER, f"the keyring ({service})") if value else None


def asked(prompt: str, name: str, ask: Ask) -> Secret | None:
    """What the person types, or None for nothing. Raises SettingsFault when it is no key."""
    answer = (ask(prompt) or "").strip()
    return _checked(answer, name, "what was typed") if answer else None


def _label(name: str, text: Text) -> str:
    """How a person finds it: the variable's name, or the file's line and the key's name."""
    env = BY_NAME[name].env
    return env if text.origin.name == env else f"{name} in {text.origin.name}"


def _checked(text: str, name: str, label: str) -> Secret:
    try:
        return Secret(BY_NAME[name].read(text, Place(Path(), Path())))
    except ValueError as error:
        raise SettingsFault(f"{label}: {error}", hint="Set it anew; it is not shown here.") from None


def _read(path: Path, label: str) -> str:
    """The file's text without the white space around it. `/dev/stdin` and pipes work, a megabyte does not."""
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SettingsFault(
            f"{label}: {path} cannot be read: {os.strerror(error.errno or 0)}",
            hint="Put the key alone into that file, readable by you only (chmod 600).",
        ) from None
    if len(raw) > MOST_BYTES:
        raise SettingsFault(f"{label}: {path} is too large for a key", hint="Put the key alone into that file.")
    text = raw.decode("utf-8", "replace").strip()
    if not text:
        raise SettingsFault(f"{label}: {path} is empty", hint="Put the key alone into that file.")
    return text
