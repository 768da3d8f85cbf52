"""What happens by itself: events that are due leave, terminals go on, and old calls are forgotten.

Everything that is due stands in a row, so a process that was killed is followed by one that goes on where it was.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import structlog
from django.db import close_old_connections
from django.utils import timezone

from dojo_integration.sandbox import deliveries, gateway, sessions, waking
from dojo_integration.sandbox.models import Call, Delivery, Session

log = structlog.get_logger(__name__)

R = TypeVar("R")

THREADS = 8
LONGEST_PAUSE = 5.0
KEPT_CALLS = 5000

_senders = ThreadPoolExecutor(THREADS, thread_name_prefix="sandbox-send")
_hands = ThreadPoolExecutor(1, thread_name_prefix="sandbox-clock")


async def run() -> None:
    """Go round for ever."""
    loop, due = asyncio.get_running_loop(), asyncio.Event()
    gateway.run_on(loop)
    waking.listen(lambda: loop.call_soon_threadsafe(due.set))
    await loop.run_in_executor(_hands, _in_thread, deliveries.give_back_claims)
    while True:
        due.clear()
        pause = await loop.run_in_executor(_hands, _in_thread, _round)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause or LONGEST_PAUSE):
                await due.wait()


def _round() -> float:
    """Do what is due, and say in how many seconds something is due next."""
    for delivery in deliveries.claim_due():
        _senders.submit(_in_thread, partial(deliveries.deliver, delivery))
    for session_id in Session.objects.filter(due_at__lte=timezone.now()).values_list("pk", flat=True):
        # One that cannot go on keeps no other one.
        _safely(partial(sessions.go_on, session_id))
    forgotten = Call.objects.order_by("-pk").values_list("pk", flat=True)[KEPT_CALLS : KEPT_CALLS + 1].first()
    if forgotten:
        Call.objects.filter(pk__lte=forgotten).delete()
    times = [
        model.objects.filter(due_at__isnull=False).order_by("due_at").values_list("due_at", flat=True).first()
        for model in (Delivery, Session)
    ]
    waits = [(moment - timezone.now()).total_seconds() for moment in times if moment]
    return min([LONGEST_PAUSE, *(max(0.02, wait) for wait in waits)])


def _in_thread(do: Callable[[], R]) -> R | None:
    close_old_connections()
    try:
        return _safely(do)
    finally:
        with contextlib.suppress(Exception):
            close_old_connections()


def _safely(do: Callable[[], R]) -> R | None:
    try:
        return do()
    except Exception:
        # A clock that stops is worse than one that misses a beat.
        log.exception("something that was due failed")
        return None
