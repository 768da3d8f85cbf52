"""What the clock, or a nudge, does for the conversation with Dojo."""

from celery import shared_task

from dojo_integration.inbox import handle_events, look_at_intents, work_with_dojo
from dojo_integration.nudging import EXPIRES
from dojo_integration.sending import send_due, venues_to_send
from dojo_integration.services.forgetting import forget_answered_requests
from dojo_integration.services.inbox import venues_with_events_due
from dojo_integration.services.outbox import forget_sent_events
from orders.services.looking import venues_with_looks_due, wake_looks_for_orders
from pos.models import Venue


@shared_task
def forget_old_requests() -> int:
    """Dojo sends a request again within minutes, never after a day."""
    return forget_answered_requests()


@shared_task
def handle_dojo_events(venue_id: int | None = None) -> int:
    """What Dojo told of, a venue or all of them, is looked up at Dojo, and the books are brought in line."""
    return work_with_dojo(venues_with_events_due(venue_id), handle_events)


@shared_task
def look_at_payment_intents(venue_id: int | None = None) -> int:
    """Payments that are not at their end are asked about again, so that an event that was lost is made up for."""
    wake_looks_for_orders()
    return work_with_dojo(venues_with_looks_due(venue_id), look_at_intents)


@shared_task
def send_events(venue_id: int) -> int:
    """Dojo hears of what changed in a venue."""
    venue = Venue.objects.filter(pk=venue_id).first()
    return send_due(venue) if venue is not None else 0


@shared_task
def sweep_outbox() -> None:
    """What no nudge reached, what failed and is to be tried again: somebody looks, venue by venue."""
    for venue_id in venues_to_send():
        send_events.apply_async((venue_id,), expires=EXPIRES)


@shared_task
def forget_old_events() -> int:
    """What Dojo was told a month ago is no longer of interest."""
    return forget_sent_events()
