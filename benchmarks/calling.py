"""Dojo's end of the WebSocket: a gateway that keeps so many requests in flight, and counts what comes back rightly.

Two clients dial it, each in a process of its own: ours, ``manage.py dojo_connect``, and the floor, ``manage.py
echo_line``: the same connection, threads and pool of tasks, with a handler that gives back what it was given.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from typing import Any, TypeVar

import orjson
from websockets.asyncio.server import Server, ServerConnection, serve

from benchmarks.driver import Phase, WrongAnswer
from pos.models import Venue

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
OURS, FLOOR = "/epos", "/floor"
"""Where the two clients dial."""
IN_FLIGHT = (32, 200)
PATIENCE = 30.0
_KEY = "sk_sandbox_bench"

Wrong = Callable[[dict[str, Any]], str | None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """One request, and how to tell its answer."""

    id: str
    frame: bytes
    wrong: Wrong


def questions(order_ids: Sequence[str]) -> dict[str, Iterator[Question]]:
    """GetOrderById for both clients, another order each time; the echo gives back the params it was sent."""
    numbers = count(1)

    def asked(road: str) -> Iterator[Question]:
        for order_id in cycle(order_ids):
            name = f"{road}-{next(numbers)}"
            request = {
                "jsonrpc": "2.0",
                "id": name,
                "method": "GetOrderByIdV1",
                "params": {"headers": {"waiterId": "7"}, "orderId": order_id},
            }
            key = "id" if road == OURS else "orderId"

            def wrong(answer: dict[str, Any], key: str = key, order_id: str = order_id) -> str | None:
                right = answer.get("method") == "GetOrderByIdV1" and answer.get("result", {}).get(key) == order_id
                return None if right else f"not order {order_id}"

            yield Question(name, orjson.dumps(request), wrong)

    return {OURS: asked(OURS), FLOOR: asked(FLOOR)}


class Gateway:
    """Listens in a thread of its own; a phase keeps one of its clients busy."""

    def __init__(self) -> None:
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._lines: dict[str, ServerConnection] = {}
        self._answers: dict[str, Callable[[bytes], None]] = {}

    def wait_for(self, *paths: str) -> None:
        """Until a client has dialled each of these. Raises WrongAnswer."""
        deadline = time.monotonic() + PATIENCE
        while not all(path in self._lines for path in paths):
            if time.monotonic() > deadline:
                raise WrongAnswer(f"Nobody dialled {' and '.join(path for path in paths if path not in self._lines)}.")
            time.sleep(0.05)

    def phase(self, path: str, asked: Iterator[Question], *, in_flight: int, seconds: float) -> Phase:
        """Ask one client for so long, always so much at once; what was asked is waited for. Raises WrongAnswer."""
        return self._do(self._drive(path, asked, in_flight, seconds))

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result()

    async def _drive(self, path: str, asked: Iterator[Question], in_flight: int, seconds: float) -> Phase:
        line = self._lines[path]
        waiting: dict[str, tuple[float, Question]] = {}
        latencies: list[float] = []
        finished = self._loop.create_future()
        sending: set[asyncio.Task[None]] = set()
        driver = time.thread_time()
        started = time.perf_counter()
        ends = started + seconds

        def ask() -> None:
            question = next(asked)
            waiting[question.id] = time.perf_counter(), question
            task = self._loop.create_task(line.send(question.frame, text=True))
            sending.add(task)
            task.add_done_callback(sending.discard)

        def hear(body: bytes) -> None:
            answer = orjson.loads(body)
            sent_at, question = waiting.pop(answer["id"])
            now = time.perf_counter()
            latencies.append(now - sent_at)
            wrong = question.wrong(answer)
            if wrong is not None and not finished.done():
                finished.set_exception(WrongAnswer(f"{question.frame.decode()}: {wrong}: {body[:500].decode()}"))
            elif now < ends:
                ask()
            elif not waiting and not finished.done():
                finished.set_result(now)

        self._answers[path] = hear
        for _ in range(in_flight):
            ask()
        try:
            last = await asyncio.wait_for(finished, seconds + PATIENCE)
        except TimeoutError:
            raise WrongAnswer(f"{len(waiting)} of {path} were never answered.") from None
        return Phase(seconds=last - started, latencies=latencies, driver_seconds=time.thread_time() - driver)

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        path = connection.request.path
        self._lines[path] = connection
        async for message in connection:
            self._answers[path](message if isinstance(message, bytes) else message.encode())

    async def _listen(self) -> Server:
        server = await serve(self._serve, HOST, 0, compression=None, ping_interval=None)
        self.port = server.sockets[0].getsockname()[1]
        return server

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        server = self._do(self._listen())
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(server.close)
            self._do(server.wait_closed())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(PATIENCE)


@contextlib.contextmanager
def both_clients(venue: Venue) -> Iterator[Gateway]:
    """A gateway that both clients have dialled."""
    gateway = Gateway()
    with gateway.listening(), contextlib.ExitStack() as clients:
        for path, command in ((OURS, ("dojo_connect", "--venue", venue.slug)), (FLOOR, ("echo_line",))):
            clients.enter_context(_client(f"ws://{HOST}:{gateway.port}{path}", *command))
        gateway.wait_for(OURS, FLOOR)
        yield gateway


@contextlib.contextmanager
def _client(url: str, *command: str) -> Iterator[None]:
    environment = os.environ | {"DOJO_API_KEY": _KEY, "DOJO_WS_URL": url}
    process = subprocess.Popen(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)
