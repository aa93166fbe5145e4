"""A recorded scenario: its stages in order, each a vcrpy cassette that is read when it is needed. Floor 5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml

from engine.plain import dataclass

# libyaml where PyYAML has it: the cassettes are large and the pure loader is ten times slower.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

SHIPPED = Path(__file__).parent / "recordings"

Key = tuple[str, str, tuple[tuple[str, str], ...]]


def key_of(method: str, target: str) -> Key:
    """What makes two requests the same: method, decoded path, and the query as a multiset."""
    parts = urlsplit(target)
    return method.upper(), unquote(parts.path), tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it was recorded."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass
class Stage:
    """One stage: `reads`, `write` or `between`. A write without a file is a call whose answer never arrived."""

    name: str
    kind: str
    file: Path | None
    request: str = ""
    is_foreign: bool = False
    is_probe: bool = False
    clients_saw: tuple[Any, ...] = ()
    what: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether this is a write that a run is expected to send."""
        return self.kind == "write" and not self.is_foreign and not self.is_probe

    @cached_property
    def calls(self) -> tuple[tuple[Key, Reply], ...]:
        """Every recorded call and its answer, in order."""
        if self.file is None:
            return ()
        cassette = yaml.load(self.file.read_bytes(), Loader=Loader)
        return tuple((_key(one["request"]), _reply(one["response"])) for one in cassette.get("interactions") or ())

    def find(self, key: Key) -> Reply | None:
        """The recorded answer to such a request, or None."""
        return next((reply for recorded, reply in self.calls if recorded == key), None)


@dataclass
class Scenario:
    """A folder of recordings with its `scenario.yaml`. `recorded_at` is where a clock must stand to play it, if it says."""

    name: str
    title: str
    setup: str
    subject: Mapping[str, Any]
    stages: list[Stage] = field(default_factory=list)
    recorded_at: datetime | None = None

    @property
    def invoice(self) -> str:
        """The Lago id of the invoice that it is about; empty where it is about several."""
        return str(self.subject.get("invoice") or "")

    @property
    def customer(self) -> str:
        """The external id of its customer; empty where it is about several."""
        return str(self.subject.get("customer") or "")


def load(folder: Path) -> Scenario:
    """The scenario in a folder. Raises OSError, KeyError, TypeError or ValueError when it is none."""
    try:
        raw = yaml.load((folder / "scenario.yaml").read_bytes(), Loader=Loader)
    except yaml.YAMLError as error:
        raise ValueError("scenario.yaml is no YAML") from error
    stages = []
    for row in raw["stages"]:
        if "between" in row:
            stages.append(Stage("between", "between", None, what=str(row["between"])))
            continue
        stages.append(
            Stage(
                name=row["stage"],
                kind=row["kind"],
                file=folder / row["file"] if row.get("file") else None,
                request=row.get("request") or "",
                is_foreign=bool(row.get("foreign")),
                is_probe=bool(row.get("probe")),
                clients_saw=tuple(row.get("clients_saw") or ()),
                what=row.get("what") or "",
            )
        )
    at = raw.get("recorded_at")
    recorded_at = datetime.fromisoformat(str(at)).astimezone(UTC) if at else None
    return Scenario(
        raw["scenario"], raw["title"], raw.get("setup") or "", raw.get("subject") or {}, stages, recorded_at
    )


def _key(request: Mapping[str, Any]) -> Key:
    return key_of(request["method"], request["uri"])


def _reply(response: Mapping[str, Any]) -> Reply:
    headers = tuple((name, value) for name, values in response["headers"].items() for value in values)
    body = response["body"].get("string") or ""
    return Reply(response["status"]["code"], headers, body if isinstance(body, bytes) else body.encode())
