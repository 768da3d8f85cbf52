"""What the clock does for the conversation with Dojo."""

from celery import shared_task

from dojo_integration.services.forgetting import forget_answered_requests


@shared_task
def forget_old_requests() -> int:
    """Dojo sends a request again within minutes, never after a day."""
    return forget_answered_requests()
