"""One connection to Dojo's gateway: how it is dialled, and how what comes through it is answered.

The reader never waits: each request is a task of its own, and what a request does happens in the threads of
``Workers``. So a request that waits for a row, or breaks, keeps no other one from its answer.
"""

import asyncio
import contextlib
import random
from collections import defaultdict, deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import structlog
from django.db import close_old_connections
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI

from dojo_integration import rpc
from dojo_integration.accounts import DojoAccount
from dojo_integration.rpc import Frame

log = structlog.get_logger(__name__)

OPEN_TIMEOUT = 10.0
PING_INTERVAL = 30.0
PING_TIMEOUT = 20.0
CLOSE_TIMEOUT = 1.0
# Far above what we take: a frame that is only too large is refused by name, and not with the connection.
LARGEST_FRAME = 8 * 1024 * 1024

LONGEST_PAUSE = 30.0
STABLE_AFTER = 60.0

MOST_IN_FLIGHT = 500
# Whoever floods us gets this many refusals more; then silence, because even refusals are work.
MOST_HEARD = 2 * MOST_IN_FLIGHT
# So many that ask for an order are answered with one query.
MOST_TOGETHER = 64
SEND_PATIENCE = 20.0
# Reading a larger frame takes long enough to be done in a thread.
SMALL_FRAME = 16 * 1024

TOO_MUCH = "Too many requests at once. Try again in a moment."
CLOSING = "This connection is about to be closed. Try again in a moment."
BROKEN = "Something went wrong here. Try again."


# ---- dialling


class _Dial(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        # The key is shown to the host that the settings name, and to no other.
        return exc


def dial(account: DojoAccount) -> connect:
    """A call to the gateway, to be awaited. Nothing of the environment gets in: no proxy, no netrc."""
    headers = {"Authorization": f"Basic {account.api_key}", "software-house-id": account.software_house_id}
    if account.reseller_id:
        headers["reseller-id"] = account.reseller_id
    return _Dial(
        account.ws_url,
        additional_headers=headers,
        user_agent_header="Tableside",
        proxy=None,
        compression=None,
        open_timeout=OPEN_TIMEOUT,
        ping_interval=PING_INTERVAL,
        ping_timeout=PING_TIMEOUT,
        close_timeout=CLOSE_TIMEOUT,
        max_size=LARGEST_FRAME,
    )


def is_refusal(error: Exception) -> bool:
    """Whether dialling again soon is pointless: the key or the address is wrong, and a person has to act."""
    if isinstance(error, InvalidStatus):
        return error.response.status_code in (401, 403)
    return isinstance(error, InvalidURI | UnicodeError)


def in_words(error: Exception) -> str:
    """What went wrong, for people; never the key."""
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        return f"Dojo refuses the key (HTTP {status})." if is_refusal(error) else f"Dojo answers with HTTP {status}."
    if isinstance(error, InvalidURI | UnicodeError):
        return "DOJO_WS_URL is no address of a WebSocket."
    if isinstance(error, ConnectionClosed):
        told = error.rcvd
        return f"Dojo closed the connection ({told.code} {told.reason})." if told else "The connection was lost."
    return f"Dojo cannot be reached: {type(error).__name__} {error}".strip()[:200]


def pauses() -> Generator[float, float, None]:
    """Is sent how long a connection lived, none at all being 0, and says how long to wait before the next dial.

    Each wait is up to twice as long as the one before, and anything below that, so that many who were cut off
    together do not come back together. A minute that went well forgives what was before.
    """
    pause, power = 0.0, 0
    while True:
        lived = yield pause
        if lived >= STABLE_AFTER:
            power = 0
        pause = random.uniform(0, min(2.0**power, LONGEST_PAUSE))
        power = min(power + 1, 10)


# ---- answering


_Waiting = tuple[Frame, "asyncio.Future[bytes | None]"]


class Workers:
    """The threads in which requests are answered, for every socket of this process.

    What only reads has threads of its own: it never waits for a row that somebody holds.
    """

    def __init__(self, *, writers: int, readers: int) -> None:
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="dojo-write")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="dojo-read")
        self._begun: set[Future[Any]] = set()
        # Frames that ask for an order, by venue, and the venues that a reader is busy with.
        self._waiting: dict[int, deque[_Waiting]] = defaultdict(deque)
        self._reading: set[int] = set()

    async def read(self, body: bytes) -> Frame:
        """Say what a frame asks for."""
        if len(body) <= SMALL_FRAME:
            return rpc.read(body)
        return await asyncio.get_running_loop().run_in_executor(self._readers, rpc.read, body)

    async def answer(self, frame: Frame, venue_id: int) -> bytes | None:
        """Do what a frame asks for."""
        if frame.is_quick_read:
            return await self._answer_together(frame, venue_id)
        threads = self._writers if frame.has_side_effects else self._readers
        future = threads.submit(_answer, frame, venue_id)
        self._begun.add(future)
        future.add_done_callback(self._begun.discard)
        return await asyncio.wrap_future(future)

    async def _answer_together(self, frame: Frame, venue_id: int) -> bytes | None:
        told: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._waiting[venue_id].append((frame, told))
        if venue_id not in self._reading:
            self._send_reader(venue_id)
        return await told

    def _send_reader(self, venue_id: int) -> None:
        """One at a time for each venue: what comes while it reads is what it reads next, all of it at once."""
        loop = asyncio.get_running_loop()
        self._reading.add(venue_id)
        future = self._readers.submit(_answer_waiting, self._waiting[venue_id], venue_id, loop)
        self._begun.add(future)
        future.add_done_callback(lambda done: _say(loop, self._reader_is_back, done, venue_id))

    def _reader_is_back(self, done: "Future[None]", venue_id: int) -> None:
        self._begun.discard(done)
        self._reading.discard(venue_id)
        if self._waiting[venue_id] and not done.cancelled():
            self._send_reader(venue_id)

    @property
    def is_busy(self) -> bool:
        """Whether a thread still works, although perhaps nobody waits for it any more."""
        return any(future.running() for future in tuple(self._begun))

    def stop(self) -> None:
        """Begin nothing any more; what runs is left to end by itself."""
        for threads in (self._writers, self._readers):
            threads.shutdown(wait=False, cancel_futures=True)


