"""How it stands between a venue and Dojo, for the manager who looks after it: the facts behind the Integration page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from dojo_integration import dojo_clock
from dojo_integration.inbox_state import InboxState, parked_events, read_inbox
from dojo_integration.models import (
    DojoEvent,
    DojoSending,
    DojoSocket,
    OutboundEvent,
    SendingState,
    SocketCommand,
    SocketState,
)
from dojo_integration.services.sockets import SILENT_AFTER
from orders.models import OrderException
from pos.models import Venue

# Longer lists are for the back office.
MOST_SHOWN = 20
# What the screens and Dojo's leases can do with; beyond it somebody should look at the machine's clock.
CLOCK_TOLERANCE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class SocketSight:
    """A venue's socket as its process last told, or that no process tells any more."""

    row: DojoSocket | None
    is_silent: bool

    @property
    def state(self) -> str:
        if self.row is None or self.is_silent:
            return SocketState.DOWN
        return self.row.state

    @property
    def label(self) -> str:
        return str(SocketState(self.state).label)

    @property
    def since(self) -> datetime | None:
        """When this began; of a process that fell silent, when it was last heard of."""
        if self.row is None:
            return None
        return self.row.seen_at if self.is_silent else self.row.since

    @property
    def is_kept(self) -> bool:
        """Whether there is a process that a command reaches, and a key to connect with."""
        return self.row is not None and not self.is_silent and self.state not in (SocketState.NO_KEY, SocketState.DOWN)

    @property
    def is_stopped(self) -> bool:
        return self.row is not None and (self.state == SocketState.STOPPED or self.row.command == SocketCommand.STOP)

    @property
    def asked(self) -> str:
        """What a manager asked for that has not been done yet."""
        if self.row is None or not self.row.command:
            return ""
        is_done = self.row.command == SocketCommand.STOP and self.state == SocketState.STOPPED
        return "" if is_done else str(SocketCommand(self.row.command).label)


@dataclass(frozen=True, slots=True)
class OutboxSight:
    depth: int
    """How many orders, parties and reservations Dojo has to hear of; without those that were given up."""
    waiting_since: datetime | None
    sending: DojoSending | None
    parked: Sequence[OutboundEvent]
    parked_count: int

    @property
    def parked_more(self) -> int:
        return self.parked_count - len(self.parked)

    @property
    def is_running(self) -> bool:
        return self.sending is None or self.sending.state == SendingState.RUNNING

    @property
    def label(self) -> str:
        return str((SendingState.RUNNING if self.sending is None else SendingState(self.sending.state)).label)


@dataclass(frozen=True, slots=True)
class InboxSight:
    counts: InboxState
    parked: Sequence[DojoEvent]

    @property
    def parked_more(self) -> int:
        return self.counts.parked - len(self.parked)


@dataclass(frozen=True, slots=True)
class Integration:
    now: datetime
    socket: SocketSight
    outbox: OutboxSight
    inbox: InboxSight
    exceptions: Sequence[OrderException]
    exceptions_count: int
    clock_seconds: int
    """How much later it is at Dojo than here, where that is too much; else 0."""

    @property
    def exceptions_more(self) -> int:
        return self.exceptions_count - len(self.exceptions)

    @property
    def clock_words(self) -> str:
        """How this machine's clock stands to Dojo's."""
        return f"{abs(self.clock_seconds)} seconds {'behind' if self.clock_seconds > 0 else 'ahead of'} Dojo's"


def read_integration(venue: Venue) -> Integration:
    """All of it but the calls and what is registered with Dojo, in a few indexed queries."""
    open_exceptions = OrderException.objects.filter(venue=venue, resolved_at__isnull=True)
    exceptions = list(open_exceptions.order_by("-pk")[:MOST_SHOWN])
    return Integration(
        now=timezone.now(),
        socket=read_socket(venue),
        outbox=_read_outbox(venue),
        inbox=InboxSight(read_inbox(venue), list(parked_events(venue)[:MOST_SHOWN])),
        exceptions=exceptions,
        exceptions_count=len(exceptions) if len(exceptions) < MOST_SHOWN else open_exceptions.count(),
        clock_seconds=_clock_seconds(venue),
    )


def read_socket(venue: Venue) -> SocketSight:
    silent = ExpressionWrapper(Q(seen_at__lte=Now() - SILENT_AFTER), output_field=BooleanField())
    row = DojoSocket.objects.filter(venue=venue).annotate(is_silent=silent).first()
    return SocketSight(row, is_silent=bool(row is not None and row.is_silent))


def _read_outbox(venue: Venue) -> OutboxSight:
    events = OutboundEvent.objects.filter(venue=venue)
    waiting = events.filter(sent__lt=F("wanted"), parked_at__isnull=True).order_by()
    counted = waiting.aggregate(depth=Count("pk"), waiting_since=Min("changed_at"))
    parked = list(events.filter(parked_at__isnull=False).order_by("-parked_at")[:MOST_SHOWN])
    return OutboxSight(
        depth=counted["depth"],
        waiting_since=counted["waiting_since"],
        sending=DojoSending.objects.filter(venue=venue).first(),
        parked=parked,
        parked_count=len(parked)
        if len(parked) < MOST_SHOWN
        else events.filter(parked_at__isnull=False).order_by().count(),
    )


def _clock_seconds(venue: Venue) -> int:
    found = dojo_clock.offset(venue)
    return round(found.total_seconds()) if abs(found) > CLOCK_TOLERANCE else 0
