"""Which process holds which venue's socket: advisory locks of one database session, kept for nothing else.

A session that ends, however it ends, gives its locks back. So nobody has to be told that a holder died: the next who
asks has the lock. The connection is never pooled, and both ends look every few seconds whether the other still lives.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

import psycopg
import structlog
from django.conf import settings
from django.db import connection

log = structlog.get_logger(__name__)

R = TypeVar("R")

PATIENCE = 3.0

# The first half of the lock's key, so that it is nobody else's: "Dojo" in ASCII.
_SPACE = 0x446F6A6F

_KEEPALIVES: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 6000,
}
# The same from the server's end: it has to notice a machine that lost its power before others can take over.
_SESSION = """
    SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = 6000; SET idle_session_timeout = 0; SET statement_timeout = 3000
"""


class SocketLocks:
    """The session and the venues whose locks it has."""

    def __init__(self) -> None:
        self.held: set[int] = set()
        self._session: psycopg.AsyncConnection[Any] | None = None

    async def check(self) -> bool:
        """See to it that the session lives; False, with every lock gone, when there is none to be had."""
        try:
            if self._session is None:
                self._session = await self._in_time(self._connect())
            else:
                await self._in_time(self._session.execute("SELECT 1"))
        except (psycopg.Error, OSError, TimeoutError) as error:
            if self.held:
                log.error("the database session that holds Dojo's sockets is lost", error=type(error).__name__)
            await self.close()
            return False
        return True

    async def take(self, venue_id: int) -> bool:
        """Hold this venue from now on, unless another session does."""
        if venue_id in self.held:
            return True
        if self._session is None:
            return False
        try:
            cursor = await self._in_time(
                self._session.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", [_SPACE, venue_id])
            )
            row = await self._in_time(cursor.fetchone())
        except (psycopg.Error, OSError, TimeoutError):
            await self.close()
            return False
        if row is not None and row[0]:
            self.held.add(venue_id)
        return venue_id in self.held

    async def give_back(self, venue_id: int) -> None:
        """Let others hold this venue."""
        if venue_id not in self.held:
            return
        self.held.discard(venue_id)
        try:
            if self._session is not None:
                await self._in_time(
                    self._session.execute("SELECT pg_advisory_unlock(%s::int, %s::int)", [_SPACE, venue_id])
                )
        except (psycopg.Error, OSError, TimeoutError):
            await self.close()

    async def close(self) -> None:
        """Let go of everything."""
        session, self._session = self._session, None
        self.held.clear()
        if session is not None:
            with contextlib.suppress(psycopg.Error, OSError):
                await session.close()

    async def _connect(self) -> "psycopg.AsyncConnection[Any]":
        session = await psycopg.AsyncConnection.connect(**_where(), **_KEEPALIVES, autocommit=True)
        await session.execute(_SESSION)
        return session

    async def _in_time(self, asked: Coroutine[Any, Any, R]) -> R:
        task = asyncio.ensure_future(asked)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if done:
            return task.result()
        # Cancelled alone it would ask the server to confirm that, which is what does not answer: hang up first.
        if self._session is not None:
            await self._session.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise TimeoutError


def _where() -> dict[str, Any]:
    """How to reach the database past any pool."""
    if settings.DATABASE_DIRECT_URL:
        return {"conninfo": settings.DATABASE_DIRECT_URL, "application_name": "tableside dojo_connect"}
    ours = ("cursor_factory", "context", "prepare_threshold")
    params = {name: value for name, value in connection.get_connection_params().items() if name not in ours}
    return {**params, "application_name": "tableside dojo_connect"}