def _answer(frame: Frame, venue_id: int) -> bytes | None:
    close_old_connections()
    try:
        return rpc.answer(frame, venue_id)
    finally:
        # Back into the pool. An error after the commit would make Dojo give the money back.
        with contextlib.suppress(Exception):
            close_old_connections()


def _answer_waiting(waiting: deque[_Waiting], venue_id: int, loop: asyncio.AbstractEventLoop) -> None:
    while waiting:
        taken = [waiting.popleft() for _ in range(min(len(waiting), MOST_TOGETHER))]
        answers: list[bytes | None] | Exception
        close_old_connections()
        try:
            answers = rpc.answer_together([frame for frame, _ in taken], venue_id)
        except Exception as error:
            # Whoever waits for it raises it.
            answers = error
        with contextlib.suppress(Exception):
            close_old_connections()
        _say(loop, _tell, [told for _, told in taken], answers)


def _say(loop: asyncio.AbstractEventLoop, what: Callable[..., None], *arguments: Any) -> None:
    # A loop that is closed has nobody left who waits.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(what, *arguments)


def _tell(waiting: list["asyncio.Future[bytes | None]"], answers: list[bytes | None] | Exception) -> None:
    for index, told in enumerate(waiting):
        if told.done():
            continue
        if isinstance(answers, Exception):
            told.set_exception(answers)
        else:
            told.set_result(answers[index])


class Exchange:
    """What goes to and fro on one open connection."""

    def __init__(self, connection: ClientConnection, workers: Workers, venue_id: int) -> None:
        self.served = 0
        self.is_draining = False
        self._connection = connection
        self._workers = workers
        self._venue_id = venue_id
        self._in_flight: set[asyncio.Task[None]] = set()
        self._refusing: set[asyncio.Task[None]] = set()
        self._unheard = 0

    async def run(self) -> None:
        """Answer what comes until the connection is closed. Raises ConnectionClosed."""
        try:
            while True:
                self._take(await self._connection.recv(decode=False))
        finally:
            # What is done already is done; there is nobody left to tell.
            for task in (*self._in_flight, *self._refusing):
                task.cancel()

    async def drain(self, seconds: float) -> None:
        """Take nothing new, finish what is under way as far as there is time, and close."""
        self.is_draining = True
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=seconds)
        await hang_up(self._connection, 1001)

    def _take(self, body: bytes) -> None:
        if len(self._in_flight) + len(self._refusing) >= MOST_HEARD:
            self._unheard += 1
            if self._unheard.bit_count() == 1:
                log.warning("the gateway sends more than can even be refused", unheard=self._unheard)
            return
        why = CLOSING if self.is_draining else TOO_MUCH if len(self._in_flight) >= MOST_IN_FLIGHT else ""
        tasks = self._refusing if why else self._in_flight
        task = asyncio.create_task(self._refuse(body, why) if why else self._serve(body))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _serve(self, body: bytes) -> None:
        frame = await self._workers.read(body)
        try:
            answer = await self._workers.answer(frame, self._venue_id)
        except Exception:
            log.exception("a frame could not be answered")
            answer = rpc.busy(frame, BROKEN)
        self.served += 1
        await self._send(answer)

    async def _refuse(self, body: bytes, why: str) -> None:
        await self._send(rpc.busy(await self._workers.read(body), why))

    async def _send(self, answer: bytes | None) -> None:
        if answer is None:
            return
        try:
            async with asyncio.timeout(SEND_PATIENCE):
                await self._connection.send(answer, text=True)
        except ConnectionClosed:
            return
        except TimeoutError:
            # Whoever does not read does not pong either, and our own pings wait behind what is unread.
            self._connection.transport.abort()


async def hang_up(connection: ClientConnection, code: int = 1000) -> None:
    """Close politely, and at once where the other end does not take part."""
    try:
        async with asyncio.timeout(2 * CLOSE_TIMEOUT):
            await connection.close(code)
    except TimeoutError:
        connection.transport.abort()
