"""The smallest POS there is, for tests of the sandbox alone: it answers what it is told to answer."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.sandbox import Sandbox, until

ORDER = {"id": "order_1", "status": "Confirmed", "details": {"dineIn": {"tableId": "t1"}}, "items": []}


@dataclass
class Pos:
    """``results`` and ``errors`` by method of the WebSocket, ``statuses`` one after the other over HTTP."""

    results: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    is_silent: bool = False
    heard: list[Any] = field(default_factory=list)
    url: str = ""

    def answer(self, frame: dict[str, Any]) -> dict[str, Any]:
        method = frame["method"]
        said = {"jsonrpc": "2.0", "id": frame["id"], "method": method}
        if method in self.errors:
            error = {"code": -32000, "message": "no", "errorType": self.errors[method], "debugMessage": "because"}
            return {**said, "error": error}
        return {**said, "result": self.results.get(method, ORDER)}


@contextlib.contextmanager
def connected(sandbox: Sandbox, pos: Pos | None = None, **headers: str) -> Iterator[Pos]:
    """A POS on the WebSocket."""
    pos = pos or Pos()
    before = len(sandbox.connections())
    with dial(sandbox, **headers) as socket:
        thread = threading.Thread(target=_serve, args=(socket, pos), daemon=True)
        thread.start()
        until(lambda: len(sandbox.connections()) > before)
        yield pos
    thread.join(10)


def dial(sandbox: Sandbox, **headers: str) -> connect:
    """A call to the gateway, to be entered."""
    given = {"Authorization": f"Basic {sandbox.api_key}", "software-house-id": "softwareHouse1"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in given.items() if value}
    return connect(sandbox.ws_url, additional_headers=sent, proxy=None, compression=None)


def _serve(socket: ClientConnection, pos: Pos) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            frame = json.loads(socket.recv())
            pos.heard.append(frame)
            if not pos.is_silent:
                socket.send(json.dumps(pos.answer(frame)))


@contextlib.contextmanager
def listening() -> Iterator[Pos]:
    """A POS that has REST; ``heard`` is method, path, headers and body of each request."""
    pos = Pos()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            pos.heard.append((self.command, self.path, headers, body))
            status = pos.statuses.pop(0) if pos.statuses else 200
            answer = json.dumps(
                ORDER if status < 400 else {"errorType": "Conflict", "debugMessage": "because"}
            ).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def log_message(self, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    pos.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield pos
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
