"""The inbox of what Dojo tells us: kept first, once; acted upon later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from dojo_integration.models import DojoEvent, EventName
from pos.permissions import Actor
from pos.service import retry_on_race, service

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
    return DojoEvent.objects.create(
        venue=actor.venue,
        event_id=event.event_id,
        name=event.name,
        account_id=event.account_id,
        payment_intent_id=event.payment_intent_id,
        payment_status=event.payment_status,
        capture_mode=event.capture_mode,
        created_at=event.created_at,
        received_at=timezone.now(),
        road=actor.road,
        body=dict(event.body),
    )
