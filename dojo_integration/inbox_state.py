"""How it stands with what Dojo told of, for whoever looks after the integration."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from dojo_integration.models import DojoEvent
from orders.models import PaymentIntent
from pos.models import Venue


@dataclass(frozen=True, slots=True)
class InboxState:
    """What is not done with yet."""

    unhandled: int
    """Events that nobody has looked into, or only in vain; without those that were given up."""
    oldest_at: datetime | None
    """When the longest waiting of them came."""
    failing: int
    """Those of them for which Dojo was asked in vain at least once."""
    parked: int
    """Events that were given up, and wait for a manager."""
    looks_overdue: int
    """Payments that should have been asked about by now."""


def read_inbox(venue: Venue) -> InboxState:
    """Count what is open, from indexes that hold nothing else."""
    waiting = DojoEvent.objects.filter(venue=venue, handled_at__isnull=True, parked_at__isnull=True)
    found = waiting.aggregate(
        unhandled=Count("pk"), oldest_at=Min("received_at"), failing=Count("pk", filter=Q(failing_since__isnull=False))
    )
    looks_overdue = PaymentIntent.objects.filter(venue=venue, next_look_at__lte=timezone.now()).count()
    return InboxState(**found, parked=parked_events(venue).count(), looks_overdue=looks_overdue)


def parked_events(venue: Venue) -> "QuerySet[DojoEvent]":
    """Events that were given up, the latest first; ``retry_event`` has them tried again."""
    return DojoEvent.objects.filter(venue=venue, handled_at__isnull=True, parked_at__isnull=False).order_by(
        "-parked_at"
    )
