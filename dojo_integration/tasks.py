"""What the clock does for the conversation with Dojo."""

from celery import shared_task

from dojo_integration.nudging import EXPIRES
from dojo_integration.sending import send_due, venues_to_send
from dojo_integration.services.forgetting import forget_answered_requests
from dojo_integration.services.outbox import forget_sent_events
from pos.models import Venue


@shared_task
def forget_old_requests() -> int:
    """Dojo sends a request again within minutes, never after a day."""
    return forget_answered_requests()


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
