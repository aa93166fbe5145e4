"""SSH keys made for a test, an operators file that names whose they are, and a plan that asks for an approval."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.signatures.ssh_keys import PublicKey
from engine.values import canonical, digest

ME = pwd.getpwuid(os.getuid()).pw_name
NOT_ME = "nobody-of-this-machine"


@dataclass(frozen=True)
class Key:
    """A key pair in a folder of the test."""

    file: Path

    @property
    def line(self) -> str:
        """The public half as it stands in the operators file."""
        return self.file.with_name(self.file.name + ".pub").read_text().strip()

    @property
    def public(self) -> PublicKey:
        """The public half."""
        return PublicKey.parse(self.line)


def key(folder: Path, name: str, passphrase: str = "", kind: str = "ed25519") -> Key:
    """Make a key pair with the tool that people make theirs with."""
    file = folder / name
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", f"{name}@example.com", "-f", str(file)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return Key(file)


@contextmanager
def agent(folder: Path) -> Iterator[Path]:
    """An agent of the test's own, which ends with it; answers its socket."""
    socket = folder / "s"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        for _ in range(500):
            if socket.exists():
                break
            time.sleep(0.01)
        yield socket
    finally:
        process.terminate()
        process.wait(10)


@dataclass(frozen=True)
class Person:
    """A row of the operators file."""

    id: str
    roles: tuple[str, ...] = ()
    keys: Sequence[Key] = ()


def operators(path: Path, me: Person, *others: Person) -> Path:
    """An operators file in which this account is `me`."""
    rows = []
    for at, one in enumerate((me, *others)):
        lines = [f"  - id: {one.id}", f"    roles: [{', '.join(one.roles)}]"]
        lines += [f"    os_account: {ME if at == 0 else f'{NOT_ME}-{at}'}"]
        lines += ["    ssh_keys:" if one.keys else "    ssh_keys: []", *(f"      - {key.line}" for key in one.keys)]
        rows += lines
    path.write_text("\n".join(["operators:", *rows]) + "\n")
    path.chmod(0o600)
    return path


NEED: Mapping[str, Any] = {
    "set": "billing",
    "policy": "second-approver",
    "count": 1,
    "roles": ["billing_approver"],
    "distinct_from": ["operator"],
    "valid_for": 4 * 3600,
    "bound_to": {},
    "message": "total 636.04 EUR is over 500.00 EUR",
}


def asking(plan: Path, *needs: Mapping[str, Any]) -> str:
    """Make a plan ask for approvals as if a policy had; answers its digest."""
    data = json.loads(plan.read_text())
    data["decisions"] = [{"needs": list(needs or [NEED])}]
    return seal(plan, data)


def seal(plan: Path, data: Mapping[str, Any]) -> str:
    """Write a plan with a digest that is right; answers it."""
    rest = {name: value for name, value in data.items() if name != "digest"}
    plan.write_bytes(canonical({**rest, "digest": digest(rest)}))
    return digest(rest)
