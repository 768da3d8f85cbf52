"""The process behind `manage.py dojo_connect`: holds the sockets of all venues that have a key, or stands by.

Two rounds go on side by side. One watches the locks: what is free is taken, and where the session with the locks is
lost every socket is closed, because somebody else may have it by now. The other keeps house: it looks which venues
have a key, writes down how each line stands, and hears what managers ask. Neither waits for Dojo, and no line waits
for either.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import structlog
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from dojo_integration.accounts import DojoAccount, connection_of
from dojo_integration.models import DojoSocket, SocketCommand, SocketState
from dojo_integration.services.sockets import Process, report_nobody, report_socket
from dojo_integration.ws_client import Workers
from dojo_integration.ws_line import Line
from dojo_integration.ws_lock import SocketLocks
from pos.models import Venue
from pos.permissions import Actor
from pos.pulse import touch

log = structlog.get_logger(__name__)

R = TypeVar("R")

CHECK_EVERY = 3.0
HOUSE_EVERY = 3.0
# Without any key there is nothing to do but to look again now and then.
IDLE_EVERY = 10.0
# Whoever handed a socket over leaves it to the others for so long.
STAND_ASIDE = 30.0
# A last report is not worth a late end.
LAST_WORDS = 0.5


@dataclass(frozen=True, slots=True)
class _Kept:
    """A venue whose lock is ours."""

    line: Line
    task: "asyncio.Task[None]"


@dataclass(frozen=True, slots=True)
class _Sight:
    """What the database says: who is to be connected, who has no key, and whom a manager has stopped."""

    wanted: dict[int, tuple[Venue, DojoAccount]]
    keyless: list[Venue]
    stopped: set[int]


class Keeper:
    def __init__(self, workers: Workers, *, slug: str | None = None) -> None:
        """With ``slug``, for that venue alone."""
        self._workers = workers
        self._slug = slug
        self._process = Process(host=socket.gethostname(), pid=os.getpid())
        self._locks = SocketLocks()
        self._sight = _Sight({}, [], set())
        self._kept: dict[int, _Kept] = {}
        self._aside_until: dict[int, float] = {}
        self._told_keyless: set[int] = set()
        self._news = asyncio.Event()
        # Threads of its own: telling how things stand must not wait behind Dojo's requests.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="dojo-house")

    async def run(self, stop: asyncio.Event) -> None:
        """Keep every wanted venue's line until asked to stop; then finish what is under way and close."""
        rounds = [asyncio.create_task(self._rounds(turn)) for turn in (self._keep_house, self._watch)]
        await stop.wait()
        for one in rounds:
            one.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)
        await asyncio.gather(*(self._part_for_good(kept) for kept in self._kept.values()))
        await self._locks.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _rounds(self, turn: Callable[[], Awaitable[float]]) -> None:
        while True:
            try:
                pause = await turn()
            except DatabaseError as error:
                # The next round finds out whether it is back.
                log.warning("the database does not answer", error=type(error).__name__)
                pause = CHECK_EVERY
            except Exception:
                log.exception("a round of the Dojo sockets failed")
                pause = CHECK_EVERY
            await asyncio.sleep(pause)

    # ---- the locks

    async def _watch(self) -> float:
        wanted = self._sight.wanted
        if not wanted and not self._kept:
            await self._locks.close()
            return CHECK_EVERY
        if await self._locks.check():
            for venue_id in wanted.keys() - self._kept.keys():
                if self._now() >= self._aside_until.get(venue_id, 0) and await self._locks.take(venue_id):
                    self._begin(*wanted[venue_id])
        # Without the lock somebody else may dial any moment; a line that ended by itself is begun anew.
        over = [kept for pk, kept in self._kept.items() if pk not in self._locks.held or kept.task.done()]
        await asyncio.gather(*(self._cut(kept) for kept in over))
        return CHECK_EVERY

    def _begin(self, venue: Venue, account: DojoAccount) -> None:
        line = Line(venue, account, self._workers, self._news.set)
        if venue.pk in self._sight.stopped:
            line.stop()
        self._kept[venue.pk] = _Kept(line, asyncio.create_task(line.run()))
        log.info("holding the socket", venue=venue.slug)
        self._news.set()

    async def _cut(self, kept: _Kept) -> None:
        """Close a line at once."""
        await _end(kept.task)
        venue_id = kept.line.venue.pk
        if self._kept.get(venue_id) is kept:
            # Forgotten last: until then the other round does not begin it anew.
            await self._locks.give_back(venue_id)
            self._kept.pop(venue_id, None)

    async def _part(self, kept: _Kept) -> None:
        """Close a line in an orderly way and let others have it."""
        await kept.line.leave()
        await self._cut(kept)

    async def _part_for_good(self, kept: _Kept) -> None:
        await kept.line.leave()
        await _end(kept.task)
        report = replace(kept.line.report(), state=SocketState.DOWN, since=timezone.now())
        with contextlib.suppress(Exception):
            async with asyncio.timeout(LAST_WORDS):
                await self._tell(report_socket, kept.line.venue, report=report)

    # ---- the house

    async def _keep_house(self) -> float:
        self._news.clear()
        self._sight = sight = await self._in_thread(self._look)
        self._told_keyless &= {venue.pk for venue in sight.keyless}
        jobs = [
            *(self._look_after(kept) for kept in self._kept.values()),
            *(self._stand_by(venue) for pk, (venue, _) in sight.wanted.items() if pk not in self._kept),
            *(self._tell_keyless(venue) for venue in sight.keyless if venue.pk not in self._told_keyless),
        ]
        # Side by side and to the end: what is wrong with one venue must not keep the others from being told of.
        for ended in await asyncio.gather(*jobs, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        touch("dojo")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HOUSE_EVERY if sight.wanted else IDLE_EVERY):
                await self._news.wait()
        return 0.1

    def _look(self) -> _Sight:
        venues = Venue.objects.filter(slug=self._slug) if self._slug else Venue.objects.all()
        found = [(venue, connection_of(venue)) for venue in venues]
        wanted = {venue.pk: (venue, account) for venue, account in found if account is not None}
        stopped = DojoSocket.objects.filter(command=SocketCommand.STOP, venue__in=wanted)
        return _Sight(
            wanted=wanted,
            keyless=[venue for venue, account in found if account is None],
            stopped=set(stopped.values_list("venue_id", flat=True)) if wanted else set(),
        )

    async def _look_after(self, kept: _Kept) -> None:
        """Tell how a line stands, and do what is asked of it."""
        line = kept.line
        found = self._sight.wanted.get(line.venue.pk)
        if found is None or found[1] != line.account:
            # Begun anew with the new key, or not at all.
            await self._part(kept)
            return
        report = line.report()
        command = await self._tell(report_socket, line.venue, report=report)
        line.told(report)
        match command:
            case SocketCommand.RECONNECT:
                line.reconnect()
            case SocketCommand.STOP:
                line.stop()
            case SocketCommand.DRAIN:
                self._aside_until[line.venue.pk] = self._now() + STAND_ASIDE
                await self._part(kept)
                await self._stand_by(line.venue)

    async def _stand_by(self, venue: Venue) -> None:
        await self._tell(report_nobody, venue, state=SocketState.STANDBY)

    async def _tell_keyless(self, venue: Venue) -> None:
        await self._tell(report_nobody, venue, state=SocketState.NO_KEY)
        self._told_keyless.add(venue.pk)

    async def _tell(self, service: Callable[..., R], venue: Venue, **what: object) -> R:
        return await self._in_thread(partial(service, actor=Actor.system(venue), process=self._process, **what))

    async def _in_thread(self, function: Callable[[], R]) -> R:
        def run() -> R:
            close_old_connections()
            try:
                return function()
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    (ended,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(ended, Exception):
        log.error("a line to Dojo broke", exc_info=ended)
