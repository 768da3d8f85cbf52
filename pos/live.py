"""Live push: after a commit the screens are told what changed, and nobody waits for it.

``push()`` sorts the events into Channels groups and leaves them with a thread of its own. A Redis that is slow,
frozen or gone costs screens a message, never a till its answer; pages fetch afresh when they reconnect.
"""

import asyncio
import atexit
import logging
import os
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

from channels.layers import get_channel_layer

from pos.events import (
    ApprovalChanged,
    CallsNoted,
    Event,
    ExceptionRaised,
    FloorChanged,
    LeaseChanged,
    MenuChanged,
    OrderChanged,
    OutboxChanged,
    PartyChanged,
    ReservationChanged,
    SocketChanged,
    StationChanged,
)

logger = logging.getLogger(__name__)

QUEUE_SIZE = 1000
SEND_TIMEOUT = 2.0
# One line of log for a Redis that stays away, not one for each tap.
QUIET_SECONDS = 30.0

Message = dict[str, list[str]]
"""Group → what changed, as screens compare it: ``order:order_01k…``."""


def floor_group(venue_id: int) -> str:
    return f"venue.{venue_id}.floor"


def menu_group(venue_id: int) -> str:
    return f"venue.{venue_id}.menu"


def order_group(venue_id: int, order_id: str) -> str:
    return f"venue.{venue_id}.order.{order_id}"


def station_group(venue_id: int, station_id: int) -> str:
    return f"venue.{venue_id}.station.{station_id}"


def integration_group(venue_id: int) -> str:
    return f"venue.{venue_id}.integration"


def push(events: Sequence[Event]) -> None:
    """Hand over what changed to the thread that tells the screens; never waits, never raises."""
    message: Message = defaultdict(list)
    for event in events:
        for group, what in _audience(event):
            message[group].append(what)
    if message:
        _sender().take(dict(message))


def flush(timeout: float = 2.0) -> bool:
    """Wait until everything taken so far was sent or dropped; False when it took longer."""
    return _sender().wait(timeout)


def _audience(event: Event) -> Iterator[tuple[str, str]]:
    venue = event.venue_id
    match event:
        case OrderChanged(order_id=order_id) | LeaseChanged(order_id=order_id):
            yield floor_group(venue), f"order:{order_id}"
            yield order_group(venue, order_id), f"order:{order_id}"
        case PartyChanged(party_id=party_id):
            yield floor_group(venue), f"party:{party_id}"
        case ReservationChanged(reservation_id=reservation_id):
            yield floor_group(venue), f"reservation:{reservation_id}"
        case FloorChanged():
            yield floor_group(venue), "plan"
        case ExceptionRaised(exception_id=exception_id):
            yield floor_group(venue), f"exception:{exception_id}"
            yield integration_group(venue), f"exception:{exception_id}"
        case ApprovalChanged(approval_id=approval_id):
            yield floor_group(venue), f"approval:{approval_id}"
        case StationChanged(station_id=station_id):
            yield station_group(venue, station_id), f"station:{station_id}"
        case MenuChanged():
            yield menu_group(venue), "menu"
        case SocketChanged():
            yield integration_group(venue), "socket"
        case OutboxChanged():
            yield integration_group(venue), "outbox"
        case CallsNoted():
            yield integration_group(venue), "calls"


class _Sender:
    """A bounded queue and the thread that empties it; one per process, made when it is first needed."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._queue: queue.Queue[Message] = queue.Queue(QUEUE_SIZE)
        self._dropped = 0
        self._last_complaint = 0.0
        self._thread = threading.Thread(target=self._run, name="live-push", daemon=True)
        self._thread.start()

    def take(self, message: Message) -> None:
        try:
            self._queue.put_nowait(message)
        except queue.Full:
            self._complain("the queue is full")

    def wait(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        with self._queue.all_tasks_done:
            while self._queue.unfinished_tasks:
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not self._queue.all_tasks_done.wait(remaining):
                    return False
        return True

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            while True:
                messages = self._next()
                try:
                    runner.run(self._send(_merged(messages)))
                except Exception as error:
                    # Whatever a sick Redis raises: screens heal by themselves, and this thread must live on.
                    self._complain(f"{type(error).__name__} {error}".strip())
                finally:
                    for _ in messages:
                        self._queue.task_done()

    def _next(self) -> list[Message]:
        messages = [self._queue.get()]
        while True:
            try:
                messages.append(self._queue.get_nowait())
            except queue.Empty:
                return messages

    async def _send(self, message: Message) -> None:
        layer = get_channel_layer()
        if layer is None:
            return
        async with asyncio.timeout(SEND_TIMEOUT):
            for group, what in message.items():
                await layer.group_send(group, {"type": "changed", "what": what})

    def _complain(self, why: str) -> None:
        self._dropped += 1
        now = time.monotonic()
        if now - self._last_complaint >= QUIET_SECONDS:
            logger.warning("screens were not told of %s changes: %s", self._dropped, why)
            self._last_complaint, self._dropped = now, 0


def _merged(messages: Sequence[Message]) -> Message:
    """One message per group, each thing named once."""
    merged: dict[str, dict[str, None]] = defaultdict(dict)
    for message in messages:
        for group, what in message.items():
            merged[group].update(dict.fromkeys(what))
    return {group: list(what) for group, what in merged.items()}


_lock = threading.Lock()
_current: _Sender | None = None


def _sender() -> _Sender:
    # A forked worker inherits the object but not its thread.
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _current = _Sender()
        return _current


def _forget_lock() -> None:
    # The parent's lock may have been held at the moment of the fork.
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_forget_lock)


@atexit.register
def _finish() -> None:
    """A management command that changed something lives long enough to say so."""
    if _current is not None and _current.pid == os.getpid():
        _current.wait(1.0)
