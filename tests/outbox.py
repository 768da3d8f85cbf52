"""What stands in the outbox, as tests compare it."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.utils import timezone

from bookings.models import Party, Reservation, ReservationStatus
from dojo_integration.models import OrderDocument, OutboundEvent
from dojo_integration.wire.bookings import render_party, render_reservation

Wanted = Counter[tuple[str, str]]
"""How often Dojo was to hear of something: by kind and entity."""


def wanted() -> Wanted:
    return Counter({(row.kind, row.entity_id): row.wanted for row in OutboundEvent.objects.all()})


def newly_wanted(act: Callable[[], object]) -> dict[tuple[str, str], int]:
    """What an act adds to the outbox."""
    before = wanted()
    act()
    return dict(wanted() - before)


def kinds(news: Iterable[tuple[str, str]]) -> list[str]:
    """Which kinds of events that were, sorted."""
    return sorted(kind.removesuffix("Updated") for kind, _ in news)


def as_dojo_sees_it() -> dict[tuple[str, str], object]:
    """Everything that an event can be about, as Dojo would read it now."""
    seen: dict[tuple[str, str], object] = {
        ("OrderUpdated", row.order_id): row.body for row in OrderDocument.objects.all()
    }
    for party in Party.objects.select_related("venue").prefetch_related("table_links__table"):
        seen["PartyUpdated", party.pk] = render_party(party, party.venue.currency)
    for booking in Reservation.objects.prefetch_related("table_links__table"):
        is_gone = booking.status == ReservationStatus.CANCELLED
        seen["ReservationUpdated", booking.pk] = None if is_gone else render_reservation(booking)
    return seen


def all_told() -> None:
    """As if Dojo had just been told of everything."""
    for row in OutboundEvent.objects.all():
        row.sent, row.next_attempt_at = row.wanted, timezone.now() - timedelta(hours=1)
        row.save()
