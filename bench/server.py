"""A recorded Lago in a process of its own, so that no peer shares the interpreter or the core's time with it.

One line on stdin is one order: `reset` plays the scenario from its beginning, as an invoice with an id of its own, since
one journal finalizes one invoice once; `seen` answers every request since then; `slow` and `fast` say whether each answer
takes as long as one of a running Lago, or no longer than it has to.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

ROOT = Path(__file__).parent.parent
SCENARIO = "finalize_ok"
CLOCK = "2026-11-23T12:00:00Z"
# Seconds that a Lago v1.51 took on a small machine, alone: a read, and a write with five fees (0.25 to 0.6 were seen).
LAGO_TAKES = {"GET": 0.13, "PUT": 0.4}


class Server:
    """The server process. Use it in a `with`; `url` is its address, `invoice` and `customer` what it serves now."""

    invoice = ""

    def __enter__(self) -> Server:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.url, self.customer = self._ask("about")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)

    def reset(self) -> None:
        """Play the scenario from its beginning, as another invoice."""
        self.invoice = self._ask("reset")

    def answer(self, how: Literal["slow", "fast"]) -> None:
        """From now on take a Lago's time for every answer, or no more than it has to."""
        self._ask(how)

    def seen(self) -> list[tuple[str, str]]:
        """Method and target of every request since the last reset, in order; `{invoice}` stands for its id."""
        return [(method, target.replace(self.invoice, "{invoice}")) for method, target in self._ask("seen")]

    def _ask(self, order: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def serve() -> None:
    """Serve until stdin ends."""
    sys.path.insert(0, str(ROOT))
    from engine.sandbox.player import Player
    from engine.sandbox.routing import Router
    from engine.sandbox.scenario import SHIPPED, Reply, load
    from engine.sandbox.server import Sandbox

    scenario = load(SHIPPED / SCENARIO)
    now = datetime.fromisoformat(CLOCK).astimezone(UTC)

    class Renamed(Sandbox):
        """The scenario's invoice under another id."""

        invoice = scenario.invoice

        def reply(self, method: str, target: str, request_id: str | None, *, moves: bool) -> Reply | None:
            recorded = target.replace(self.invoice, scenario.invoice)
            reply = super().reply(method, recorded, request_id, moves=moves)
            body = reply.body.replace(scenario.invoice.encode(), self.invoice.encode()) if reply else b""
            return replace(reply, body=body) if reply else None

    seen: list[tuple[str, str]] = []
    sandbox = Renamed([Player(scenario)], now=lambda: now)
    takes: dict[str, float] = {}

    def before(method: str, target: str) -> None:
        seen.append((method, target))
        time.sleep(takes.get(method, 0.0))

    with sandbox:
        sandbox.before = before
        for order in map(str.strip, sys.stdin):
            answer: Any = seen
            if order == "about":
                answer = (sandbox.url, scenario.customer)
            elif order == "reset":
                seen.clear()
                sandbox.router = Router([Player(scenario)])
                answer = sandbox.invoice = str(uuid.uuid4())
            elif order in ("slow", "fast"):
                takes.clear()
                takes.update(LAGO_TAKES if order == "slow" else {})
            print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    serve()
