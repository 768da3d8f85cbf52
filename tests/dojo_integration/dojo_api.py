"""Somebody who plays Dojo's API badly, and an account that leads there."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from dojo_integration.accounts import DojoAccount

NOBODY = "http://127.0.0.1:9"

# What a scripted connection does besides sending bytes.
SILENCE = object()


def an_account(url: str = NOBODY, **fields: Any) -> DojoAccount:
    given = {"api_key": "sk_sandbox_abc", "software_house_id": "softwareHouse1", "reseller_id": "", "ws_url": ""}
    return DojoAccount(**given | {"api_url": url} | fields)


def an_answer(body: Any = None, *, status: int = 200, close: bool = False, **headers: str) -> bytes:
    """An answer as a whole, with ``headers`` named like keyword arguments."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    named = {"Content-Length": str(len(content)), **{name.replace("_", "-"): said for name, said in headers.items()}}
    if close:
        named["Connection"] = "close"
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {said}" for name, said in named.items()), "", ""]
    return "\r\n".join(lines).encode() + content


def an_intent(**fields: Any) -> dict[str, Any]:
    return {"id": "pi_1", "status": "Captured", "amount": {"value": 1000, "currencyCode": "GBP"}} | fields


class Scripted:
    """A listening socket. Each request that arrives is answered by the next script, the last one again and again.

    A script is a list of bytes to send, each after ``pause`` seconds; SILENCE keeps the connection open.
    """

    def __init__(self, scripts: Sequence[Sequence[Any]], pause: float, tls: ssl.SSLContext | None) -> None:
        self._scripts = [list(script) for script in scripts]
        self._pause = pause
        self._tls = tls
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.connections = self.pieces = 0
        self.requests: list[str] = []
        host = "https://localhost" if tls else "http://127.0.0.1"
        self.url = f"{host}:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._over.set()
        # Wakes accept(), which closing alone does not.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), self._dressed(connection) as connection:
            while request := self._request(connection):
                with self._lock:
                    self.requests.append(request)
                    script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
                for piece in script:
                    if self._over.wait(self._pause if piece is not SILENCE else None):
                        return
                    connection.sendall(piece)
                    self.pieces += 1
                if b"Content-Length" not in b"".join(script) or b"Connection: close" in b"".join(script):
                    return

    def _dressed(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def _request(self, connection: socket.socket) -> str:
        """Headers and body of one request, "" when the other end has left."""
        text = b""
        while b"\r\n\r\n" not in text:
            if not (more := connection.recv(65536)):
                return ""
            text += more
        head, _, body = text.partition(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"ontent-Length" in line), 0)
        while len(body) < length:
            body += connection.recv(65536)
        return (head + b"\r\n\r\n" + body).decode()


@contextlib.contextmanager
def scripted(*scripts: Sequence[Any], pause: float = 0.0, tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    server = Scripted(scripts, pause, tls)
    try:
        yield server
    finally:
        server.close()


def sent_headers(request: str) -> dict[str, str]:
    lines = request.partition("\r\n\r\n")[0].split("\r\n")[1:]
    return {name.lower(): said for name, _, said in (line.partition(": ") for line in lines)}


def first_line(request: str) -> str:
    return request.partition("\r\n")[0]
