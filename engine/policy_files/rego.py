"""The part of a policy file that hands a set to OPA: which package, from which files or server, who may approve. Floor 4."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from engine.diagnostics import Span
from engine.http.addresses import normalize_server_url
from engine.opa.answers import Question, Rego
from engine.plain import dataclass
from engine.policy.model import Asked
from engine.policy_files import format
from engine.policy_files.rules import Rules
from engine.source import Node
from engine.validation.notes import Notes
from engine.values import digest, parse_duration

PACKAGE = r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*"
_PACKAGE = re.compile(PACKAGE, re.ASCII)
READ = (".rego", ".json", ".yaml", ".yml")
MOST_BYTES = 16 * 1024 * 1024
LONGEST = 60
DEFAULT = 5.0


@dataclass
class RegoReading:
    """Reads `opa` of one file; `folder` is where it lies, and what its files are relative to."""

    notes: Notes
    rules: Rules
    folder: Path | None

    def read(self, node: Node | None) -> Asked | None:
        """What OPA is asked; None where that cannot be told, which is noted."""
        keys = self.rules.keys(node, format.OPA, "`opa`") if node is not None else None
        if node is None or keys is None or "package" not in keys:
            return None
        package = keys["package"]
        if not _PACKAGE.fullmatch(package.value):
            help = "as Rego's first line has it: `lago.close`"
            self.notes.error("RP006", f"`{package.value}` is no package", package.span, help=help)
        if ("files" in keys) is ("server" in keys):
            help = "name Rego files under `files`, or the address of a server that has them under `server`"
            which = "both" if "files" in keys else "neither"
            self._error(f"OPA has its Rego from files or at a server, and this says {which}", node.span, help)
        rego = self._files(keys["files"]) if "files" in keys else Rego({}, ())
        question = Question(package.value, self._seconds(keys.get("timeout")), rego, self._server(keys.get("server")))
        approve = self.rules.approve(keys["approve"]) if "approve" in keys else None
        return Asked(question, approve, f"{self.notes.source.path}:{node.span.line}")

    def _seconds(self, node: Node | None) -> float:
        if node is None:
            return DEFAULT
        try:
            seconds = parse_duration(str(node.value)).total_seconds()
            if not 0 < seconds <= LONGEST:
                raise ValueError("it can be `1s` to `60s`")
        except ValueError as error:
            self._error("`timeout` is no time that an operator waits", node.span, str(error))
            return DEFAULT
        return seconds

    def _server(self, node: Node | None) -> str:
        if node is None:
            return ""
        try:
            return normalize_server_url(str(node.value))
        except ValueError as error:
            self._error("`server` is no address", node.span, str(error))
            return ""

    def _files(self, node: Node) -> Rego:
        """The bytes of every file that is named, or lies in a folder that is; what cannot be read is noted."""
        found: dict[str, bytes] = {}
        loads = []
        for item in node.value:
            name = str(item.value)
            if not isinstance(item.value, str) or not _is_below(name):
                help = "a path below the folder of this file, with `/` and without `:`, as `rego/close.rego`"
                self._error(f"`{name}` cannot be a file of Rego", item.span, help)
                continue
            try:
                more = self._contents(name)
            except OSError as error:
                self._error(
                    f"`{name}` cannot be read: {error.strerror}", item.span, "it is looked for beside this file"
                )
                continue
            if not more:
                self._error(f"nothing in `{name}` is Rego or data", item.span, f"OPA reads {', '.join(READ)}")
            found |= more
            loads.append(name)
        if not node.value:
            self._error("`files` is empty", node.span, "name a file of Rego")
        if sum(map(len, found.values())) > MOST_BYTES:
            self._error("these files are larger than 16 MiB", node.span, "name those that the package needs")
        return Rego(found, tuple(loads))

    def _contents(self, name: str) -> Mapping[str, bytes]:
        path = (self.folder or Path()) / name
        if not path.is_dir():
            return {name: _content(path)}
        inside = sorted(one for one in path.rglob("*") if one.is_file() and one.suffix in READ)
        return {str(PurePosixPath(name) / one.relative_to(path).as_posix()): _content(one) for one in inside}

    def _error(self, message: str, span: Span, help: str) -> None:
        self.notes.error("RP005", message, span, help=help)


def _is_below(name: str) -> bool:
    """Whether a path leads down from here, and OPA takes it for nothing but a path (`prefix:path` is one under a prefix)."""
    parts = PurePosixPath(name).parts
    return (
        bool(parts)
        and not name.startswith(("/", "~", "-"))
        and ".." not in parts
        and ":" not in name
        and "\0" not in name
    )


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def digest_of(file: str, asked: Asked | None) -> str:
    """The digest of a set: that of its file, and of every file of Rego with it."""
    if asked is None or not asked.question.rego.files:
        return file
    from hashlib import sha256

    files = {name: sha256(content).hexdigest() for name, content in asked.question.rego.files.items()}
    return digest({"file": file, "rego": files})
