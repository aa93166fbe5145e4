"""Scenarios and the console on a real loopback socket, with faults on request. Floor 5."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from engine.sandbox import console
from engine.sandbox.faults import Fault
from engine.sandbox.player import READS, Player
from engine.sandbox.routing import Router, as_json
from engine.sandbox.scenario import Reply

LONGEST_HANG = 60.0
SLOW = 2.0
DRIP = 0.05


class Sandbox:
    """The server. Use it in a `with`; `url` is its address. `before` sees every request first, in a test."""

    def __init__(
        self,
        players: Sequence[Player],
        *,
        now: Callable[[], datetime],
        port: int = 0,
        faults: Sequence[Fault] = (),
        sync: str = "fresh",
    ) -> None:
        self.router = Router(players)
        self.faults = list(faults)
        self.sync = sync
        self.now = now
        self.before: Callable[[str, str], None] = lambda method, target: None
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        sandbox = self

        class Handler(_Handler):
            owner = sandbox

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that left is no error of the server's."""

        self._server = Server(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Sandbox:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the listening socket: from now on connecting is refused."""
        if not self.stopped.is_set():
            self.stopped.set()
            self._server.shutdown()
            self._server.server_close()

    def refuse(self) -> None:
        """From now on connecting is refused, and connections that are open end with their present answer."""
        with suppress(OSError):  # a poll that is under way would keep a closed socket listening; shut down, it is not
            self._server.socket.shutdown(socket.SHUT_RDWR)
        self._server.shutdown()  # or it would ask the closed socket for ever, as fast as it can
        self._thread.join()
        self._server.socket.close()

    def fault_on(self, call: str) -> Fault | None:
        """The fault that strikes this call, if any."""
        with self._lock:
            struck = [fault for fault in self.faults if fault.strikes(call)]
        return struck[0] if struck else None

    def reply(self, method: str, target: str, request_id: str | None, *, moves: bool) -> Reply | None:
        """The answer of the scenario that a request is about."""
        player = self.router.player_of(target)
        if player is None:
            return self.router.shared(method, target)
        return player.answer(method, target, request_id, moves=moves)


class _Handler(BaseHTTPRequestHandler):
    owner: Sandbox
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """The player keeps the log."""

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = do_GET

    def _serve(self) -> None:
        owner = self.owner
        owner.before(self.command, self.path)
        length = int(self.headers.get("content-length") or 0)
        if length:
            self.rfile.read(length)
        if self.path.startswith(console.PATH):
            fault = owner.fault_on("sync")
            if fault is None or fault.takes_effect:
                self._put(console.status(owner.sync, owner.now), fault)
            else:
                self._put(_in_its_place(fault), fault)
            return
        if not (self.headers.get("authorization") or "").split()[1:] and self.path != "/health":
            self._put(as_json(401, {"status": 401, "error": "Unauthorized"}), None)
            return
        fault = owner.fault_on(self._call())
        if fault is None or fault.takes_effect:
            reply = owner.reply(self.command, self.path, self.headers.get("x-request-id"), moves=True)
        else:
            reply = self._unmoved(fault)
        self._put(reply, fault)

    def _call(self) -> str:
        if self.command in READS:
            return "reads"
        return self.path.rpartition("/")[2]

    def _unmoved(self, fault: Fault) -> Reply | None:
        """The answer of a call that does not take effect; it is counted all the same."""
        owner, request_id = self.owner, self.headers.get("x-request-id")
        if self.command not in READS:
            owner.reply(self.command, self.path, request_id, moves=False)
        return _in_its_place(fault)

    def _put(self, reply: Reply | None, fault: Fault | None) -> None:
        what = fault.what if fault else ""
        if what.startswith("hang"):
            self._hang()
            return
        if what.startswith("reset"):
            self._reset()
            return
        if what.startswith("lost") or reply is None:
            self._leave()
            return
        if what == "slow":
            time.sleep(SLOW)
        if what == "500-after":
            reply = as_json(500, {"status": 500, "error": "Internal Server Error"})
        if what == "503-after":
            reply = Reply(503, (("content-type", "text/html"),), b"<html><body>Service Unavailable</body></html>")
        self._write(reply, what)

    def _write(self, reply: Reply, what: str) -> None:
        body = gzip.compress(b" " * 64 * 1024 * 1024) if what == "bomb" else reply.body
        dropped = {"content-length", "x-request-id", "transfer-encoding", "connection"}
        headers = [(name, value) for name, value in reply.headers if name.lower() not in dropped]
        is_gateway = what in ("502", "503-after", "html", "redirect")
        if not is_gateway and (request_id := self.headers.get("x-request-id")):
            headers.append(("x-request-id", request_id))
        if what == "bomb":
            headers.append(("content-encoding", "gzip"))
        if what == "429":
            headers.append(("retry-after", "0"))
        headers.append(("content-length", str(len(body))))
        lines = [f"HTTP/1.1 {reply.status} Recorded", *(f"{name}: {value}" for name, value in headers)]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if self.command == "HEAD":
            body = b""
        try:
            if what == "drip-headers":
                self._drip(head)
            else:
                self.wfile.write(head)
            if what == "drip-body":
                self._drip(body)
            elif what == "truncated":
                self.wfile.write(body[: len(body) // 2])
                self._leave()
            else:
                self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def _drip(self, data: bytes) -> None:
        ends = time.monotonic() + LONGEST_HANG
        for at in range(len(data)):
            self.wfile.write(data[at : at + 1])
            self.wfile.flush()
            if self.owner.stopped.wait(DRIP) or time.monotonic() > ends:
                break

    def _hang(self) -> None:
        """Say nothing until the client leaves."""
        self.connection.settimeout(LONGEST_HANG)
        with suppress(OSError):
            self.connection.recv(1)
        self._leave()

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def _leave(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _in_its_place(fault: Fault) -> Reply | None:
    """What is answered in place of a call that does not take effect; None where nothing is."""
    lago = {"429": (429, "Too Many Requests"), "500-before": (500, "Internal Server Error")}
    lago |= {"404": (404, "Not Found"), "401": (401, "Unauthorized")}
    if fault.what in lago:
        status, error = lago[fault.what]
        body = {"status": status, "error": error, **({"code": "invoice_not_found"} if status == 404 else {})}
        return as_json(status, body)
    if fault.what == "html":
        return Reply(200, (("content-type", "text/html"),), b"<html><body>Please sign in</body></html>")
    if fault.what == "502":
        return Reply(502, (("content-type", "text/html"),), b"<html><body>Bad Gateway</body></html>")
    if fault.what == "redirect":
        return Reply(302, (("location", "http://127.0.0.1:9/elsewhere"),), b"")
    if fault.what == "foreign":
        invoice = {"lago_id": "00000000-0000-4000-8000-000000000000", "status": "finalized"}
        return as_json(200, {"invoice": invoice})
    return None
