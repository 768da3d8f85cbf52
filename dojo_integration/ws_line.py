"""One venue's line to Dojo while this process holds it: dialled, served, and dialled again."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from datetime import datetime

import structlog
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from dojo_integration.accounts import DojoAccount
from dojo_integration.models import SocketState
from dojo_integration.services.sockets import SocketReport
from dojo_integration.ws_client import Exchange, Workers, dial, hang_up, in_words, is_refusal, pauses
from pos.models import Venue

log = structlog.get_logger(__name__)

# A key that was refused is tried again now and then: somebody may have put it right at Dojo.
REFUSED_PAUSE = 60.0
# What is under way may take so long before the line is closed all the same.
DRAIN_PATIENCE = 2.0


class Line:
    """Keeps a venue connected, and knows how it stands."""

    def __init__(self, venue: Venue, account: DojoAccount, workers: Workers, on_change: Callable[[], None]) -> None:
        self.venue = venue
        self.account = account
        self.state = SocketState.CONNECTING
        self._since = timezone.now()
        self._workers = workers
        self._on_change = on_change
        self._error = ""
        self._error_at: datetime | None = None
        self._served = 0
        self._told = 0
        self._exchange: Exchange | None = None
        self._closing: asyncio.Task[None] | None = None
        self._is_stopped = False
        self._is_leaving = False
        self._nudge = asyncio.Event()

    async def run(self) -> None:
        """Keep the line until it is left, or cancelled."""
        waits = pauses()
        next(waits)
        while not self._is_leaving:
            if self._is_stopped:
                self._say(SocketState.STOPPED)
                await self._nudge.wait()
                self._nudge.clear()
                continue
            lived = await self._once()
            if self.state == SocketState.REFUSED:
                await self._rest(random.uniform(REFUSED_PAUSE / 2, REFUSED_PAUSE))
            else:
                await self._rest(waits.send(lived))

    def reconnect(self) -> None:
        """Close what is open and dial again, at once; also after a stop."""
        self._is_stopped = False
        self._close()

    def stop(self) -> None:
        """Close, and stay away from Dojo until asked to connect again."""
        if not self._is_stopped:
            self._is_stopped = True
            self._close()

    async def leave(self) -> None:
        """Finish what is under way, as far as there is time, and close for good."""
        self._is_leaving = True
        self._close()
        if self._closing is not None:
            await self._closing

    def report(self) -> SocketReport:
        """How the line stands now."""
        served = self._served + (self._exchange.served if self._exchange is not None else 0)
        return SocketReport(
            state=self.state,
            since=self._since,
            last_error=self._error,
            last_error_at=self._error_at,
            served=served - self._told,
        )

    def told(self, report: SocketReport) -> None:
        """Remember that this report was written down."""
        self._told += report.served

    async def _once(self) -> float:
        """Dial once and serve to the end; says for how long."""
        if self.state != SocketState.REFUSED:
            self._say(SocketState.CONNECTING)
        try:
            connection = await dial(self.account)
        except Exception as error:
            self._failed(error)
            return 0.0
        clock = asyncio.get_running_loop().time
        opened = clock()
        self._exchange = exchange = Exchange(connection, self._workers, self.venue.pk)
        try:
            if not (self._is_stopped or self._is_leaving):
                self._nudge.clear()
                self._say(SocketState.CONNECTED)
                log.info("connected to Dojo", venue=self.venue.slug)
                await exchange.run()
        except ConnectionClosed as error:
            if not exchange.is_draining:
                self._failed(error)
        finally:
            self._exchange = None
            self._served += exchange.served
            await hang_up(connection)
        return clock() - opened

    def _failed(self, error: Exception) -> None:
        self._error, self._error_at = in_words(error), timezone.now()
        if is_refusal(error):
            log.error("Dojo refuses this venue", venue=self.venue.slug, why=self._error)
            self._say(SocketState.REFUSED)
        else:
            log.warning("no line to Dojo", venue=self.venue.slug, why=self._error)
            self._say(SocketState.CONNECTING)
        self._on_change()

    def _close(self) -> None:
        self._nudge.set()
        if self._exchange is not None:
            self._closing = asyncio.create_task(self._exchange.drain(DRAIN_PATIENCE))

    def _say(self, state: SocketState) -> None:
        if state != self.state:
            self.state, self._since = state, timezone.now()
            self._on_change()

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._nudge.wait()
        self._nudge.clear()
