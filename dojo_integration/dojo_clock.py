"""How far Dojo's clock is from ours: an expiry that Dojo writes is a time on its clock, not on ours.

Every answer of its API says what time it was there. The offset is kept in the cache for all processes of the venue;
where that is gone for a moment, the clocks simply agree.
"""

import functools
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from django.core.cache import cache
from redis.exceptions import RedisError

from pos.models import Venue
from pos.permissions import Actor

log = structlog.get_logger(__name__)

NONE = timedelta(0)
# An answer's date is in whole seconds: what is less than this may be no difference at all.
SMALLEST = timedelta(seconds=2)
# Nobody's clock is this far off; a cached answer's may seem to be.
LARGEST = timedelta(minutes=30)
KEPT = 24 * 3600
# So long a process believes what it read last.
TRUSTED = 10.0

R = TypeVar("R")

_read: dict[int, tuple[float, timedelta]] = {}


def note(venue: Venue, date: datetime, now: datetime) -> None:
    """Keep what an answer that was here at ``now`` says of Dojo's time; never an error."""
    # On the average half of the second that the date leaves out has passed.
    found = date + timedelta(seconds=0.5) - now
    if abs(found) > LARGEST:
        return
    read, found_now = _read.get(venue.pk), time.monotonic()
    matters = _what_matters(found)
    if read is not None and found_now - read[0] <= TRUSTED and abs(read[1] - matters) < SMALLEST:
        return
    _read[venue.pk] = (found_now, matters)
    try:
        cache.set(_key(venue), found.total_seconds(), timeout=KEPT)
    except (RedisError, OSError):
        log.warning("Dojo's clock is not remembered", venue=venue.slug)


def offset(venue: Venue) -> timedelta:
    """How much later it is at Dojo than here; zero where nothing is known, or nothing that matters."""
    read = _read.get(venue.pk)
    now = time.monotonic()
    if read is None or now - read[0] > TRUSTED:
        read = _read[venue.pk] = (now, _look_up(venue))
    return read[1]


def on_our_clock(venue: Venue, moment: datetime) -> datetime:
    """When, by our clock, Dojo's clock shows that moment."""
    try:
        return moment - offset(venue)
    except OverflowError:
        return moment


def with_expiry_on_our_clock(run: Callable[..., R]) -> Callable[..., R]:
    """The same for what Dojo asks of us until an expiry."""

    @functools.wraps(run)
    def on_time(*, actor: Actor, expiry: datetime, **arguments: Any) -> R:
        return run(actor=actor, expiry=on_our_clock(actor.venue, expiry), **arguments)

    return on_time


def _look_up(venue: Venue) -> timedelta:
    try:
        found = cache.get(_key(venue))
    except (RedisError, OSError):
        return NONE
    return _what_matters(timedelta(seconds=found)) if isinstance(found, int | float) else NONE


def _what_matters(found: timedelta) -> timedelta:
    return found if abs(found) >= SMALLEST else NONE


def _key(venue: Venue) -> str:
    return f"dojo_clock:{venue.pk}"
