"""JSON files that others hand over, read strictly: of a known size, no name twice, no float, no half text. Floor 2."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.errors import Invalid, UsageFault
from engine.values import canonical, digest

MOST_FAULTS = 12


class Part(BaseModel):
    """Base of what stands in such a file: known fields only, each of its own type."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


M = TypeVar("M", bound=Part)


def read(path: Path, kind: type[M], what: str, most: int) -> M:
    """The file as a `kind`; `what` is what a sentence calls it: `a plan`.

    Raises UsageFault (it cannot be read), Invalid (too large, no JSON, another shape: all that is wrong, or a `digest`
    in it is not that of the rest).
    """
    return as_value(path, content(path, most), kind, what)


def content(path: Path, most: int) -> bytes:
    """The file's bytes, at most so many. Raises UsageFault, Invalid."""
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except OSError as error:
        hint = "`runbook plan NAME ... -o FILE` makes a plan; an approval is made by `runbook approve PLAN`."
        if isinstance(error, PermissionError):
            hint = "Have its owner hand it to you, or lay it into a folder of your group: chmod g+r FILE"
        raise UsageFault(f"{path} cannot be read: {os.strerror(error.errno or 0)}", hint=hint) from None
    if len(raw) > most:
        raise Invalid(f"{path} is larger than {most // 1024**2 or 1} MiB")
    return raw


def as_value(path: Path, raw: bytes, kind: type[M], what: str) -> M:
    """The same of bytes that were read already."""
    try:
        data = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_once,
            parse_float=_no_float,
            parse_int=_int,
            parse_constant=_no_float,
        )
        plain = canonical(data)
    except RecursionError:
        raise Invalid(f"{path} is not {what}: it is nested too deeply") from None
    except (UnicodeDecodeError, TypeError, ValueError) as error:
        raise Invalid(f"{path} is not {what}: {_said(error)}") from None
    if not isinstance(data, dict):
        raise Invalid(f"{path} is not {what}: it is no JSON object")
    try:
        found = kind.model_validate_json(plain, strict=True)
    except ValidationError as error:
        faults = [f"`{'.'.join(map(str, one['loc'])) or 'the file'}`: {_plain(one['msg'])}" for one in error.errors()]
        more = [f"and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
        raise Invalid(f"{path} is not {what}: {'; '.join([*faults[:MOST_FAULTS], *more])}") from None
    if "digest" in data:
        rest = {key: value for key, value in data.items() if key != "digest"}
        if digest(rest) != data["digest"]:
            raise Invalid(
                f"{path} is not as it was written: its digest is {str(data['digest'])[:19]}..., of what stands there"
                f" {digest(rest)[:19]}...",
                hint="Somebody or something changed it. Take it from where it was made, or make it anew.",
            )
    return found


def write(path: Path, value: Any) -> None:
    """Write canonical JSON, whole or not at all. Raises UsageFault.

    It is open to its owner alone; in a folder of a group (2770), as a shared journal lies in, the group may read it.
    """
    passing = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with open(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            if is_shared(path.parent):
                os.fchmod(file.fileno(), 0o640)
            file.write(canonical(value) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        passing.replace(path)
    except OSError as error:
        with suppress(OSError):
            passing.unlink()
        raise UsageFault(f"{path} cannot be written: {error.strerror}") from None


def is_shared(folder: Path) -> bool:
    """Whether what lies in this folder is for its group, as `chmod 2770` says."""
    mode = folder.stat().st_mode
    return bool(mode & stat.S_ISGID) and bool(mode & stat.S_IWGRP) and not mode & stat.S_IWOTH


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for at, (name, _) in enumerate(pairs) if name in {other for other, _ in pairs[:at]})
        raise ValueError(f"`{twice[:60]}` stands twice")
    return found


def _no_float(text: str) -> Any:
    raise ValueError(f"{text[:40]} is no whole number")


def _int(text: str) -> int:
    if len(text) > 20:
        raise ValueError(f"{text[:12]}... is not exact in JSON")
    return int(text)


def _said(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start + 1} is not UTF-8"
    return str(error)


def _plain(message: str) -> str:
    return {"Field required": "it is missing", "Extra inputs are not permitted": "it is not known here"}.get(
        message, message[:1].lower() + message[1:]
    )
