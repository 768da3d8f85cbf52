"""The only SELECT … FOR UPDATE of this app."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q
from django.utils import timezone

from dojo_integration.models import DojoEvent, DojoSending, DojoSocket, OutboundEvent, RestCredential, WebhookSecret
from pos.errors import NotFound
from pos.models import Venue


def credentials_for_update(venue: Venue) -> list[RestCredential]:
    """Lock a venue's credentials, oldest first, so that two hands replacing one do not leave three."""
    # The venue too: before the first credential there is no row of theirs to wait for.
    list(Venue.objects.select_for_update(no_key=True).filter(pk=venue.pk))
    return list(RestCredential.objects.select_for_update(no_key=True, of=("self",)).filter(venue=venue).order_by("pk"))


def socket_for_update(venue: Venue) -> DojoSocket:
    """Lock the row of a venue's socket, making it on first hearing."""
    known = DojoSocket.objects.select_for_update(no_key=True, of=("self",)).filter(venue=venue)
    if (row := known.first()) is not None:
        return row
    now = timezone.now()
    DojoSocket.objects.bulk_create([DojoSocket(venue=venue, since=now, seen_at=now)], ignore_conflicts=True)
    return known.get()


def webhook_secrets_for_update(venue: Venue) -> list[WebhookSecret]:
    """Lock what a venue's webhooks are signed with, oldest first, so that two who add one do not leave too many."""
    list(Venue.objects.select_for_update(no_key=True).filter(pk=venue.pk))
    rows = WebhookSecret.objects.select_for_update(no_key=True, of=("self",))
    return list(rows.filter(venue=venue).order_by("pk"))


def dojo_events_to_handle(venue: Venue, now: datetime, most: int) -> list[DojoEvent]:
    """Lock events that are nobody's work and due, the longest due first; what another has locked is passed by."""
    due = DojoEvent.objects.filter(
        Q(claimed_until__isnull=True) | Q(claimed_until__lte=now),
        venue=venue,
        handled_at__isnull=True,
        parked_at__isnull=True,
        next_attempt_at__lte=now,
    )
    rows = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
    return list(rows.order_by("next_attempt_at", "pk")[:most])


def dojo_events_for_update(venue: Venue, event_ids: Iterable[int]) -> list[DojoEvent]:
    """Lock those events that nobody has dealt with meanwhile; others are simply missing."""
    rows = DojoEvent.objects.select_for_update(no_key=True, of=("self",))
    return list(rows.filter(venue=venue, pk__in=set(event_ids), handled_at__isnull=True).order_by("pk"))


def dojo_event_for_update(venue: Venue, event_id: int) -> DojoEvent:
    """Lock one event. Raises NotFound."""
    found = DojoEvent.objects.select_for_update(no_key=True, of=("self",)).filter(venue=venue, pk=event_id).first()
    if found is None:
        raise NotFound("That event does not exist.")
    return found


def sending_for_update(venue: Venue, now: datetime) -> DojoSending:
    """Lock how a venue's events get through, making the row on first hearing; before any of the events."""
    known = DojoSending.objects.select_for_update(no_key=True, of=("self",)).filter(venue=venue)
    if (row := known.first()) is not None:
        return row
    DojoSending.objects.bulk_create([DojoSending(venue=venue, since=now)], ignore_conflicts=True)
    return known.get()


def due_for_update(venue: Venue, now: datetime, most: int) -> list[OutboundEvent]:
    """Lock some events that are due and that nobody has, the longest due first; what others lock is passed over."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    due = OutboundEvent.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(
        free, venue=venue, sent__lt=F("wanted"), parked_at__isnull=True, next_attempt_at__lte=now
    )
    return list(due.order_by("next_attempt_at")[:most])


def untold_for_update(venue: Venue, most: int) -> list[OutboundEvent]:
    """Lock some events that were not sent, also those whose time has not come; what others lock is passed over."""
    untold = OutboundEvent.objects.select_for_update(no_key=True, skip_locked=True, of=("self",)).filter(
        venue=venue, sent__lt=F("wanted"), parked_at__isnull=True
    )
    return list(untold.order_by("next_attempt_at")[:most])


def events_for_update(venue: Venue, event_ids: Iterable[int]) -> dict[int, OutboundEvent]:
    """Lock these events in the order in which every change writes them; unknown ones are simply missing."""
    rows = OutboundEvent.objects.select_for_update(no_key=True, of=("self",)).filter(venue=venue, pk__in=set(event_ids))
    return {row.pk: row for row in rows.order_by("entity_id")}
