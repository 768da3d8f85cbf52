"""The inbox of what Dojo tells us: kept first, once; acted upon later, by whoever claims it.

A claim lapses by itself, so a worker that dies holds nothing up, and all that it had done may be done again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from dojo_integration.models import DojoEvent, EventName
from dojo_integration.row_locks import dojo_event_for_update, dojo_events_for_update, dojo_events_to_handle
from pos import audit
from pos.events import EventKept, publish
from pos.models import Venue
from pos.permissions import Act, Actor, require
from pos.service import retry_on_race, service

# Longer than Dojo may take over what a worker claims; what one had that was killed is taken up within a minute.
CLAIM = timedelta(seconds=45)
LONGEST_ERROR = 200

# The same event by two roads at once: the second finds the row of the first.
retry_on_race("dojo_event_once")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event as the contract states it, and all of it as it came."""

    event_id: str
    name: EventName
    account_id: str
    payment_intent_id: str
    payment_status: str
    capture_mode: str
    created_at: datetime
    body: Mapping[str, Any]


@service
def handle_event(*, actor: Actor, event: NewEvent) -> DojoEvent:
    """Keep what Dojo says has happened to a payment; the same event again changes nothing."""
    known = DojoEvent.objects.filter(venue=actor.venue, event_id=event.event_id).first()
    if known is not None:
        return known
    now = timezone.now()
    kept = DojoEvent.objects.create(
        venue=actor.venue,
        event_id=event.event_id,
        name=event.name,
        account_id=event.account_id,
        payment_intent_id=event.payment_intent_id,
        payment_status=event.payment_status,
        capture_mode=event.capture_mode,
        created_at=event.created_at,
        received_at=now,
        next_attempt_at=now,
        road=actor.road,
        body=dict(event.body),
    )
    publish(EventKept(venue_id=actor.venue.pk))
    return kept


def venues_with_events_due(venue_id: int | None = None) -> "QuerySet[Venue]":
    """Venues, or one of them, where Dojo told of something that nobody has looked into, and it is time to."""
    due = DojoEvent.objects.filter(
        venue=OuterRef("pk"), handled_at__isnull=True, parked_at__isnull=True, next_attempt_at__lte=timezone.now()
    )
    venues = Venue.objects.filter(Exists(due))
    return venues if venue_id is None else venues.filter(pk=venue_id)


@service
def claim_events(*, actor: Actor, most: int) -> list[DojoEvent]:
    """Take some events that are due, so that nobody else does."""
    now = timezone.now()
    events = dojo_events_to_handle(actor.venue, now, most)
    DojoEvent.objects.filter(pk__in=[event.pk for event in events]).update(claimed_until=now + CLAIM)
    return events


@service
def mark_handled(*, actor: Actor, event_ids: Iterable[int], outcome: str) -> int:
    """Dojo was asked and the books agree: these events are done with; returns how many were not yet."""
    open_ones = [event.pk for event in dojo_events_for_update(actor.venue, event_ids)]
    return DojoEvent.objects.filter(pk__in=open_ones).update(
        handled_at=timezone.now(),
        outcome=outcome,
        claimed_until=None,
        failing_since=None,
        attempts=0,
        last_error="",
        parked_at=None,
    )


@service
def note_failure(
    *,
    actor: Actor,
    event_ids: Iterable[int],
    error: str,
    wait: Callable[[int], timedelta],
    given_up_after: timedelta,
) -> int:
    """Dojo could not be asked: say when to try again, given how often it was tried in vain.

    What has failed for as long as ``given_up_after`` is parked for a manager; returns how many were.
    """
    now = timezone.now()
    parked = 0
    for event in dojo_events_for_update(actor.venue, event_ids):
        event.attempts += 1
        event.failing_since = event.failing_since or now
        event.last_error = error[:LONGEST_ERROR]
        event.claimed_until = None
        if now - event.failing_since >= given_up_after:
            event.parked_at = now
            parked += 1
        else:
            event.next_attempt_at = now + wait(event.attempts)
        event.save(
            update_fields=[
                "attempts", "failing_since", "last_error", "claimed_until", "parked_at", "next_attempt_at",
            ]
        )  # fmt: skip
    return parked


@service
def retry_event(*, actor: Actor, event_id: int) -> DojoEvent:
    """A manager has what was given up tried again, at once and for as long as at first; of any other it is no more
    than a nudge.

    Raises NotFound, NotPermitted.
    """
    require(actor, Act.INTEGRATION)
    event = dojo_event_for_update(actor.venue, event_id)
    if event.handled_at is not None:
        return event
    event.parked_at = event.failing_since = event.claimed_until = None
    event.attempts = 0
    event.next_attempt_at = timezone.now()
    event.save(update_fields=["parked_at", "failing_since", "claimed_until", "attempts", "next_attempt_at"])
    audit.record(actor, "retry_dojo_event", event.event_id, last_error=event.last_error)
    publish(EventKept(venue_id=actor.venue.pk))
    return event
