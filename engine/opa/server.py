"""An OPA server, asked by its Data API: one POST of the facts, one document. Floor 2."""

from __future__ import annotations

from dataclasses import field
from typing import Any
from urllib.parse import quote, urlsplit

from engine.clock import Clock
from engine.errors import Unreachable
from engine.http.wire import Wire
from engine.opa.answers import UNDEFINED, Answered, Question, short
from engine.plain import dataclass
from engine.values import Secret


def only_asks(method: str, path: str) -> bool:
    """The permission of what only asks OPA: documents of data, and nothing that could put a policy or data there."""
    return method == "POST" and "/v1/data/" in path


@dataclass(slots=True)
class Server:
    """One server. `token` is sent as `Authorization: Bearer`, where there is one."""

    url: str
    token: Secret | None = field(repr=False)
    clock: Clock

    def ask(self, question: Question, facts: dict[str, Any]) -> Answered:
        """`POST /v1/data/PACKAGE`, once: an answer that is late is none. Raises nothing of its own."""
        header = Secret(f"Bearer {self.token.reveal()}") if self.token else None
        wire = Wire(self.url, "Authorization" if header else None, header, self.clock, only_asks)
        path = "/v1/data/" + "/".join(quote(part, safe="") for part in question.package.split("."))
        query = "?strict-builtin-errors=true&provenance=true"
        by = urlsplit(self.url).netloc
        try:
            reply = wire.ask(path + query, {"input": facts}, question.seconds)
        except Unreachable as error:
            return Answered(by, why=error.message)
        finally:
            wire.close()
        body = reply.body
        if not isinstance(body, dict):
            return Answered(by, why=f"it answered {reply.status} with what is no JSON object")
        decision_id = body.get("decision_id")
        told = decision_id if isinstance(decision_id, str) else ""
        if reply.status != 200:
            message = str(body.get("message") or body.get("code") or "")
            return Answered(by, why=f"it answered {reply.status}: {short(message)}".rstrip(": "), decision_id=told)
        if "result" not in body:
            return Answered(by, why=UNDEFINED, decision_id=told)
        return Answered(by, body["result"], decision_id=told, revisions=_revisions(body.get("provenance")))


def _revisions(provenance: Any) -> dict[str, str]:
    match provenance:
        case {"bundles": {**bundles}}:
            return {
                str(name): one["revision"]
                for name, one in bundles.items()
                if isinstance(one, dict) and isinstance(one.get("revision"), str)
            }
    return {}
