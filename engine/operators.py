"""Who is running this, and how we know: the operators file against the account of the real uid. Floor 2.

`$USER` is never asked, since anybody can set it. The file is checked as a whole, whoever asks.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from engine import source
from engine.diagnostics import Span
from engine.errors import Denied, SettingsFault
from engine.files.others import EVERYONE, writers
from engine.plain import dataclass
from engine.signatures.ssh_keys import PublicKey
from engine.source import Node

# One line, so that it survives a log, a record and a screen alike.
EXAMPLE = "operators: [{{id: {id}, roles: [billing_admin], os_account: {account}}}]"

REQUIRED = ("id", "roles", "os_account")

KNOWN = (*REQUIRED, "ssh_keys")
"""`ssh_keys` are the public keys that an operator signs approvals with."""


@dataclass(frozen=True, slots=True)
class Operator:
    """The person a run is attributed to. `how` says how we know: `os account jane, uid 1000`."""

    id: str
    roles: tuple[str, ...]
    os_account: str
    how: str
    ssh_keys: tuple[PublicKey, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """For the journal."""
        return {"id": self.id, "roles": list(self.roles), "os_account": self.os_account, "how": self.how}


def account() -> str:
    """The name of the real uid's account, or `uid:12345` where it has none; no name has a colon (passwd(5))."""
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid:{uid}"


def who(path: Path) -> Operator:
    """The operator that this process's account is.

    Raises SettingsFault when the file is missing or wrong, Denied when it does not name the account.
    """
    me = account()
    for one in everybody(path):
        if one.os_account == me:
            return replace(one, how=f"os account {me}, uid {os.getuid()}")
    raise Denied(
        f"the account {me} is no operator: {path} does not name it",
        hint=f"An operator has `os_account: {me}` there; who may edit that file can add it.",
    )


def everybody(path: Path) -> list[Operator]:
    """All that the file names, with the keys that they sign with. Raises SettingsFault: it is missing or wrong."""
    return [
        Operator(
            one["id"],
            tuple(one["roles"]),
            one["os_account"],
            f"named in {path.name}",
            tuple(map(PublicKey.parse, one.get("ssh_keys") or ())),
        )
        for one in _operators(path, account())
    ]


def require_kept(path: Path) -> None:
    """Raise SettingsFault when every account of this machine may say in this file who approves what.

    So it is too where they may put another file in its place, or in the place of a folder that leads to it; in a folder
    with a sticky bit, as /tmp, they may not. A missing file is told by whoever reads it.
    """
    with suppress(OSError):
        for place, them in writers(path):
            if them == EVERYONE:
                what = "replace what lies in" if place.is_dir() else "write"
                raise SettingsFault(
                    f"{them} may {what} {place}, and {path} says who may approve",
                    hint=f"chmod o-w {place}; best it belongs to somebody who neither runs nor approves.",
                )


def is_ours_to_write(path: Path) -> bool:
    """Whether this account itself may say who approves: then an approval binds only those who mean well."""
    return os.access(path, os.W_OK) or os.access(path.parent, os.W_OK)


def _operators(path: Path, me: str) -> list[Any]:
    hint = "It looks like this: " + EXAMPLE.format(id=me.replace(":", ""), account=me)
    try:
        rows, faults = _read(source.content_of(path), path, is_quick=True)
    except FileNotFoundError:
        raise SettingsFault(f"there is no operators file at {path}", hint=hint) from None
    except OSError as error:
        raise SettingsFault(f"the operators file {path} cannot be read: {error.strerror}", hint=hint) from None
    if faults:
        raise SettingsFault("; also ".join(f"{path}:{span.line}:{span.col}: {why}" for span, why in faults), hint=hint)
    return rows


