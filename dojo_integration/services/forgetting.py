"""What the conversation with Dojo needs for a day only."""

from django.utils import timezone

from dojo_integration.models import AnsweredRequest
from dojo_integration.request_memory import KEPT_FOR
from pos.service import service


@service
def forget_answered_requests() -> int:
    """Forget requests that Dojo no longer sends again; says how many."""
    return AnsweredRequest.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()[0]
