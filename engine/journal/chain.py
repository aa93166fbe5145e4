"""One record as exact bytes, and back: the envelope, its hash, and how it follows the record before it. Floor 2.

The hash is over the stored bytes and never over a value written again, so a later version of this program verifies
what an earlier one wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from engine.events import Recorded
from engine.journal.schema import RECORD_LIMIT
from engine.plain import dataclass
from engine.values import canonical, encoded

_ENVELOPE: dict[str, tuple[type, ...]] = {
    "actor": (dict,),
    "data": (dict,),
    "id": (str,),
    "log": (str,),
    "mono_us": (int,),
    "origin": (dict,),
    "prev": (str, type(None)),
    "run": (str,),
    "seq": (int,),
    "step": (str, type(None)),
    "ts": (str,),
    "type": (str,),
    "v": (int,),
}


@dataclass(frozen=True, slots=True)
class Record:
    """One record, read. `hash` is the SHA-256 of `body` in hex, `blobs` names the parts of `data` kept beside it.

    `ts` is UTC to the microsecond by the run's clock, `mono_us` microseconds of monotonic time since `boot_id`.
    """

    seq: int
    ts: str
    mono_us: int
    id: str
    log: str
    prev: str | None
    type: str
    run: str
    step: str | None
    actor: Mapping[str, Any]
    origin: Mapping[str, Any]
    data: Mapping[str, Any]
    blobs: Mapping[str, str]
    body: bytes
    hash: str

    @property
    def effect_key(self) -> str | None:
        """The one-way effect that this record speaks of, with its attempt."""
        return _text(self.data.get("effect_key"))

    @property
    def subject(self) -> str | None:
        """What the run is about, once it is known."""
        return _text(self.data.get("subject"))

    def recorded(self) -> Recorded:
        """The same as the runner and the renderers see it."""
        return Recorded(self.seq, self.ts, self.type, self.run, self.step, self.data)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def hash_of(body: bytes) -> str:
    """SHA-256 of the stored bytes, in hex: what the next record holds as `prev`."""
    return hashlib.sha256(body).hexdigest()


def compose(envelope: Mapping[str, Any]) -> tuple[bytes, dict[str, bytes]]:
    """The bytes of a record, and the parts of its `data` that are too large for it, by digest.

    The largest values of `data` are taken out, one by one, until the record fits. Raises TypeError for a value that
    has no place in a record, ValueError when it is too large even so.
    """
    body = canonical(envelope)
    if len(body) <= RECORD_LIMIT:
        return body, {}
    data = dict(envelope["data"])
    parts = sorted(((key, canonical(value)) for key, value in data.items()), key=lambda part: -len(part[1]))
    names: dict[str, str] = {}
    blobs: dict[str, bytes] = {}
    for key, part in parts:
        names[key] = hash_of(part)
        blobs[names[key]] = part
        del data[key]
        body = canonical({**envelope, "data": data, "blobs": names})
        if len(body) <= RECORD_LIMIT:
            return body, blobs
    raise ValueError(f"a record of {len(body)} bytes")


def read(body: bytes, blobs: Mapping[str, bytes] | None = None) -> Record:
    """Read stored bytes. Raises ValueError that says what is wrong, in words that follow "record #7: ".

    Without `blobs` the parts kept beside the record stay out of `data`.
    """
    value = parse(body)
    if not isinstance(value, dict):
        raise ValueError("it is not a JSON object")
    names = value.pop("blobs", {})
    if set(value) != set(_ENVELOPE) or not isinstance(names, dict):
        raise ValueError("its fields are not those of format 1")
    for key, types in _ENVELOPE.items():
        if not isinstance(value[key], types) or isinstance(value[key], bool):
            raise ValueError(f"`{key}` is of the wrong type")
    if value.pop("v") != 1:
        raise ValueError("it is of another format than 1")
    if blobs is not None:
        for key, name in names.items():
            if name not in blobs:
                raise ValueError(f"the blob of `{key}` is missing")
            if hash_of(blobs[name]) != name:
                raise ValueError(f"the blob of `{key}` was changed")
            value["data"][key] = parse(blobs[name])
    return Record(**value, blobs=names, body=body, hash=hash_of(body))


def parse(text: bytes) -> Any:
    """Parse canonical JSON, and only that: writing the value again must give the same bytes. Raises ValueError."""
    try:
        value = _strictly(text.decode())
        again = encoded(value)
    except (ValueError, RecursionError):
        again, value = b"", None
    if again != text:
        raise ValueError("it is not canonical JSON")
    return value


def _exact(digits: str) -> int:
    number = int(digits)
    if abs(number) >= 2**53:
        raise ValueError(f"{number} is not exact in JSON")
    return number


def _refused(text: str) -> Any:
    raise ValueError(f"{text} has no place in a record")


_strictly = json.JSONDecoder(parse_int=_exact, parse_float=_refused, parse_constant=_refused).decode
