"""Which scenario a request is about, and the answers that belong to none of them. Floor 5."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from engine.plain import dataclass
from engine.sandbox.player import READS, Player
from engine.sandbox.scenario import Reply

API = "/api/v1"


@dataclass
class Router:
    """Several scenarios behind one address. With a single one everything is its own, as in a replay."""

    players: Sequence[Player]
    refused: list[str] = field(default_factory=list)

    def player_of(self, target: str) -> Player | None:
        """The scenario that a request is about, by invoice, customer or subscription."""
        if len(self.players) == 1:
            return self.players[0]
        parts = urlsplit(target)
        names = {unquote(part).lower() for part in parts.path.split("/")}
        names |= {value.lower() for name, value in parse_qsl(parts.query) if name == "external_customer_id"}
        for player in self.players:
            subject = player.scenario.subject
            own = {player.scenario.invoice, player.scenario.customer, *map(str, subject.get("subscriptions") or ())}
            if names & {name.lower() for name in own if name}:
                return player
        return None

    def shared(self, method: str, target: str) -> Reply:
        """What belongs to no scenario: health, taxes, the billing entity, the list of all drafts; else Lago's 404."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        if (
            method in READS
            and parts.path == f"{API}/invoices"
            and query.get("status", query.get("status[]")) == "draft"
        ):
            return self._drafts(int(query.get("page") or 1), int(query.get("per_page") or 100))
        if method in READS:
            for player in self.players:
                reply = player.peek(method, target)
                if reply is not None:
                    return reply
        self.refused.append(f"{method} {target}")
        code = "invoice_not_found" if parts.path.startswith(f"{API}/invoices/") else "resource_not_found"
        return as_json(404, {"status": 404, "error": "Not Found", "code": code})

    def _drafts(self, page: int, per_page: int) -> Reply:
        rows: list[Any] = []
        for player in self.players:
            target = f"{API}/invoices?external_customer_id={player.scenario.customer}&status=draft"
            reply = player.peek("GET", target)
            if reply is not None and reply.status == 200:
                rows += json.loads(reply.body)["invoices"]
        start = (max(page, 1) - 1) * per_page
        more = page + 1 if start + per_page < len(rows) else None
        meta = {"current_page": page if rows else 0, "next_page": more, "prev_page": None, "total_pages": 1}
        return as_json(200, {"invoices": rows[start : start + per_page], "meta": {**meta, "total_count": len(rows)}})


def as_json(status: int, body: Any) -> Reply:
    """An answer in JSON, as Lago's own are."""
    return Reply(status, (("content-type", "application/json; charset=utf-8"),), json.dumps(body).encode())
