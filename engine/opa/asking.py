"""Which OPA a question goes to, as the settings allow: an executable that is the person's own, a server of theirs. Floor 2."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.clock import Clock
from engine.http.addresses import is_loopback
from engine.opa.answers import Answered, Question
from engine.opa.executable import Executable
from engine.opa.server import Server
from engine.plain import dataclass
from engine.settings import OpaTarget
from engine.values import canonical


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks. `env` is this process's environment.

    Without a server in the settings, facts go to none but on loopback: a policy file that came along with a repository
    cannot have them sent elsewhere.
    """

    target: OpaTarget
    clock: Clock
    env: Mapping[str, str]

    def ask(self, question: Question, facts: Mapping[str, Any]) -> Answered:
        """What OPA says of these facts, which are JSON; or why it said nothing. Raises nothing of its own."""
        if question.server:
            return self._at_server(question, facts)
        path = self._executable()
        if path is None:
            return Answered("opa", why="there is no `opa` on the PATH; RUNBOOK_OPA names one elsewhere")
        return Executable(path, self.env).ask(question, canonical(facts))

    def _at_server(self, question: Question, facts: Mapping[str, Any]) -> Answered:
        url, ours = question.server, self.target.url
        if url != ours and not is_loopback(url):
            why = f"facts go only to a server that you name: set RUNBOOK_OPA_URL to {url} if it may have them"
            return Answered(urlsplit(url).netloc, why=why)
        return Server(url, self.target.token if url == ours else None, self.clock).ask(question, dict(facts))

    def _executable(self) -> Path | None:
        if self.target.executable is not None:
            return self.target.executable
        folders = [part for part in self.env.get("PATH", "").split(":") if part.startswith("/")]
        found = shutil.which("opa", path=":".join(folders))
        return Path(found) if found else None
