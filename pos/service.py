"""The transaction of everything that writes: one decorator, one shape, on every road."""

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, Protocol, TypeVar

import psycopg.errors
from django.db import IntegrityError, OperationalError, connection, transaction

from pos import events
from pos.errors import Busy

P = ParamSpec("P")
R = TypeVar("R")

RETRIES = 3
# Starting again because a row changed before we had it costs nothing but time, and cannot loop on a quiet table.
FRESH_STARTS = 20
LOCK_TIMEOUT_MS = 10_000

# Constraints that only a race can break: the loser runs again and then finds the winner's row.
_race_constraints: set[str] = set()


class StartAgain(Exception):
    """A service read something, locked it, and found it changed: run the whole function again."""


class Companion(Protocol):
    """Writes in the transaction of a service that is not its own: kept with it, or not at all."""

    def begin(self) -> None:
        """Come first in the transaction; what is raised here leaves the service undone."""

    def finish(self, result: Any) -> None:
        """Come last before the commit, and see what the service returns."""


_companion: ContextVar[Companion | None] = ContextVar("companion", default=None)


@contextmanager
def accompanied_by(companion: Companion) -> Iterator[None]:
    """Send a companion along with the next service that commits, with each attempt at it and with no other."""
    token = _companion.set(companion)
    try:
        yield
    finally:
        _companion.reset(token)


def retry_on_race(*constraint_names: str) -> None:
    """Name unique constraints whose violation means: somebody was faster, look again."""
    _race_constraints.update(constraint_names)


def service(function: Callable[P, R]) -> Callable[P, R]:
    """Run a writing service in a transaction of its own.

    The whole function runs again (up to 3 times) after a deadlock or a lost race on a named constraint. What it
    published is flushed once: before the commit to the documents, after it to the screens. Raises RuntimeError
    when one service calls another: compose private steps on locked rows instead.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if events.is_collecting():
            raise RuntimeError(f"{function.__name__}() is a service and may not run inside another one")
        attempts = fresh_starts = 0
        while True:
            try:
                result = _run_once(function, args, kwargs)
                _companion.set(None)
                return result
            except StartAgain as error:
                fresh_starts += 1
                if fresh_starts > FRESH_STARTS:
                    raise Busy("This table keeps changing. Try again.") from error
            except (OperationalError, IntegrityError) as error:
                if _is_lock_timeout(error):
                    raise Busy("The till is busy with this order. Try again.") from error
                attempts += 1
                if attempts > RETRIES or not _is_worth_a_retry(error):
                    raise
                # Two losers that come back at the same moment would only meet again.
                time.sleep(random.uniform(0, 0.02 * attempts))

    return run


def _run_once(function: Callable[..., R], args: tuple[object, ...], kwargs: dict[str, object]) -> R:
    token = events.begin_collecting()
    companion = _companion.get()
    try:
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
            if companion is not None:
                companion.begin()
            result = function(*args, **kwargs)
            published = events.drain()
            events.tell_before_commit(published)
            if companion is not None:
                companion.finish(result)
            if published:
                transaction.on_commit(lambda: events.tell_after_commit(published), robust=True)
            return result
    finally:
        events.stop_collecting(token)


def _is_lock_timeout(error: Exception) -> bool:
    return isinstance(error.__cause__, psycopg.errors.LockNotAvailable)


def _is_worth_a_retry(error: Exception) -> bool:
    cause = error.__cause__
    if isinstance(cause, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
        return True
    if isinstance(cause, psycopg.errors.UniqueViolation):
        return cause.diag.constraint_name in _race_constraints
    return False
