"""The public halves of SSH keys, and what a signature says of the key that made it. Nothing is run here. Floor 2."""

from __future__ import annotations

import base64
import binascii
import hashlib

from engine.plain import dataclass

NAMESPACE = "runbook-approval"
"""What a signature is for: one over something else with the same key, a commit or a mail, is none here."""

TYPES = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
"""Keys that may sign. Certificates and DSA keys may not."""

_MAGIC = b"SSHSIG"
_FIRST, _LAST = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of an SSH key: `type` and `blob` as base64, as in a line of `id_ed25519.pub`."""

    type: str
    blob: str

    @classmethod
    def parse(cls, line: str) -> PublicKey:
        """Read `ssh-ed25519 AAAA... comment`. Raises ValueError that says what is wrong."""
        kind, _, rest = line.strip().partition(" ")
        blob = rest.strip().partition(" ")[0]
        if kind not in TYPES:
            known = "a certificate or a key of this kind cannot sign" if blob else "a line of a public key is needed"
            raise ValueError(f"{known}; it begins with `ssh-ed25519`, as in `~/.ssh/id_ed25519.pub`")
        try:
            raw = base64.b64decode(blob, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"what follows `{kind}` is no key") from None
        if _strings(raw, 1) != [kind.encode()]:
            raise ValueError(f"what follows `{kind}` is no key of this kind")
        return cls(kind, blob)

    @property
    def fingerprint(self) -> str:
        """`SHA256:...`, as `ssh-keygen -l` shows it."""
        raw = hashlib.sha256(base64.b64decode(self.blob)).digest()
        return "SHA256:" + base64.b64encode(raw).decode().rstrip("=")

    def __str__(self) -> str:
        return f"{self.type} {self.blob}"


def signer(signature: str) -> PublicKey:
    """The key that a signature names as its own. Raises ValueError: it is no SSH signature, or of something else."""
    lines = signature.strip().splitlines()
    if len(lines) < 3 or lines[0] != _FIRST or lines[-1] != _LAST:
        raise ValueError("it is no SSH signature")
    try:
        raw = base64.b64decode("".join(lines[1:-1]), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is no SSH signature") from None
    parts = _strings(raw[10:], 2) if raw[:6] == _MAGIC else []
    if len(parts) != 2:
        raise ValueError("it is no SSH signature")
    if parts[1] != NAMESPACE.encode():
        raise ValueError("it is a signature for another purpose")
    kind = next(iter(_strings(parts[0], 1)), b"").decode("ascii", "replace")
    return PublicKey.parse(f"{kind} {base64.b64encode(parts[0]).decode()}")


def _strings(raw: bytes, count: int) -> list[bytes]:
    """The first strings of an SSH blob, each after its length; fewer where they do not fit."""
    found: list[bytes] = []
    while len(found) < count and len(raw) >= 4:
        size = int.from_bytes(raw[:4], "big")
        if len(raw) < 4 + size:
            break
        found.append(raw[4 : 4 + size])
        raw = raw[4 + size :]
    return found
