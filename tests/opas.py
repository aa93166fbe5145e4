"""OPAs that say what a test wants: a server on loopback, and an executable that notes how it was called."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Stub:
    """A server that answers every request with `body` after `delay` seconds; what it was asked is in `asked`."""

    url: str
    status: int = 200
    body: bytes = b"{}"
    delay: float = 0.0
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    def says(self, **body: Any) -> Stub:
        """Answer this JSON object from now on."""
        self.body = json.dumps(body).encode()
        return self


@contextmanager
def stub() -> Iterator[Stub]:
    """A server that stands in for OPA's Data API."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.asked.append((self.path, headers, json.loads(content)))
            time.sleep(found.delay)
            with suppress(OSError):  # who asked may have given up
                self.send_response(found.status)
                self.send_header("Content-Length", str(len(found.body)))
                self.end_headers()
                self.wfile.write(found.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    found = Stub(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Fake:
    """An executable; the notes that it takes of its last call lie beside it."""

    path: Path

    def _noted(self, name: str) -> str:
        return (self.path.parent / name).read_text()

    @property
    def words(self) -> list[str]:
        """What it was called with."""
        return self._noted("words").splitlines()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that it saw."""
        return dict(line.split("=", 1) for line in self._noted("env").splitlines() if "=" in line)

    @property
    def facts(self) -> Any:
        """What came in on its standard input."""
        return json.loads(self._noted("facts"))


def fake(folder: Path, *does: str) -> Fake:
    """An `opa` that notes how it is called and then does this, lines of shell."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "opa"
    notes = [f'printf "%s\\n" "$@" > "{folder}/words"', f'env > "{folder}/env"', f'cat > "{folder}/facts"']
    path.write_text("\n".join(["#!/bin/sh", *notes, *does, ""]))
    path.chmod(0o755)
    return Fake(path)


def saying(folder: Path, document: Any) -> Fake:
    """An `opa` that evaluates to this document."""
    said = json.dumps({"result": [{"expressions": [{"value": document, "text": "data.x"}]}]})
    (folder / "said").parent.mkdir(parents=True, exist_ok=True)
    (folder / "said").write_text(said)
    return fake(folder, f'cat "{folder}/said"')