def _read(content: bytes, path: Path, *, is_quick: bool) -> tuple[list[Any], list[tuple[Span, str]]]:
    """The rows of the file, and what is wrong with it: that is looked for with care where there is anything."""
    parsed = source.parse(content, str(path), is_quick=is_quick)
    reading = _Reading([(found.span, found.message) for found in parsed.diagnostics])
    if parsed.root is not None:
        reading.file(parsed.root)
    if reading.faults and is_quick:
        return _read(content, path, is_quick=False)
    found = parsed.root.at("operators") if parsed.root else None
    return list(found.plain()) if found and not reading.faults else [], sorted(set(reading.faults))


@dataclass(slots=True)
class _Reading:
    """What is wrong with the file, and the ids and accounts seen in it so far."""

    faults: list[tuple[Span, str]]
    seen: set[tuple[str, str]] = field(default_factory=set)

    def file(self, root: Node) -> None:
        """The whole file: a mapping with `operators`, which is a list."""
        if not isinstance(root.value, dict):
            self.faults.append((root.span, "a mapping is needed, with `operators`"))
            return
        self.faults.extend(_unknown(root, ("operators",)))
        found = root.value.get("operators")
        if found is None:
            if not self.faults:
                self.faults.append((root.span, "`operators` is missing"))
        elif not isinstance(found.value, list):
            self.faults.append((found.span, "`operators` must be a list"))
        elif not found.value:
            self.faults.append((found.span, "`operators` is empty"))
        else:
            for node in found.value:
                self.operator(node)

    def operator(self, node: Node) -> None:
        """One operator: an id and an account that nobody else has, and a list of roles."""
        if not isinstance(node.value, dict):
            self.faults.append((node.span, "an operator must be a mapping"))
            return
        self.faults.extend(_unknown(node, KNOWN))
        self.faults.extend((node.span, f"`{key}` is missing") for key in REQUIRED if key not in node.value)
        for key in ("id", "os_account"):
            if key in node.value:
                self.once(key, node.value[key])
        roles = node.value.get("roles")
        if roles is not None and not isinstance(roles.value, list):
            self.faults.append((roles.span, "`roles` must be a list"))
        elif roles is not None:
            for role in roles.value:
                self.word("each of `roles`", role)
        keys = node.value.get("ssh_keys")
        if keys is not None and not isinstance(keys.value, list):
            self.faults.append((keys.span, "`ssh_keys` must be a list of public keys"))
        elif keys is not None:
            for key in keys.value:
                self.key(key)

    def key(self, node: Node) -> None:
        """A public key that no other operator has: who signed must be one person."""
        try:
            found = PublicKey.parse(node.value if isinstance(node.value, str) else "")
        except ValueError as error:
            self.faults.append((node.span, f"each of `ssh_keys` must be a public key: {error}"))
            return
        if ("ssh_keys", found.blob) in self.seen:
            self.faults.append((node.span, f"the key {found.fingerprint} stands twice"))
        self.seen.add(("ssh_keys", found.blob))

    def once(self, key: str, node: Node) -> None:
        """A word that no other operator has under this key."""
        if not self.word(f"`{key}`", node):
            return
        if (key, node.value) in self.seen:
            self.faults.append((node.span, f"`{key}` `{node.value}` stands twice"))
        self.seen.add((key, node.value))

    def word(self, what: str, node: Node) -> bool:
        """Whether this is a text that can stand in a record and on a screen without being mistaken for two."""
        text = node.value
        if not isinstance(text, str):
            self.faults.append((node.span, f"{what} must be a text"))
            return False
        if not 0 < len(text) <= 64 or not text.isprintable() or " " in text:
            self.faults.append((node.span, f"{what} must be one word without spaces, at most 64 characters"))
            return False
        return True


def _unknown(node: Node, known: tuple[str, ...]) -> Iterator[tuple[Span, str]]:
    for key, span in node.keys.items():
        if key not in known:
            from difflib import get_close_matches

            match = get_close_matches(key, known, n=1)
            yield span, f"unknown key `{key}`" + (f"; did you mean `{match[0]}`?" if match else "")
