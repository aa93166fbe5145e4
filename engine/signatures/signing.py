"""Signatures by a person's SSH key, made and verified by `ssh-keygen -Y`; the private key stays where it is. Floor 2.

A key may lie in a file or be held by an agent: then its public half names it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from engine.errors import SettingsFault
from engine.signatures.ssh_keys import NAMESPACE, PublicKey, signer

LONGEST = 60.0


def held_by_agent() -> list[PublicKey]:
    """The keys that the person's agent can sign with; none where there is no agent."""
    tool = shutil.which("ssh-add")
    if tool is None or not os.environ.get("SSH_AUTH_SOCK"):
        return []
    done = _run([tool, "-L"], can_ask=False)
    found = []
    for line in done.stdout.splitlines() if done.returncode == 0 else ():
        try:
            found.append(PublicKey.parse(line))
        except ValueError:
            continue
    return found


def sign(data: bytes, key: Path | PublicKey, *, can_ask: bool) -> str:
    """Sign with a key's file, private or public, or with a key that the agent holds. Answers the armoured signature.

    With `can_ask` ssh-keygen may ask for a passphrase on the terminal. Raises SettingsFault: no ssh-keygen, no such key,
    a passphrase that nobody can be asked for, an agent that does not hold it.
    """
    with tempfile.TemporaryDirectory(prefix="runbook-sign-") as folder:
        path = key
        if isinstance(path, PublicKey):
            path = Path(folder) / "key.pub"
            path.write_text(f"{key}\n", encoding="ascii")
        elif not path.is_file():
            raise SettingsFault(f"there is no key at {path}", hint="Name the file of your key: --key ~/.ssh/id_ed25519")
        written = Path(folder) / "approval"
        written.write_bytes(data)
        command = [_tool(), "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(path), str(written)]
        done = _run(command, can_ask=can_ask)
        signature = written.with_name("approval.sig")
        if done.returncode != 0 or not signature.is_file():
            raise _unsigned(key, done.stderr)
        return signature.read_text("ascii")


def _unsigned(key: Path | PublicKey, said: str) -> SettingsFault:
    """Why there is no signature, from what ssh-keygen said."""
    name = key.fingerprint if isinstance(key, PublicKey) else str(key)
    low = said.lower()
    if "passphrase" in low:
        why = f"the key {name} has a passphrase, and it was wrong or nobody could be asked for it"
        return SettingsFault(why, hint="Hand it to your agent first: ssh-add " + ("KEY" if " " in name else name))
    if "permissions" in low or "too open" in low:
        return SettingsFault(f"others may read the key {name}, so ssh-keygen does not use it", hint=f"chmod 600 {name}")
    if "agent" in low or "no private key" in low or "no identity" in low or "couldn't get" in low:
        return SettingsFault(
            f"no agent holds the key {name}", hint="ssh-add KEY, or name the file of the private key: --key FILE"
        )
    if "invalid format" in low or "error in libcrypto" in low or "couldn't load" in low or "cannot load" in low:
        return SettingsFault(
            f"the file {name} is no SSH key that can be read", hint="Name the file of your key: --key FILE"
        )
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "it says nothing")
    return SettingsFault(f"ssh-keygen did not sign with {name}: {last}")


def verify(data: bytes, signature: str, keys: Sequence[PublicKey]) -> PublicKey:
    """The one of `keys` that signed exactly these bytes. Raises ValueError that says why none did, SettingsFault."""
    key = signer(signature)
    if key not in keys:
        raise ValueError(f"it is signed with another key ({key.fingerprint})")
    with tempfile.TemporaryDirectory(prefix="runbook-verify-") as folder:
        allowed, given = Path(folder) / "allowed_signers", Path(folder) / "signature"
        allowed.write_text(f'approver namespaces="{NAMESPACE}" {key}\n', encoding="ascii")
        given.write_text(signature, encoding="ascii")
        command = [_tool(), "-Y", "verify", "-n", NAMESPACE, "-f", str(allowed), "-I", "approver", "-s", str(given)]
        if _run(command, can_ask=False, data=data).returncode != 0:
            raise ValueError("what was signed is not what stands there: it was changed afterwards")
    return key


def _tool() -> str:
    found = shutil.which("ssh-keygen")
    if found is None:
        raise SettingsFault(
            "approvals are signed and verified by ssh-keygen, which is not there",
            hint="Install OpenSSH 8.2 or newer (the package is mostly called openssh-client).",
        )
    return found


def _run(command: Sequence[str], *, can_ask: bool, data: bytes | None = None) -> subprocess.CompletedProcess[str]:
    """Run a tool of OpenSSH. Where nobody can be asked it has no terminal either, since it would ask there past us."""
    env = {**os.environ, "LC_ALL": "C"}
    if not can_ask:
        env = {name: value for name, value in env.items() if name not in ("DISPLAY", "SSH_ASKPASS")}
        env["SSH_ASKPASS_REQUIRE"] = "never"
    try:
        done = subprocess.run(
            command,
            env=env,
            input=data if data is not None else None if can_ask else b"",
            capture_output=True,
            timeout=None if can_ask else LONGEST,
            start_new_session=not can_ask,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SettingsFault(f"{command[0]} did not answer within {LONGEST:g} s") from None
    except OSError as error:
        raise SettingsFault(f"{command[0]} cannot be run: {error.strerror}") from None
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(command, done.returncode, out, err)
