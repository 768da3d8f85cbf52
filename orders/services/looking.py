"""Asking Dojo again about payments that are not at their end: who asks, and when again after asking in vain.

What Dojo answers is ``apply_payment_intent``'s; here is only whose turn it is.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from orders.models import Order, PaymentIntent
from orders.row_locks import intent_for_update, intents_to_look_at
from pos.models import Venue
from pos.permissions import Actor
from pos.service import service

# Longer than Dojo may take over what a worker claims: one that was killed holds nothing up for more than this.
CLAIM = timedelta(seconds=45)


def venues_with_looks_due(venue_id: int | None = None) -> "QuerySet[Venue]":
    """Venues, or one of them, where Dojo is to be asked about a payment now."""
    due = PaymentIntent.objects.filter(venue=OuterRef("pk"), next_look_at__lte=timezone.now())
    venues = Venue.objects.filter(Exists(due))
    return venues if venue_id is None else venues.filter(pk=venue_id)


@service
def claim_looks(*, actor: Actor, most: int) -> list[str]:
    """Take some payments about which Dojo is to be asked now, so that nobody else asks; returns their intents' ids.

    A claim that is not followed by an answer lapses by itself.
    """
    now = timezone.now()
    intents = intents_to_look_at(actor.venue, now, most)
    PaymentIntent.objects.filter(pk__in=[intent.pk for intent in intents]).update(looking_until=now + CLAIM)
    return [intent.intent_id for intent in intents]


@service
def put_off_look(
    *, actor: Actor, intent_id: str, wait: Callable[[int], timedelta], given_up_after: timedelta | None = None
) -> datetime | None:
    """Dojo could not be asked about a payment: say when to ask again, given how often it was tried in vain.

    With ``given_up_after``, not any more once the payment is as old as that.
    """
    intent = intent_for_update(actor.venue, intent_id)
    if intent.pk is None:
        return None
    now = timezone.now()
    intent.failed_looks += 1
    intent.looking_until = None
    if given_up_after is not None and now - intent.created_at > given_up_after:
        intent.next_look_at = None
    elif intent.next_look_at is not None and intent.next_look_at <= now:
        intent.next_look_at = now + wait(intent.failed_looks)
    intent.save(update_fields=["failed_looks", "looking_until", "next_look_at", "updated_at"])
    return intent.next_look_at


@service
def wake_looks_for_orders() -> int:
    """Payments that came before their order wait no longer once it is there; returns how many."""
    now = timezone.now()
    waiting = PaymentIntent.objects.filter(order__isnull=True, next_look_at__gt=now).exclude(order_names=[])
    named = list(waiting.values_list("pk", "venue", "order_names"))
    wanted = {name for _, _, names in named for name in names}
    if not wanted:
        return 0
    orders = Order.objects.filter(Q(pk__in=wanted) | Q(dojo_order_id__in=wanted))
    there = {(venue, name) for venue, *ids in orders.values_list("venue", "pk", "dojo_order_id") for name in ids}
    awake = [pk for pk, venue_id, names in named if any((venue_id, name) in there for name in names)]
    return PaymentIntent.objects.filter(pk__in=awake, order__isnull=True).update(next_look_at=now)
