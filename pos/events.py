"""What happened, told once: services publish, the service decorator flushes.

``publish()`` only collects. At the end of the same transaction the subscribers of
``BEFORE_COMMIT_SUBSCRIBERS`` write what must be true with it (the order document); after the commit those
of ``AFTER_COMMIT_SUBSCRIBERS`` tell the screens. Neither can be reached without ``@service``.
"""

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class Event:
    venue_id: int


@dataclass(frozen=True, slots=True)
class OrderChanged(Event):
    order_id: str


@dataclass(frozen=True, slots=True)
class PastOrderWritten(Event):
    """An order that was over before it was written down: kept for whoever asks, and no news to anybody."""

    order_id: str


@dataclass(frozen=True, slots=True)
class LeaseChanged(Event):
    order_id: str


@dataclass(frozen=True, slots=True)
class PartyChanged(Event):
    party_id: str


@dataclass(frozen=True, slots=True)
class ReservationChanged(Event):
    reservation_id: str


@dataclass(frozen=True, slots=True)
class StationChanged(Event):
    station_id: int


@dataclass(frozen=True, slots=True)
class FloorChanged(Event):
    """The plan itself: areas, tables, who serves them."""


@dataclass(frozen=True, slots=True)
class WaiterRenumbered(Event):
    """A waiter types another number from now on; it stands on every order they ever had."""

    membership_id: int


@dataclass(frozen=True, slots=True)
class MenuChanged(Event):
    """Prices, products or what is sold out."""


@dataclass(frozen=True, slots=True)
class TillChanged(Event):
    till_id: int


@dataclass(frozen=True, slots=True)
class ApprovalChanged(Event):
    approval_id: int


@dataclass(frozen=True, slots=True)
class ExceptionRaised(Event):
    exception_id: int


@dataclass(frozen=True, slots=True)
class SocketChanged(Event):
    """The venue's line to its card provider: up, down, or refused."""


@dataclass(frozen=True, slots=True)
class EventKept(Event):
    """The card provider told of something that nobody has looked into yet."""


@dataclass(frozen=True, slots=True)
class OrderTaken(Event):
    """An order came from a guest's phone; its payment may have come before it."""


class OutboxChanged(Event):
    """What the card provider has to be told: given up or taken up again, or whether any of it gets through."""


@dataclass(frozen=True, slots=True)
class CallsNoted(Event):
    """The card provider asked something of us, or we of it; a manager may be watching."""


Subscriber = Callable[[Sequence[Event]], None]

_collected: ContextVar[list[Event] | None] = ContextVar("collected_events", default=None)


def publish(event: Event) -> None:
    """Remember that something changed; raises RuntimeError outside a service."""
    collected = _collected.get()
    if collected is None:
        raise RuntimeError("publish() works only inside a @service")
    collected.append(event)


def begin_collecting() -> object:
    return _collected.set([])


def stop_collecting(token: object) -> None:
    _collected.reset(token)  # type: ignore[arg-type]


def is_collecting() -> bool:
    return _collected.get() is not None


def drain() -> list[Event]:
    """Hand over what was published: each once, in one order for everyone (so that writers cannot deadlock)."""
    collected = _collected.get() or []
    unique = sorted(set(collected), key=lambda event: (type(event).__name__, *_sort_key(event)))
    collected.clear()
    return unique


def _sort_key(event: Event) -> tuple[str, ...]:
    return tuple(str(getattr(event, name)) for name in event.__dataclass_fields__)


@cache
def _subscribers(paths: tuple[str, ...]) -> tuple[Subscriber, ...]:
    return tuple(import_string(path) for path in paths)


def tell(paths: Iterable[str], events: Sequence[Event]) -> None:
    if events:
        for subscriber in _subscribers(tuple(paths)):
            subscriber(events)


def tell_before_commit(events: Sequence[Event]) -> None:
    tell(settings.BEFORE_COMMIT_SUBSCRIBERS, events)


def tell_after_commit(events: Sequence[Event]) -> None:
    tell(settings.AFTER_COMMIT_SUBSCRIBERS, events)
