"""Dojo's WebSocket gateway on this machine: it records who dials, asks what a test asks, and misbehaves when told to.

It lives in a thread of its own, so that a test may dial it from the same process or from another one.
"""

import asyncio
import contextlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Handshake:
    at: float
    headers: dict[str, str]
    path: str


@dataclass
class Gateway:
    """``status`` refuses whoever dials; ``hangs_up`` accepts and closes at once; ``is_deaf`` never reads."""

    status: HTTPStatus | None = None
    location: str = ""
    hangs_up: bool = False
    is_deaf: bool = False
    handshakes: list[Handshake] = field(default_factory=list)
    closed_with: list[int | None] = field(default_factory=list)
    # By id, and all of them in the order they came.
    answers: dict[Any, dict[str, Any]] = field(default_factory=dict)
    heard: list[Any] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.open: list[ServerConnection] = []

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/epos"

    # ---- what a test says

    def post(self, frame: Any, *, text: bool = True, to: int = -1) -> None:
        """Send a frame to whoever is connected: bytes as they are, anything else as JSON."""
        self.wait_until_connected()
        body = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
        self._do(self.open[to].send(body, text=text))

    def post_all(self, frames: list[Any]) -> None:
        """Send many at once."""
        self.wait_until_connected()

        async def send_all() -> None:
            for frame in frames:
                await self.open[-1].send(json.dumps(frame))

        self._do(send_all())

    def call(self, method: str, params: dict[str, Any] | None = None, *, seconds: float = 10) -> dict[str, Any]:
        """Ask and wait for the answer."""
        asked = a_request(method, params)
        self.post(asked)
        return self.answer(asked["id"], seconds=seconds)

    def answer(self, id_: Any, *, seconds: float = 10) -> dict[str, Any]:
        until(lambda: id_ in self.answers, seconds)
        return self.answers[id_]

    def hang_up(self, code: int = 1001, reason: str = "") -> None:
        self._do(self.open[-1].close(code, reason))

    def cut(self) -> None:
        """Drop the connection without a word."""
        self.loop.call_soon_threadsafe(self.open[-1].transport.abort)

    def wait_for_handshakes(self, count: int, *, seconds: float = 10) -> None:
        until(lambda: len(self.handshakes) >= count, seconds)

    def wait_until_connected(self, *, seconds: float = 10) -> None:
        until(lambda: bool(self.open), seconds)

    def _do(self, what: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(what, self.loop).result(30)

    # ---- what it does by itself

    def _greet(self, connection: ServerConnection, request: Request) -> Response | None:
        self.handshakes.append(Handshake(time.monotonic(), dict(request.headers.raw_items()), request.path))
        if self.status is None:
            return None
        response = connection.respond(self.status, "no\n")
        if self.location:
            response.headers["Location"] = self.location
        return response

    async def _serve(self, connection: ServerConnection) -> None:
        if self.hangs_up:
            await connection.close(1008, "not today")
            return
        self.open.append(connection)
        try:
            if self.is_deaf:
                await connection.wait_closed()
            async for message in connection:
                self._hear(json.loads(message))
        finally:
            self.open.remove(connection)
            self.closed_with.append(connection.close_code)

    def _hear(self, answer: Any) -> None:
        self.heard.append(answer)
        if isinstance(answer, dict):
            self.answers[answer["id"]] = answer

    async def start(self, **options: Any) -> Server:
        server = await serve(
            self._serve,
            "127.0.0.1",
            self.port,
            process_request=self._greet,
            ping_interval=None,
            max_size=LARGEST,
            **options,
        )
        self.port = server.sockets[0].getsockname()[1]
        return server


@contextlib.contextmanager
def a_gateway(**options: Any) -> Iterator[Gateway]:
    """A gateway that listens; ``options`` are those of ``websockets.asyncio.server.serve``."""
    gateway = Gateway()
    thread = threading.Thread(target=gateway.loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(gateway.start(**options), gateway.loop).result(10)
    try:
        yield gateway
    finally:

        async def close() -> None:
            server.close()
            for connection in gateway.open:
                connection.transport.abort()
            await server.wait_closed()

        asyncio.run_coroutine_threadsafe(close(), gateway.loop).result(10)
        gateway.loop.call_soon_threadsafe(gateway.loop.stop)
        thread.join(10)
        gateway.loop.close()


def a_request(method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": str(uuid.uuid4()), "method": method, "params": {"headers": {}, **(params or {})}}


def until(happened: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.01)
